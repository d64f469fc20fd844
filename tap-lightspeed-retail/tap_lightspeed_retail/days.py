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
_LONGEST = timedelta(days=366)
_DAY = timedelta(days=1)


def days(
    client: Client, resource: type[Resource], state: State, narrowing: Narrowing, lookback: timedelta
) -> Iterator[list[Record]]:
    """The rows of a report since the bookmark, year by year; the bookmark follows behind.

    Args:
        client: Connected to the account.
        resource: The report.
        state: The entry of the stream, written in place.
        narrowing: What of the account is read.
        lookback: How far before the bookmark days are read again.
    """
    last = _day(narrowing.end or client.now)
    first = _first_day(client, resource, state, narrowing, lookback)
    while first <= last:
        until = min(first + _LONGEST, last)
        for page in client.pages(_query(resource, first, until)):
            yield [row for row in page.rows if not narrowing.shops or int(row.get("shopID") or 0) in narrowing.shops]
        state.update(replication_key=_bookmark(resource).field, replication_key_value=until.isoformat())
        first = until + _DAY


def _query(resource: type[Resource], first: date, last: date) -> Query:
    field = _bookmark(resource).field
    period = (Filter("startDate", "=", f"{first:%m/%d/%Y}"), Filter("endDate", "=", f"{last:%m/%d/%Y}"))
    return Query(resource, period, field if field in resource.api.sortable else None)


def _first_day(
    client: Client, resource: type[Resource], state: State, narrowing: Narrowing, lookback: timedelta
) -> date:
    bookmark = state.get("replication_key_value")
    if bookmark:
        try:
            return max(date.fromisoformat(bookmark), date.min + lookback) - lookback
        except (ValueError, TypeError):
            message = "The state holds a bookmark that is no date: remove it, or run with a full refresh."
            raise SettingsError(message) from None
    return _day(narrowing.start) if narrowing.start is not None else _beginning(client, resource)


def _beginning(client: Client, resource: type[Resource]) -> date:
    """The day before the first sale or order, whatever the report is about; costs a drip."""
    name, moment = _bookmark(resource).first
    listed = Resource.named(name)
    since = Filter(moment, ">=", stamp(datetime.combine(_EARLIEST, time.min, UTC)))
    sort = moment if moment in listed.api.sortable else listed.api.key
    try:
        page = next(client.pages(Query(listed, (since,), sort, limit=1)))
        return _day(min(instant(row[moment]) for row in page.rows)) - _DAY
    except (RightsError, NotFoundError, RequestRefusedError, KeyError, ValueError):
        return _EARLIEST


def _day(moment: datetime) -> date:
    """The day of a moment in UTC; the shops' may be another one, which the look-back makes good."""
    return moment.date()


def _bookmark(resource: type[Resource]) -> Days:
    bookmark = resource.api.bookmark
    if not isinstance(bookmark, Days):
        raise TypeError(resource.__name__)
    return bookmark
