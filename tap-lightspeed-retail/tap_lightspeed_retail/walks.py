"""Walks through lists: a first load by key, later runs by change stamp; each resumes where it stopped.

Wire rows leave page by page. Progress moves when the next page is asked for, so only past rows that were emitted.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from lightspeed_retail.client import Client, Page
from lightspeed_retail.errors import RequestRefusedError
from lightspeed_retail.query import Filter, Query
from lightspeed_retail.resources import Resource, Stamp
from lightspeed_retail.wire import Record, instant, stamp
from tap_lightspeed_retail.progress import Progress

_log = logging.getLogger(__name__)

Rows = list[Record]


@dataclass(frozen=True)
class Walker:
    """Walks through the lists of one account.

    Args:
        client: Connected to the account.
        lookback: How far before a bookmark a run reads again.
        start_date: Events that last changed before it are left out of a first load.
    """

    client: Client
    lookback: timedelta
    start_date: datetime | None = None

    def whole(self, resource: type[Resource], relations: tuple[str, ...]) -> Iterator[Rows]:
        """All rows, by key."""
        for page in self.client.pages(Query(resource, sort=_key_sort(resource), relations=relations)):
            yield page.rows

    def tail(self, resource: type[Resource], relations: tuple[str, ...], last_key: int) -> Iterator[Rows]:
        """Rows with a higher key than the last one seen."""
        newer = Filter(resource.api.key, ">", str(last_key))
        for page in self.client.pages(Query(resource, (newer,), _key_sort(resource), relations)):
            yield page.rows

    def news(self, resource: type[Resource], relations: tuple[str, ...], progress: Progress) -> Iterator[Rows]:
        """All rows on a first load, afterwards what has changed since the bookmark."""
        if not progress.loading:
            found = self._changes(resource, relations, progress)
            if found is not None:
                yield from found
                return
            progress.restart()
        yield from self._first_load(resource, relations, progress)

    def _first_load(self, resource: type[Resource], relations: tuple[str, ...], progress: Progress) -> Iterator[Rows]:
        """All rows by key, from the key at which an earlier try stopped."""
        resumed = progress.resume_key()
        newer = (Filter(resource.api.key, ">", str(resumed)),) if resumed else ()
        if resumed:
            _log.info("%s: the first load goes on after %s %s.", resource.api.stream, resource.api.key, resumed)
        field, pages = self._first_pages(resource, relations, newer, progress.field or _bookmark(resource).field)
        last: int | None = resumed
        ended = self.client.now
        for page in pages:
            yield page.rows
            last = _last_key(page.rows, resource.api.key, last)
            progress.loaded_up_to(last, newest(page.rows, resource))
            ended = page.date
        progress.loaded(field, ended)

    def _first_pages(
        self, resource: type[Resource], relations: tuple[str, ...], newer: tuple[Filter, ...], field: str
    ) -> tuple[str, Iterator[Page]]:
        query = Query(resource, newer, _key_sort(resource), relations)
        if resource.api.event and self.start_date is not None:
            found = self._stamped(query, stamp(self.start_date), by_stamp=False)
            if found is not None:
                return found
            _log.warning("%s: the API cannot filter by time; start_date has no effect.", resource.api.stream)
        return field, self.client.pages(query)

    def _changes(
        self, resource: type[Resource], relations: tuple[str, ...], progress: Progress
    ) -> Iterator[Rows] | None:
        """What has changed since the bookmark; None where all must be read again."""
        by_stamp = resource.api.sorts_by_stamp
        since = progress.since(self.lookback)
        query = Query(resource, (), _key_sort(resource), relations)
        found = self._stamped(query, since, by_stamp=by_stamp, known=progress.field)
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
        self, query: Query, since: str, *, by_stamp: bool, known: str | None = None
    ) -> tuple[str, Iterator[Page]] | None:
        """The walk from a stamp on, by the first name of it that the API honours; None where it honours none."""
        bookmark = _bookmark(query.resource)
        for name in _names(bookmark, known):
            filters = (*query.filters, Filter(name, ">=", since))
            pages = self.client.pages(Query(query.resource, filters, name if by_stamp else query.sort, query.relations))
            try:
                first = next(pages)
            except RequestRefusedError as error:
                if error.status != HTTPStatus.BAD_REQUEST:
                    raise
                _log.warning("%s: the API does not filter by %s.", query.resource.api.stream, name)
                continue
            if _ignored(first.rows, name, bookmark, since):
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


def _key_sort(resource: type[Resource]) -> str | None:
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


def _ignored(rows: Rows, name: str, bookmark: Stamp, since: str) -> bool:
    """Whether a filter had no effect: a row is older than what was asked for."""
    field = name if name == bookmark.fallback else bookmark.field
    return any(moment < since for row in rows if (moment := _moment(row.get(field) or row.get(name))))
