"""The time in the sandbox: real time plus an offset, which only grows."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta

_OFFSET = "clock.offset"


class Clock:
    """Tells the time of the sandbox; the offset survives with the store."""

    def __init__(self, meta: MutableMapping[str, str]) -> None:
        """Read the offset, if there is one."""
        self._meta = meta

    @property
    def offset(self) -> timedelta:
        """How far the sandbox is ahead of real time."""
        return timedelta(seconds=float(self._meta.get(_OFFSET, "0")))

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC) + self.offset

    def set(self, moment: datetime) -> None:
        """Let it be this moment now."""
        self._meta[_OFFSET] = str((moment - datetime.now(UTC)).total_seconds())

    def advance(self, by: timedelta) -> None:
        """Move ahead."""
        self._meta[_OFFSET] = str((self.offset + by).total_seconds())
