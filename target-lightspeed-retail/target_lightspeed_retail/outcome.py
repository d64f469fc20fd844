"""What became of each record: a line in the outcome file, and the record itself in the rejects file if it failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from singer_sdk.singerlib.json import serialize_json

from lightspeed_retail.private_lines import PrivateLines
from lightspeed_retail.wire import stamp


class Operation(StrEnum):
    """How a record ended."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ARCHIVED = "archived"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one record ended.

    Args:
        run_id: What the run is known by.
        stream: The record's stream.
        key: What the input knows the record by.
        operation: How it ended; in a dry run, how it would.
        lightspeed_id: Its id in Lightspeed, if it has one.
        changed: Names of the fields that were written; in a dry run each with its old and its new value.
        reason: Why it was rejected, or what else there is to say.
        drips: What it cost.
        at: When, by Lightspeed's clock.
        dry_run: Whether nothing was written.
    """

    run_id: str
    stream: str
    key: str
    operation: Operation
    at: datetime
    lightspeed_id: str | None = None
    changed: Iterable[str] | Mapping[str, tuple[Any, Any]] = ()
    reason: str | None = None
    drips: Decimal = Decimal(0)
    dry_run: bool = False

    def line(self) -> dict[str, Any]:
        """The object that stands in the outcome file; every one has all keys, in the same order."""
        changed = self.changed
        return {
            "run_id": self.run_id,
            "stream": self.stream,
            "key": self.key,
            "operation": str(self.operation),
            "lightspeed_id": self.lightspeed_id,
            "changed": {name: list(pair) for name, pair in changed.items()}
            if isinstance(changed, Mapping)
            else list(changed),
            "reason": self.reason,
            "drips": self.drips,
            "at": stamp(self.at),
            "dry_run": self.dry_run,
        }


class OutcomeFile:
    """One JSON line for each record, appended to a file that nobody else can read.

    Args:
        path: The file; None for none.

    Raises:
        SettingsError: It cannot be written; later, too.
    """

    def __init__(self, path: str | Path | None) -> None:
        """Open the file, so that a wrong path shows before anything is sent."""
        self._lines = None if path is None else PrivateLines(path, "outcome_path")

    def write(self, *outcomes: Outcome) -> None:
        """Append a line each; on return they are with the system, should the process be killed."""
        if self._lines is not None:
            self._lines.append(serialize_json(outcome.line()) for outcome in outcomes)


class Rejects:
    """Records that were rejected, as Singer messages that can be piped in again as they are.

    A message also has the key `reason`, beside the record; targets pay it no heed.

    Args:
        path: The file; None for none.

    Raises:
        SettingsError: It cannot be written; later, too.
    """

    def __init__(self, path: str | Path | None) -> None:
        """Open the file, so that a wrong path shows before anything is sent."""
        self._lines = None if path is None else PrivateLines(path, "rejects_path")
        self._schemas: dict[str, dict[str, Any]] = {}
        self._written: dict[str, dict[str, Any]] = {}

    def describe(self, message: Mapping[str, Any]) -> None:
        """Remember the SCHEMA message of a stream as it came in; it goes before the stream's first reject."""
        self._schemas[str(message["stream"])] = dict(message)

    def write(self, message: Mapping[str, Any], reason: str) -> None:
        """Append a RECORD message as it came in, with the reason why it was rejected."""
        if self._lines is None:
            return
        stream = str(message["stream"])
        schema = self._schemas.get(stream)
        lines = [dict(message, type="RECORD", reason=reason)]
        if schema is not None and self._written.get(stream) != schema:
            lines.insert(0, schema)
            self._written[stream] = schema
        self._lines.append(serialize_json(line) for line in lines)
