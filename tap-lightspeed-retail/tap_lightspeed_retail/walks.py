"""Walks through lists: a first load by key, later runs by change stamp; each resumes where it stopped.

Wire rows leave page by page. Progress moves when the next page is asked for, so only past rows that were emitted.
"""

from __future__ import annotations

import itertools
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from lightspeed_retail.errors import RequestRefusedError
from lightspeed_retail.query import Filter, Query, Version
from lightspeed_retail.resources import Resource, Tail
from lightspeed_retail.sheets import Page
from lightspeed_retail.source import Source
from lightspeed_retail.wire import Record, instant, stamp
from tap_lightspeed_retail.narrowing import Narrowing
from tap_lightspeed_retail.plan import Reading
from tap_lightspeed_retail.progress import KeyProgress, Progress, State, bookmark_key
from tap_lightspeed_retail.stamps import ByStamp, bookmark_of, newest, walked_stamp

_log = logging.getLogger(__name__)

Rows = list[Record]
Otherwise = Callable[[str | None], Iterator[Rows]]
"""What is done where changes cannot be told; it is given the stamp by which they are from now on, if there is one."""


@dataclass(frozen=True)
class Walk:
    """A walk through a list that has not begun yet.

    Args:
        opening: What is asked first, so that it can be on its way before the rows are wanted; None for nothing.
        rows: Wire rows, page by page.
    """

    opening: Query | None
    rows: Iterator[Rows]


