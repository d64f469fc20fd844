"""What became of each record: a line in the outcome file, and the record itself in the rejects file if it failed."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from singer_sdk.singerlib.json import serialize_json

from lightspeed_retail.databases import make_private
from lightspeed_retail.errors import SettingsError
from lightspeed_retail.wire import stamp

_OTHERS = 0o077
_BLOCK = 65_536


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
            self._lines.append(outcome.line() for outcome in outcomes)


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
        self._lines.append(lines)


class PrivateLines:
    """JSON lines, appended to a file that nobody else can read.

    Args:
        path: The file; its folder is made when needed.
        setting: The setting that names it, for messages.

    Raises:
        SettingsError: It cannot be written; later, too.
    """

    def __init__(self, path: str | Path, setting: str) -> None:
        """Open the file; what a crash has left of a last line is cut off."""
        self._setting = setting
        self._mutex = threading.Lock()
        try:
            self._path = Path(path).expanduser()
            if not self._path.exists():
                make_private(self._path)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            self._mend()
        except (OSError, RuntimeError, ValueError) as error:
            raise self._unusable(error) from None

    def append(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Append a line for each object, in one piece as far as the system allows."""
        text = "".join(serialize_json(each) + "\n" for each in objects)
        try:
            with self._mutex:
                rest = memoryview(text.encode())
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise self._unusable(error) from None

    def __del__(self) -> None:
        """Close the file."""
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)

    def _mend(self) -> None:
        found = os.fstat(self._descriptor)
        if not stat.S_ISREG(found.st_mode):
            return
        if found.st_mode & _OTHERS:
            # The file of another user may be one that is shared on purpose.
            with contextlib.suppress(PermissionError):
                os.fchmod(self._descriptor, found.st_mode & ~_OTHERS)
        os.ftruncate(self._descriptor, self._end_of_last_line(found.st_size))

    def _end_of_last_line(self, size: int) -> int:
        end = size
        while end > 0:
            start = max(0, end - _BLOCK)
            newline = os.pread(self._descriptor, end - start, start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            end = start
        return 0

    def _unusable(self, error: Exception) -> SettingsError:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return SettingsError(f"{self._setting}: the file cannot be written ({why}). Name one that can.")
