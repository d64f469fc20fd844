"""What a run will cost: which walks will be made, and how many pages each of them takes, as far as that is known.

The rows of a list are known from the state, or else by its highest key; `count` is never asked for. How many rows have
changed since the last run nobody knows beforehand: a walk through changes takes a page at the least.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lightspeed_retail.query import BASE_PRICE, Filter, Query
from lightspeed_retail.resources import Days, Field, FieldType, Resource, Snapshot, Stamp, Tail
from lightspeed_retail.wire import instant
from tap_lightspeed_retail.costs import ONE, Basis, Estimate, Kind, Size, Walk
from tap_lightspeed_retail.plan import Phase, Reading, relations_of
from tap_lightspeed_retail.progress import bookmark_key
from tap_lightspeed_retail.settings import value_of
from tap_lightspeed_retail.sizes import Sizes, list_query

if TYPE_CHECKING:
    from tap_lightspeed_retail.run import Run
    from tap_lightspeed_retail.streams import ResourceStream

ROWS_A_DAY = "rows_a_day"
"""In a stream's state: how many rows a day the last run brought, where that was more than a page."""

ROWS = "rows"
"""In a stream's state: how many rows its list held when it was last read whole."""


_LOADS = {Phase.LOADING: Kind.FIRST_LOAD, Phase.CHANGES: Kind.FIRST_LOAD, Phase.BACKFILL: Kind.HISTORY}


def estimate(run: Run, sizes: Sizes) -> Estimate:
    """What a run will cost, from its selection, its state, and what is known of the account.

    Args:
        run: The run, which has not begun yet.
        sizes: Knows how large lists are.
    """
    return Estimate(tuple(_Estimator(run, sizes).walks()))


def elapsed(run: Run, now: datetime) -> timedelta:
    """The time since the last run, as the bookmarks tell it."""
    bookmarks = (stream.stream_state.get("replication_key_value") for stream in run.streams if stream.selected)
    moments = [found for found in map(_moment, bookmarks) if found is not None]
    return max(now - max(moments), timedelta(0)) if moments else timedelta(0)


def _moment(bookmark: Any) -> datetime | None:
    try:
        return instant(bookmark) if isinstance(bookmark, str) and "T" in bookmark else None
    except ValueError:
        return None


