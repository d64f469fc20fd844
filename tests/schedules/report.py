"""What many schedules have come to, for a person at a terminal and as a part of a Markdown page."""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.schedules.common import Outcome

_PAGE = """# Reliability runs

Each schedule is made from one whole number: the account, what is selected, the settings, the faults, when a process is
killed, and what happens in the account meanwhile. The real commands run against the sandbox and a real PostgreSQL. The
parts below are written by `python -m tests.schedules KIND --seeds FROM-TO --report docs/reliability-runs.md`.
"""


@dataclass
class Summary:
    """The sum of many schedules.

    Args:
        kind: What was tried.
        jobs: How many were played at a time.
        total: How many schedules.
        lowest: The lowest seed.
        highest: The highest seed.
        failed: Those that went wrong.
        faults: Faults injected, by kind.
        counts: Whatever else was counted.
    """

    kind: str
    jobs: int = 1
    total: int = 0
    lowest: int | None = None
    highest: int | None = None
    failed: list[Outcome] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        self.total += 1
        self.lowest = outcome.seed if self.lowest is None else min(self.lowest, outcome.seed)
        self.highest = outcome.seed if self.highest is None else max(self.highest, outcome.seed)
        self.faults += outcome.faults
        self.counts += outcome.counts
        if not outcome.is_good:
            self.failed.append(outcome)

    def line(self, seconds: float) -> str:
        """The sum in a line."""
        return (
            f"{self.total} schedules of the {self.kind} ({self.lowest}-{self.highest}), {len(self.failed)} failed, "
            f"{self.faults.total()} faults, {seconds:,.0f} s."
        )

    def markdown(self, seconds: float) -> str:
        """The part of the page."""
        failed = ", ".join(str(outcome.seed) for outcome in sorted(self.failed, key=lambda each: each.seed)) or "none"
        rows = [
            ("Seeds", f"{self.lowest}-{self.highest}"),
            ("Schedules", f"{self.total:,}"),
            ("Failed", failed),
            ("Faults injected", f"{self.faults.total():,}"),
            *((name, f"{number:,}") for name, number in sorted(self.counts.items())),
            ("Time", f"{seconds / 60:.1f} minutes, {self.jobs} at a time"),
            ("When, where", f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {platform.machine()}"),
        ]
        faults = [(f"`{name}`", f"{number:,}") for name, number in self.faults.most_common()]
        return "\n\n".join([f"## The {self.kind}", _table(("", ""), rows), _table(("Fault", "Times"), faults)])


def write(path: Path, kind: str, part: str) -> None:
    """Put a part into the page in the place of what stood there before; the other parts stay."""
    begin, end = f"<!-- {kind} -->", f"<!-- end of {kind} -->"
    page = path.read_text(encoding="utf-8") if path.exists() else _PAGE
    whole = f"{begin}\n{part}\n{end}"
    known = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    page = known.sub(lambda _found: whole, page) if known.search(page) else f"{page.rstrip()}\n\n{whole}\n"
    path.write_text(page, encoding="utf-8")


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join([f"| {head[0]} | {head[1]} |", "| :-- | --: |", *(f"| {one} | {two} |" for one, two in rows)])
