"""Marts made by hand: tables with the models' columns, and figures of a retailer that are easy to add up."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

ACCOUNT = 797
LAST = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)

_TABLES = {
    "dim_items": "account_id bigint, item_id bigint, sku text, description text, category_name text, "
    "category_path text, avg_cost numeric, "
    "default_cost numeric, is_archived boolean",
    "dim_customers": "customer_key text, sales bigint, lifetime_value numeric, recency_days integer, rfm_class text",
    "map_customers": "account_id bigint, customer_id bigint, customer_key text",
    "fct_sales": "account_id bigint, sale_id bigint, shop_id bigint, customer_key text, sale_state text, "
    "is_refund boolean, sale_date date, sale_hour integer, sale_weekday integer, net numeric, "
    "is_first_purchase boolean",
    "fct_sale_lines": "account_id bigint, sale_line_id bigint, sale_id bigint, shop_id bigint, item_id bigint, "
    "sale_state text, is_refund boolean, sale_date date, quantity numeric, net numeric, cost numeric, margin numeric, "
    "kind text",
    "rpt_sales_by_shop_day": "account_id bigint, shop_id bigint, shop_name text, sale_date date, sales bigint, "
    "refunds bigint, refunded numeric, units numeric, gross numeric, discount numeric, net numeric, tax numeric, "
    "total numeric, cost numeric, margin numeric, customers bigint, new_customers bigint",
    "rpt_reorder": "account_id bigint, shop_id bigint, shop_name text, item_id bigint, sku text, description text, "
    "vendor_name text, sellable numeric, on_order numeric, sold_per_day numeric, days_of_cover numeric, "
    "to_order numeric, unit_cost numeric",
    "rpt_stock_sync": "account_id bigint, shop_id bigint, item_id bigint, quantity_on_hand numeric",
    "rpt_reconciliation": "account_id bigint, shop_id bigint, report_date date, figure text, ours numeric, "
    "theirs numeric, difference numeric, is_settled boolean",
}
_RAW = {
    "accounts": '"accountID" bigint, "defaultCurrency" jsonb, _sdc_batched_at timestamp',
    "sales": '"accountID" bigint, "saleID" bigint, _sdc_batched_at timestamp, _sdc_deleted_at timestamp',
    "items": '"accountID" bigint, "itemID" bigint, _sdc_batched_at timestamp, _sdc_deleted_at timestamp',
}
_CATEGORIES = ("Bikes", "Helmets", "Lights", "Tyres", "Clothing", "Workshop")
_YES, _NO = (True,), (False,)
_CENTS = Decimal("0.01")


@dataclass
class Retailer:
    """What is made up.

    Args:
        shops: Their names.
        days: Days of sales up to the last one.
        items: The names of the items.
        account: The account's number.
        last: The last day.
        seed: Another one gives other figures.
        has_stock: Whether stock is known.
    """

    shops: Sequence[str] = ("Harbour Street", "Old Mill", "Station")
    days: int = 500
    items: Sequence[str] = tuple(
        f"{name} {number}" for name in ("Road bike", "Lamp", "Glove", "Tube") for number in range(8)
    )
    account: int = ACCOUNT
    last: date = LAST
    seed: int = 7
    has_stock: bool = True
    sales_per_day: int = 4
    tables: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make up the rows."""
        self._random = random.Random(self.seed)
        self.tables = {name: [] for name in _TABLES}
        self._items()
        for number in range(self.days):
            for shop in range(1, len(self.shops) + 1):
                self._day(self.last - timedelta(days=number), shop)
        self._customers()
        if self.has_stock:
            self._stock()

    def _items(self) -> None:
        for number, name in enumerate(self.items, 1):
            category = _CATEGORIES[number % len(_CATEGORIES)]
            cost = Decimal(number)
            self._add(
                "dim_items",
                self.account,
                number,
                f"SKU-{number:04}",
                name,
                category,
                f"{category}/All {category}",
                cost,
                cost,
                *_NO,
            )

    def _add(self, table: str, *row: Any) -> None:
        self.tables[table].append(row)

    def _day(self, day: date, shop: int) -> None:
        wave = 1.3 if day.isoweekday() >= 6 else 1.0
        count = max(0, round(self._random.gauss(self.sales_per_day * wave * (1 + shop / 4), 1.5)))
        sales = [self._sale(day, shop) for _ in range(count)]
        if not sales:
            return
        net, cost = (sum((sale[each] for sale in sales), Decimal(0)) for each in (0, 1))
        refunds = [sale[0] for sale in sales if sale[0] < 0]
        tax = (net * Decimal("0.1")).quantize(_CENTS)
        row = (
            len(refunds),
            sum(refunds, Decimal(0)),
            len(sales),
            net + 5,
            Decimal(5),
            net,
            tax,
            net + tax,
            cost,
            net - cost,
        )
        self._add("rpt_sales_by_shop_day", self.account, shop, self.shops[shop - 1], day, len(sales), *row, 2, 1)
        self._add("rpt_reconciliation", self.account, shop, day, "sales", net, net, Decimal(0), *_YES)

    def _sale(self, day: date, shop: int) -> tuple[Decimal, Decimal]:
        """Make up a sale of one line; what it brought and what that had cost."""
        number = len(self.tables["fct_sales"]) + 1
        item = min(int(self._random.expovariate(0.12)) + 1, len(self.items))
        is_refund = self._random.random() < 0.04
        net = Decimal(item * self._random.choice((150, 200, 250))) / 100 * (-1 if is_refund else 1)
        cost = (net * Decimal("0.6")).quantize(_CENTS)
        hour = min(19, max(8, round(self._random.gauss(14, 2.5))))
        customer = None if self._random.random() < 0.3 else str(self._random.randrange(300))
        key = (self.account, number, shop)
        weekday, is_first = day.isoweekday(), self._random.random() < 0.2
        state = "completed"
        self._add("fct_sales", *key, customer, state, is_refund, day, hour, weekday, net, is_first)
        line = (state, is_refund, day, Decimal(-1 if is_refund else 1), net, cost, net - cost, "item")
        self._add("fct_sale_lines", self.account, number, number, shop, item, *line)
        return net, cost

    def _customers(self) -> None:
        for number, name in enumerate(("champion", "loyal", "promising", "at risk", "lost", "none") * 10):
            self._add("dim_customers", str(number), number, Decimal(number) * 10, number, name)
            self._add("map_customers", self.account, number, str(number))

    def _stock(self) -> None:
        for shop, shop_name in enumerate(self.shops, 1):
            for number, name in enumerate(self.items, 1):
                self._add("rpt_stock_sync", self.account, shop, number, Decimal(number % 5))
                cover = Decimal(number) / 3 if number % 3 else None
                figures = (Decimal(1), Decimal(0), Decimal("0.35"), cover, Decimal(number % 4), Decimal(number))
                row = (self.account, shop, shop_name, number, f"SKU-{number:04}", name, "Northwind Wholesale")
                self._add("rpt_reorder", *row, *figures)

    def net(self, first: date, last: date) -> Decimal:
        """What the days brought, added up here."""
        rows = self.tables["rpt_sales_by_shop_day"]
        return sum((row[10] for row in rows if first <= row[3] <= last), Decimal(0))


