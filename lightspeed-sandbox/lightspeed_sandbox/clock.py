"""The time in the sandbox: real time plus an offset, which only grows; and how far it is off from what it should be."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta

_OFFSET = "clock.offset"


class Clock:
    """Tells the time of the sandbox; the offset, which is how far it is ahead of real time, survives with the store.

    Args:
        meta: Where the offset is kept.
        off: How far the clock is off; that is not kept.
    """

    def __init__(self, meta: MutableMapping[str, str], off: timedelta = timedelta()) -> None:
        """Read the offset, if there is one."""
        self._meta = meta
        self.offset = timedelta(seconds=float(meta.get(_OFFSET, "0")))
        self.off = off

    def now(self) -> datetime:
        """The moment, in UTC, as the clock shows it."""
        return datetime.now(UTC) + self.offset + self.off

    def set(self, moment: datetime) -> None:
        """Let it be this moment now."""
        self._be_ahead(moment - datetime.now(UTC))

    def advance(self, by: timedelta) -> None:
        """Move ahead."""
        self._be_ahead(self.offset + by)

    def _be_ahead(self, offset: timedelta) -> None:
        self.offset = offset
        self._meta[_OFFSET] = str(offset.total_seconds())
