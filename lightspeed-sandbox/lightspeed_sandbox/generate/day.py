"""One day of the retailer, from the morning's changes to the evening's accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from lightspeed_retail.resources.account import Employee, Register
from lightspeed_retail.resources.sales import SaleLine, SalePayment
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate import charges, serials, service, special
from lightspeed_sandbox.generate.afterwards import AFTERWARDS
from lightspeed_sandbox.generate.changes import CHANGES, NOVELTIES, customer_came
from lightspeed_sandbox.generate.drawers import mornings_and_evenings
from lightspeed_sandbox.generate.hours import moments, morning, sales_on
from lightspeed_sandbox.generate.papers import Ticket
from lightspeed_sandbox.generate.settings import owner_at_work
from lightspeed_sandbox.generate.trade import checkout, gift_card, layaway, refund, ring_up
from lightspeed_sandbox.generate.values import nth
from lightspeed_sandbox.generate.world import World

Happening = TypeVar("Happening", bound=Callable[[World, datetime], Any])

_SAME_SECOND = 45
_OPENERS = (layaway, refund, checkout, gift_card)
"""The first tickets of a day on which everything happens."""


def live(world: World, start: datetime, newcomers: int) -> None:
    """Let the 24 hours after `start` pass."""
    world.day_start = start
    for change, at in _planned(world, start, CHANGES):
        change(world, at)
    tickets = [ticket for happens, at in _planned(world, start, AFTERWARDS) for ticket in happens(world, at)]
    tickets += _trade(world, start)
    # Who and what is new is sold to, and sold, from the next day on.
    for change, at in _planned(world, start, (*NOVELTIES, *[(customer_came, 1.0)] * newcomers)):
        change(world, at)
    _number(world, tickets)
    mornings_and_evenings(world, start)
    special.note_down(world, tickets)
    serials.sold(world, tickets)
    for ticket in tickets:
        _file(world, ticket)


def _planned(
    world: World, start: datetime, likely: Iterable[tuple[Happening, float]]
) -> list[tuple[Happening, datetime]]:
    """What happens on a day, in its order, so that no stamp goes back."""
    chosen = [happens for happens, chance in likely if world.lively or world.rng.random() < chance]
    return list(zip(chosen, moments(world.rng, start, len(chosen)), strict=True))


def _trade(world: World, start: datetime) -> list[Ticket]:
    if not world.tills or not world.items:
        return []
    when = moments(world.rng, start, sales_on(world.rng, start, world.scale.sales_per_day))
    for number in range(_SAME_SECOND, len(when), _SAME_SECOND):
        when[number] = when[number - 1]
    makers = _OPENERS if world.lively else ()
    return [ring_up(world, at, makers[turn] if turn < len(makers) else None) for turn, at in enumerate(when)]


def _number(world: World, tickets: list[Ticket]) -> None:
    """Give lines and payments their keys, in the order in which they were created."""
    papers = {ticket.sale["saleID"]: ticket for ticket in tickets}
    lines = [line for ticket in papers.values() for line in ticket.lines if not line["saleLineID"]]
    for line in sorted(lines, key=_created):
        line["saleLineID"] = world.books.key(SaleLine)
        world.books.put(SaleLine, line)
    payments = [payment for ticket in papers.values() for payment in ticket.payments if not payment["salePaymentID"]]
    for payment in sorted(payments, key=_created):
        payment["salePaymentID"] = world.books.key(SalePayment)
        _number_parts(payment, papers[payment["saleID"]])
        world.books.put(SalePayment, payment)
        charges.booked(world, payment, papers[payment["saleID"]].sale["shopID"])
        world.front.uncounted.append(payment)


def _number_parts(payment: Record, ticket: Ticket) -> None:
    for account in payment["SaleAccounts"] or ():
        account.update(salePaymentID=payment["salePaymentID"], saleLineID=ticket.lines[0]["saleLineID"])


def _created(row: Record) -> str:
    return str(row["createTime"])


def _file(world: World, ticket: Ticket) -> None:
    sale = ticket.sale
    if ticket.job is not None:
        service.charged(world, ticket, ticket.job, datetime.fromisoformat(sale["completeTime"]))
        ticket.job = None
    if sale["completed"] and sale["calcTotal"] > 0 and ticket.lines and sale["saleID"] not in world.open_tickets:
        world.recent.append(ticket)


def close_up(world: World, now: datetime) -> None:
    """Leave the tills as they are found at a moment: most of them open since the morning."""
    opened = morning(now)
    for row in world.books.store.select(Register):
        is_open = not row["archived"] and not nth(row["registerID"], 4, 3)
        row.update(
            open=is_open,
            openTime=stamp(opened + timedelta(minutes=row["registerID"] % 9)) if is_open else None,
            openEmployeeID=row["shopID"] if is_open else 0,
        )
        world.books.put(Register, row)
    owner_at_work(world)


def remember_last_sales(world: World) -> None:
    """Enter into each employee's row where and what he or she sold last, and since when he or she is at work."""
    last_sale = {ticket.sale["employeeID"]: ticket.sale for ticket in world.recent}
    for row in world.books.store.select(Employee):
        sold, hours = last_sale.get(row["employeeID"]), world.front.on_duty.get(row["employeeID"])
        if sold is not None:
            row.update(lastSaleID=sold["saleID"], lastRegisterID=sold["registerID"], lastShopID=sold["shopID"])
        row["clockInEmployeeHoursID"] = hours["employeeHoursID"] if hours else 0
        world.books.put(Employee, row)
