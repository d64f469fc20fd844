"""What goes with some tickets: the offer that they began as, and the parcel that they end as."""

from __future__ import annotations

from datetime import datetime

from lightspeed_retail.resources.sales import Quote, Sale, ShipTo
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.papers import Ticket
from lightspeed_sandbox.generate.people import contact
from lightspeed_sandbox.generate.values import nth
from lightspeed_sandbox.generate.words import FIRST_NAMES, LAST_NAMES, TOWNS
from lightspeed_sandbox.generate.world import World

_WISHES = ("", "Call before leaving it at the door.", "Leave it with the neighbours.")
_TERMS = ("", "Valid for 30 days.", "Prices as agreed on the phone.")


def quote(world: World, sale: int, employee: int, at: datetime) -> int:
    """Enter the offer that a sale holds; answers its key."""
    number = world.books.key(Quote)
    world.books.add(
        Quote,
        quoteID=number,
        issueDate=stamp(at),
        notes=_TERMS[number % len(_TERMS)],
        archived=nth(number, 4, 3),
        employeeID=employee,
        saleID=sale,
    )
    return number


def parcel(world: World, sale: int, customer: Record | None, at: datetime) -> int:
    """Enter where the goods of a sale go; answers its key."""
    number = world.books.key(ShipTo)
    known = customer or {}
    first = known.get("firstName") or FIRST_NAMES[number % len(FIRST_NAMES)]
    last = known.get("lastName") or LAST_NAMES[number % len(LAST_NAMES)]
    row = world.books.add(
        ShipTo,
        shipToID=number,
        timeStamp=stamp(at),
        shipNote=_WISHES[number % len(_WISHES)],
        firstName=first,
        lastName=last,
        company=known.get("company") or ("Front Desk Ltd." if nth(number, 5) else ""),
        customerID=known.get("customerID") or 0,
        saleID=sale,
        Contact=contact(world.books, at, f"parcel{number}", town=TOWNS[number % len(TOWNS)]),
    )
    world.front.parcels[number] = row
    return number


def shipped(world: World, at: datetime) -> list[Ticket]:
    """The parcels of the days before are sent: their stamp moves, the sale's does not."""
    for row in world.front.parcels.values():
        row.update(shipped=True, timeStamp=stamp(at))
        world.books.put(ShipTo, row)
    world.front.parcels.clear()
    return []


def quoted(world: World, at: datetime) -> list[Ticket]:
    """What somebody still thinks about is offered in writing."""
    waiting = [ticket.sale for ticket in world.open_tickets.values() if not ticket.sale["quoteID"]]
    if waiting:
        sale = world.rng.choice(waiting)
        sale.update(
            quoteID=quote(world, sale["saleID"], sale["employeeID"], at), timeStamp=stamp(at), updateTime=stamp(at)
        )
        world.books.put(Sale, sale)
    return []