@dataclass(frozen=True)
class Walker:
    """Walks through the lists of one account.

    Args:
        source: The pages of the account's lists.
        now: When the run began by the server's clock.
        version: Version of the API that is asked.
        lookback: How far before a bookmark a run reads again.
        narrowing: What of the account is read.
        newest_first: Whether first loads of events begin with the newest.
    """

    source: Source
    now: datetime
    version: Version
    lookback: timedelta
    narrowing: Narrowing = field(default_factory=Narrowing)
    newest_first: bool = False

    def whole(self, reading: Reading) -> Walk:
        """All rows, by key."""
        return self._plain(self._by_key(reading))

    def archived_only(self, reading: Reading) -> Walk:
        """The archived rows, by key."""
        return self._plain(replace(self._by_key(reading), archived="only"))

    def period(self, reading: Reading) -> Walk:
        """The events of the period that is read once more, by key."""
        return self._plain(self._by_key(reading, self.narrowing.happened(reading.resource)))

    def of_parent(self, resource: type[Resource], relations: tuple[str, ...], parent: str) -> Query:
        """The list of one parent."""
        return replace(self._by_key(Reading(resource, resource.api.stream, relations=relations)), parent=parent)

    def tail(self, reading: Reading, progress: KeyProgress) -> Walk:
        """Rows with a higher key than those that have been read."""
        after = progress.after
        newer = (Filter(reading.resource.api.key, ">", str(after)),) if after else ()
        query = self._by_key(reading, *newer)
        event = reading.resource.api.event
        condition = self.narrowing.first(event) if event else None
        opening = query if condition is None else replace(query, filters=(*query.filters, condition))
        return Walk(opening, self._tail(opening, query, progress))

    def _tail(self, opening: Query, query: Query, progress: KeyProgress) -> Iterator[Rows]:
        for page in self._honoured(opening, query):
            yield page.rows
            progress.passed(page.rows)

    def _honoured(self, opening: Query, query: Query) -> Iterator[Page]:
        """Pages by key, of events only those between start_date and end_date if the API can tell them apart."""
        pages = self.source.pages(opening)
        try:
            return itertools.chain([next(pages)], pages)
        except RequestRefusedError as error:
            if opening == query:
                raise
            _log.warning("%s: start_date and end_date have no effect: %s", query.resource.api.stream, error)
            return self.source.pages(query)

    def _plain(self, query: Query) -> Walk:
        return Walk(query, (page.rows for page in self._pages(query)))

    def _pages(self, query: Query) -> Iterator[Page]:
        """The pages of a list, asked for when the first is wanted."""
        yield from self.source.pages(query)

    def key_progress(self, resource: type[Resource], states: Sequence[State]) -> KeyProgress:
        """How far streams have come that are fed by a list which only grows."""
        bookmark = resource.api.bookmark
        created = bookmark.created if isinstance(bookmark, Tail) else None
        return KeyProgress(states, resource.api.key, created, self.settled)

    @property
    def settled(self) -> str:
        """The moment before which all rows are visible."""
        return stamp(self.now - self.lookback)

    def snapshot(self, reading: Reading, state: State, every: timedelta) -> Walk:
        """A large list without a stamp: whole when it is due, in between from its last page on.

        Args:
            reading: The walk.
            state: The entry of the stream, written in place.
            every: How often it is read whole.
        """
        whole_at = state.get("read_whole")
        if whole_at and self.now - instant(whole_at) < every:
            return self.tail(reading, self.key_progress(reading.resource, [state]))
        key = reading.resource.api.key
        reached = state.get("snapshot", {}).get("key")
        query = self._by_key(reading, *((Filter(key, ">", str(reached)),) if reached else ()))
        return Walk(query, self._snapshot(query, state))

    def _snapshot(self, query: Query, state: State) -> Iterator[Rows]:
        key = query.resource.api.key
        load = state.setdefault("snapshot", {"began": stamp(self.now), "key": 0})
        for page in self.source.pages(query):
            yield page.rows
            load["key"] = max([load["key"], *(int(row[key]) for row in page.rows)])
        del state["snapshot"]
        reached = max(load["key"], bookmark_key(state))
        state.update(read_whole=load["began"], replication_key=key, replication_key_value=reached)

    def news(self, reading: Reading, progress: Progress) -> Walk:
        """All rows on a first load, afterwards what has changed since the bookmark."""
        if progress.loading:
            return self._load(reading, progress)
        return self._changes(reading, progress, lambda field: self._loaded_again(reading, progress, field))

    def _load(self, reading: Reading, progress: Progress) -> Walk:
        """A first load; one that goes on from the newest rows down looks for newer ones first."""
        query = self._load_query(reading, progress)
        narrows = self._by_stamp.narrows(reading.resource)
        load = Walk(self._by_stamp.opening(query, None) if narrows else query, self._first_load(reading, progress))
        if not progress.goes_down:
            return load
        changes = self._changes(reading, progress.meanwhile(), lambda _field: iter(()))
        return Walk(changes.opening, itertools.chain(changes.rows, load.rows))

    def _changes(self, reading: Reading, progress: Progress, otherwise: Otherwise) -> Walk:
        """What has changed since the bookmark, or something else where the API cannot tell."""
        since, end = progress.since(self.lookback), self.narrowing.end
        if reading.resource.api.event and end is not None and since > stamp(end):
            return Walk(None, iter(()))
        opening = self._by_stamp.opening(self._by_key(reading), since, progress.field)
        return Walk(opening, self._changed(reading, progress, since, otherwise))

    def _by_key(self, reading: Reading, *conditions: Filter) -> Query:
        """A walk in the order of keys, within what is read of the account."""
        resource = reading.resource
        extra = (Filter(reading.extra[0], "=", reading.extra[1]),) if reading.extra else ()
        return Query(
            resource,
            (*conditions, *extra, *self.narrowing.filters(resource)),
            key_sort(resource),
            reading.relations,
            archived=self.narrowing.archived(resource),
        )

    def _goes_down(self, resource: type[Resource], progress: Progress) -> bool:
        """Whether a first load begins with the newest rows; one that has begun goes on as it began."""
        if progress.goes_down is not None:
            return progress.goes_down
        sorts = self.version is Version.V3 and key_sort(resource) is not None
        return self.newest_first and resource.api.event is not None and sorts

    def _load_query(self, reading: Reading, progress: Progress) -> Query:
        """All rows by key, from the key at which an earlier try stopped."""
        down = self._goes_down(reading.resource, progress)
        key, resumed = reading.resource.api.key, progress.resume_key()
        query = self._by_key(reading, *((Filter(key, "<" if down else ">", str(resumed)),) if resumed else ()))
        return replace(query, sort=f"-{key}") if down else query

    def _first_load(self, reading: Reading, progress: Progress, field: str | None = None) -> Iterator[Rows]:
        resource, down = reading.resource, self._goes_down(reading.resource, progress)
        resumed = progress.resume_key()
        if resumed:
            _log.info("%s: the %s goes on at %s %s.", reading.lead, reading.phase.value, resource.api.key, resumed)
        query = self._load_query(reading, progress)
        if not down:
            progress.going_up()
        field, pages = self._load_pages(query, field or progress.field or bookmark_of(resource).field)
        last: int | None = resumed or (sys.maxsize if down else 0)
        ended = self.now
        for page in pages:
            yield page.rows
            ended = page.date
            if down and progress.goes_down is None:
                progress.going_down(field, newest(page.rows, resource), ended)
            last = _last_key(page.rows, resource.api.key, last, down=down)
            progress.loaded_up_to(last, newest(page.rows, resource), len(page.rows), ended)
        progress.loaded(field, ended)

    def _loaded_again(self, reading: Reading, progress: Progress, field: str | None) -> Iterator[Rows]:
        """All rows, because changes cannot be told; from then on they are told by the stamp that is given."""
        progress.restart()
        return self._first_load(reading, progress, field)

    def _load_pages(self, query: Query, field: str) -> tuple[str, Iterator[Page]]:
        if self._by_stamp.narrows(query.resource):
            found = self._by_stamp.pages(query, None)
            if found is not None:
                return found.name, found.pages
            _log.warning(
                "%s: the API cannot filter by time; start_date and end_date have no effect.", query.resource.api.stream
            )
        return field, self.source.pages(query)

    def _changed(self, reading: Reading, progress: Progress, since: str, otherwise: Otherwise) -> Iterator[Rows]:
        resource = reading.resource
        found = self._by_stamp.pages(self._by_key(reading), since, progress.field)
        if found is None:
            _log.warning("%s: the API cannot filter by time; the list is read whole.", resource.api.stream)
            yield from otherwise(None)
            return
        if _is_other_stamp(resource, progress.field, found.name):
            _log.warning("%s: changes are now found by %s; all is read once more.", resource.api.stream, found.name)
            found.rest.close()
            yield from otherwise(found.name)
            return
        by_stamp = self._by_stamp.is_sorted(resource)
        yield from _advancing(found.pages, found.name, resource, progress, by_stamp=by_stamp)

    @cached_property
    def _by_stamp(self) -> ByStamp:
        return ByStamp(self.source, self.version, self.narrowing)