def fill(dsn: str, schema: str, *retailers: Retailer, marts: bool = True, raw: bool = True) -> None:
    """Make the schemas of some retailers anew: the marts, and beside them `<schema>_raw`.

    Args:
        dsn: The database.
        schema: The schema of the marts.
        retailers: Whose rows they hold.
        marts: Whether there are marts.
        raw: Whether the loader has written anything.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in (schema, f"{schema}_raw"):
            connection.execute(
                sql.SQL("drop schema if exists {0} cascade; create schema {0}").format(sql.Identifier(name))
            )
        if marts:
            _make(connection, schema, _TABLES)
            for name in _TABLES:
                _copy(connection, schema, name, (row for each in retailers for row in each.tables[name]))
        if raw:
            _make(connection, f"{schema}_raw", _RAW)
            for name in _RAW:
                _copy(connection, f"{schema}_raw", name, (row for each in retailers for row in _raw(each, name)))


def bill(**more: Any) -> dict[str, Any]:
    """A line as the tap writes it to its file of bills."""
    return {
        "run_id": "1",
        "account_id": ACCOUNT,
        "began": "2026-11-21T03:00:00.000+00:00",
        "ended": "2026-11-21T03:02:05.000+00:00",
        "rows": 1200,
        "streams": {"sales": 1190, "items": 10},
        "drips": 61.5,
        "requests": 40,
        "refused": 1,
        "waited": 3.2,
        "skipped": [],
        "failed": [],
        "ended_early": None,
        "exit_code": 0,
        **more,
    }


def bills(path: Path, runs: int) -> Path:
    """A file of the bills of some runs, every seventh of which failed."""
    lines = [bill(drips=20 + 7 * (number % 5), exit_code=int(number % 7 == 6)) for number in range(runs)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def _raw(retailer: Retailer, name: str) -> Iterator[tuple[Any, ...]]:
    written = NOW.replace(tzinfo=None) - timedelta(hours=2)
    if name == "accounts":
        yield retailer.account, '{"symbol": "$", "code": "USD"}', written
    if name == "sales":
        yield from ((retailer.account, row[1], written, None) for row in retailer.tables["fct_sales"])
    if name == "items":
        old = written - timedelta(days=40)
        yield from (
            (retailer.account, row[1], old, old if row[1] == 1 else None) for row in retailer.tables["dim_items"]
        )


def _make(connection: psycopg.Connection, schema: str, tables: dict[str, str]) -> None:
    for name, columns in tables.items():
        statement = sql.SQL("create table {} ({})").format(sql.Identifier(schema, name), sql.SQL(columns))
        connection.execute(statement)


def _copy(connection: psycopg.Connection, schema: str, name: str, rows: Iterator[tuple[Any, ...]]) -> None:
    statement = sql.SQL("copy {} from stdin").format(sql.Identifier(schema, name))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
