"""The command: plays schedules, tells of those that go wrong, and writes what all have come to."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from tests.schedules.common import KINDS, careless_warehouse, play_all, seeds_of
from tests.schedules.journal import Journal
from tests.schedules.report import Summary, write

_FOREIGN = ("TAP_", "TARGET_", "MELTANO_", "LIGHTSPEED_", "PG", "SINGER_SDK_")
_TOLD_EVERY = 50


def main() -> int:
    """Play the schedules; the exit code says whether all were good."""
    given = _parser().parse_args()
    # The server and the folders go also where somebody ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        del os.environ[name]
    if given.keep is not None:
        given.keep.mkdir(parents=True, exist_ok=True)
    journal = Journal(given.journal)
    summary, before = Summary(given.kind, given.jobs), journal.seconds
    for outcome in journal.played(given.seeds):
        summary.add(outcome)
    seeds = [seed for seed in given.seeds if seed not in journal.seeds]
    began = time.monotonic() - before
    with careless_warehouse() as server:
        for outcome in play_all(given.kind, seeds, server, jobs=given.jobs, keep=given.keep):
            summary.add(outcome)
            journal.note(outcome, time.monotonic() - began)
            if not outcome.is_good:
                _say(outcome.told(given.kind))
            elif given.verbose:
                _say("\n  ".join([f"{outcome.seed}: good, {outcome.seconds:.1f} s", *outcome.story]))
            if summary.total % _TOLD_EVERY == 0:
                _say(summary.line(time.monotonic() - began))
    seconds = time.monotonic() - began
    _say(summary.line(seconds))
    if given.report is not None:
        write(given.report, given.kind, summary.markdown(seconds))
    return 1 if summary.failed else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.schedules", description=__doc__)
    parser.add_argument("kind", choices=sorted(KINDS), help="what is tried")
    parser.add_argument("--seeds", type=seeds_of, default=seeds_of("1-25"), help="such as 417, 1-1000 or 3,7,20-30")
    parser.add_argument("--jobs", type=int, default=1, help="how many are played at a time")
    parser.add_argument("--report", type=Path, help="Markdown page whose part for this kind is written anew")
    parser.add_argument("--journal", type=Path, help="file of what has been played: the same call goes on where it was")
    parser.add_argument("--keep", type=Path, help="folder to leave settings, logs and messages in")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell the story of good ones too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