class _Estimator:
    """Goes through the streams of a run as the run will."""

    def __init__(self, run: Run, sizes: Sizes) -> None:
        self._run = run
        self._sizes = sizes
        self._days = elapsed(run, sizes.now) / timedelta(days=1)

    def walks(self) -> Iterator[Walk]:
        selected = [stream for stream in self._run.streams if stream.selected]
        yield _question(Kind.CONNECTION)
        if any(_has_dates(stream) for stream in selected):
            yield _question(Kind.ZONE)
        for _ in self._beginnings(selected):
            yield _question(Kind.BEGINNING)
        for stream in selected:
            if self._run.narrowing.period is not None:
                yield from (self._period(reading) for reading in self._run.plan.get(stream.name, ()))
            else:
                yield from self._of(stream)
                yield from self._check(stream)

    def _beginnings(self, selected: list[ResourceStream]) -> set[tuple[str, str]]:
        """The lists that are asked for the first day of reports."""
        if self._run.narrowing.start is not None:
            return set()
        return {
            stream.resource.api.bookmark.first
            for stream in selected
            if isinstance(stream.resource.api.bookmark, Days)
            and (stream.is_forced_whole or not stream.stream_state.get("replication_key_value"))
        }

    def _of(self, stream: ResourceStream) -> Iterator[Walk]:
        api = stream.resource.api
        rides = self._run.rides(stream.resource)
        if not api.enveloped:
            yield Walk.of(Kind.RECORD, (stream.name,), BASE_PRICE, ONE)
        elif isinstance(api.bookmark, Days):
            yield self._by_day(stream)
            if self._run.history.is_due_apart(stream):
                yield Walk.of(Kind.HISTORY, (stream.name,), BASE_PRICE, self._sizes.days(stream.resource))
        elif api.parent is not None and not rides:
            yield from self._by_parent(stream, Kind.BY_PARENT)
            if self._run.history.is_due_apart(stream):
                yield from self._by_parent(stream, Kind.HISTORY)
        else:
            if rides and api.parent is None and self._is_followed_up(stream):
                size = self._changed([stream.stream_state])
                yield Walk.of(Kind.OWN_CHANGES, (stream.name,), self._own_price(stream), size)
            for reading in self._run.plan.get(stream.name, ()):
                if any(state.get("first_load", {}).get("down") for state in self._states(reading)):
                    yield Walk.of(Kind.CHANGES, _led(reading), reading.price, Size())
                yield self._walk(reading)

    def _is_followed_up(self, stream: ResourceStream) -> bool:
        begun = stream.stream_state.get("replication_key_value") or "first_load" in stream.stream_state
        return bool(begun) and not self._run.cuts_off(stream.resource)

    def _own_price(self, stream: ResourceStream) -> Decimal:
        riders = tuple(self._run.circumstances.riders(stream.resource))
        own = relations_of(stream.resource, stream.selects)
        relations = dict.fromkeys((*own, *self._run.relations_with(riders)))
        return Query(stream.resource, relations=tuple(relations)).price

    def _walk(self, reading: Reading) -> Walk:
        kind, size = self._kind_and_size(reading)
        return Walk.of(kind, _led(reading), reading.price, size)

    def _kind_and_size(self, reading: Reading) -> tuple[Kind, Size]:
        bookmark = reading.resource.api.bookmark
        states = self._states(reading)
        if bookmark == Snapshot() or any(self._run.stream(name).is_forced_whole for name in reading.fed):
            return Kind.WHOLE, self._all(reading)
        if isinstance(bookmark, Snapshot) and self._is_whole_due(states[0]):
            return Kind.WHOLE, self._all(reading, int(states[0].get("snapshot", {}).get("key") or 0))
        if isinstance(bookmark, Snapshot) or (isinstance(bookmark, Tail) and min(map(bookmark_key, states))):
            return Kind.NEW_ROWS, self._changed(states)
        if isinstance(bookmark, Stamp) and reading.phase is Phase.CHANGES:
            return Kind.CHANGES, self._changed(states)
        return _LOADS[reading.phase], self._load(reading, [state.get("first_load", {}) for state in states])

    def _load(self, reading: Reading, loads: list[Mapping[str, Any]]) -> Size:
        """What is left of a first load, which an earlier try may have begun from either end."""
        reached = [int(load.get("key") or 0) for load in loads]
        if all(reached) and any(load.get("down") for load in loads):
            older = Filter(reading.resource.api.key, "<", str(max(reached)))
            return self._sizes.of(list_query(self._run, reading.resource, older))
        return self._all(reading, min(reached))

    def _is_whole_due(self, state: Mapping[str, Any]) -> bool:
        every = timedelta(days=value_of(self._run.settings, "snapshot_days"))
        at = state.get("read_whole")
        return not at or self._sizes.now - instant(at) >= every

    def _states(self, reading: Reading) -> list[Mapping[str, Any]]:
        """What the state says of the streams of a walk."""
        if reading.phase is not Phase.BACKFILL:
            return [self._run.stream(name).entry(reading.resource, reading.pass_name) for name in reading.fed]
        name = reading.pass_name or "plain"
        return [self._run.stream(fed).stream_state.get("backfill", {}).get(name, {}) for fed in reading.fed]

    def _all(self, reading: Reading, after: int = 0) -> Size:
        """All rows of a list, by the state if it knows how many, else by their keys."""
        if not after:
            streams = [self._run.stream(name) for name in reading.fed]
            entries = [stream.entry(reading.resource, reading.pass_name) for stream in streams]
            known = [entry[ROWS] for entry in entries if entry.get(ROWS)]
            if known:
                return Size(max(known), Basis.KNOWN)
        extra = (Filter(reading.extra[0], "=", reading.extra[1]),) if reading.extra else ()
        return self._sizes.of(list_query(self._run, reading.resource, *extra), after)

    def _changed(self, states: list[Mapping[str, Any]]) -> Size:
        """What has changed since the last run, at the rate of that one."""
        rates = [float(state[ROWS_A_DAY]) for state in states if state.get(ROWS_A_DAY)]
        return Size(math.ceil(max(rates) * self._days), Basis.GUESS) if rates else Size()

    def _period(self, reading: Reading) -> Walk:
        happened = self._run.narrowing.happened(reading.resource)
        size = self._sizes.of(list_query(self._run, reading.resource, happened))
        return Walk.of(Kind.PERIOD, _led(reading), reading.price, size)

    def _by_day(self, stream: ResourceStream) -> Walk:
        state = {} if stream.is_forced_whole else stream.stream_state
        is_new = not state.get("replication_key_value")
        # A few days fit on a page.
        size = self._sizes.days(stream.resource) if is_new else replace(self._changed([state]), basis=Basis.GUESS)
        return Walk.of(Kind.BY_DAY, (stream.name,), BASE_PRICE, size)

    def _by_parent(self, stream: ResourceStream, kind: Kind) -> Iterator[Walk]:
        """The list of the parents, and a request for each of them."""
        parent = Resource.named(stream.resource.api.parent or "")
        known = stream.entry(parent)
        changes = isinstance(parent.api.bookmark, Stamp) and known.get("replication_key_value")
        whole = not changes or stream.is_forced_whole or kind is Kind.HISTORY
        parents = self._sizes.of(list_query(self._run, parent)) if whole else self._changed([known])
        yield Walk.of(kind, (stream.name,), BASE_PRICE, parents)
        price = Query(stream.resource, relations=tuple(relations_of(stream.resource, stream.selects))).price
        each = replace(parents, basis=max(parents.basis, Basis.GUESS, key=list(Basis).index))
        yield Walk(kind, (stream.name,), price, each, parents.rows or 0)

    def _check(self, stream: ResourceStream) -> Iterator[Walk]:
        """What the check for vanished rows asks, where it is due."""
        api, memory = stream.resource.api, stream.stream_state.get("vanished", {})
        every = timedelta(days=value_of(self._run.settings, "vanished_check_days"))
        if not every or not api.enveloped or (memory.get("at") and self._sizes.now - instant(memory["at"]) < every):
            return
        if api.archived and memory:
            yield Walk.of(Kind.ARCHIVED, (stream.name,), self._own_price(stream), Size())
        if api.vanishing is not None:
            yield self._compared(stream)

    def _compared(self, stream: ResourceStream) -> Walk:
        api = stream.resource.api
        within = api.vanishing.within if api.vanishing is not None else None
        if within is not None or api.parent is not None:
            holder = Resource.named(within or api.parent or "")
            carrier = [each.name for each in holder.riders() if _holds(each, stream.resource)]
            return Walk.of(Kind.CHECK, (stream.name,), Query(holder, relations=tuple(carrier)).price, Size())
        known = stream.stream_state.get(ROWS)
        size = Size(int(known), Basis.KNOWN) if known else self._sizes.of(list_query(self._run, stream.resource))
        walk = Walk.of(Kind.CHECK, (stream.name,), BASE_PRICE, size)
        return replace(walk, requests=walk.requests + len(api.passes))


def _question(kind: Kind) -> Walk:
    return Walk.of(kind, (), BASE_PRICE, ONE)


def _led(reading: Reading) -> tuple[str, ...]:
    """The streams of a walk, the one first whose turn it is."""
    return tuple(dict.fromkeys((reading.lead, *reading.fed)))


def _holds(field: Field, resource: type[Resource]) -> bool:
    return field.nested is not None and field.nested.resource is resource


def _has_dates(stream: ResourceStream) -> bool:
    """Whether the shops' time zone is asked for, because a moment stands for a day."""
    fields = stream.resource.fields()
    return not stream.resource.api.dimensions and any(
        field.type is FieldType.DATE and stream.selects((field.name,)) for field in fields
    )
