"""What the people in the shops know while they trade: goods, customers, tills, papers that are still open."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from itertools import accumulate
from random import Random

from lightspeed_retail.resources.account import Employee, PaymentType, Register, Shop, TaxCategory, TaxClass
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Category, Item, ItemShop
from lightspeed_retail.resources.purchasing import Order, OrderLine
from lightspeed_retail.resources.sales import Sale, SaleLine, SalePayment
from lightspeed_retail.resources.workorders import Workorder, WorkorderItem, WorkorderLine
from lightspeed_retail.wire import Record
from lightspeed_sandbox.generate import logbook
from lightspeed_sandbox.generate.backroom import Backroom
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.catalog import department_of
from lightspeed_sandbox.generate.front import Front
from lightspeed_sandbox.generate.hours import demand
from lightspeed_sandbox.generate.papers import Job, Purchase, Ticket, Till
from lightspeed_sandbox.generate.people import home_of
from lightspeed_sandbox.generate.reading import grouped, read, rows_of
from lightspeed_sandbox.generate.scale import Scale
from lightspeed_sandbox.generate.stock import Stock
from lightspeed_sandbox.generate.values import completed
from lightspeed_sandbox.store import Store

_REMEMBERED = 200
_SCATTER = 2_654_435_761
"""Knuth's multiplier: spreads consecutive keys, so that best sellers stand all over the catalogue."""


class World:
    """The state of the retailer, read from a store; the same store gives the same world.

    Args:
        store: Where the rows are.
        rng: Source of all chance of the coming days.
        lively: Whether on every day everything happens that can happen.
    """

    def __init__(self, store: Store, rng: Random, *, lively: bool = False) -> None:
        """Read what is open and what can be sold."""
        self.rng = rng
        self.lively = lively
        self.scale = Scale.of(store) or Scale()
        self.books = Books(store)
        self.categories = read(store, Category)
        self.items = {row["itemID"]: row for row in read(store, Item, "archived = 0")}
        self.customers = read(store, Customer, "archived = 0")
        self.stock = Stock(read(store, ItemShop))
        self.payment_types = {row["name"]: row["paymentTypeID"] for row in read(store, PaymentType)}
        self.tax_categories = {row["taxCategoryID"]: row for row in read(store, TaxCategory)}
        self.tax_classes = {row["taxClassID"]: row for row in read(store, TaxClass)}
        self.tills = _tills(store, self.tax_categories)
        self.purchases = _purchases(store)
        self.jobs = _jobs(store)
        self.backroom = Backroom(store)
        self.front = Front(store)
        self.open_tickets = _tickets(store, read(store, Sale, "completed = 0 AND archived = 0 AND voided = 0"))
        self.recent = deque(_untouched(store), maxlen=_REMEMBERED)
        self.day_start = datetime.min.replace(tzinfo=UTC)
        self._shelf: tuple[int, list[int], list[float]] | None = None

    def pick_customer(self) -> Record | None:
        """A customer, the loyal ones more often; nobody where there are none."""
        if not self.customers:
            return None
        return self.customers[int(len(self.customers) * self.rng.random() ** 1.7)]

    def pick_items(self, at: datetime, count: int) -> list[Record]:
        """What somebody buys in the season: a few best sellers and a long tail."""
        if self._shelf is None or self._shelf[0] != at.month:
            self._shelf = (at.month, *self._ranked(at.month))
        _, keys, weights = self._shelf
        return [self.items[key] for key in self.rng.choices(keys, cum_weights=weights, k=count)] if keys else []

    def item(self, key: int) -> Record | None:
        """An item, even one that is no longer sold."""
        found = self.items.get(key) or self.books.get(Item, key)
        return completed(Item, found) if found and found["Prices"] else None

    def any_sale(self) -> Record | None:
        """Any sale of an earlier day."""
        number = self.rng.randint(1, max(1, self.books.upcoming(Sale) - 1))
        papers = (*self.recent, *self.open_tickets.values())
        known = (ticket.sale for ticket in papers if ticket.sale["saleID"] == number)
        return next(known, None) or self.books.get(Sale, number)

    def withdraw(self, item: int) -> None:
        """An item is no longer sold."""
        self.items.pop(item, None)
        self._shelf = None

    def introduce(self, row: Record) -> None:
        """An item is sold from now on."""
        self.items[row["itemID"]] = row
        self._shelf = None

    def flush(self) -> None:
        """Put everything that has happened into the store."""
        logbook.file(self.books, self.stock.moves)
        self.stock.settle(self.books)
        self.books.flush()

    def _ranked(self, month: int) -> tuple[list[int], list[float]]:
        departments = {row["categoryID"]: department_of(row) for row in self.categories}
        keys = [key for key, row in self.items.items() if row["itemType"] != "non_inventory" and row["Prices"]]
        keys.sort(key=lambda key: (key * _SCATTER) % 2**32)
        weights = []
        for rank, key in enumerate(keys):
            found = departments.get(self.items[key]["categoryID"])
            season = demand(month, found.peak, found.swing) if found else 1.0
            weights.append(season * _affordable(self.items[key]) / (rank + 4) ** 0.85)
        return keys, list(accumulate(weights))


