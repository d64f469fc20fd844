"""How many rows lists hold, as far as that can be known without reading them: by their last keys, and by samples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from lightspeed_retail.client import has_number
from lightspeed_retail.errors import ApiError
from lightspeed_retail.query import PAGE_SIZE, Filter, Query, Version
from lightspeed_retail.resources import Days, Resource, Stamp
from lightspeed_retail.wire import converter
from tap_lightspeed_retail.costs import ONE, Basis, Pace, Size
from tap_lightspeed_retail.walks import key_sort

if TYPE_CHECKING:
    from tap_lightspeed_retail.run import Run


_LONG = 10 * PAGE_SIZE
"""Rows from which on a second drip for the size is little beside what the list costs."""


class Sizes(Protocol):
    """Knows how large lists are, or does not."""

    @property
    def now(self) -> datetime:
        """The present moment."""

    @property
    def pace(self) -> Pace:
        """How fast the API lets one read."""

    def of(self, query: Query, after: int = 0) -> Size:
        """How many rows of a list there are after a key."""

    def days(self, resource: type[Resource]) -> Size:
        """How many rows a report has from its first day on."""


class Unasked:
    """Knows nothing but what the state says, and costs nothing."""

    pace = Pace()

    @property
    def now(self) -> datetime:
        """The local clock."""
        return datetime.now(UTC)

    def of(self, query: Query, after: int = 0) -> Size:  # noqa: ARG002  nothing is known of any list
        """Unknown."""
        return Size()

    def days(self, resource: type[Resource]) -> Size:  # noqa: ARG002  nothing is known of any report
        """Unknown."""
        return Size()


class _Keys(NamedTuple):
    """The keys of a page."""

    lowest: int
    highest: int
    density: float

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]], key: str) -> _Keys:
        keys = [int(row[key]) for row in rows]
        lowest, highest = min(keys), max(keys)
        return cls(lowest, highest, len(keys) / (highest - lowest + 1))


class Asked:
    """Asks the API for the last rows of each list, without relations: a drip each, two for a long list.

    Args:
        run: What the streams of the run share.
    """

    def __init__(self, run: Run) -> None:
        """Prepare; nothing is asked yet."""
        self._run = run
        self._known: dict[Query, Size] = {}

    @property
    def now(self) -> datetime:
        """Lightspeed's clock."""
        return self._run.client.now

    @property
    def pace(self) -> Pace:
        """As the answers say."""
        client = self._run.client
        pacer = client.pacer
        return Pace(pacer.size, pacer.drip_rate, pacer.level, pacer.latency or 0.0, client.connections)

    def of(self, query: Query, after: int = 0) -> Size:
        """Counted where it is one page, else by how close its last keys are, and of a long one its first keys too."""
        beyond = (Filter(query.resource.api.key, ">", str(after)),) if after else ()
        asked = replace(query, filters=(*query.filters, *beyond), relations=(), limit=PAGE_SIZE)
        if asked not in self._known:
            try:
                self._known[asked] = self._size(asked, after)
            except ApiError:
                self._known[asked] = ONE
        return self._known[asked]

    def _size(self, query: Query, after: int) -> Size:
        key, client = query.resource.api.key, self._run.client
        is_sorted = client.version is Version.V3 and query.sort is not None and has_number(query.resource)
        page = next(client.pages(replace(query, sort=f"-{key}") if is_sorted else query))
        if page.next is None:
            return Size(len(page.rows), Basis.KNOWN)
        if not is_sorted:
            return Size(len(page.rows) + 1)
        last = _Keys.of(page.rows, key)
        rows = last.density * (last.highest - after)
        if rows > _LONG or _is_narrowed(query):
            first = _Keys.of(next(client.pages(query)).rows, key)
            between = max(0, last.lowest - first.highest - 1)
            rows = 2 * len(page.rows) + (first.density + last.density) / 2 * between
        return Size(math.ceil(rows), Basis.KEYS)

    def days(self, resource: type[Resource]) -> Size:
        """By its first page: how many days it takes to fill it."""
        bookmark = resource.api.bookmark
        if not isinstance(bookmark, Days):
            raise TypeError(resource.__name__)
        try:
            rows = next(self._run.reports.rows(resource, {}), [])
        except ApiError:
            return ONE
        if len(rows) < PAGE_SIZE:
            return Size(len(rows), Basis.SAMPLE)
        found = sorted(_days(rows, resource, bookmark.field))
        a_day = len(rows) / max(1, (found[-1] - found[0]).days)
        until = (self._run.narrowing.end or self.now).date()
        return Size(math.ceil(a_day * ((until - found[0]).days + 1)), Basis.SAMPLE)


def _is_narrowed(query: Query) -> bool:
    """Whether rows are left out, so that the first keys may be missing too."""
    passes = [name for name, _ in query.resource.api.passes]
    return any(condition.field not in passes for condition in query.filters)


def _days(rows: Iterable[Mapping[str, object]], resource: type[Resource], field: str) -> Iterator[date]:
    typed = converter(resource.field(field).type)
    found = (typed(row.get(field)) for row in rows)
    return (date.fromisoformat(str(day)[: len("2024-01-31")]) for day in found if day)


def list_query(run: Run, resource: type[Resource], *more: Filter) -> Query:
    """The list of a resource as the run reads it, of events only those from `start_date` on."""
    narrowing = run.narrowing
    event = resource.api.event
    if isinstance(resource.api.bookmark, Stamp) and event:
        event = resource.api.bookmark.candidates[0]
    since = narrowing.first(event) if event and narrowing.period is None else None
    filters = (*more, *narrowing.filters(resource), *([since] if since is not None else []))
    return Query(resource, filters, key_sort(resource), archived=narrowing.archived(resource))
