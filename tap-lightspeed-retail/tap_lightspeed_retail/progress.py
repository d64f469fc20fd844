"""How far a stream has come: the part of the Singer state that is ours.

A stream's entry in the state holds, in plain ISO texts and whole numbers:

    replication_key, replication_key_value   the bookmark: everything older has been emitted
    first_load: {began, key, newest}         only during the first load: keys up to `key` have been emitted
    with: {sales: {...}}                     the same again for rows that ride on a parent
    last_key                                 highest key emitted, for lists without a stamp
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from lightspeed_retail.wire import instant, stamp

State = dict[str, Any]


class Progress:
    """How far the streams that one walk feeds have come; they move together.

    Args:
        states: The state entries of the streams, written in place.
        now: When the run began by the server's clock: no bookmark goes beyond it.
    """

    def __init__(self, states: Sequence[State], now: datetime) -> None:
        """Look at where the streams stand."""
        self._states = states
        self._now = stamp(now)
        self._unloaded = [state for state in states if not state.get("replication_key_value")]

    @property
    def loading(self) -> bool:
        """Whether some stream has not had its first load yet, or not all of it."""
        return bool(self._unloaded)

    @property
    def field(self) -> str | None:
        """The stamp that the bookmark was made of."""
        return next((state.get("replication_key") for state in self._states if state.get("replication_key")), None)

    def since(self, lookback: timedelta) -> str:
        """Where a later run begins: the lowest bookmark, less the look-back."""
        lowest = min(instant(state["replication_key_value"]) for state in self._states)
        return stamp(lowest - lookback)

    def restart(self) -> None:
        """Forget bookmarks that were made of a weaker stamp, and load again from the start."""
        for state in self._states:
            state.pop("replication_key_value", None)
            state.pop("first_load", None)
        self._unloaded = list(self._states)

    def resume_key(self) -> int:
        """The key up to which everything has been emitted in an earlier try of the first load; 0 for none."""
        return min(int(state.get("first_load", {}).get("key") or 0) for state in self._unloaded)

    def loaded_up_to(self, key: int | None, newest: str | None) -> None:
        """Note that the first load has emitted all up to a key; None where the list comes in no order."""
        for state in self._unloaded:
            load = state.setdefault("first_load", {"began": self._now})
            load["newest"] = _later(load.get("newest"), newest)
            if key is not None:
                load["key"] = key

    def loaded(self, field: str) -> None:
        """End the first load: changes are read from when it began, or from the newest row if that is older.

        An empty list gets no bookmark; the next run looks at it whole again, which costs no more.
        """
        for state in self._unloaded:
            load = state.pop("first_load", None)
            if load is None or (not load.get("key") and not load.get("newest")):
                continue
            state["replication_key"] = field
            state["replication_key_value"] = min(load["began"], load.get("newest") or load["began"])
        self._unloaded = []

    def changed_up_to(self, field: str, newest: str | None) -> None:
        """Move the bookmarks up to a stamp, never back and never past the start of the run."""
        for state in self._states:
            state["replication_key"] = field
            if newest is not None:
                state["replication_key_value"] = max(state["replication_key_value"], min(newest, self._now))


def riding(state: State, parent: str) -> State:
    """The entry of a stream's state for the rows that come with a parent."""
    entry: State = state.setdefault("with", {}).setdefault(parent, {})
    return entry


def _later(one: str | None, other: str | None) -> str | None:
    return max(filter(None, (one, other)), default=None)
