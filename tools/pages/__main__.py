"""Writes the pages, or checks that they are as they would be written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from .page import page
from .picture import picture
from .writing import target_page

DOCS = Path(__file__).resolve().parents[2] / "docs"
WRITTEN: dict[str, Callable[[], str]] = {"streams.md": page, "streams.svg": picture, "target.md": target_page}


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(prog="streams_page.py", description="docs/streams.md and .svg, docs/target.md")
    parser.add_argument("--check", action="store_true", help="change nothing, fail if something would change")
    stale = [name for name, write in WRITTEN.items() if _read(DOCS / name) != write()]
    if not parser.parse_args().check:
        for name in stale:
            (DOCS / name).write_text(WRITTEN[name](), encoding="utf-8")
    elif stale:
        sys.stderr.write(f"Not up to date: {', '.join(stale)}. Run python tools/streams_page.py.\n")
        return 1
    return 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
