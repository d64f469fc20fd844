"""What a soak measures at the end of each week, and what it finds wrong with that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

FEWEST_WEEKS = 6
"""Growth shows in no fewer weeks."""

Figure = Callable[["Week"], float]


@dataclass
class Week:
    """The figures of a week.

    Args:
        number: Which week.
        rows: Rows in the account.
        written: Records that were written until then.
        tap: The most memory that a run of the tap took, in MB; the first load is none of a week.
        loader: The same of the loader.
        target: The same of the target.
        sandbox: What the sandbox holds, in MB.
        soak: What this process holds, in MB.
        descriptors: What sandbox and this process have open.
        sessions: Sessions that the database keeps.
        files: The names of all files.
        state: Bytes of the state.
        ledger: Bytes of the ledger.
        planned: Drips of the quiet night by the plan.
        spent: Drips of the quiet night, by path.
        faults: What went wrong on purpose.
        runs: Runs of tap and target.
        story: What happened on each day that was not quiet.
        problems: What is wrong.
    """

    number: int
    rows: int = 0
    written: int = 0
    tap: float = 0.0
    loader: float = 0.0
    target: float = 0.0
    sandbox: float = 0.0
    soak: float = 0.0
    descriptors: int = 0
    sessions: int = 0
    files: frozenset[str] = frozenset()
    state: int = 0
    ledger: int = 0
    planned: float = 0.0
    spent: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    story: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """That all is well, or what is not, and what happened before."""
        return "\n  ".join(["wrong", *self.problems, *self.story]) if self.problems else "good"

    def __str__(self) -> str:
        """The week in a line."""
        memory = f"{self.tap:.0f}/{self.loader:.0f}/{self.target:.0f}/{self.sandbox:.0f}/{self.soak:.0f}"
        return (
            f"week {self.number}: {self.rows:,} rows, {self.written:,} written, {self.runs} runs, "
            f"{self.faults.total()} faults, MB tap/loader/target/sandbox/soak {memory}, {self.descriptors} open, "
            f"state {self.state:,} B, ledger {self.ledger:,} B, quiet night {self.spent.total():.1f} drips "
            f"(plan {self.planned:.1f}): {self.verdict}"
        )


def of_week(week: Week, first: Week) -> list[str]:
    """What is wrong with a week by itself, or against the first."""
    found = []
    if more := week.files - first.files:
        found.append(f"new files: {sorted(more)}")
    if week.sessions:
        found.append(f"{week.sessions} sessions of the database are left")
    if week.descriptors > first.descriptors + _DESCRIPTORS:
        found.append(f"{week.descriptors} descriptors are open, {first.descriptors} were")
    spent = week.spent.total()
    if not _LEAST * week.planned - _SLACK <= spent <= _MOST * week.planned + _SLACK:
        dearest = ", ".join(f"{path} {drips:.1f}" for path, drips in week.spent.most_common(9))
        found.append(f"the quiet night took {spent:.1f} drips, the plan said {week.planned:.1f}; dearest: {dearest}")
    if week.state > first.state * _STATE:
        found.append(f"the state has {week.state} bytes, it had {first.state}")
    if week.written and week.ledger / week.written > _LEDGER * first.ledger / first.written:
        found.append(f"the ledger takes {week.ledger / week.written:.0f} bytes a record, it took less")
    return found


# A plan knows neither the trade of the day nor the pages that it fills; a question or two are asked once a day.
_LEAST, _MOST, _SLACK = 0.5, 1.25, 10.0
_DESCRIPTORS = 10
_STATE, _LEDGER = 1.5, 1.2

FIGURES: dict[str, Figure] = {
    "tap": lambda week: week.tap,
    "loader": lambda week: week.loader,
    "target": lambda week: week.target,
    "sandbox": lambda week: week.sandbox,
}


def growth(weeks: Sequence[Week]) -> list[str]:
    """What holds more memory in the last third of the weeks than in the first, by the medians of both.

    The trade of each week is the same, and so is what a run reads; the sandbox keeps its rows in a file. An eighth and
    10 MB are left to chance. This process is not judged: it compares whole accounts, which grow.
    """
    if len(weeks) < FEWEST_WEEKS:
        return []
    third = len(weeks) // 3
    found = []
    for name, figure in FIGURES.items():
        early, late = median(map(figure, weeks[:third])), median(map(figure, weeks[-third:]))
        if late > early * 1.125 + 10:
            found.append(f"{name} grew from {early:.0f} MB to {late:.0f} MB")
    return found
