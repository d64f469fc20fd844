"""The time in the sandbox: real time plus an offset, which only grows."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta

_OFFSET = "clock.offset"


class Clock:
    """Tells the time of the sandbox; the offset, which is how far it is ahead of real time, survives with the store."""

    def __init__(self, meta: MutableMapping[str, str]) -> None:
        """Read the offset, if there is one."""
        self._meta = meta
        self.offset = timedelta(seconds=float(meta.get(_OFFSET, "0")))

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC) + self.offset

    def set(self, moment: datetime) -> None:
        """Let it be this moment now."""
        self._be_ahead(moment - datetime.now(UTC))

    def advance(self, by: timedelta) -> None:
        """Move ahead."""
        self._be_ahead(self.offset + by)

    def _be_ahead(self, offset: timedelta) -> None:
        self.offset = offset
        self._meta[_OFFSET] = str(offset.total_seconds())
