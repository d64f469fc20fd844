"""What tap and target have written of their runs: bills and outcomes, a JSON line each."""

from __future__ import annotations

import collections
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from lightspeed_retail.errors import SettingsError

_MOST = 1_000
_REJECTED = "rejected"


@dataclass(frozen=True)
class TapRun:
    """A run of the tap.

    Args:
        account: Whose rows it has read.
        began: When it began.
        ended: When it ended.
        rows: The rows of each stream.
        drips: Drips that it has spent.
        requests: Requests that it has made.
        refused: Requests that were refused for the rate limit.
        waited: Seconds that it has waited for the bucket.
        end: How it ended, in a word or a sentence.
        is_good: Whether it ended well.
    """

    account: str
    began: datetime
    ended: datetime
    rows: Mapping[str, int]
    drips: float
    requests: int
    refused: int
    waited: float
    end: str
    is_good: bool

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Self:
        """The run of a bill."""
        code = int(line["exit_code"])
        return cls(
            account=str(line["account_id"]),
            began=_moment(line["began"]),
            ended=_moment(line["ended"]),
            rows={str(name): int(rows) for name, rows in line["streams"].items()},
            drips=float(line["drips"]),
            requests=int(line["requests"]),
            refused=int(line["refused"]),
            waited=float(line["waited"]),
            end=_end(line, code),
            is_good=code == 0,
        )

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended - self.began) / timedelta(seconds=1)


@dataclass
class TargetRun:
    """A run of the target.

    Args:
        run_id: What it is known by.
        at: When it wrote its last record, by Lightspeed's clock.
        counts: How many records of each stream ended how.
        drips: Drips that it has spent.
        is_dry: Whether nothing was written.
        rejects: Its records that were rejected, as they stand in the file.
    """

    run_id: str
    at: datetime
    counts: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)
    drips: float = 0.0
    is_dry: bool = False
    rejects: collections.deque[Mapping[str, Any]] = field(default_factory=lambda: collections.deque(maxlen=_MOST))

    def take(self, line: Mapping[str, Any]) -> None:
        """Count a record's outcome."""
        self.counts[str(line["stream"]), str(line["operation"])] += 1
        self.drips += float(line.get("drips") or 0)
        self.at = max(self.at, _moment(line["at"]))
        self.is_dry = self.is_dry or bool(line.get("dry_run"))
        if line["operation"] == _REJECTED:
            self.rejects.append(line)


def tap_runs(path: Path, account: int | None = None) -> list[TapRun]:
    """The last runs of the tap in a file of bills, in their order.

    Raises:
        SettingsError: The file can't be read, or is none of bills.
    """
    found: collections.deque[TapRun] = collections.deque(maxlen=_MOST)
    for number, line in _lines(path, "--bills"):
        with _Understood(path, "--bills", number):
            run = TapRun.of(line)
            if account is None or run.account == str(account):
                found.append(run)
    return sorted(found, key=lambda run: run.ended)


def last_target_run(path: Path) -> TargetRun | None:
    """The last run of the target in a file of outcomes; None where there is none.

    Raises:
        SettingsError: The file can't be read, or is none of outcomes.
    """
    run: TargetRun | None = None
    for number, line in _lines(path, "--outcomes"):
        with _Understood(path, "--outcomes", number):
            if run is None or run.run_id != str(line["run_id"]):
                run = TargetRun(str(line["run_id"]), _moment(line["at"]))
            run.take(line)
    return run


class _Understood:
    """A context in which a line of a file is taken apart; what makes no sense is told with its place."""

    def __init__(self, path: Path, option: str, number: int) -> None:
        self._place = f"{option}: line {number} of {path} is not what was expected there"

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Tell the place of what makes no sense."""
        if isinstance(error, KeyError | TypeError | ValueError | AttributeError):
            raise SettingsError(f"{self._place}.") from None


def _lines(path: Path, option: str) -> Iterator[tuple[int, Any]]:
    """The objects of a file; a last line that a crash has cut off is left out."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.endswith("\n") and line.strip():
                    yield number, json.loads(line)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it holds no JSON lines"
        raise SettingsError(f"{option}: {path} cannot be read ({why}).") from None


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _end(line: Mapping[str, Any], code: int) -> str:
    if line["failed"]:
        return f"streams failed: {', '.join(line['failed'])}"
    if code:
        return f"exit code {code}"
    if line["ended_early"]:
        return "reached its limit"
    return f"skipped: {', '.join(line['skipped'])}" if line["skipped"] else "complete"
