"""How a stream comes by its rows: by walks through lists, parent by parent, day by day, or in one answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from lightspeed_retail.errors import NotFoundError
from lightspeed_retail.resources import Days, Resource, Snapshot, Stamp, Tail
from lightspeed_retail.wire import Record
from tap_lightspeed_retail.plan import Phase, Reading, Rider, relations_of
from tap_lightspeed_retail.progress import Progress, State, within
from tap_lightspeed_retail.settings import value_of
from tap_lightspeed_retail.vanished import has_rows
from tap_lightspeed_retail.walks import Rows

if TYPE_CHECKING:
    from tap_lightspeed_retail.run import Run
    from tap_lightspeed_retail.streams import ResourceStream

_log = logging.getLogger(__name__)


class Reader:
    """Brings the rows of streams, typed, and keeps their state.

    Args:
        run: What the streams of this run share.
    """

    def __init__(self, run: Run) -> None:
        """Read for a run."""
        self._run = run

    def records(self, stream: ResourceStream) -> Iterator[Record]:
        """All that a stream has to tell in this run."""
        if self._run.narrowing.period is not None:
            yield from self._once_more(stream)
            return
        self._run.history.begin()
        self._run.history.announce(stream)
        yield from self._news(stream)
        yield from self._run.check.records(stream)
        stream.checkpoint()

    def _news(self, stream: ResourceStream) -> Iterator[Record]:
        api = stream.resource.api
        if not api.enveloped:
            yield from map(stream.typed, self._run.single_rows(stream.resource))
        elif isinstance(api.bookmark, Days):
            yield from self._days(stream)
        elif api.parent is not None and not self._run.rides(stream.resource):
            yield from self._parents(stream)
        else:
            if self._run.rides(stream.resource) and api.parent is None:
                yield from self._follow_up(stream)
            yield from self._walks(stream)

    def _once_more(self, stream: ResourceStream) -> Iterator[Record]:
        """The events of a period; the state stays as it is."""
        for reading in self._run.plan.get(stream.name, ()):
            yield from self._pages(self._run.walker.period(reading), stream, reading)

    def _days(self, stream: ResourceStream) -> Iterator[Record]:
        state: State = {} if stream.is_forced_whole else stream.stream_state
        for rows in self._run.reports.rows(stream.resource, state):
            stream.checkpoint()
            yield from map(stream.typed, rows)

    def _walks(self, stream: ResourceStream) -> Iterator[Record]:
        for reading in self._run.plan.get(stream.name, ()):
            yield from self._pages(self._walk(reading), stream, reading)
            self._settle(reading)

    def _pages(self, walk: Iterator[Rows], stream: ResourceStream, reading: Reading) -> Iterator[Record]:
        for rows in walk:
            stream.checkpoint()
            self._run.progress_line(stream.name)
            yield from stream.page(rows, reading)

    def _walk(self, reading: Reading) -> Iterator[Rows]:
        walker = self._run.walker
        forced = any(self._run.stream(name).is_forced_whole for name in reading.fed)
        bookmark = reading.resource.api.bookmark
        if forced or bookmark == Snapshot():
            return walker.whole(reading)
        states = list(self._states(reading))
        if isinstance(bookmark, Tail):
            return walker.tail(reading, walker.key_progress(reading.resource, states))
        if isinstance(bookmark, Snapshot):
            every = timedelta(days=value_of(self._run.settings, "snapshot_days"))
            return walker.snapshot(reading, states[0], every)
        return walker.news(reading, self._progress(reading.resource, states))

    def _progress(self, resource: type[Resource], states: list[State]) -> Progress:
        end = self._run.narrowing.end if resource.api.event else None
        return Progress(states, self._run.clock.until(end))

    def _states(self, reading: Reading) -> Iterator[State]:
        fed = [reading.resource] if reading.emits_parents else []
        for resource in (*fed, *(rider.resource for rider in reading.emitting)):
            stream = self._run.stream(resource.api.stream)
            if reading.phase is Phase.BACKFILL:
                yield within(stream.stream_state, "backfill", reading.pass_name or "plain")
            else:
                yield stream.entry(reading.resource, reading.pass_name)

    def _settle(self, reading: Reading) -> None:
        """After a complete walk, riders look for rows of their own from here on, or history is as it is selected."""
        for rider in reading.emitting:
            if reading.phase is not Phase.BACKFILL:
                self._run.stream(rider.stream).settle(reading.resource.api.stream)
        for name in reading.fed:
            if reading.phase is Phase.BACKFILL and reading.is_last_pass:
                self._run.history.settle(self._run.stream(name))

    def _follow_up(self, stream: ResourceStream) -> Iterator[Record]:
        """Rows that changed without their parent, or came after it was read; none before the first load is done."""
        riders = tuple(self._run.circumstances.riders(stream.resource))
        reading = Reading(stream.resource, stream.name, riders, self._follow_up_relations(stream, riders))
        for rows in self._own_news(stream, reading):
            stream.checkpoint()
            for row in rows:
                stream.remember(row)
                yield from stream.page([row], reading)

    def _own_news(self, stream: ResourceStream, reading: Reading) -> Iterator[Rows]:
        state = stream.stream_state
        if self._run.cuts_off(stream.resource):
            return iter(())
        if isinstance(stream.resource.api.bookmark, Tail):
            progress = self._run.walker.key_progress(stream.resource, [state])
            return self._run.walker.tail(reading, progress) if state.get("replication_key_value") else iter(())
        progress_ = self._progress(stream.resource, [state])
        begun = not progress_.loading or "first_load" in state
        return self._run.walker.news(reading, progress_) if begun else iter(())

    def _follow_up_relations(self, stream: ResourceStream, riders: tuple[Rider, ...]) -> tuple[str, ...]:
        own = relations_of(stream.resource, stream.selects)
        return tuple(dict.fromkeys((*own, *self._run.relations_with(riders))))

    def _parents(self, stream: ResourceStream) -> Iterator[Record]:
        """Rows that can only be had one parent at a time: those of parents that changed, at a request each."""
        parent = Resource.named(stream.resource.api.parent or "")
        state = stream.entry(parent)
        reading = Reading(parent, stream.name, emits_parents=False)
        if isinstance(parent.api.bookmark, Stamp) and not stream.is_forced_whole:
            walk = self._run.walker.news(reading, self._progress(parent, [state]))
        else:
            walk = self._run.walker.whole(reading)
        for parents in walk:
            stream.checkpoint()
            self._run.progress_line(stream.name)
            for row in parents:
                if has_rows(stream.resource, row):
                    yield from self._of_parent(stream, parent, row)

    def _of_parent(self, stream: ResourceStream, parent: type[Resource], row: Record) -> Iterator[Record]:
        relations = tuple(relations_of(stream.resource, stream.selects))
        own = {parent.api.key: row[parent.api.key]}
        known = {field.name for field in stream.resource.fields()}
        given = {name: value for name, value in own.items() if name in known}
        try:
            for rows in self._run.walker.of_parent(stream.resource, relations, str(row[parent.api.key])):
                yield from (stream.typed({**given, **each}) for each in rows)
        except NotFoundError:
            _log.warning("%s: %s %s is gone.", stream.name, parent.__name__, row[parent.api.key])