def _affordable(item: Record) -> float:
    amount = float(item["Prices"][0]["amount"]) if item["Prices"] else 0.0
    return float((30 / (30 + amount)) ** 0.8)


def _tills(store: Store, tax_categories: dict[int, Record]) -> list[Till]:
    shops = {row["shopID"]: row for row in read(store, Shop, "archived = 0")}
    staff = [row["employeeID"] for row in read(store, Employee, "archived = 0")]
    return [
        Till(
            shop=row["shopID"],
            register=row["registerID"],
            takes_tips=row["tipEnabled"],
            tax_category=tax_categories[shops[row["shopID"]]["taxCategoryID"]],
            employees=tuple(key for key in staff if home_of(key) == row["shopID"]) or tuple(staff),
        )
        for row in read(store, Register, "archived = 0")
        if row["shopID"] in shops and shops[row["shopID"]]["taxCategoryID"] in tax_categories
    ]


def _purchases(store: Store) -> dict[int, Purchase]:
    orders = {row["orderID"]: row for row in read(store, Order, "complete = 0 AND archived = 0")}
    lines = grouped(store, OrderLine, "orderID", orders)
    return {key: Purchase(row, lines[key]) for key, row in orders.items() if key in lines}


def _jobs(store: Store) -> dict[int, Job]:
    found = {row["workorderID"]: row for row in read(store, Workorder, "saleID = 0 AND archived = 0")}
    lines = grouped(store, WorkorderLine, "workorderID", found)
    items = grouped(store, WorkorderItem, "workorderID", found)
    return {key: Job(row, lines.get(key, []), items.get(key, [])) for key, row in found.items()}


def _tickets(store: Store, sales: list[Record]) -> dict[int, Ticket]:
    keys = [row["saleID"] for row in sales]
    lines = grouped(store, SaleLine, "saleID", keys)
    payments = grouped(store, SalePayment, "saleID", keys)
    return {row["saleID"]: Ticket(row, lines.get(row["saleID"], []), payments.get(row["saleID"], [])) for row in sales}


def _untouched(store: Store) -> list[Ticket]:
    """The last completed sales of which nothing was given back yet, oldest first."""
    where = "completed = 1 AND voided = 0 AND archived = 0"
    sales = read(store, Sale, where, order='"saleID" DESC', limit=_REMEMBERED)[::-1]
    tickets = _tickets(store, sales)
    lines = [line["saleLineID"] for ticket in tickets.values() for line in ticket.lines]
    returned = {row["parentSaleLineID"] for row in rows_of(store, SaleLine, "parentSaleLineID", lines)}
    return [
        ticket
        for ticket in tickets.values()
        if ticket.sale["calcTotal"] > 0 and not returned & {line["saleLineID"] for line in ticket.lines}
    ]
