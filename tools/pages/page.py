"""docs/streams.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lightspeed_retail.resources import Resource

from .areas import Area, areas
from .facts import code, key, later, needs, presets, price, remarks
from .others import NO_STREAMS

_HEAD = """\
# Streams

Written by `tools/streams_page.py` from the declarations in `lightspeed-retail/lightspeed_retail/resources`.
Each of the {count} streams is a resource of the API and keeps its field names; the descriptions link to Lightspeed's
own pages. [How the tap reads](reading.md) explains the rest.

[![How the streams refer to each other](streams.svg)](streams.svg)

{contents} · [Presets](#presets) · [No streams](#resources-that-are-no-streams-and-why)

## How to read the tables

Below the name of a stream is its **key**. `accountID` comes first in every primary key and is left out here.

**Later runs** says how rows are found after the first load:

- *by* a stamp, *sorted*: what changed since the bookmark, in the order of change. The stamp is the replication key.
- *by* a stamp, *filter only*: the same, but the bookmark moves only when the walk is complete.
- *new keys*: rows are only ever added. The key is the replication key.
- *whole*: all rows in every run. A list that grows with trade is read whole every `snapshot_days` (a setting), and in
  between from its last page on.
- *by day*: from the day of the bookmark on, less `report_lookback_days` (a setting).
- *with* another stream: the rows come inside their parent's. What is named besides finds rows that changed, or came,
  without their parent.
- *for each* row of another stream: a request for each such parent.

**Drips** is the price of a page of 100 rows with the default selection. `+0.4; 1.0` means 0.4 more on each page of the
parent, and 1.0 for a page of the stream's own list. A relation that is deselected is not paid for.

Below each table, folded away: the **scopes** of which any one allows reading (`employee:all` contains them, "any" is
any token; the employee who consented needs the rights as well), whether **archived** rows come too, and which
**properties** are not selected unless somebody asks for them.
"""
_TABLE = "| Stream | What it is | Later runs | Drips |\n| :-- | :-- | :-- | :-- |\n"
_NEEDS = "| Stream | Scope | Archived | Properties off |\n| :-- | :-- | :-- | :-- |\n"


def page() -> str:
    """The whole page."""
    found = areas()
    contents = " · ".join(f"[{area.title}](#{area.name.replace('_', '-')})" for area in found)
    head = _HEAD.format(count=len(Resource.all()), contents=contents)
    return "\n".join([head, *map(_section, found), _presets(), _no_streams()])


def _section(area: Area) -> str:
    rows, needed = "".join(map(_row, area.resources)), "".join(map(_needed, area.resources))
    more = "<summary>Scopes, archived rows, properties that are off</summary>"
    return f"## {area.title}\n\n{area.about}\n\n{_TABLE}{rows}\n<details>\n{more}\n\n{_NEEDS}{needed}\n</details>\n"


def _row(resource: type[Resource]) -> str:
    api = resource.api
    what = f"[{resource.summary().rstrip('.')}]({api.docs})."
    cells = (
        f"`{api.stream}`<br><sub>{key(resource)}</sub>",
        f"{what} {remarks(resource)}".rstrip(),
        later(resource),
        price(resource),
    )
    return _line(cells)


def _needed(resource: type[Resource]) -> str:
    return _line((resource.api.stream, *needs(resource)))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _presets() -> str:
    lines = [f"- {code(name)}: {code(*streams)}\n" for name, streams in presets().items()]
    return "## Presets\n\nA named selection of streams, chosen by the setting `preset`.\n\n" + "".join(lines)


def _no_streams() -> str:
    return (
        "## Resources that are no streams, and why\n\n"
        "What Lightspeed documents besides.\n\n"
        "| Resource | Why |\n| :-- | :-- |\n" + "".join(_reasons())
    )


def _reasons() -> Iterator[str]:
    for reason, resources in NO_STREAMS:
        yield _line((code(*resources, join="<br>"), reason))
