"""Walks through lists: a first load by key, later runs by change stamp; each resumes where it stopped.

Wire rows leave page by page. Progress moves when the next page is asked for, so only past rows that were emitted.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from lightspeed_retail.client import Client, Page
from lightspeed_retail.errors import RequestRefusedError
from lightspeed_retail.query import Filter, Query, Version
from lightspeed_retail.resources import Resource, Stamp, Tail
from lightspeed_retail.wire import Record, instant, stamp
from tap_lightspeed_retail.narrowing import Narrowing
from tap_lightspeed_retail.plan import Reading
from tap_lightspeed_retail.progress import KeyProgress, Progress, State, bookmark_key

_log = logging.getLogger(__name__)

Rows = list[Record]


@dataclass(frozen=True)
class Walker:
    """Walks through the lists of one account.

    Args:
        client: Connected to the account.
        lookback: How far before a bookmark a run reads again.
        narrowing: What of the account is read.
    """

    client: Client
    lookback: timedelta
    narrowing: Narrowing = field(default_factory=Narrowing)

    def whole(self, reading: Reading) -> Iterator[Rows]:
        """All rows, by key."""
        for page in self.client.pages(self._by_key(reading)):
            yield page.rows

    def archived_only(self, reading: Reading) -> Iterator[Rows]:
        """The archived rows, by key."""
        for page in self.client.pages(replace(self._by_key(reading), archived="only")):
            yield page.rows

    def period(self, reading: Reading) -> Iterator[Rows]:
        """The events of the period that is read once more, by key."""
        for page in self.client.pages(self._by_key(reading, self.narrowing.happened(reading.resource))):
            yield page.rows

    def of_parent(self, resource: type[Resource], relations: tuple[str, ...], parent: str) -> Iterator[Rows]:
        """All rows of one parent."""
        query = replace(self._by_key(Reading(resource, resource.api.stream, relations=relations)), parent=parent)
        for page in self.client.pages(query):
            yield page.rows

    def tail(self, reading: Reading, progress: KeyProgress) -> Iterator[Rows]:
        """Rows with a higher key than those that have been read."""
        after = progress.after
        newer = (Filter(reading.resource.api.key, ">", str(after)),) if after else ()
        for page in self._within(reading, newer):
            yield page.rows
            progress.passed(page.rows)

    def _within(self, reading: Reading, newer: tuple[Filter, ...]) -> Iterator[Page]:
        """Pages by key, of events only those between start_date and end_date if the API can tell them apart."""
        query = self._by_key(reading, *newer)
        event = reading.resource.api.event
        condition = self.narrowing.first(event) if event else None
        if condition is None:
            return self.client.pages(query)
        pages = self.client.pages(replace(query, filters=(*query.filters, condition)))
        try:
            return itertools.chain([next(pages)], pages)
        except RequestRefusedError as error:
            _log.warning("%s: start_date and end_date have no effect: %s", reading.lead, error)
            return self.client.pages(query)

    def key_progress(self, resource: type[Resource], states: Sequence[State]) -> KeyProgress:
        """How far streams have come that are fed by a list which only grows."""
        bookmark = resource.api.bookmark
        created = bookmark.created if isinstance(bookmark, Tail) else None
        return KeyProgress(states, resource.api.key, created, self.settled)

    @property
    def settled(self) -> str:
        """The moment before which all rows are visible."""
        return stamp(self.client.now - self.lookback)

    def snapshot(self, reading: Reading, state: State, every: timedelta) -> Iterator[Rows]:
        """A large list without a stamp: whole when it is due, in between from its last page on.

        Args:
            reading: The walk.
            state: The entry of the stream, written in place.
            every: How often it is read whole.
        """
        whole_at = state.get("read_whole")
        if whole_at and self.client.now - instant(whole_at) < every:
            yield from self.tail(reading, self.key_progress(reading.resource, [state]))
            return
        load = state.setdefault("snapshot", {"began": stamp(self.client.now), "key": 0})
        resumed = (Filter(reading.resource.api.key, ">", str(load["key"])),) if load["key"] else ()
        for page in self.client.pages(self._by_key(reading, *resumed)):
            yield page.rows
            load["key"] = max([load["key"], *(int(row[reading.resource.api.key]) for row in page.rows)])
        del state["snapshot"]
        reached = max(load["key"], bookmark_key(state))
        state.update(read_whole=load["began"], replication_key=reading.resource.api.key, replication_key_value=reached)

    def news(self, reading: Reading, progress: Progress) -> Iterator[Rows]:
        """All rows on a first load, afterwards what has changed since the bookmark."""
        if not progress.loading:
            found = self._changes(reading, progress)
            if found is not None:
                yield from found
                return
            progress.restart()
        yield from self._first_load(reading, progress)

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

    def _first_load(self, reading: Reading, progress: Progress) -> Iterator[Rows]:
        """All rows by key, from the key at which an earlier try stopped."""
        resource = reading.resource
        resumed = progress.resume_key()
        newer = (Filter(resource.api.key, ">", str(resumed)),) if resumed else ()
        if resumed:
            _log.info("%s: the %s goes on after %s %s.", reading.lead, reading.phase.value, resource.api.key, resumed)
        field, pages = self._first_pages(self._by_key(reading, *newer), progress.field or _bookmark(resource).field)
        last: int | None = resumed
        ended = self.client.now
        for page in pages:
            yield page.rows
            last = _last_key(page.rows, resource.api.key, last)
            progress.loaded_up_to(last, newest(page.rows, resource), len(page.rows))
            ended = page.date
        progress.loaded(field, ended)

    def _first_pages(self, query: Query, field: str) -> tuple[str, Iterator[Page]]:
        if query.resource.api.event and self.narrowing.first(field) is not None:
            found = self._stamped(query, None, by_stamp=False)
            if found is not None:
                return found
            _log.warning(
                "%s: the API cannot filter by time; start_date and end_date have no effect.", query.resource.api.stream
            )
        return field, self.client.pages(query)

    def _changes(self, reading: Reading, progress: Progress) -> Iterator[Rows] | None:
        """What has changed since the bookmark; None where all must be read again."""
        resource = reading.resource
        by_stamp = resource.api.sorts_by_stamp and self.client.version is Version.V3
        since = progress.since(self.lookback)
        if resource.api.event and self.narrowing.end is not None and since > stamp(self.narrowing.end):
            return iter(())
        found = self._stamped(self._by_key(reading), since, by_stamp=by_stamp, known=progress.field)
        if found is None:
            _log.warning("%s: the API cannot filter by time; the list is read whole.", resource.api.stream)
            return None
        field, pages = found
        fallback = _bookmark(resource).fallback
        if fallback is not None and (progress.field == fallback) != (field == fallback):
            _log.warning("%s: changes are now found by %s; all is read once more.", resource.api.stream, field)
            progress.follow(field)
            return None
        return _advancing(pages, field, resource, progress, by_stamp=by_stamp)

    def _stamped(
        self, query: Query, since: str | None, *, by_stamp: bool, known: str | None = None
    ) -> tuple[str, Iterator[Page]] | None:
        """The walk from a stamp on, by the first name of it that the API honours; None where it honours none."""
        bookmark = _bookmark(query.resource)
        for name in _names(bookmark, known):
            condition = self._condition(query.resource, name, since)
            if condition is None:
                continue
            sort = _stamp_sort(query.resource, name) if by_stamp else query.sort
            pages = self.client.pages(replace(query, filters=(*query.filters, condition), sort=sort))
            try:
                first = next(pages)
            except RequestRefusedError as error:
                if error.status != HTTPStatus.BAD_REQUEST:
                    raise
                _log.warning("%s: the API does not filter by %s.", query.resource.api.stream, name)
                continue
            if _ignored(first.rows, name, bookmark, condition):
                _log.warning("%s: the API ignores the filter on %s.", query.resource.api.stream, name)
                continue
            if name == bookmark.fallback:
                _log.warning(
                    "%s: changes are found by %s instead of %s; edits that do not move it are missed.",
                    query.resource.api.stream,
                    name,
                    bookmark.field,
                )
            return name, itertools.chain([first], pages)
        return None

    def _condition(self, resource: type[Resource], name: str, since: str | None) -> Filter | None:
        if since is None:
            return self.narrowing.first(name)
        return self.narrowing.since(name, since) if resource.api.event else Filter(name, ">=", since)


def _advancing(
    pages: Iterable[Page], field: str, resource: type[Resource], progress: Progress, *, by_stamp: bool
) -> Iterator[Rows]:
    """Hand out pages and move the bookmark behind them: page by page while stamps ascend, else when all is read."""
    ended = datetime.now(UTC)
    highest: str | None = None
    for page in pages:
        yield page.rows
        stamps = [found for row in page.rows if (found := _walked_stamp(row, field, resource))]
        by_stamp = by_stamp and _ascending([highest, *stamps])
        highest = max(filter(None, [highest, *stamps]), default=None)
        if by_stamp:
            progress.changed_up_to(field, highest)
        ended = page.date
    progress.changed(field, highest, ended, in_order=by_stamp)


def _names(bookmark: Stamp, known: str | None) -> tuple[str, ...]:
    """Names of the stamp in the order to try them: one that has worked comes first, unless it is the weaker."""
    first = (known,) if known in bookmark.candidates and known != bookmark.fallback else ()
    return tuple(dict.fromkeys((*first, *bookmark.candidates)))


def _bookmark(resource: type[Resource]) -> Stamp:
    bookmark = resource.api.bookmark
    if not isinstance(bookmark, Stamp):
        raise TypeError(resource.__name__)
    return bookmark


def _stamp_sort(resource: type[Resource], name: str) -> str:
    """A stamp as the API sorts by it, which may be another spelling than the one that it filters by."""
    spellings = [each for each in resource.api.sortable if each.casefold() == name.casefold()]
    return spellings[0] if spellings else name


def key_sort(resource: type[Resource]) -> str | None:
    """The key where the API sorts by it; without a word it takes the key as well."""
    return resource.api.key if resource.api.key in resource.api.sortable else None


def _last_key(rows: Rows, key: str, last: int | None) -> int | None:
    """The last key of a page; None for good once rows come in another order."""
    for row in rows:
        current = int(row[key])
        if last is None or current < last:
            return None
        last = current
    return last


def _ascending(stamps: list[str | None]) -> bool:
    known = [found for found in stamps if found]
    return all(one <= other for one, other in itertools.pairwise(known))


def row_stamp(row: Record, resource: type[Resource]) -> str | None:
    """The change stamp of a wire row; the weaker one where the row lacks its own, as old answers do."""
    bookmark = _bookmark(resource)
    return next((text for name in (bookmark.field, *bookmark.candidates) if (text := _moment(row.get(name)))), None)


def _walked_stamp(row: Record, field: str, resource: type[Resource]) -> str | None:
    """The stamp that a walk is filtered and sorted by."""
    weaker = field == _bookmark(resource).fallback
    return _moment(row.get(field)) if weaker else row_stamp(row, resource)


def newest(rows: Rows, resource: type[Resource]) -> str | None:
    """The latest change stamp of some rows."""
    return max(filter(None, (row_stamp(row, resource) for row in rows)), default=None)


def _moment(value: object) -> str | None:
    try:
        return stamp(instant(value)) if isinstance(value, str) and value else None
    except ValueError:
        return None


def _ignored(rows: Rows, name: str, bookmark: Stamp, condition: Filter) -> bool:
    """Whether a filter had no effect: a row is older, or younger, than what was asked for."""
    field = name if name == bookmark.fallback else bookmark.field
    first, _, last = condition.value.partition(",")
    since, until = ("", first) if condition.operator == "<=" else (first, last or "~")
    moments = [moment for row in rows if (moment := _moment(row.get(field) or row.get(name)))]
    return any(not since <= moment <= until for moment in moments)
