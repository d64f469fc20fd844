"""The account's side: its lists in the order of their keys, without relations, so at a drip for a hundred rows."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from operator import attrgetter
from zoneinfo import ZoneInfo

from lightspeed_retail.client import Client, has_number
from lightspeed_retail.errors import OutageError
from lightspeed_retail.query import Filter, Query
from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.account import Shop
from lightspeed_retail.verify.entries import Entry, Reading
from lightspeed_retail.wire import stamp


def can_be_walked(resource: type[Resource]) -> bool:
    """Whether the account lists the rows of a resource by their keys."""
    api = resource.api
    return api.enveloped and api.parent is None and has_number(resource)


def walks(resource: type[Resource], since: Filter | None = None) -> list[Query]:
    """The walks through the lists of a resource: a few have a second one of rows that the first leaves out."""
    key = resource.api.key
    sort = key if key in resource.api.sortable else None
    conditions = () if since is None else (since,)
    return [
        Query(resource, (*(Filter(name, "=", value) for name, value in extra), *conditions), sort)
        for extra in ((), *((each,) for each in resource.api.passes))
    ]


def since_filter(name: str, since: datetime) -> Filter:
    """The condition on the moment when a row came about."""
    return Filter(name, ">=", stamp(since))


def entries(client: Client, queries: Iterable[Query], reading: Reading) -> Iterator[Entry]:
    """The rows of some walks, together in the order of their keys; a page of each is in memory."""
    return heapq.merge(*(_walk(client, query, reading) for query in queries), key=attrgetter("key"))


def _walk(client: Client, query: Query, reading: Reading) -> Iterator[Entry]:
    if query.sort is None:
        # A few short lists, whose order nobody has promised.
        yield from sorted(_rows(client, query, reading), key=attrgetter("key"))
        return
    last = -1
    for entry in _rows(client, query, reading):
        if entry.key <= last:
            message = f"{query.resource.__name__}: the API does not sort by {query.sort}, so rows cannot be compared."
            raise OutageError(message, status=HTTPStatus.OK)
        last = entry.key
        yield entry


def _rows(client: Client, query: Query, reading: Reading) -> Iterator[Entry]:
    for page in client.pages(query):
        yield from map(reading.entry, page.rows)


class Zones:
    """The time zones of the shops, and their names; costs a drip for a hundred shops.

    Args:
        client: Connected to the account.
    """

    def __init__(self, client: Client) -> None:
        """Ask for the shops."""
        found = [row for query in walks(Shop) for page in client.pages(query) for row in page.rows]
        self.names = {int(row["shopID"]): str(row.get("name") or "") for row in found}
        self._zones = {int(row["shopID"]): _zone(row) for row in found}
        self._usual = next(iter(self._zones.values()), ZoneInfo("UTC"))

    def of(self, shop: int) -> ZoneInfo:
        """The zone of a shop; that of the first one where nobody says."""
        return self._zones.get(shop, self._usual)


def _zone(shop: Mapping[str, object]) -> ZoneInfo:
    try:
        return ZoneInfo(str(shop.get("timeZone") or "UTC"))
    except (ValueError, OSError):
        return ZoneInfo("UTC")
