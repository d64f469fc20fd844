"""The command `python -m tests.soak`: an hour of simulated weeks, a line for each, and a verdict."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from tests.soak.soak import Size, soak


def main() -> int:
    """Let the time pass; 1 if something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long; a week that has begun is ended (60)")
    parser.add_argument("--weeks", type=int, default=0, help="how many weeks instead")
    parser.add_argument("--seed", type=int, default=1, help="what everything is made from (1)")
    parser.add_argument("--records", type=int, default=Size.records, help="records that are written a day, at least 42")
    parser.add_argument("--sales", type=int, default=Size.sales, help="sales a day")
    parser.add_argument("--keep", type=Path, help="a folder that is not there yet, to leave all files in")
    given = parser.parse_args()
    # Whoever ends it early leaves no server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    until = time.monotonic() + 60 * given.minutes

    def goes_on(weeks: int) -> bool:
        return bool(weeks < given.weeks if given.weeks else time.monotonic() < until)

    def told(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    told(f"seed {given.seed}")
    problems = soak(given.seed, Size(sales=given.sales, records=given.records), goes_on, told, given.keep)
    told("\n".join(["Wrong:", *problems]) if problems else "All was as it should be.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
