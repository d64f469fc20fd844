"""What a run comes to: counts by stream, and limits beyond which it stops."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TextIO

from rich import box
from rich.console import Console
from rich.table import Table

from lightspeed_retail.errors import LightspeedError, SettingsError
from target_lightspeed_retail.outcome import Operation, Outcome

_SHARE_FROM = 100
_WHOLE = 100
_log = logging.getLogger(__name__)


class LimitError(LightspeedError):
    """The run would go further than the settings allow."""


class TooManyRejectsError(LimitError):
    """More records were rejected than max_rejects allows."""


class TooManyChangesError(LimitError):
    """More records would be changed or archived than max_changes or max_archives allows."""


class Summary:
    """How the records of a run ended.

    Args:
        run_id: What the run is known by.
        dry_run: Whether nothing is written.
    """

    def __init__(self, run_id: str, *, dry_run: bool = False) -> None:
        """Begin, and look at the clock."""
        self._run_id = run_id
        self._dry_run = dry_run
        self._counts: dict[str, Counter[Operation]] = {}
        self._began = time.monotonic()
        self._mutex = threading.Lock()

    def count(self, outcome: Outcome) -> None:
        """Take in how a record ended."""
        with self._mutex:
            self._counts.setdefault(outcome.stream, Counter())[outcome.operation] += 1

    def counted(self, operation: Operation | None = None) -> int:
        """How many records ended in a way; without one, how many ended."""
        with self._mutex:
            counts = list(self._counts.values())
        return sum(each.total() if operation is None else each[operation] for each in counts)

    def of(self, stream: str) -> Mapping[Operation, int]:
        """How many records of a stream ended in which way."""
        return self._counts.get(stream, Counter())

    def as_dict(self, *, requests: int, drips: Decimal | float) -> dict[str, Any]:
        """All of it, for machines.

        Args:
            requests: Requests that were sent.
            drips: What they cost altogether, look-ups included.
        """
        return {
            "run_id": self._run_id,
            "dry_run": self._dry_run,
            "streams": {stream: _named(counts) for stream, counts in self._counts.items()},
            "drips": round(float(drips), 2),
            "requests": requests,
            "seconds": round(time.monotonic() - self._began, 1),
        }

    def say(self, *, requests: int, drips: Decimal | float, file: TextIO | None = None) -> None:
        """Log it in one line for machines and print a table for people, on stderr."""
        whole = self.as_dict(requests=requests, drips=drips)
        _log.info("Summary: %s", json.dumps(whole))
        console = Console(file=file or sys.stderr, highlight=False, markup=False, soft_wrap=True)
        console.print(self._table(terminal=console.is_terminal))
        console.print(f"{whole['drips']:g} drips in {requests} requests, {whole['seconds']:g} seconds.")

    def _table(self, *, terminal: bool) -> Table:
        title = "What would become of the records" if self._dry_run else "What became of the records"
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD if terminal else None, pad_edge=False)
        table.add_column("stream", no_wrap=True)
        for operation in Operation:
            table.add_column(str(operation), justify="right", no_wrap=True)
        for stream, counts in self._counts.items():
            table.add_row(stream, *(str(counts[operation]) for operation in Operation))
        return table


def _named(counts: Counter[Operation]) -> dict[str, int]:
    return {str(operation): counts[operation] for operation in Operation}


@dataclass(frozen=True)
class Limit:
    """How many rejected records are too many.

    Args:
        text: The limit as it was set.
        number: The most there may be; None where a share is set.
        share: The largest share there may be; None where a number is set.
    """

    text: str
    number: int | None = None
    share: Decimal | None = None

    @classmethod
    def of(cls, value: str | float | Decimal) -> Limit:
        """Understand a number (`20`) or a share (`5%`, `0.05`).

        Raises:
            SettingsError: It is neither.
        """
        text = (value if isinstance(value, str) else format(Decimal(str(value)), "f")).strip()
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(%?)", text)
        number = Decimal(found[1]) if found else Decimal(-1)
        if found and found[2] and number <= _WHOLE:
            return cls(text, share=number / _WHOLE)
        if found and not found[2] and number == int(number):
            return cls(text, number=int(number))
        if found and not found[2] and number < 1:
            return cls(text, share=number)
        raise SettingsError("max_rejects must be a number of records, as in 20, or a share of them, as in 5% or 0.05.")

    def is_passed(self, rejected: int, ended: int) -> bool:
        """Whether so many rejected ones of so many records are too many."""
        if self.share is not None:
            return rejected > self.share * ended
        return self.number is not None and rejected > self.number


class Guards:
    """Stops a run that goes wrong: after too many rejects, and before too many changes.

    Args:
        max_rejects: Number or share of records that may be rejected; None for any.
        max_changes: How many records may be created, updated or archived; None for any.
        max_archives: How many records may be archived; None for any.

    Raises:
        SettingsError: A limit makes no sense.
    """

    def __init__(
        self,
        *,
        max_rejects: str | float | Decimal | None = None,
        max_changes: int | None = None,
        max_archives: int | None = None,
    ) -> None:
        """Begin at nothing."""
        self._max_rejects = None if max_rejects is None or max_rejects == "" else Limit.of(max_rejects)
        self._limits = {"max_changes": max_changes, "max_archives": max_archives}
        self._counts: Counter[str] = Counter()
        self._mutex = threading.Lock()

    def before_change(self, stream: str, key: str) -> None:
        """Call it before each record that is to be created or updated, once a record.

        Raises:
            TooManyChangesError: It would be one too many; it must not be sent.
        """
        with self._mutex:
            self._add("max_changes", stream, key)

    def before_archive(self, stream: str, key: str) -> None:
        """Call it before each record that is to be archived, once a record; that is a change as well.

        Raises:
            TooManyChangesError: It would be one too many; it must not be sent.
        """
        with self._mutex:
            self._add("max_archives", stream, key)
            self._add("max_changes", stream, key)

    def check(self, summary: Summary, *, ended: bool = False) -> None:
        """Call it after each rejected record, and once when all records have ended.

        Args:
            summary: The records so far.
            ended: Whether there are no more: a share of a few records says little before.

        Raises:
            TooManyRejectsError: Too many were rejected.
        """
        limit = self._max_rejects
        if limit is None:
            return
        rejected, total = summary.counted(Operation.REJECTED), summary.counted()
        if limit.share is not None and total < _SHARE_FROM and not ended:
            return
        if limit.is_passed(rejected, total):
            raise TooManyRejectsError(
                f"{rejected} of {total} records were rejected, which is more than max_rejects allows ({limit.text}). "
                "The outcome file says why, if outcome_path is set; mend them, or raise max_rejects."
            )

    def _add(self, name: str, stream: str, key: str) -> None:
        limit = self._limits[name]
        if limit is not None and self._counts[name] >= limit:
            raise TooManyChangesError(
                f"{name} is {limit}, and record {key} of {stream} would be one more: the run stopped before it. "
                f"See with dry_run what would happen; if that is right, raise {name}."
            )
        self._counts[name] += 1
