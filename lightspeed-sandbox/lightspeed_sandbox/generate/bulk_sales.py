"""Very many plain sales, to measure with: two or three lines and one payment each, spread evenly over some years.

They add up like any other sale, and name shops, tills, people, goods and customers that are there. They move no stock
and leave no trace in drawers or logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from random import Random

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.sales import Sale, SaleLine, SalePayment
from lightspeed_retail.wire import Record
from lightspeed_sandbox import totals
from lightspeed_sandbox.generate.papers import Ticket, Till
from lightspeed_sandbox.generate.spread import moment, spread
from lightspeed_sandbox.generate.tickets import TICKET_BASE
from lightspeed_sandbox.generate.values import ZERO, nth, record
from lightspeed_sandbox.generate.world import World
from lightspeed_sandbox.store import Store

_PATTERNS = 240
_LASTS = 90
"""Seconds from the first line of a sale to its last change."""
_GOODS, _FOLK = 60, 80
_USUAL_PRICE = Decimal("19.99")
_BANKNOTES = Decimal(20)
_TENTH = Decimal("0.1")
_TIPS = {f"tipOption{number}": Decimal(share) / 100 for number, share in enumerate((10, 15, 20), start=1)}


def fill_sales(store: Store, count: int, *, since: datetime, until: datetime) -> None:
    """Add completed sales to an account that is set up, behind those that it has.

    Args:
        store: Where the rows go; it has a register at least.
        count: How many sales.
        since: When the first of them begins.
        until: When the last of them is long done.

    Raises:
        ValueError: There is no register to sell at.
    """
    if not count:
        return
    tickets = list(_tickets(World(store, Random(0))))
    if not tickets:
        raise ValueError("There is no register to sell at.")
    step = max(0.0, (until - since - timedelta(seconds=2 * _LASTS)).total_seconds() / count)
    first = store.next_key(Sale)
    begun, added, paid, done, kept = (moment(since, step, later) for later in (0, 20, 60, 80, _LASTS))
    times = {"createTime": begun, "timeStamp": done, "completeTime": done, "updateTime": kept}
    sale = {"saleID": f"{first} + n.i"}
    number = {"ticketNumber": f"CAST({TICKET_BASE + first} + n.i AS TEXT)"}
    spread(store, Sale, count, [[ticket.sale] for ticket in tickets], {**times, **number})
    spread(store, SaleLine, count, [each.lines for each in tickets], {"createTime": added, "timeStamp": added, **sale})
    spread(store, SalePayment, count, [ticket.payments for ticket in tickets], {"createTime": paid, **sale})
    store.commit()


def _tickets(world: World) -> Iterator[Ticket]:
    """The sales that come again and again."""
    classes = {key: row["name"] for key, row in world.tax_classes.items()}
    for number in range(_PATTERNS if world.tills else 0):
        till = world.tills[number % len(world.tills)]
        sale = _sale(world, till, number)
        lines = [_line(world, sale, number, place) for place in range(2 + number % 2)]
        for line in lines:
            totals.work_out(line, sale)
        totals.add_up(sale, lines, classes, till.tax_category)
        payment = _payment(world, sale, by_check=nth(number, 7))
        totals.balance(sale, [payment], {})
        yield Ticket(sale, lines, [payment])


def _sale(world: World, till: Till, number: int) -> Record:
    taxes, customers = till.tax_category, world.customers[:_FOLK]
    known = bool(customers) and number % 2 == 0
    return record(
        Sale,
        completed=True,
        enablePromotions=True,
        isTaxInclusive=taxes["isTaxInclusive"],
        discountPercent=_TENTH if nth(number, 30) else ZERO,
        tax1Rate=taxes["tax1Rate"],
        tax2Rate=taxes["tax2Rate"],
        taxCategoryID=taxes["taxCategoryID"],
        tipEnabled=till.takes_tips,
        MetaData=record(parts.SaleMetaData, **_TIPS) if till.takes_tips else None,
        receiptPreference="printed",
        customerID=customers[number // 2 % len(customers)]["customerID"] if known else 0,
        employeeID=till.employees[number % len(till.employees)],
        registerID=till.register,
        shopID=till.shop,
    )


def _line(world: World, sale: Record, number: int, place: int) -> Record:
    item = _item(world, 3 * number + place)
    price = item["Prices"][0]["amount"] if item else _USUAL_PRICE + number
    copied = ("tax1Rate", "tax2Rate", "taxCategoryID", "customerID", "employeeID", "shopID")
    return record(
        SaleLine,
        unitQuantity=2 if nth(number + place, 6) else 1,
        unitPrice=price,
        normalUnitPrice=price,
        discountPercent=_TENTH if nth(number + place, 14) else ZERO,
        avgCost=item["avgCost"] if item else ZERO,
        fifoCost=item["defaultCost"] if item else ZERO,
        tax=True,
        lineType=item["itemType"] if item else "default",
        taxClassID=item["taxClassID"] if item else 1,
        itemID=item["itemID"] if item else 0,
        **{name: sale[name] for name in copied},
    )


def _item(world: World, number: int) -> Record | None:
    """What is sold; nothing in particular where there are no goods."""
    goods = [row for row in list(world.items.values())[:_GOODS] if row["Prices"] and not row["serialized"]]
    return goods[number % len(goods)] if goods else None


def _payment(world: World, sale: Record, *, by_check: bool) -> Record:
    """A payment of all of it; for cash there is change."""
    if not by_check:
        given = (sale["calcTotal"] / _BANKNOTES).to_integral_value(ROUND_UP) * _BANKNOTES
        sale["change"] = given - sale["calcTotal"]
    return record(
        SalePayment,
        amount=sale["calcTotal"],
        paymentTypeID=world.payment_types.get("Check" if by_check else "Cash", 1),
        registerID=sale["registerID"],
        employeeID=sale["employeeID"],
    )
