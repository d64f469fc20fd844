"""How far a stream has come: the part of the Singer state that is ours.

A stream's entry in the state holds, in plain ISO texts and whole numbers:

    replication_key, replication_key_value   the bookmark: everything older has been emitted
    first_load: {began, key, newest, clock}  only during the first load: keys up to `key` have been emitted; the same
                                             beside a bookmark while a list is read whole because changes are not told
    first_load: {..., down, start}           the same where the newest come first: keys from `key` on have been emitted,
                                             a bookmark of its own tells of changes meanwhile, `start` is where the
                                             bookmark begins when all is loaded
    with: {sales: {...}}                     the same again for rows that ride on a parent
    passes: {giftCard=true: {...}}           the same again for rows that the plain list leaves out
    rows                                     how many rows the first load brought

The bookmark of a list that only grows is its highest key, that of a report a day, of any other a change stamp.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.query import PAGE_SIZE
from lightspeed_retail.wire import instant, stamp

State = dict[str, Any]

_OVERLAP = PAGE_SIZE // 2
"""Keys that are read again where nothing says when a row was made."""

_SECOND = timedelta(seconds=1)
"""What `Date` does not tell."""

_CLOCKS_APART = timedelta(days=1)
"""More than the server's clock and that of the account's stamps can differ."""


class DataClock:
    """How far the account's own clock is known to have come: the latest change stamp seen in any stream.

    A list that is read after this moment lacks no row stamped before it. The server's `Date` would do as well if it and
    the stamps came from one clock, which nobody promises. Both go at the same pace, though: a row that is seen with its
    stamp at some `Date` tells how far the account's clock had come at any earlier one.

    Args:
        now: When the run began by the server's clock; stamps beyond it are slips and are not believed.
        state: The Singer state of the last run.
    """

    def __init__(self, now: datetime, state: Mapping[str, Any]) -> None:
        """Begin with the bookmarks of the last run."""
        self.now = stamp(now)
        self.latest: str | None = None
        self.is_past = False
        self._behind: timedelta | None = None
        for entry in state.get("bookmarks", {}).values():
            self.see(_moment(entry.get("replication_key_value")))

    def see(self, moment: str | None, date: datetime | None = None) -> None:
        """Take note of a change stamp, and of the server's clock at the answer that it came with."""
        if moment is None:
            return
        if moment <= self.now:
            self.latest = later(self.latest, moment)
        if date is not None and moment <= stamp(date):
            behind = date - instant(moment) + _SECOND
            self._behind = behind if self._behind is None else min(self._behind, behind)

    @property
    def at_beginning(self) -> str | None:
        """How far the account's clock had come at the least when the run began."""
        return None if self._behind is None else stamp(instant(self.now) - self._behind)

    def until(self, end: datetime | None) -> DataClock:
        """The same clock, for a walk that leaves out what changed after a moment.

        Where that moment is long past, no row can get a stamp before it any more.
        """
        if end is None or stamp(end) >= self.now:
            return self
        earlier = DataClock(end, {})
        earlier.is_past = instant(self.now) - end > _CLOCKS_APART
        earlier.see(self.latest)
        return earlier


