"""What the demo shows of the warehouse: rows of each stream beside the sandbox's own, and takings by shop and month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import LiteralString

import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from lightspeed_retail.resources import Days, Resource

SCHEMA = "lightspeed"

_BY_DAY = {resource.api.stream for resource in Resource.all() if isinstance(resource.api.bookmark, Days)}

_TABLES: LiteralString = "select table_name from information_schema.tables where table_schema = %s"
_COUNT: LiteralString = """
    select count(*), count(*) filter (where _sdc_received_at >= %s) from {} where "accountID" = %s
"""
# Date-times lie in the warehouse in UTC; a month is a month of the shop.
_TAKINGS: LiteralString = """
    select to_char("completeTime" at time zone 'UTC' at time zone shop."timeZone", 'YYYY-MM') as month,
           shop.name, sum(sale.total)
    from lightspeed.sales sale
    join lightspeed.shops shop using ("accountID", "shopID")
    where "accountID" = %s and sale.completed and not sale.voided
    group by 1, 2
    order by 1, 2
"""


@dataclass(frozen=True)
class Stream:
    """Rows of one stream.

    Attributes:
        name: Its name.
        source: Rows in the sandbox.
        loaded: Rows in the warehouse; None without a table.
        fresh: Rows that this run wrote.
        by_day: Whether it is a report by day. One that no longer has a row, because a payment was moved to another way
            of paying, does not say so: the row stays in the warehouse.
    """

    name: str
    source: int
    loaded: int | None
    fresh: int
    by_day: bool = False

    @property
    def whole(self) -> bool:
        """Whether the warehouse holds the rows of the sandbox and no others; a stream that is off has no table."""
        return self.loaded is None or self.loaded - self.outdated == self.source

    @property
    def outdated(self) -> int:
        """Rows that the report no longer has."""
        return max((self.loaded or 0) - self.source, 0) if self.by_day else 0


class Report:
    """A look into the warehouse.

    Args:
        dsn: Where it is.
        account: Whose rows to look at.
        source: Rows of each stream in the sandbox.
        began: When the run began.
    """

    def __init__(self, dsn: str, account: int, source: Mapping[str, int], began: datetime) -> None:
        """Remember whom to ask; nothing is asked yet."""
        self._dsn = dsn
        self._account = account
        self._source = source
        self._began = began.replace(tzinfo=None)

    def show(self, console: Console) -> bool:
        """Print it; whether all rows are there."""
        with psycopg.connect(self._dsn) as connection:
            streams = self._streams(connection)
            takings = connection.execute(_TAKINGS, (self._account,)).fetchall()
        console.print(_table_of_streams(streams))
        whole = _print_verdict(streams, console)
        console.print(_table_of_takings(takings))
        return whole

    def _streams(self, connection: psycopg.Connection) -> list[Stream]:
        tables = {name for (name,) in connection.execute(_TABLES, (SCHEMA,))}
        return [self._stream(connection, name, name in tables) for name in sorted(self._source)]

    def _stream(self, connection: psycopg.Connection, name: str, exists: bool) -> Stream:  # noqa: FBT001  private
        if not exists:
            return Stream(name, self._source[name], None, 0)
        query = sql.SQL(_COUNT).format(sql.Identifier(SCHEMA, name))
        row = connection.execute(query, (self._began, self._account)).fetchone()
        loaded, fresh = row or (0, 0)
        return Stream(name, self._source[name], loaded, fresh, name in _BY_DAY)


def _table_of_streams(streams: list[Stream]) -> Table:
    table = Table(title="Rows", title_justify="left")
    table.add_column("Stream")
    for heading in ("In the sandbox", "In the warehouse", "From this run"):
        table.add_column(heading, justify="right")
    for stream in streams:
        if stream.loaded is not None:
            style = None if stream.whole else "red"
            table.add_row(stream.name, f"{stream.source:,}", f"{stream.loaded:,}", f"{stream.fresh:,}", style=style)
    return table


def _print_verdict(streams: list[Stream], console: Console) -> bool:
    loaded = [stream for stream in streams if stream.loaded is not None]
    broken = [stream.name for stream in loaded if not stream.whole]
    rows = sum((stream.loaded or 0) - stream.outdated for stream in loaded)
    outdated = sum(stream.outdated for stream in loaded)
    fresh = sum(stream.fresh for stream in loaded)
    if broken or not loaded:
        console.print(f"NOT the same rows in sandbox and warehouse: {', '.join(broken)}.", style="bold red")
        console.print("Begin anew with: make clean demo\n")
    else:
        console.print(f"The same rows in sandbox and warehouse: {rows:,}, of which {fresh:,} from this run.")
        if outdated:
            console.print(
                f"Reports by day have changed since they were read: {outdated:,} rows in the warehouse are outdated."
            )
        console.print()
    return bool(loaded) and not broken


def _table_of_takings(takings: list[tuple[str, str, Decimal]]) -> Table:
    shops = sorted({shop for _, shop, _ in takings})
    months: dict[str, dict[str, Decimal]] = {}
    for month, shop, total in takings:
        months.setdefault(month, {})[shop] = total
    table = Table(title="Takings by shop and month, voided sales left out", title_justify="left")
    table.add_column("Month")
    for shop in shops:
        table.add_column(shop, justify="right")
    for month, totals in months.items():
        table.add_row(month, *(f"{totals.get(shop, Decimal(0)):,.2f}" for shop in shops))
    return table
