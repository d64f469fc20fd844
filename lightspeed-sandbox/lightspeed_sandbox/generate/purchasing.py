"""Vendors and purchase orders."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.purchasing import Order, OrderLine, Vendor
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate import logbook, shipments
from lightspeed_sandbox.generate.papers import Purchase
from lightspeed_sandbox.generate.people import contact, custom_value, note
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import ZERO, cents, identifier, nth, record
from lightspeed_sandbox.generate.words import DOCK_FIELD, FIRST_NAMES, LAST_NAMES, VENDORS
from lightspeed_sandbox.generate.world import World

_CANADIAN_RATE = Decimal("1.3725")
_LINES_AT_LEAST = 8


def vendors(plan: Founding) -> None:
    """Enter the vendors, the last of them archived."""
    for number, name in enumerate(VENDORS, start=1):
        at = plan.moment(0.02 * (number // 4))
        foreign = nth(number, 4)
        plan.books.add(
            Vendor,
            name=name,
            archived=number == len(VENDORS),
            accountNumber=f"ACC-{number:04d}" if nth(number, 2) else "",
            priceLevel="default",
            updatePrice=nth(number, 3),
            updateCost=nth(number, 2),
            updateDescription=nth(number, 5),
            shareSellThrough=nth(number, 4, 3),
            timeStamp=stamp(at),
            b2bSellerUID=identifier(plan.rng) if nth(number, 3) else "",
            purchasingCurrency=_currency(foreign=foreign),
            Contact=contact(plan.books, at, f"orders{number}", company=name),
            Reps=_reps(number),
        )


def _currency(*, foreign: bool) -> Record:
    if foreign:
        return record(parts.Currency, code="CAD", symbol="CA$", rate=_CANADIAN_RATE)
    return record(parts.Currency, code="USD", symbol="$", rate=Decimal(1))


def _reps(number: int) -> list[Record]:
    return [
        record(
            parts.VendorRep,
            firstName=FIRST_NAMES[(number * 3 + n) % len(FIRST_NAMES)],
            lastName=LAST_NAMES[(number * 5 + n) % len(LAST_NAMES)],
        )
        for n in range(number % 3)
    ]


def order(world: World, at: datetime) -> Purchase | None:
    """Order what runs low in a shop from the vendor of what runs lowest."""
    shop = world.rng.choice(world.tills).shop
    low = [row for row in world.stock.lowest(shop) if row["itemID"] in world.items]
    if not low:
        return None
    number = world.books.key(Order)
    vendor = world.items[low[0]["itemID"]]["defaultVendorID"]
    wanted = [row for row in low if world.items[row["itemID"]]["defaultVendorID"] == vendor]
    placed = world.books.add(Order, orderID=number, **_terms(world, number, vendor, shop, at))
    count = _LINES_AT_LEAST + world.scale.sales_per_day // 4
    purchase = Purchase(placed, [_line(world, placed, row, _missing(row), at) for row in wanted[:count]])
    _total(purchase)
    world.purchases[number] = purchase
    return purchase


def _terms(world: World, number: int, vendor: int, shop: int, at: datetime) -> Record:
    foreign = nth(vendor, 4)
    written = note(world.books, "Deliver to the back door.", at) if nth(number, 5) else None
    return {
        "vendorID": vendor,
        "shopID": shop,
        "createdByEmployeeID": 1 + number % 3,
        "createTime": stamp(at),
        "timeStamp": stamp(at),
        "orderedDate": stamp(at) if not nth(number, 9, 4) else None,
        "arrivalDate": stamp(at + timedelta(days=6)) if nth(number, 2) else None,
        "shipInstructions": "Ground" if nth(number, 3) else "",
        "stockInstructions": "Tag before shelving" if nth(number, 4) else "",
        "refNum": f"PO-{number:05d}" if nth(number, 2) else "",
        "shipCost": Decimal(15 + number % 30) if nth(number, 2) else ZERO,
        "shipVendorCost": Decimal(15 + number % 30) if nth(number, 2) else ZERO,
        "otherCost": Decimal("7.5") if nth(number, 6) else ZERO,
        "otherVendorCost": Decimal("7.5") if nth(number, 6) else ZERO,
        "vendorCurrencyRate": _CANADIAN_RATE if foreign else Decimal(1),
        "vendorCurrencyCode": "CAD" if foreign else "USD",
        "shippingCostMethod": "cost" if nth(number, 2) else "quantity",
        "discountMethod": "percent" if nth(number, 7) else "money",
        "discountIsPercent": nth(number, 7),
        "discountPercentValue": Decimal("0.05") if nth(number, 7) else ZERO,
        "costsModifiedAfterShipment": nth(number, 20),
        "b2bOrderUID": identifier(world.rng) if nth(number, 8) else "",
        "b2bOrderNumber": f"B2B-{number}" if nth(number, 8) else "",
        "noteID": written["noteID"] if written else 0,
        "Note": written,
        "CustomFieldValues": [custom_value(world.books, DOCK_FIELD, "B", at)] if nth(number, 3) else [],
    }


def _missing(row: Record) -> int:
    return max(6, int(row["reorderLevel"] * 2 - row["qoh"] - row["backorder"]))


def add_line(world: World, purchase: Purchase, item: int, quantity: int, at: datetime) -> Record:
    """Order something more on an order that is not complete."""
    placed = purchase.order
    row = world.stock.row(item, placed["shopID"]) or {"itemID": item, "shopID": placed["shopID"]}
    line = _line(world, placed, row, quantity, at)
    purchase.lines.append(line)
    _total(purchase)
    placed["timeStamp"] = stamp(at)
    world.books.put(Order, placed)
    return line


def _line(world: World, placed: Record, row: Record, quantity: int, at: datetime) -> Record:
    cost = world.items[row["itemID"]]["defaultCost"]
    world.stock.move(row["itemID"], row["shopID"], stamp(at), backorder=quantity)
    discount = cents(cost * quantity * placed["discountPercentValue"])
    return world.books.add(
        OrderLine,
        quantity=quantity,
        price=cost,
        originalPrice=cost,
        vendorCost=cost * placed["vendorCurrencyRate"],
        timeStamp=stamp(at),
        createTime=stamp(at),
        total=cost * quantity,
        shippingCost=ZERO,
        discountMoneyValue=discount,
        discountMoneyVendorValue=discount * placed["vendorCurrencyRate"],
        discountPercentValue=placed["discountPercentValue"],
        orderID=placed["orderID"],
        itemID=row["itemID"],
    )


def _total(purchase: Purchase) -> None:
    placed, lines = purchase.order, purchase.lines
    share = cents(placed["shipCost"] / len(lines))
    for line in lines:
        line.update(shippingCost=share, shippingVendorCost=share * placed["vendorCurrencyRate"])
    subtotal = sum((line["total"] for line in lines), ZERO)
    discount = sum((line["discountMoneyValue"] for line in lines), ZERO)
    placed.update(
        totalQuantity=sum(line["quantity"] for line in lines),
        subTotalCost=subtotal,
        discount=discount,
        totalDiscount=discount,
        discountMoneyValue=discount,
        discountMoneyVendorValue=discount * placed["vendorCurrencyRate"],
        totalCost=subtotal - discount + placed["shipCost"] + placed["otherCost"],
    )


def receive(world: World, purchase: Purchase, at: datetime) -> None:
    """The goods of an order arrive; now and then a line comes short."""
    placed = purchase.order
    for line in purchase.lines:
        came = line["quantity"] - nth(line["orderLineID"], 15)
        line.update(checkedIn=came, numReceived=came, timeStamp=stamp(at))
        world.books.put(OrderLine, line)
        cause = logbook.received(placed)
        world.stock.receive(line["itemID"], placed["shopID"], came, line["orderLineID"], stamp(at), cause)
        world.stock.move(line["itemID"], placed["shopID"], stamp(at), backorder=-line["quantity"])
    shipments.came(world, purchase, at)
    first = placed["orderedDate"] or stamp(at)
    placed.update(orderedDate=first, receivedDate=stamp(at), complete=True, timeStamp=stamp(at))
    placed["archived"] = nth(placed["orderID"], 12)
    world.books.put(Order, placed)
    world.purchases.pop(placed["orderID"], None)
