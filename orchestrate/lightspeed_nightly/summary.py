"""What happened in a night, for people and for programs."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lightspeed_nightly.outcome import Kind, Run

_log = logging.getLogger("lightspeed_nightly")
_PATIENCE = 20.0
_MOST_LINES = 50
"""Accounts that a summary names; it says how many more there are."""


@dataclass(frozen=True)
class Summary:
    """A night.

    Args:
        night: What it is known by.
        runs: The last run of each account that had one.
        unrun: Accounts that were to be run, and were not.
        last_good: When the last good run of each account began, ever.
    """

    night: str
    runs: Sequence[Run]
    unrun: Sequence[int] = ()
    last_good: Mapping[int, datetime] | None = None

    @property
    def failed(self) -> list[Run]:
        """The runs that did not load their account."""
        return [run for run in self.runs if not run.kind.is_good]

    @property
    def incomplete(self) -> list[Run]:
        """The runs that left streams out for want of rights."""
        return [run for run in self.runs if run.kind is Kind.INCOMPLETE]

    @property
    def is_good(self) -> bool:
        """Whether every account was loaded."""
        return not self.failed and not self.unrun

    @property
    def headline(self) -> str:
        """The night in a line."""
        good = len(self.runs) - len(self.failed)
        total = len(self.runs) + len(self.unrun)
        rows, drips = sum(run.rows for run in self.runs), sum(run.drips for run in self.runs)
        return f"{good} of {total} accounts loaded in {_duration(self._seconds)}: {rows:,} rows for {drips:,.0f} drips."

    def __str__(self) -> str:
        """The night for people."""
        parts = [f"Lightspeed Retail, night {self.night}: {self.headline}"]
        parts += _listed("Failed", [f"{run.account_id}: {run.kind}: {run.reason}" for run in self.failed])
        parts += _listed("Not run", [f"{number}{self._freshness(number)}" for number in self.unrun])
        parts += _listed("Loaded, but not whole", [f"{run.account_id}: {run.reason}" for run in self.incomplete])
        return "\n".join(parts)

    def document(self) -> dict[str, Any]:
        """The night for programs."""
        return {
            "night": self.night,
            "text": str(self),
            "is_good": self.is_good,
            "accounts": len(self.runs) + len(self.unrun),
            "kinds": dict(Counter(str(run.kind) for run in self.runs)),
            "seconds": round(self._seconds, 1),
            **{
                name: sum(getattr(run, name) for run in self.runs)
                for name in ("rows", "requests", "refused", "rejects")
            },
            **{name: round(sum(getattr(run, name) for run in self.runs), 1) for name in ("drips", "waited")},
            "failed": [_plain(run) for run in self.failed],
            "incomplete": [_plain(run) for run in self.incomplete],
            "not_run": list(self.unrun),
        }

    @property
    def _seconds(self) -> float:
        """From the first run's beginning to the last one's end."""
        if not self.runs:
            return 0.0
        return (max(run.ended for run in self.runs) - min(run.began for run in self.runs)).total_seconds()

    def _freshness(self, account_id: int) -> str:
        last = (self.last_good or {}).get(account_id)
        return f", last loaded {last.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if last else ", never loaded"

    def ages(self, now: datetime) -> dict[int, float]:
        """How many seconds ago the last good run of each account began; ever, and of accounts that have one."""
        return {number: (now - last).total_seconds() for number, last in (self.last_good or {}).items()}

    def send(self, url: str) -> bool:
        """Send it as JSON; whether that went well. A night is not lost for want of a messenger."""
        body = json.dumps(self.document()).encode()
        try:
            request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310  the user's own
            with urllib.request.urlopen(request, timeout=_PATIENCE):  # noqa: S310  as above
                return True
        except (urllib.error.URLError, OSError, ValueError) as error:
            _log.warning("The summary could not be sent: %s", getattr(error, "reason", error))
            return False


def _plain(run: Run) -> dict[str, Any]:
    return {
        "account_id": run.account_id,
        "kind": str(run.kind),
        "reason": run.reason,
        "attempts": run.attempt,
        "run_id": run.run_id,
    }


def _listed(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    if not found:
        return []
    more = [f"- and {len(found) - _MOST_LINES} more"] if len(found) > _MOST_LINES else []
    return [f"{title} ({len(found)}):", *(f"- {line}" for line in found[:_MOST_LINES]), *more]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
