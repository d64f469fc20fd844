"""What happens to tickets after the customer has left: edits, voids, instalments, goods that are fetched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.sales import Sale, SaleLine, SaleVoid
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate import charges, credit, logbook, parcels
from lightspeed_sandbox.generate.goods import ITEM_CLASS
from lightspeed_sandbox.generate.papers import Ticket
from lightspeed_sandbox.generate.payments import pay
from lightspeed_sandbox.generate.people import note
from lightspeed_sandbox.generate.tickets import balance
from lightspeed_sandbox.generate.trade import complete, leave_open
from lightspeed_sandbox.generate.values import ZERO, cents, nth, record
from lightspeed_sandbox.generate.world import World

_TENTH = Decimal("0.1")
_REASONS = ("Wrong customer", "Rung up twice", "Manager void: wrong price")
_OPEN_FOR_EACH_FETCHED = 10


def edited(world: World, at: datetime) -> list[Ticket]:
    """A completed sale gets another customer and a note: only its `updateTime` moves."""
    sale = world.any_sale()
    customer = world.pick_customer()
    if sale is not None and customer is not None and sale["completed"] and not sale["voided"]:
        written = record(parts.InternalNote, noteID=world.books.part_key("note"), note="Customer added later.")
        sale.update(customerID=customer["customerID"], updateTime=stamp(at))
        sale["SaleNotes"] = record(parts.SaleNotes, InternalNote=written)
        world.books.put(Sale, sale)
    return []


def voided(world: World, at: datetime) -> list[Ticket]:
    """A completed sale is voided: only its `updateTime` moves, and the goods go back to the shelf."""
    if world.recent:
        ticket = world.recent.pop()
        ticket.sale.update(voided=True, updateTime=stamp(at))
        world.books.put(Sale, ticket.sale)
        _give_reason(world, ticket, at)
        for line in ticket.lines:
            cause = logbook.put_back(line)
            world.stock.move(line["itemID"], line["shopID"], stamp(at), cause, qoh=line["unitQuantity"])
    return []


def _give_reason(world: World, ticket: Ticket, at: datetime) -> None:
    sale = ticket.sale
    world.books.add(
        SaleVoid,
        createTime=stamp(at),
        reason=_REASONS[sale["saleID"] % len(_REASONS)],
        **{name: sale[name] for name in ("saleID", "employeeID", "shopID")},
    )
    for payment in ticket.payments:
        charges.cancel(world, payment, at)
        if payment["creditAccountID"]:
            credit.move(world, payment["creditAccountID"], -payment["amount"], at)


def lines_touched(world: World, at: datetime) -> list[Ticket]:
    """An open sale gets a line for nothing and another is edited; the stamp of the sale does not move.

    Source: section 7.1 of the API reference (recorded: an open sale with a line 32 seconds newer).
    """
    if not world.open_tickets:
        return []
    ticket = world.rng.choice(list(world.open_tickets.values()))
    for line in ticket.lines[:1]:
        written = note(world.books, f"Called the customer on {at:%Y-%m-%d}.", at)
        line.update(noteID=written["noteID"], Note=written, timeStamp=stamp(at))
        world.books.put(SaleLine, line)
    ticket.lines.append(_free_line(world, ticket.sale, at))
    return [ticket]


def _free_line(world: World, sale: Record, at: datetime) -> Record:
    written = note(world.books, "Free basic check with every order.", at, public=True)
    return record(
        SaleLine,
        createTime=stamp(at),
        timeStamp=stamp(at),
        unitQuantity=1,
        taxClassID=ITEM_CLASS,
        noteID=written["noteID"],
        Note=written,
        **{name: sale[name] for name in ("customerID", "employeeID", "shopID", "saleID", "taxCategoryID")},
        **{name: sale[name] for name in ("tax1Rate", "tax2Rate")},
    )


def instalment(world: World, at: datetime) -> list[Ticket]:
    """A customer pays another part of what was put aside: an open sale gets a payment."""
    owing = [ticket for ticket in world.open_tickets.values() if ticket.sale["balance"] > ZERO]
    if not owing:
        return []
    ticket = world.rng.choice(owing[len(owing) // 2 :])
    pay(world, ticket, "Cash", cents(ticket.sale["balance"] * _TENTH), at)
    balance(ticket)
    leave_open(world, ticket, at)
    return [ticket]


def fetched(world: World, at: datetime) -> list[Ticket]:
    """Customers fetch and pay what was put aside, the oldest first."""
    count = len(world.open_tickets) // _OPEN_FOR_EACH_FETCHED
    keys = list(world.open_tickets)[: max(count, world.lively)]
    # Now and then two are completed in the same second.
    times = [at + timedelta(seconds=0 if nth(key, 9) else 61 * min(turn, 15)) for turn, key in enumerate(keys)]
    return [complete(world, world.open_tickets.pop(key), when) for key, when in zip(keys, times, strict=True)]


Afterwards = Callable[[World, datetime], list[Ticket]]

AFTERWARDS: tuple[tuple[Afterwards, float], ...] = (
    (edited, 0.7),
    (edited, 0.3),
    (voided, 0.25),
    (parcels.shipped, 1.0),
    (parcels.quoted, 0.15),
    (lines_touched, 0.3),
    (instalment, 0.3),
    (fetched, 1.0),
)
"""Everything that can happen to a ticket later, and how likely it is on an ordinary day."""
