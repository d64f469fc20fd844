"""How a ticket adds up: lines with all their digits, the sale rounded to cents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox import totals
from lightspeed_sandbox.generate.goods import FOOD_CLASS
from lightspeed_sandbox.generate.papers import Ticket, Till
from lightspeed_sandbox.generate.parcels import parcel, quote
from lightspeed_sandbox.generate.people import note
from lightspeed_sandbox.generate.values import ZERO, cents, nth, record
from lightspeed_sandbox.generate.words import REQUESTS
from lightspeed_sandbox.generate.world import World

TICKET_BASE = 220_000_000_000

_SHARE_OF_REGULARS = 0.55
_SHARE_SINGLE = 0.85
_RECEIPTS = ("printed", "email", "no receipt")
_TIP_OPTIONS = (Decimal("0.1"), Decimal("0.15"), Decimal("0.2"))
_TENTH = Decimal("0.1")


def opened(world: World, till: Till, at: datetime, *, customer: Record | None = None) -> Ticket:
    """A new ticket without lines."""
    number, moment = world.books.key(Sale), stamp(at)
    taxes = till.tax_category
    if customer is not None and customer["taxCategoryID"]:
        taxes = world.tax_categories[customer["taxCategoryID"]]
    sale = record(
        Sale,
        saleID=number,
        ticketNumber=str(TICKET_BASE + number),
        createTime=moment,
        timeStamp=moment,
        updateTime=moment,
        enablePromotions=not nth(number, 20),
        isTaxInclusive=taxes["isTaxInclusive"],
        tax1Rate=taxes["tax1Rate"],
        tax2Rate=taxes["tax2Rate"],
        taxCategoryID=taxes["taxCategoryID"],
        tipEnabled=till.takes_tips,
        receiptPreference=_RECEIPTS[number % len(_RECEIPTS)],
        customerID=customer["customerID"] if customer else 0,
        employeeID=till.employees[number % len(till.employees)],
        registerID=till.register,
        shopID=till.shop,
        **_rarities(world, number, till),
    )
    _papers(world, sale, customer, at)
    return Ticket(world.books.put(Sale, sale))


def _papers(world: World, sale: Record, customer: Record | None, at: datetime) -> None:
    """Some tickets began as an offer, some end as a parcel."""
    if nth(sale["saleID"], 70):
        sale["quoteID"] = quote(world, sale["saleID"], sale["employeeID"], at)
    if nth(sale["saleID"], 40):
        sale["shipToID"] = parcel(world, sale["saleID"], customer, at)


def _rarities(world: World, number: int, till: Till) -> Record:
    found: Record = {
        "discountPercent": _TENTH if nth(number, 50) else ZERO,
        "discountID": 1 if nth(number, 50) else 0,
        "SaleNotes": _notes(world, number) if nth(number, 12) else None,
    }
    if till.takes_tips:
        first, second, third = _TIP_OPTIONS
        found["MetaData"] = record(parts.SaleMetaData, tipOption1=first, tipOption2=second, tipOption3=third)
    return found


def _notes(world: World, number: int) -> Record:
    printed = record(parts.PrintedNote, noteID=world.books.part_key("note"), note="Thank you! Ride safely.")
    internal = REQUESTS[number % len(REQUESTS)]
    return record(
        parts.SaleNotes,
        InternalNote=record(parts.InternalNote, noteID=world.books.part_key("note"), note=internal),
        PrintedNote=printed if nth(number, 24) else None,
    )


def visitor(world: World) -> Record | None:
    """Who stands at the till: a customer by name, or nobody known."""
    return world.pick_customer() if world.rng.random() < _SHARE_OF_REGULARS else None


def add_line(world: World, ticket: Ticket, item: Record, at: datetime, quantity: int = 1) -> Record:
    """Put an item on a ticket; the line gets its key when the day is settled."""
    sale = ticket.sale
    amount = item["Prices"][0]["amount"]
    moment = stamp(at)
    line = record(
        SaleLine,
        createTime=moment,
        timeStamp=moment,
        unitQuantity=quantity,
        unitPrice=amount,
        normalUnitPrice=amount,
        avgCost=item["avgCost"],
        fifoCost=item["defaultCost"],
        tax=bool(item["tax"] and item["taxClassID"] != FOOD_CLASS and (sale["tax1Rate"] or sale["tax2Rate"])),
        tax1Rate=sale["tax1Rate"],
        tax2Rate=sale["tax2Rate"],
        lineType=item["itemType"],
        taxClassID=item["taxClassID"],
        taxCategoryID=sale["taxCategoryID"],
        customerID=sale["customerID"],
        employeeID=sale["employeeID"],
        itemID=item["itemID"],
        shopID=sale["shopID"],
        saleID=sale["saleID"],
    )
    ticket.lines.append(line)
    _vary(world, line, item, at)
    return line


def _vary(world: World, line: Record, item: Record, at: datetime) -> None:
    number = world.books.part_key("line")
    if item["discountable"]:
        line.update(_discount(number, line))
    if nth(number, 45):
        written = note(world.books, f"Gift wrap, {number} pieces of tape.", at, public=nth(number, 90))
        line.update(noteID=written["noteID"], Note=written)
    if nth(number, 80):
        line["itemFeeID"] = 1
    if nth(number, 60):
        line["unitPrice"] = line["unitPrice"] * Decimal("0.985")


def _discount(number: int, line: Record) -> Record:
    if nth(number, 14):
        return {"discountID": 1, "discountPercent": Decimal(5 + number % 3 * 5) / 100}
    if nth(number, 55):
        return {"discountID": 2, "discountAmount": cents(line["unitPrice"] * _TENTH)}
    return {"discountPercent": Decimal("0.999999999"), "discountID": 3} if nth(number, 700, 9) else {}


def fill(world: World, ticket: Ticket, at: datetime) -> datetime:
    """Put what somebody buys on a ticket, one thing after the other; answers when that is done."""
    for item in world.pick_items(at, world.rng.choice((1, 1, 2, 2, 2, 3, 3, 4, 6))):
        at += timedelta(seconds=world.rng.randint(2, 25))
        quantity = 1 if world.rng.random() < _SHARE_SINGLE or item["serialized"] else world.rng.randint(2, 4)
        add_line(world, ticket, item, at, quantity)
    return at


def add_up(world: World, ticket: Ticket) -> None:
    """Work out every line and the totals of the sale from them."""
    sale, lines = ticket.sale, ticket.lines
    for line in lines:
        totals.work_out(line, sale)
    goods = cents(_sum(lines, "calcSubtotal"))
    discount = cents(_sum(lines, "calcLineDiscount") + _sum(lines, "calcTransactionDiscount"))
    taxes = [cents(_sum(lines, name)) for name in ("calcTax1", "calcTax2")]
    taxed = cents(sum((_net(line) for line in lines if line["tax"]), ZERO))
    sale.update(
        calcSubtotal=goods,
        calcDiscount=discount,
        calcTax1=taxes[0],
        calcTax2=taxes[1],
        taxTotal=sum(taxes, ZERO),
        calcTaxable=taxed,
        calcNonTaxable=goods - discount - taxed,
        calcAvgCost=cents(sum((line["avgCost"] * line["unitQuantity"] for line in lines), ZERO)),
        calcFIFOCost=cents(sum((line["fifoCost"] * line["unitQuantity"] for line in lines), ZERO)),
        calcItemFees=cents(sum((_net(line) for line in lines if line["itemFeeID"]), ZERO)),
        displayableSubtotal=goods - discount,
        tippableAmount=goods - discount if sale["tipEnabled"] else ZERO,
        TaxClassTotals=_by_tax_class(world, sale, lines),
    )
    _total(sale, cents(_sum(lines, "calcTotal")) if sale["isTaxInclusive"] else goods - discount + sum(taxes, ZERO))
    balance(ticket)


def _total(sale: Record, total: Decimal) -> None:
    for name in ("calcTotal", "total", "totalDue", "displayableTotal", "cashRoundedTotal"):
        sale[name] = total


def balance(ticket: Ticket) -> None:
    """Set what has been paid against the total; payments that were replaced do not count."""
    sale = ticket.sale
    counted = [payment for payment in ticket.payments if not payment["archived"]]
    sale["calcPayments"] = _sum(counted, "amount")
    sale["calcTips"] = _sum(counted, "tipAmount")
    sale["balance"] = sale["cashRoundedBalance"] = sale["calcTotal"] - sale["calcPayments"]


def _net(line: Record) -> Decimal:
    found: Decimal = line["calcSubtotal"] - line["calcLineDiscount"] - line["calcTransactionDiscount"]
    return found


def _sum(rows: Iterable[Record], name: str) -> Decimal:
    return sum((row[name] for row in rows), ZERO)


_UNTAXED: Record = {"tax1Name": "", "tax2Name": "", "tax1Rate": ZERO, "tax2Rate": ZERO}
"""What a sale pays that a client has written without a tax category."""


def _by_tax_class(world: World, sale: Record, lines: list[Record]) -> list[Record]:
    taxes = world.tax_categories.get(sale["taxCategoryID"], _UNTAXED)
    ordered = sorted(lines, key=lambda line: int(line["taxClassID"]))
    return [
        _tax(world, number, taxes, list(group)) for number, group in groupby(ordered, lambda line: line["taxClassID"])
    ]


def _tax(world: World, number: int, taxes: Record, lines: list[Record]) -> Record:
    taxable = cents(sum((_net(line) for line in lines if line["tax"]), ZERO))
    subtotal = cents(sum((_net(line) for line in lines), ZERO))
    return record(
        parts.Tax,
        id=number,
        name=world.tax_classes[number]["name"] if number in world.tax_classes else "",
        taxable=taxable,
        rate=taxes["tax1Rate"],
        amount=cents(_sum(lines, "calcTax1")),
        taxname=taxes["tax1Name"],
        subtotal=subtotal,
        rate2=taxes["tax2Rate"],
        amount2=cents(_sum(lines, "calcTax2")),
        taxname2=taxes["tax2Name"],
        subtotal2=subtotal if taxes["tax2Rate"] else ZERO,
    )