class Progress:
    """How far the streams that one walk feeds have come; they move together.

    Args:
        states: The state entries of the streams, written in place.
        clock: The account's clock as known when the walk begins.
    """

    def __init__(self, states: Sequence[State], clock: DataClock) -> None:
        """Look at where the streams stand."""
        self._states = states
        self._clock = clock
        self._now = clock.now
        self._known = clock.latest
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
        """Where a later run begins: the lowest bookmark, less the look-back.

        Raises:
            SettingsError: A bookmark is no date-time.
        """
        try:
            lowest = min(instant(state["replication_key_value"]) for state in self._states)
            return stamp(lowest - lookback)
        except (ValueError, TypeError, OverflowError):
            message = "The state holds a bookmark that is no date-time: remove it, or run with a full refresh."
            raise SettingsError(message) from None

    def restart(self) -> None:
        """Load again from the start, because changes cannot be told; an earlier try of that goes on.

        The bookmark stays until all is loaded: what is older has been emitted, and the next run may be told again.
        """
        self._unloaded = list(self._states)

    def resume_key(self) -> int:
        """The key up to which everything has been emitted in an earlier try of the first load; 0 for none."""
        keys = [int(state.get("first_load", {}).get("key") or 0) for state in self._unloaded]
        return max(keys) if self.goes_down and all(keys) else min(keys)

    @property
    def goes_down(self) -> bool | None:
        """Whether an earlier try of the first load began with the newest rows; None where there was none for all."""
        loads = [state.get("first_load") for state in self._unloaded]
        directions = {bool(load.get("down")) for load in loads if load}
        return directions.pop() if all(loads) and len(directions) == 1 else None

    def meanwhile(self) -> Progress:
        """The progress of changes since the beginning of a first load that begins with the newest rows."""
        return Progress([state["first_load"] for state in self._unloaded], self._clock)

    def going_up(self) -> None:
        """Note that a first load begins with the oldest rows, whatever an earlier try did."""
        for state in self._unloaded:
            if state.get("first_load", {}).get("down"):
                del state["first_load"]

    def going_down(self, field: str, newest: str | None, ended: datetime) -> None:
        """Note that a first load begins with the newest rows, of which the first page has been emitted.

        Args:
            field: The stamp to read changes by.
            newest: The latest stamp among its rows.
            ended: The server's clock at this page.
        """
        start = self._start(self._now, ended, self._known, newest)
        for state in self._unloaded:
            load = {"began": self._now, "clock": self._known, "rows": 0, "down": True, "start": start}
            state["first_load"] = {**load, "replication_key": field, "replication_key_value": start}

    def loaded_up_to(self, key: int | None, newest: str | None, rows: int, date: datetime) -> None:
        """Note that the first load has emitted a page.

        Args:
            key: All rows up to this key have been; None where the list comes in no order.
            newest: The latest stamp among its rows.
            rows: How many there were.
            date: The server's clock at the page.
        """
        self._clock.see(newest, date)
        for state in self._unloaded:
            load = state.setdefault("first_load", {"began": self._now, "clock": self._known, "rows": 0})
            load["newest"] = later(load.get("newest"), newest)
            load["clock"] = self._clock_at(load["began"], load.get("clock"))
            load["rows"] = load.get("rows", 0) + rows
            if key is not None:
                load["key"] = key

    def loaded(self, field: str, ended: datetime) -> None:
        """End the first load: changes are read from when it began.

        An empty list gets no bookmark; the next run looks at it whole again, which costs no more.

        Args:
            field: The stamp to read changes by.
            ended: The server's clock at the last page.
        """
        for state in self._unloaded:
            load = state.pop("first_load", None)
            if load is None or (not load.get("key") and not load.get("newest")):
                continue
            state["replication_key"] = field
            start = self._start(load["began"], ended, load.get("clock"), load.get("newest"))
            state["replication_key_value"] = load.get("start") or start
            state["rows"] = load.get("rows", 0)
        self._unloaded = []

    def _clock_at(self, began: str, known: str | None) -> str | None:
        """How far the account's clock had come when a walk began, by all that has been seen since."""
        return later(known, self._clock.at_beginning) if began == self._now else known

    def changed_up_to(self, field: str, newest: str | None, date: datetime | None = None) -> None:
        """Move the bookmarks up to a stamp, never back and never past the start of the run."""
        self._clock.see(newest, date)
        for state in self._states:
            state["replication_key"] = field
            if newest is not None:
                state["replication_key_value"] = max(state["replication_key_value"], min(newest, self._now))

    def changed(self, field: str, newest: str | None, ended: datetime, *, in_order: bool) -> None:
        """End a walk through changes: nothing older than the account's clock at its beginning is left to read.

        Args:
            field: The stamp that the walk went by.
            newest: The latest stamp among the rows.
            ended: The server's clock at the last page.
            in_order: Whether rows came from old to new, so that what changed meanwhile came last.
        """
        self._clock.see(newest, ended)
        for state in self._states:
            state.pop("first_load", None)
        self.changed_up_to(field, self._clock_at(self._now, self._known))
        if newest is not None:
            self.changed_up_to(field, newest if in_order else self._start(self._now, ended, self._known, newest))

    def _start(self, began: str, ended: datetime, clock: str | None, newest: str | None) -> str:
        """From where a later run reads changes, after a walk that began at some moment of the account's clock."""
        if self._clock.is_past and began == self._now:
            return began
        return _start(began, ended, clock, newest)


def _start(began: str, ended: datetime, clock: str | None, newest: str | None) -> str:
    """The account's clock when a walk by key began, at the least: what changed behind the walk is read again.

    The newest row was stamped before the walk ended, so the walk began no earlier than its duration before that stamp;
    the duration is taken from the server's clock, which may be off but goes at the same pace.
    """
    if newest is None:
        return clock or began
    duration = max(ended - instant(began), timedelta(0))
    return min(began, later(clock, stamp(instant(newest) - duration)) or began)


class KeyProgress:
    """How far the streams have come that are fed by a list which only grows.

    Args:
        states: The state entries of the streams, written in place.
        key: The field that rows are told apart by.
        created: The field that says when a row was made, where there is one.
        settled: Rows made before it are all visible; younger ones are read again.
    """

    def __init__(self, states: Sequence[State], key: str, created: str | None, settled: str) -> None:
        """Look at where the streams stand."""
        self._states = states
        self._key = key
        self._created = created
        self._settled = settled
        self._young = False

    @property
    def after(self) -> int:
        """The key after which to read; without a moment of creation the last ones are read again."""
        reached = min((bookmark_key(state) for state in self._states), default=0)
        return reached if self._created else max(reached - _OVERLAP, 0)

    def passed(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Note that rows were emitted, in the order of their keys."""
        reached = 0
        for row in rows:
            self._young = self._young or self._is_young(row)
            if not self._young:
                reached = max(reached, int(row[self._key]))
        for state in self._states:
            if reached > bookmark_key(state):
                state.update(replication_key=self._key, replication_key_value=reached)

    def _is_young(self, row: Mapping[str, Any]) -> bool:
        made = row.get(self._created) if self._created else None
        try:
            return bool(made) and stamp(instant(str(made))) >= self._settled
        except ValueError:
            return False


def _moment(bookmark: object) -> str | None:
    """A bookmark that is a moment, in the one form; other streams and other taps have others."""
    if not isinstance(bookmark, str) or "T" not in bookmark:
        return None
    try:
        return stamp(instant(bookmark))
    except ValueError:
        return None


def bookmark_key(state: Mapping[str, Any]) -> int:
    """The bookmark of a list that only grows; 0 where there is none."""
    bookmark = state.get("replication_key_value")
    return bookmark if isinstance(bookmark, int) else 0


def within(state: State, kind: str, name: str) -> State:
    """An entry within a stream's entry: for rows that come with a parent, or that the plain list leaves out."""
    entry: State = state.setdefault(kind, {}).setdefault(name, {})
    return entry


def later(one: str | None, other: str | None) -> str | None:
    """The later of two moments, of which either may be missing."""
    return max(filter(None, (one, other)), default=None)
