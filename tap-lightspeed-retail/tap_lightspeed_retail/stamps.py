"""Lists asked for by change stamp: under which name the API filters by it, and which stamp a row has."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus

from lightspeed_retail.ahead import Pages
from lightspeed_retail.errors import RequestRefusedError
from lightspeed_retail.query import Filter, Query, Version
from lightspeed_retail.resources import Resource, Stamp
from lightspeed_retail.sheets import Page
from lightspeed_retail.source import Source
from lightspeed_retail.wire import Record, instant, stamp
from tap_lightspeed_retail.narrowing import Narrowing

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Systems have moments before it that stand for none; a look-back from them leads out of the calendar."""

_UTC_LENGTH = len("2024-12-06T15:23:49+00:00")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A walk that heeds the condition on the stamp.

    Args:
        name: By which name.
        first: The first page.
        rest: The pages after it.
    """

    name: str
    first: Page
    rest: Pages

    @property
    def pages(self) -> Iterator[Page]:
        """All pages."""
        return itertools.chain([self.first], self.rest)


@dataclass(frozen=True)
class ByStamp:
    """Asks for lists from a stamp on.

    Args:
        source: The pages of the account's lists.
        version: Version of the API that is asked.
        narrowing: What of the account is read.
    """

    source: Source
    version: Version
    narrowing: Narrowing

    def is_sorted(self, resource: type[Resource]) -> bool:
        """Whether the API sorts a list by its stamp."""
        return resource.api.sorts_by_stamp and self.version is Version.V3

    def narrows(self, resource: type[Resource]) -> bool:
        """Whether even a first load leaves out what was changed too early or too late."""
        return bool(resource.api.event) and self.narrowing.first(bookmark_of(resource).field) is not None

    def opening(self, query: Query, since: str | None, known: str | None = None) -> Query:
        """What is asked first."""
        return next((asked for _, asked, _ in self._variants(query, since, known)), query)

    def pages(self, query: Query, since: str | None, known: str | None = None) -> Found | None:
        """The walk from a stamp on, by the first name of it that the API honours; None where it honours none.

        Args:
            query: The list.
            since: Where it begins; None for a first load, which only `start_date` and `end_date` narrow.
            known: The name that has worked before.
        """
        bookmark = bookmark_of(query.resource)
        for name, asked, condition in self._variants(query, since, known):
            found = self._tried(asked, name, condition)
            if found is None:
                continue
            if name == bookmark.fallback:
                _log.warning(
                    "%s: changes are found by %s instead of %s; edits that do not move it are missed.",
                    query.resource.api.stream,
                    name,
                    bookmark.field,
                )
            return found
        return None

    def _variants(self, query: Query, since: str | None, known: str | None) -> Iterator[tuple[str, Query, Filter]]:
        """The question in each of the stamp's names."""
        for name in _names(bookmark_of(query.resource), known):
            condition = self._condition(query.resource, name, since)
            if condition is not None:
                by_stamp = since is not None and self.is_sorted(query.resource)
                sort = _stamp_sort(query.resource, name) if by_stamp else query.sort
                yield name, replace(query, filters=(*query.filters, condition), sort=sort), condition

    def _condition(self, resource: type[Resource], name: str, since: str | None) -> Filter | None:
        if since is None:
            return self.narrowing.first(name)
        return self.narrowing.since(name, since) if resource.api.event else Filter(name, ">=", since)

    def _tried(self, query: Query, name: str, condition: Filter) -> Found | None:
        """The pages, unless the API does not heed the condition."""
        pages = self.source.pages(query)
        try:
            first = next(pages)
        except RequestRefusedError as error:
            if error.status != HTTPStatus.BAD_REQUEST:
                raise
            _log.warning("%s: the API does not filter by %s.", query.resource.api.stream, name)
            return None
        if _ignored(first.rows, name, bookmark_of(query.resource), condition):
            pages.close()
            _log.warning("%s: the API ignores the filter on %s.", query.resource.api.stream, name)
            return None
        return Found(name, first, pages)


def _names(bookmark: Stamp, known: str | None) -> tuple[str, ...]:
    """Names of the stamp in the order to try them: one that has worked comes first, unless it is the weaker."""
    first = (known,) if known in bookmark.candidates and known != bookmark.fallback else ()
    return tuple(dict.fromkeys((*first, *bookmark.candidates)))


def bookmark_of(resource: type[Resource]) -> Stamp:
    """The change stamp of a resource.

    Raises:
        TypeError: It has none.
    """
    bookmark = resource.api.bookmark
    if not isinstance(bookmark, Stamp):
        raise TypeError(resource.__name__)
    return bookmark


def _stamp_sort(resource: type[Resource], name: str) -> str:
    """A stamp as the API sorts by it, which may be another spelling than the one that it filters by."""
    spellings = [each for each in resource.api.sortable if each.casefold() == name.casefold()]
    return spellings[0] if spellings else name


def row_stamp(row: Record, resource: type[Resource]) -> str | None:
    """The change stamp of a wire row; the weaker one where the row lacks its own, as old answers do."""
    bookmark = bookmark_of(resource)
    return next((text for name in (bookmark.field, *bookmark.candidates) if (text := _moment(row.get(name)))), None)


def walked_stamp(row: Record, field: str, resource: type[Resource]) -> str | None:
    """The stamp that a walk is filtered and sorted by."""
    weaker = field == bookmark_of(resource).fallback
    return _moment(row.get(field)) if weaker else row_stamp(row, resource)


def newest(rows: list[Record], resource: type[Resource]) -> str | None:
    """The latest change stamp of some rows."""
    return max(filter(None, (row_stamp(row, resource) for row in rows)), default=None)


def _moment(value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = instant(value)
    except ValueError:
        return None
    if moment < _EARLIEST:
        return None
    return value if value.endswith("+00:00") and len(value) == _UTC_LENGTH else stamp(moment)


def _ignored(rows: list[Record], name: str, bookmark: Stamp, condition: Filter) -> bool:
    """Whether a filter had no effect: a row is older, or younger, than what was asked for."""
    field = name if name == bookmark.fallback else bookmark.field
    first, _, last = condition.value.partition(",")
    since, until = ("", first) if condition.operator == "<=" else (first, last or "~")
    moments = [moment for row in rows if (moment := _moment(row.get(field) or row.get(name)))]
    return any(not since <= moment <= until for moment in moments)
