"""A day at the tills: what is bought, given back, put aside and paid off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate import credit, logbook, service
from lightspeed_sandbox.generate.goods import ITEM_CLASS
from lightspeed_sandbox.generate.papers import Ticket, Till
from lightspeed_sandbox.generate.payments import pay, settle
from lightspeed_sandbox.generate.tickets import add_line, add_up, balance, fill, opened, visitor
from lightspeed_sandbox.generate.values import ZERO, cents, nth, record
from lightspeed_sandbox.generate.world import World

Make = Callable[[World, Till, datetime], Ticket]

_SHOP_WEIGHTS = (0, 5, 3, 2)
_KEPT_BY_REFUND = ("customerID", "isTaxInclusive", "tax1Rate", "tax2Rate", "taxCategoryID", "discountPercent")
_DEPOSIT = Decimal("0.2")
_RESERVED_AS = {"isLayaway": "onLayaway", "isSpecialOrder": "onSpecialOrder", "isWorkorder": "onWorkorder"}


def ring_up(world: World, at: datetime, make: Make | None = None) -> Ticket:
    """Make one ticket, of the kind whose turn it is."""
    weights = [_SHOP_WEIGHTS[till.shop] for till in world.tills]
    (till,) = world.rng.choices(world.tills, weights=weights)
    return (make or _whose_turn(world))(world, till, at)


def _whose_turn(world: World) -> Make:
    number = world.books.upcoming(Sale)
    for period, phase, make in _TURNS:
        if nth(number, period, phase):
            return make
    return purchase


def purchase(world: World, till: Till, at: datetime) -> Ticket:
    """Somebody buys something and pays."""
    ticket = opened(world, till, at, customer=visitor(world))
    return _buy(world, ticket, at)


def _buy(world: World, ticket: Ticket, at: datetime) -> Ticket:
    done = fill(world, ticket, at)
    add_up(world, ticket)
    return complete(world, ticket, done + timedelta(seconds=world.rng.randint(5, 40)))


def complete(world: World, ticket: Ticket, at: datetime) -> Ticket:
    """Pay the rest and close the ticket: from now on only its `updateTime` moves."""
    settle(world, ticket, at - timedelta(seconds=3))
    sale = ticket.sale
    later = 1 if not nth(sale["saleID"], 7) else 3
    sale.update(
        completed=True,
        completeTime=stamp(at),
        timeStamp=stamp(at),
        updateTime=stamp(at + timedelta(seconds=later)),
    )
    world.books.put(Sale, sale)
    for line in ticket.lines:
        _hand_over(world, line, sale["completeTime"])
    return ticket


def _hand_over(world: World, line: Record, at: str) -> None:
    if line["saleLineID"]:
        line["timeStamp"] = at
        world.books.put(SaleLine, line)
    quantity = line["unitQuantity"]
    reserved = {column: -quantity for flag, column in _RESERVED_AS.items() if line[flag] and flag != "isWorkorder"}
    world.stock.move(line["itemID"], line["shopID"], at, logbook.sold(line), qoh=-quantity, **reserved)
    if not world.stock.holds(line["itemID"], line["shopID"]):
        return
    line["InventorySales"] = [
        record(
            parts.InventorySale,
            inventorySaleID=world.books.part_key("inventorySale"),
            quantity=quantity,
            createTime=at,
            inventoryID=line["itemID"] * 10 + line["shopID"],
        )
    ]


def web_order(world: World, till: Till, at: datetime) -> Ticket:
    """An order of the web shop, entered with its own number; some were completed earlier than they were entered."""
    ticket = opened(world, till, at, customer=visitor(world))
    number = ticket.sale["saleID"]
    ticket.sale.update(referenceNumber=f"WEB-{number:06d}", referenceNumberSource="webshop")
    _buy(world, ticket, at)
    if nth(number, 2):
        paid = stamp(max(world.day_start + timedelta(seconds=1), at - timedelta(hours=2)))
        ticket.sale.update(completeTime=paid, timeStamp=paid)
    return ticket


def refund(world: World, till: Till, at: datetime) -> Ticket:
    """Somebody brings back one thing from an earlier ticket and gets the money back."""
    found = next((old for old in world.recent if old.lines and old.payments and old.sale["calcTotal"] > 0), None)
    if found is None:
        return purchase(world, till, at)
    world.recent.remove(found)
    ticket = opened(world, till, at)
    ticket.sale.update({name: found.sale[name] for name in _KEPT_BY_REFUND})
    _give_back(ticket, found.lines[0], at + timedelta(seconds=8))
    add_up(world, ticket)
    first = next(payment for payment in found.payments if not payment["archived"])
    name = next((name for name, key in world.payment_types.items() if key == first["paymentTypeID"]), "Cash")
    if ticket.sale["balance"]:
        back = at + timedelta(seconds=20)
        origin = {name: first[name] for name in ("ccChargeID", "creditAccountID")}
        pay(world, ticket, name, ticket.sale["balance"], back, refPaymentID=first["salePaymentID"], **origin)
        balance(ticket)
    return complete(world, ticket, at + timedelta(seconds=25))


def _give_back(ticket: Ticket, line: Record, at: datetime) -> None:
    sale = ticket.sale
    share = -Decimal(1) / line["unitQuantity"]
    returned = {
        **line,
        "saleLineID": 0,
        "unitQuantity": -1,
        "discountAmount": line["discountAmount"] * share,
        "parentSaleLineID": line["saleLineID"],
        "createTime": stamp(at),
        "timeStamp": stamp(at),
        "saleID": sale["saleID"],
        "shopID": sale["shopID"],
        "employeeID": sale["employeeID"],
        "noteID": 0,
        "Note": None,
        "isLayaway": False,
        "isSpecialOrder": False,
        "isWorkorder": False,
    }
    ticket.lines.append(returned)


def layaway(world: World, till: Till, at: datetime) -> Ticket:
    """Somebody has goods put aside and pays a part."""
    return _put_aside(world, till, at, "isLayaway")


def special_order(world: World, till: Till, at: datetime) -> Ticket:
    """Somebody orders what is not in the shop and pays a part."""
    return _put_aside(world, till, at, "isSpecialOrder")


def _put_aside(world: World, till: Till, at: datetime, flag: str) -> Ticket:
    ticket = opened(world, till, at, customer=world.pick_customer())
    done = fill(world, ticket, at)
    for line in ticket.lines:
        line[flag] = True
        line["requireFullReservation"] = flag == "isLayaway"
        world.stock.move(line["itemID"], line["shopID"], stamp(done), **{_RESERVED_AS[flag]: line["unitQuantity"]})
    add_up(world, ticket)
    pay(world, ticket, "Credit Card", cents(ticket.sale["balance"] * _DEPOSIT), done)
    balance(ticket)
    return leave_open(world, ticket, done)


def leave_open(world: World, ticket: Ticket, at: datetime) -> Ticket:
    """Keep a ticket open: both its stamps move, and it has no time of completion."""
    ticket.sale.update(timeStamp=stamp(at), updateTime=stamp(at))
    world.books.put(Sale, ticket.sale)
    world.open_tickets[ticket.sale["saleID"]] = ticket
    return ticket


def parked(world: World, till: Till, at: datetime) -> Ticket:
    """Somebody thinks it over: the ticket stays open without a payment, and one is thrown away now and then."""
    ticket = opened(world, till, at, customer=visitor(world))
    done = fill(world, ticket, at)
    add_up(world, ticket)
    if nth(ticket.sale["saleID"], 2):
        ticket.sale.update(archived=True, timeStamp=stamp(done), updateTime=stamp(done))
        return ticket
    return leave_open(world, ticket, done)


def misclick(world: World, till: Till, at: datetime) -> Ticket:
    """A ticket that was voided before anything was paid."""
    ticket = opened(world, till, at)
    done = fill(world, ticket, at)
    add_up(world, ticket)
    ticket.sale.update(voided=True, timeStamp=stamp(done), updateTime=stamp(done))
    return ticket


def giveaway(world: World, till: Till, at: datetime) -> Ticket:
    """A ticket that costs nothing, hence is complete without a payment."""
    ticket = opened(world, till, at, customer=world.pick_customer())
    for item in world.pick_items(at, 1):
        add_line(world, ticket, item, at + timedelta(seconds=4)).update(
            unitPrice=ZERO, discountAmount=ZERO, discountPercent=ZERO, discountID=0
        )
    add_up(world, ticket)
    return complete(world, ticket, at + timedelta(seconds=15))


def gift_card(world: World, till: Till, at: datetime) -> Ticket:
    """Somebody buys a gift card: what is paid in cash is paid into the card, so that nothing is owed."""
    ticket = opened(world, till, at)
    card, worth = credit.sell_card(world, at)
    line = record(
        SaleLine,
        createTime=stamp(at),
        timeStamp=stamp(at),
        unitQuantity=1,
        lineType="gift_card",
        taxClassID=ITEM_CLASS,
        **{name: ticket.sale[name] for name in ("employeeID", "shopID", "saleID", "taxCategoryID")},
    )
    ticket.lines.append(line)
    add_up(world, ticket)
    pay(world, ticket, "Cash", worth, at + timedelta(seconds=9))
    pay(world, ticket, "Gift Card", -worth, at + timedelta(seconds=9), creditAccountID=card["creditAccountID"])
    balance(ticket)
    return complete(world, ticket, at + timedelta(seconds=15))


def checkout(world: World, till: Till, at: datetime) -> Ticket:
    """Somebody fetches what was repaired."""
    job = service.finished(world, at)
    if job is None:
        return purchase(world, till, at)
    customer = next((row for row in world.customers if row["customerID"] == job.workorder["customerID"]), None)
    ticket = opened(world, till, at, customer=customer)
    ticket.job = job
    for item, quantity in service.charges(world, job):
        add_line(world, ticket, item, at + timedelta(seconds=6), quantity)["isWorkorder"] = True
    add_up(world, ticket)
    return complete(world, ticket, at + timedelta(seconds=30))


_TURNS: tuple[tuple[int, int, Make], ...] = (
    (23, 5, refund),
    (28, 17, checkout),
    (30, 7, layaway),
    (45, 11, special_order),
    (60, 13, parked),
    (90, 19, misclick),
    (120, 31, giveaway),
    (75, 37, gift_card),
    (14, 3, web_order),
)
