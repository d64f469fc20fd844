"""Writes the listings, checks that they are as they would be written, or serves them as the Hub would."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from pathlib import Path

from . import site
from .entries import data
from .facts import HUB
from .form import text


def main() -> int:
    """Write, check or serve."""
    given = _arguments()
    if given.site:
        site.write(given.site, given.address)
        return 0
    return _serve(given.port) if given.serve else _write(check=given.check)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hub.py", description="The listings for Meltano Hub, in hub/.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="change nothing, fail if something would change")
    what.add_argument("--site", type=Path, metavar="DIR", help="write what the Hub's API would answer")
    what.add_argument("--serve", action="store_true", help="serve that on this machine, until Ctrl-C")
    parser.add_argument("--address", default="https://hub.meltano.com", help="with --site: the Hub's address")
    parser.add_argument("--port", type=int, default=0, help="with --serve: the port; 0 takes a free one")
    return parser.parse_args()


def _write(*, check: bool) -> int:
    """Write what has changed and take away what is no longer listed, or say that this has to be done."""
    wanted = {HUB / path: text(value) for path, value in data().items()}
    stale = [path for path, content in wanted.items() if _read(path) != content]
    surplus = sorted(set((HUB / "_data").rglob("*.yml")) - set(wanted))
    if check and (stale or surplus):
        names = ", ".join(str(path.relative_to(HUB)) for path in (*stale, *surplus))
        sys.stderr.write(f"Not up to date: {names}. Run python tools/hub.py.\n")
        return 1
    for path in () if check else stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    for path in () if check else surplus:
        path.unlink()
    return 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _serve(port: int) -> int:
    with site.served(port) as address, contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(f"MELTANO_HUB_API_ROOT={address}\n")
        sys.stdout.flush()
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
