"""Simulated weeks on one account: trade and writes by day, the tap into a real PostgreSQL by night, faults in both."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.schedules.common import careless_warehouse
from tests.soak.account import Account, serving
from tests.soak.judging import Week, growth, of_week
from tests.soak.processes import descriptors, memory
from tests.soak.reading import Nights, loading
from tests.soak.writing import Writing

FAULTS = (
    *("500", "502-empty", "503-json", "429", "429-bare", "drop-before", "drop-midway", "drop-after", "truncate"),
    *("invalid", "garbage", "empty", "drip-0.2", "slow-0.2", "late-0.2", "silence-0.2", "expire", "500-after"),
)
"""What goes wrong by day and by night; three kinds at a time, each with one request in fifty."""

_AT_A_TIME = 3
_KILLED = 0.4
_TIED = 130


@dataclass(frozen=True)
class Size:
    """How large a soak is.

    Args:
        days: Days of a week.
        history: Days before the first week.
        sales: Sales a day.
        records: Records that are written a day.
    """

    days: int = 7
    history: int = 60
    sales: int = 40
    records: int = 40


@dataclass
class Soak:
    """A soak under way.

    Args:
        account: The account.
        nights: Who reads.
        writing: Who writes.
        folder: Where all files are.
        chance: Decides what happens.
        size: How large it is.
    """

    account: Account
    nights: Nights
    writing: Writing
    folder: Path
    chance: Random
    size: Size
    day: int = 0
    weeks: list[Week] = field(default_factory=list)

    def first_load(self) -> list[str]:
        """The first night, and what is wrong after it."""
        night = self.nights.run()
        return [*night.problems, *self.nights.differences()]

    def week(self) -> Week:
        """One more week, and its figures."""
        week = Week(len(self.weeks) + 1)
        self.nights.taps.clear()
        self.nights.loaders.clear()
        self.writing.runs.clear()
        for number in range(self.size.days):
            self._day(week, quiet=number == self.size.days - 1)
        self._measure(week)
        self.weeks.append(week)
        week.problems += of_week(week, self.weeks[0])
        return week

    def _day(self, week: Week, *, quiet: bool) -> None:
        """Trade and writes, then the night; nothing goes wrong on a quiet one."""
        self.day += 1
        self.account.trade()
        if self.chance.random() < 1 / self.size.days and not quiet:
            self.account.tie(self.chance.choice(("sales", "items", "customers")), _TIED)
        for deed in (self._write, self._read):
            killed = self.chance.random() < _KILLED and not quiet
            kinds = [] if quiet else self.chance.sample(FAULTS, _AT_A_TIME)
            week.story.append(f"day {self.day}: {deed.__name__[1:]}, {', '.join(kinds)}{', killed' if killed else ''}")
            self.account.inject([f"{kind}:0.02" for kind in kinds], seed=self.chance.randrange(10**6))
            deed(week, killed=killed, quiet=quiet)
            week.faults.update(self.account.inject([]))
        if quiet:
            week.problems += [*self.nights.differences(), *self.writing.doubled()]

    def _write(self, week: Week, *, killed: bool, quiet: bool) -> None:
        week.problems += self.writing.write(self.day, killed=killed)

    def _read(self, week: Week, *, killed: bool, quiet: bool) -> None:
        """A night; on a quiet one, the drips are compared with the plan."""
        night = self.nights.run(killed=killed, planned=quiet)
        week.problems += night.problems
        week.planned, week.spent = night.planned, night.spent

    def _measure(self, week: Week) -> None:
        nights, writing = self.nights, self.writing
        week.rows = self.account.size()
        week.written = writing.written.total()
        week.tap = max(each.peak for each in nights.taps)
        week.loader = max(each.peak for each in nights.loaders)
        week.target = max(each.peak for each in writing.runs)
        week.runs = len(nights.taps) + len(writing.runs)
        week.sandbox, week.soak = self.account.memory, memory(os.getpid())
        week.descriptors = self.account.descriptors + descriptors(os.getpid())
        week.sessions = nights.sessions()
        week.files = frozenset(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))
        week.state, week.ledger = nights.state_size(), writing.ledger.stat().st_size


@contextmanager
def begun(seed: int, size: Size, keep: Path | None = None) -> Iterator[Soak]:
    """A soak that has not had its first load yet; nothing is left of it afterwards, unless its files are to be kept."""
    chance = Random(f"soak {seed}")
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        for name in ("account", "tap", "target"):
            (folder / name).mkdir(parents=True)
        server = stack.enter_context(careless_warehouse())
        served = serving(folder / "account", seed=seed, days=size.history, sales_a_day=size.sales)
        account = stack.enter_context(served)
        nights = stack.enter_context(loading(account, server, folder / "tap", chance))
        writing = Writing(account, folder / "target", chance, size.records)
        yield Soak(account, nights, writing, folder, chance, size)


def soak(
    seed: int,
    size: Size,
    goes_on: Callable[[int], bool],
    told: Callable[[str], None] = lambda _line: None,
    keep: Path | None = None,
) -> list[str]:
    """Let weeks pass; what is wrong after all of them.

    Args:
        seed: What everything is made from.
        size: How large it is.
        goes_on: Whether there is one more week after so many.
        told: Told of each week.
        keep: A folder that is not there yet, for all files; without it they go.
    """
    with begun(seed, size, keep) as found:
        began = time.monotonic()
        problems = found.first_load()
        told(f"first load: {time.monotonic() - began:.1f} s: {'good' if not problems else '; '.join(problems)}")
        while goes_on(len(found.weeks)):
            began = time.monotonic()
            week = found.week()
            problems += [f"week {week.number}: {problem}" for problem in week.problems]
            told(f"{week} ({time.monotonic() - began:.0f} s)")
        return problems + growth(found.weeks)
