"""Writes docs/streams.md, the list of all streams, from the declarations.

python tools/streams_page.py          writes it
python tools/streams_page.py --check  fails if it is not as it would be written
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lightspeed_retail.resources import Resource, Snapshot, Stamp, Tail
from tap_lightspeed_retail.schema import off_by_default, primary_keys

PAGE = Path(__file__).resolve().parents[1] / "docs" / "streams.md"
HEAD = """\
# Streams

Written by `tools/streams_page.py` from the declarations in `lightspeed-retail/lightspeed_retail/resources`.
Each resource links to Lightspeed's own page about it, whose field names the stream keeps.
[How the tap reads](reading.md) says what they cost.

| Stream | Resource | Primary key | How a later run finds what changed | Off by default |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The whole page."""
    resources = sorted(Resource.all(), key=lambda resource: resource.api.stream)
    return HEAD + "".join(_row(resource) for resource in resources)


def _row(resource: type[Resource]) -> str:
    api = resource.api
    what = f"[{resource.__name__}]({api.docs}): {resource.summary()}"
    keys = ", ".join(f"`{key}`" for key in primary_keys(resource))
    off = ", ".join(f"`{'.'.join(path)}`" for path in off_by_default(resource))
    return f"| `{api.stream}` | {what} | {keys} | {_bookmark(resource)} | {off} |\n"


def _bookmark(resource: type[Resource]) -> str:
    match resource.api.bookmark:
        case Stamp() as stamp if resource.api.sorts_by_stamp:
            return f"by `{stamp.field}`"
        case Stamp() as stamp:
            return f"by `{stamp.field}`, which cannot be sorted"
        case Tail():
            return "with its parent, and by key"
        case Snapshot():
            return "read whole"
    raise TypeError(resource)


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if something would change")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.stderr.write(f"{PAGE.name} is not up to date: run python tools/streams_page.py.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
