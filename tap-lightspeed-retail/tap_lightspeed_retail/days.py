"""Reports by day: read from the day of the bookmark on, in the API's own form of dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from lightspeed_retail.client import Client
from lightspeed_retail.errors import NotFoundError, RequestRefusedError, RightsError, SettingsError
from lightspeed_retail.query import Filter, Query
from lightspeed_retail.resources import Days, Resource
from lightspeed_retail.wire import Record, instant, stamp
from tap_lightspeed_retail.narrowing import Narrowing
from tap_lightspeed_retail.progress import State

_EARLIEST = date(2010, 1, 1)
_YEAR = timedelta(days=366)
_DAY = timedelta(days=1)


class Reports:
    """Reads the reports of one account.

    Args:
        client: Connected to the account.
        narrowing: What of the account is read.
        lookback: How far before the bookmark days are read again.
    """

    def __init__(self, client: Client, narrowing: Narrowing, lookback: timedelta) -> None:
        """Prepare; nothing is asked yet."""
        self._client = client
        self._narrowing = narrowing
        self._lookback = lookback
        self._beginnings: dict[tuple[str, str], date] = {}

    def rows(self, resource: type[Resource], state: State) -> Iterator[list[Record]]:
        """The rows of a report since the bookmark, a year at a time, or more where there are few; the bookmark follows.

        Args:
            resource: The report.
            state: The entry of the stream, written in place.
        """
        last = _day(self._narrowing.end or self._client.now)
        first, length = self._first_day(resource, state), _YEAR
        while first <= last:
            until = min(first + length, last)
            pages = 0
            for page in self._client.pages(_query(resource, first, until)):
                yield [row for row in page.rows if self._is_read(row)]
                pages += 1
            state.update(replication_key=_bookmark(resource).field, replication_key_value=until.isoformat())
            first = until + _DAY
            length = length * 2 if pages == 1 else _YEAR

    def _is_read(self, row: Record) -> bool:
        return not self._narrowing.shops or str(row.get("shopID")) in map(str, self._narrowing.shops)

    def _first_day(self, resource: type[Resource], state: State) -> date:
        bookmark = state.get("replication_key_value")
        if bookmark:
            try:
                return max(date.fromisoformat(bookmark), date.min + self._lookback) - self._lookback
            except (ValueError, TypeError):
                message = "The state holds a bookmark that is no date: remove it, or run with a full refresh."
                raise SettingsError(message) from None
        return _day(self._narrowing.start) if self._narrowing.start is not None else self._beginning(resource)

    def _beginning(self, resource: type[Resource]) -> date:
        """The day before the first sale or order, whatever the report is about; costs a drip, once."""
        first = _bookmark(resource).first
        if first not in self._beginnings:
            self._beginnings[first] = self._earliest(*first)
        return self._beginnings[first]

    def _earliest(self, name: str, moment: str) -> date:
        listed = Resource.named(name)
        since = Filter(moment, ">=", stamp(datetime.combine(_EARLIEST, time.min, UTC)))
        sort = moment if moment in listed.api.sortable else listed.api.key
        try:
            page = next(self._client.pages(Query(listed, (since,), sort)))
            return _day(min(instant(row[moment]) for row in page.rows)) - _DAY
        except (RightsError, NotFoundError, RequestRefusedError, KeyError, ValueError, TypeError, OverflowError):
            return _EARLIEST


def _query(resource: type[Resource], first: date, last: date) -> Query:
    field = _bookmark(resource).field
    period = (Filter("startDate", "=", f"{first:%m/%d/%Y}"), Filter("endDate", "=", f"{last:%m/%d/%Y}"))
    return Query(resource, period, field if field in resource.api.sortable else None)


def _day(moment: datetime) -> date:
    """The day of a moment in UTC; the shops' may be another one, which the look-back makes good."""
    return moment.date()


def _bookmark(resource: type[Resource]) -> Days:
    bookmark = resource.api.bookmark
    if not isinstance(bookmark, Days):
        raise TypeError(resource.__name__)
    return bookmark
