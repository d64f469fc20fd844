"""How a stream comes by its rows: by walks through lists, parent by parent, day by day, or in one answer."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lightspeed_retail.errors import NotFoundError
from lightspeed_retail.query import Query
from lightspeed_retail.resources import Days, Resource, Snapshot, Stamp, Tail
from lightspeed_retail.sheets import Page
from lightspeed_retail.wire import Record
from tap_lightspeed_retail.plan import Phase, Reading, Rider, relations_of
from tap_lightspeed_retail.progress import Progress, State, within
from tap_lightspeed_retail.settings import value_of
from tap_lightspeed_retail.vanished import has_rows, is_listed
from tap_lightspeed_retail.walks import Rows, Walk

if TYPE_CHECKING:
    from tap_lightspeed_retail.run import Run
    from tap_lightspeed_retail.streams import ResourceStream

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Errand:
    """A part of what a stream does when its turn comes.

    Args:
        opening: What it asks first, so that it can be on its way before; None where that is not known.
        records: What it brings.
    """

    opening: Query | None
    records: Iterator[Record]


class Reader:
    """Brings the rows of streams, typed, and keeps their state.

    Args:
        run: What the streams of this run share.
    """

    def __init__(self, run: Run) -> None:
        """Read for a run."""
        self._run = run
        self._begun: dict[str, list[Errand]] = {}
        self._later: deque[ResourceStream] = deque()

    def records(self, stream: ResourceStream) -> Iterator[Record]:
        """All that a stream has to tell in this run."""
        if self._run.narrowing.period is None:
            self._run.history.begin()
            self._run.history.announce(stream)
        self._begin(stream)
        self._later = deque(self._run.coming_after(stream))
        self._look_ahead()
        for errand in self._begun.pop(stream.name):
            yield from errand.records
        if self._run.narrowing.period is None:
            yield from self._run.check.records(stream)
            stream.checkpoint()

    def _begin(self, stream: ResourceStream) -> None:
        """Decide what a stream has to ask, and let the first pages come."""
        if stream.name not in self._begun:
            self._begun[stream.name] = list(self._errands(stream))
            for errand in self._begun[stream.name]:
                if errand.opening is not None:
                    self._run.source.start(errand.opening)

    def _look_ahead(self) -> None:
        """Begin with streams whose turn comes later, as far as there are connections and room for them."""
        source = self._run.source
        while self._later and not source.is_serial and source.may_start:
            self._begin(self._later.popleft())

    def _errands(self, stream: ResourceStream) -> Iterator[Errand]:
        api = stream.resource.api
        if self._run.narrowing.period is not None:
            yield from self._once_more(stream)
        elif not api.enveloped:
            yield Errand(None, self._singles(stream))
        elif isinstance(api.bookmark, Days):
            yield from self._reports(stream)
        elif api.parent is not None and not self._run.rides(stream.resource):
            yield from self._parents(stream)
        else:
            if self._run.rides(stream.resource) and api.parent is None:
                yield self._follow_up(stream)
            yield from self._walks(stream)

    def _once_more(self, stream: ResourceStream) -> Iterator[Errand]:
        """The events of a period; the state stays as it is."""
        for reading in self._run.plan.get(stream.name, ()):
            walk = self._run.walker.period(reading)
            yield Errand(walk.opening, self._pages(walk, stream, reading))

    def _singles(self, stream: ResourceStream) -> Iterator[Record]:
        yield from map(stream.typed, self._run.single_rows(stream.resource))

    def _reports(self, stream: ResourceStream) -> Iterator[Errand]:
        """The days since the bookmark, and all days once more where they lack what was selected later."""
        state: State = {} if stream.is_forced_whole else stream.stream_state
        yield Errand(None, self._days(stream, state))
        if self._run.history.is_due_apart(stream):
            again = self._days(stream, within(stream.stream_state, "backfill", "plain"))
            yield Errand(None, self._settling(stream, again))

    def _days(self, stream: ResourceStream, state: State) -> Iterator[Record]:
        for rows in self._run.reports.rows(stream.resource, state):
            stream.checkpoint()
            yield from map(stream.typed, rows)

    def _settling(self, stream: ResourceStream, records: Iterator[Record]) -> Iterator[Record]:
        """All of a stream's history, after which it is as it is selected."""
        yield from records
        self._run.history.settle(stream)

    def _walks(self, stream: ResourceStream) -> Iterator[Errand]:
        for reading in self._run.plan.get(stream.name, ()):
            walk = self._walk(reading)
            yield Errand(walk.opening, self._walked(walk, stream, reading))

    def _walked(self, walk: Walk, stream: ResourceStream, reading: Reading) -> Iterator[Record]:
        yield from self._pages(walk, stream, reading)
        self._settle(reading)

    def _pages(self, walk: Walk, stream: ResourceStream, reading: Reading) -> Iterator[Record]:
        for rows in walk.rows:
            self._between_pages(stream, rows)
            yield from stream.page(rows, reading)

    def _between_pages(self, stream: ResourceStream, rows: Rows) -> None:
        """Send the state, say how far the run is, and see what else can be asked for meanwhile."""
        stream.checkpoint()
        self._look_ahead()
        self._run.progress_line(stream.name, rows)

    def _walk(self, reading: Reading) -> Walk:
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

    def _follow_up(self, stream: ResourceStream) -> Errand:
        """Rows that changed without their parent, or came after it was read; none before the first load is done."""
        riders = tuple(self._run.circumstances.riders(stream.resource))
        reading = Reading(stream.resource, stream.name, riders, self._follow_up_relations(stream, riders))
        walk = self._own_news(stream, reading)
        return Errand(walk.opening, self._followed_up(walk, stream, reading)) if walk else Errand(None, iter(()))

    def _followed_up(self, walk: Walk, stream: ResourceStream, reading: Reading) -> Iterator[Record]:
        for rows in walk.rows:
            stream.checkpoint()
            for row in rows:
                stream.remember(row)
                yield from stream.page([row], reading)

    def _own_news(self, stream: ResourceStream, reading: Reading) -> Walk | None:
        state = stream.stream_state
        if self._run.cuts_off(stream.resource):
            return None
        if isinstance(stream.resource.api.bookmark, Tail):
            progress = self._run.walker.key_progress(stream.resource, [state])
            return self._run.walker.tail(reading, progress) if state.get("replication_key_value") else None
        progress_ = self._progress(stream.resource, [state])
        begun = not progress_.loading or "first_load" in state
        return self._run.walker.news(reading, progress_) if begun else None

    def _follow_up_relations(self, stream: ResourceStream, riders: tuple[Rider, ...]) -> tuple[str, ...]:
        own = relations_of(stream.resource, stream.selects)
        return tuple(dict.fromkeys((*own, *self._run.relations_with(riders))))

    def _parents(self, stream: ResourceStream) -> Iterator[Errand]:
        """Rows that can only be had one parent at a time: those of parents that changed, at a request each."""
        parent = Resource.named(stream.resource.api.parent or "")
        reading = Reading(parent, stream.name, emits_parents=False)
        if not isinstance(parent.api.bookmark, Stamp) or stream.is_forced_whole:
            walk = self._run.walker.whole(reading)
            yield Errand(walk.opening, self._settling(stream, self._below(walk, stream, parent)))
            return
        walk = self._run.walker.news(reading, self._progress(parent, [stream.entry(parent)]))
        yield Errand(walk.opening, self._below(walk, stream, parent))
        if self._run.history.is_due_apart(stream):
            state = within(stream.stream_state, "backfill", "plain")
            walk = self._run.walker.news(reading, self._progress(parent, [state]))
            yield Errand(walk.opening, self._settling(stream, self._below(walk, stream, parent)))

    def _below(self, walk: Walk, stream: ResourceStream, parent: type[Resource]) -> Iterator[Record]:
        relations = tuple(relations_of(stream.resource, stream.selects))
        for rows in walk.rows:
            self._between_pages(stream, rows)
            parents = [row for row in rows if has_rows(stream.resource, row)]
            keys = [str(row[parent.api.key]) for row in parents]
            lists = (self._run.walker.of_parent(stream.resource, relations, key) for key in keys)
            for row, pages in zip(parents, self._run.source.each(lists), strict=True):
                yield from self._of_parent(stream, parent, row, pages)

    def _of_parent(
        self, stream: ResourceStream, parent: type[Resource], row: Record, pages: Iterable[Page]
    ) -> Iterator[Record]:
        own = {parent.api.key: row[parent.api.key]}
        known = {field.name for field in stream.resource.fields()}
        given = {name: value for name, value in own.items() if name in known}
        try:
            for page in pages:
                yield from (stream.typed({**given, **each}) for each in page.rows)
        except NotFoundError:
            # A passing 404 must not pass for a list without rows: they would never be asked for again.
            if is_listed(self._run.source, parent, str(row[parent.api.key])):
                raise
            _log.warning("%s: %s %s is gone.", stream.name, parent.__name__, row[parent.api.key])
