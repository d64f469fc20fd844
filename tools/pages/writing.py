"""The table of the streams that the target writes, within a page that is written by hand."""

from __future__ import annotations

from pathlib import Path

from lightspeed_retail.resources import Resource
from lightspeed_retail.write_prices import NESTED_PRICE
from target_lightspeed_retail.options import Mode
from target_lightspeed_retail.schema_cli import accepted
from target_lightspeed_retail.schemas import is_written, modes

from .facts import code

BEGIN = "<!-- Written by tools/streams_page.py from the declarations. -->\n"
END = "<!-- End of what is written. -->\n"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "target.md"

_HEAD = (
    "| Stream | Match keys, in order | Modes | A new row needs | Drips of a write |",
    "| --- | --- | --- | --- | --- |",
)


def target_page() -> str:
    """The page with its table made anew.

    Raises:
        ValueError: The marks around the table are missing.
    """
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else BEGIN + END
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} lacks the marks around its table.")
    return before + begin + "\n" + table() + "\n" + end + after


def table() -> str:
    """One line for each stream that is written."""
    lines = [_line(resource) for _, resource in sorted(accepted().items())]
    return "\n".join((*_HEAD, *lines)) + "\n"


def _line(resource: type[Resource]) -> str:
    cells = (
        code(resource.api.stream),
        _keys(resource),
        _modes(resource),
        code(*resource.api.required),
        _drips(resource),
    )
    return f"| {' | '.join(cells)} |"


def _keys(resource: type[Resource]) -> str:
    ways = [code(resource.api.key), *(code(*match.fields, join=" + ") for match in resource.api.match)]
    return ", ".join(ways)


def _modes(resource: type[Resource]) -> str:
    """What the API allows; archiving is deleting for good where that is all that DELETE does."""
    deletes = resource.api.delete == "delete"
    named = ["archive (deletes)" if mode is Mode.ARCHIVE and deletes else str(mode) for mode in modes(resource)]
    return ", ".join(named)


def _drips(resource: type[Resource]) -> str:
    more = [f"{extra} more if {code(name)}" for name, extra in resource.api.surcharges]
    if any(field.nested is not None and is_written(field.nested) for field in resource.writable()):
        more.append(f"{NESTED_PRICE} a nested row")
    return ", ".join((str(resource.api.write_price), *more))
