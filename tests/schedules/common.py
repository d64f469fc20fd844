"""What schedules of the tap and of the target share: what one leaves behind, and how many of them are run."""

from __future__ import annotations

import importlib
import shutil
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import psycopg

from lightspeed_sandbox import warehouse

KINDS = {"tap": "tests.schedules.tap:run", "target": "tests.schedules.target:run"}
"""What is tried, and what plays a schedule of it: called with the seed and the place, it returns an `Outcome`."""


@dataclass
class Outcome:
    """What a schedule leaves behind.

    Args:
        seed: The number that it was made from.
        story: What happened, a line each.
        problems: What must not have happened, a line each; none if all is as promised.
        faults: How often each kind of fault was injected.
        counts: Anything else that is worth counting, under its name in the report: runs, processes killed.
        seconds: How long it took.
    """

    seed: int
    story: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether everything is as promised."""
        return not self.problems

    def told(self, kind: str) -> str:
        """The schedule for somebody who has to find out what went wrong, and how to repeat it."""
        head = f"{kind} schedule {self.seed} failed; python -m tests.schedules {kind} --seeds {self.seed} -v repeats it"
        lines = ["  what happened:", *(f"    {line}" for line in self.story)]
        return "\n".join([head, *lines, "  what is wrong:", *(f"    {line}" for line in self.problems)])


@dataclass(frozen=True)
class Place:
    """Where a schedule is played.

    Args:
        folder: An empty folder of its own.
        server: A PostgreSQL that all schedules share; each takes a schema of its own and drops it.
    """

    folder: Path
    server: warehouse.Warehouse


Play = Callable[[int, Place], Outcome]


def play(kind: str, seed: int, server: warehouse.Warehouse, keep: Path | None = None) -> Outcome:
    """Play one schedule in a folder that goes afterwards.

    Args:
        kind: What is tried: see `KINDS`.
        seed: The number that the schedule is made from.
        server: The PostgreSQL.
        keep: A folder to leave all files in; without it they go.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{kind}-{seed}-", dir=keep))
    began = time.monotonic()
    try:
        outcome = _player(kind)(seed, Place(folder, server))
    except Exception:  # noqa: BLE001  whatever it is, the other schedules go on and this one is told
        outcome = Outcome(seed, problems=["The test itself failed:", *traceback.format_exc().splitlines()])
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    outcome.seconds = time.monotonic() - began
    return outcome


def play_all(
    kind: str, seeds: Iterable[int], server: warehouse.Warehouse, *, jobs: int = 1, keep: Path | None = None
) -> Iterator[Outcome]:
    """Play schedules, several at a time in processes of their own; outcomes come as they are there."""
    if jobs == 1:
        yield from (play(kind, seed, server, keep) for seed in seeds)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        coming = [pool.submit(play, kind, seed, server, keep) for seed in seeds]
        try:
            for each in as_completed(coming):
                yield each.result()
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def careless_warehouse() -> Iterator[warehouse.Warehouse]:
    """A PostgreSQL that does not wait for the disk, and goes with its data: what it serves outlives no machine."""
    folder = Path(tempfile.mkdtemp(prefix="schedules-"))
    try:
        with warehouse.running(folder / "warehouse") as server:
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
                    connection.execute(f"ALTER SYSTEM SET {setting}".encode())
                connection.execute("SELECT pg_reload_conf()")
            yield server
        shutil.rmtree(server.directory, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seeds_of(text: str) -> list[int]:
    """Seeds as they are written: `417`, `1-1000`, `3,7,20-30`.

    Raises:
        ValueError: They are written otherwise.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def _player(kind: str) -> Play:
    module, _, name = KINDS[kind].partition(":")
    found: Play = getattr(importlib.import_module(module), name)
    return found