def _is_other_stamp(resource: type[Resource], known: str | None, found: str) -> bool:
    """Whether changes are found by another stamp than the bookmark was made of."""
    fallback = bookmark_of(resource).fallback
    return fallback is not None and (known == fallback) != (found == fallback)


def _advancing(
    pages: Iterable[Page], field: str, resource: type[Resource], progress: Progress, *, by_stamp: bool
) -> Iterator[Rows]:
    """Hand out pages and move the bookmark behind them: page by page while stamps ascend, else when all is read."""
    ended = datetime.now(UTC)
    highest: str | None = None
    for page in pages:
        yield page.rows
        stamps = [found for row in page.rows if (found := walked_stamp(row, field, resource))]
        by_stamp = by_stamp and _ascending([highest, *stamps])
        highest = max(filter(None, [highest, *stamps]), default=None)
        if by_stamp:
            progress.changed_up_to(field, highest, page.date)
        ended = page.date
    progress.changed(field, highest, ended, in_order=by_stamp)


def key_sort(resource: type[Resource]) -> str | None:
    """The key where the API sorts by it; without a word it takes the key as well."""
    return resource.api.key if resource.api.key in resource.api.sortable else None


def _last_key(rows: Rows, key: str, last: int | None, *, down: bool = False) -> int | None:
    """The last key of a page; None for good once rows come in another order."""
    for row in rows:
        current = int(row[key])
        if last is None or (current > last if down else current < last):
            return None
        last = current
    return last


def _ascending(stamps: list[str | None]) -> bool:
    known = [found for found in stamps if found]
    return all(one <= other for one, other in itertools.pairwise(known))
