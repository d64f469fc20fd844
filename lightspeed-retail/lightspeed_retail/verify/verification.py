"""A comparison of an account with its tables in a warehouse: first what it costs, then what it finds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cached_property

import sqlalchemy as sql

from lightspeed_retail.client import Client
from lightspeed_retail.errors import NotFoundError, RightsError, SettingsError, SpentError
from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.sales import Sale
from lightspeed_retail.verify import account
from lightspeed_retail.verify.comparison import Comparison
from lightspeed_retail.verify.days import Days
from lightspeed_retail.verify.entries import Entry
from lightspeed_retail.verify.price import Price, Walk, affordable
from lightspeed_retail.verify.tables import Tables
from lightspeed_retail.wire import stamp

Watched = Callable[[str, Iterator[Entry]], Iterator[Entry]]
"""Hands on the rows of a stream, and sees how many they are."""

_MOST_AHEAD = timedelta(hours=14)
"""How far the local time of a shop can be ahead of UTC."""


@dataclass(frozen=True)
class Wanted:
    """What is to be compared.

    Args:
        streams: Names of streams, or patterns such as `sale*`; none for sales and all short lists.
        since: The first day; None for all rows.
        loaded: Rows that changed after this moment are no differences; None for the newest stamp of each table.
    """

    streams: Sequence[str] = ()
    since: date | None = None
    loaded: datetime | None = None

    @property
    def moment(self) -> datetime | None:
        """When the first day begins, wherever the shops are."""
        return None if self.since is None else datetime.combine(self.since, time.min, UTC) - _MOST_AHEAD


class Verification:
    """Compares an account with a warehouse.

    Args:
        client: Connected to the account.
        tables: The warehouse.
        wanted: What is to be compared.
    """

    def __init__(self, client: Client, tables: Tables, wanted: Wanted) -> None:
        """Prepare; neither side is asked yet."""
        self._client = client
        self._tables = tables
        self._wanted = wanted
        self._account = client.account_id or 0

    def price(self) -> Price:
        """What it will cost; nothing is asked of the API for that.

        Raises:
            SettingsError: A stream that was named is not in the warehouse, or the warehouse cannot be read.
        """
        with self._tables.database.told(), self._tables.database.engine.connect() as connection:
            walks = list(self._walks(connection))
        chosen, left_out = (walks, []) if self._wanted.streams else affordable(walks, Sale.api.stream)
        return Price(chosen, 1 + any(walk.has_days for walk in chosen), left_out)

    def run(self, price: Price, most: int, watched: Watched) -> Iterator[Comparison]:
        """Compare stream by stream; what the API refuses is left out, and where the drips do not suffice it ends.

        Args:
            price: What was agreed on.
            most: Drips that may be spent in all.
            watched: Sees the account's rows go by.
        """
        self._client.pacer.limit(Decimal(most), None)
        for walk in price.walks:
            found = Comparison(walk.stream, walk.extent, self._loaded(walk))
            try:
                self._compare(walk, found, watched)
            except (RightsError, NotFoundError) as error:
                found.stopped = str(error)
            except SpentError:
                found.stopped = "the limit of drips was reached; load, or say --max-drips."
                yield found
                return
            yield found

    def _loaded(self, walk: Walk) -> str | None:
        """When the load began; all tables tell where no row of this one counts: its first ones may have come since."""
        if self._wanted.loaded is not None:
            return stamp(self._wanted.loaded)
        if walk.extent.rows:
            return walk.extent.newest
        return max(filter(None, (walk.extent.newest, self._newest)), default=None)

    @cached_property
    def _newest(self) -> str | None:
        """The latest change stamp in any table that can be compared."""
        found: list[str] = []
        with self._tables.database.told(), self._tables.database.engine.connect() as connection:
            for resource in self._there(connection):
                # Somebody else's table may have the name of a stream.
                with contextlib.suppress(SettingsError):
                    extent = self._tables.table(connection, resource).extent(connection, self._account, None)
                    found += [extent.newest] if extent.newest else []
        return max(found, default=None)

    def _compare(self, walk: Walk, found: Comparison, watched: Watched) -> None:
        if walk.has_days:
            found.days = Days(account.Zones(self._client), self._wanted.since)
        rows = watched(walk.stream, account.entries(self._client, walk.queries, walk.table.reading))
        with self._tables.database.told(), self._tables.database.engine.connect() as connection:
            found.run(rows, walk.table.entries(connection, self._account, walk.since))

    def _walks(self, connection: sql.Connection) -> Iterator[Walk]:
        """Tables of somebody else's that have the name of a stream are only looked at if that is asked for."""
        for resource in self._resources(connection):
            try:
                yield self._walk(connection, resource)
            except SettingsError:
                if self._wanted.streams:
                    raise

    def _walk(self, connection: sql.Connection, resource: type[Resource]) -> Walk:
        table, since = self._tables.table(connection, resource), self._wanted.moment
        return Walk(table, table.extent(connection, self._account, since), since)

    def _resources(self, connection: sql.Connection) -> list[type[Resource]]:
        """The resources that are compared."""
        found = self._there(connection)
        for name in self._wanted.streams:
            if not any(fnmatchcase(each.api.stream, name) for each in found):
                raise SettingsError(self._why_not(name))
        if not found:
            raise SettingsError(f"The schema {self._tables.schema} of the warehouse holds no table of a stream.")
        patterns = self._wanted.streams or ("*",)
        return [each for each in found if any(fnmatchcase(each.api.stream, name) for name in patterns)]

    def _there(self, connection: sql.Connection) -> list[type[Resource]]:
        """The resources that could be compared: the warehouse has a table of them."""
        there = self._tables.names(connection)
        return [each for each in Resource.all() if each.api.stream in there and account.can_be_walked(each)]

    def _why_not(self, name: str) -> str:
        known = {each.api.stream: each for each in Resource.all()}
        if name not in known:
            return f"There is no stream {name}."
        if not account.can_be_walked(known[name]):
            return f"The API does not list {name} by their keys, so they cannot be compared."
        return f"The schema {self._tables.schema} of the warehouse has no table {name}: load it first."
