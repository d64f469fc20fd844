"""How tickets are paid: in cash with change, by card with a tip, in parts, on account, with gift cards."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import Any

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.sales import SalePayment
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate import charges, credit
from lightspeed_sandbox.generate.papers import Ticket
from lightspeed_sandbox.generate.tickets import balance
from lightspeed_sandbox.generate.values import ZERO, cents, nth, record
from lightspeed_sandbox.generate.world import World

_BANKNOTES = Decimal(20)
_CARDS = ("Credit Card", "Debit Card")
_USUAL = ("Credit Card", "Debit Card", "Cash", "Check")
_HOW_OFTEN = (52, 22, 25, 1)
_ON_CREDIT = ("Gift Card", "Credit Account")
_TIP = Decimal("0.15")


def settle(world: World, ticket: Ticket, at: datetime) -> None:
    """Pay what is owed, in one of many ways."""
    sale = ticket.sale
    owed: Decimal = sale["balance"]
    if owed <= ZERO:
        return
    number = sale["saleID"]
    if nth(number, 41):
        replaced = pay(world, ticket, "Credit Card", owed, at)
        replaced["archived"] = True
        charges.cancel(world, replaced, at)
    if nth(number, 29, 3):
        half = cents(owed / 2)
        pay(world, ticket, "Cash", half, at)
        owed -= half
    _pay_rest(world, ticket, owed, at)
    balance(ticket)


def _pay_rest(world: World, ticket: Ticket, owed: Decimal, at: datetime) -> None:
    number = ticket.sale["saleID"]
    card = credit.card_with_money(world) if nth(number, 26, 9) else None
    if card is not None:
        owed -= _draw(world, ticket, card, owed, at)
    if owed > ZERO:
        _pay_in_full(world, ticket, owed, at)


def _draw(world: World, ticket: Ticket, card: Record, owed: Decimal, at: datetime) -> Decimal:
    """Take what is owed from a gift card, or what is left on it."""
    drawn: Decimal = min(owed, -card["balance"])
    pay(world, ticket, "Gift Card", drawn, at, creditAccountID=card["creditAccountID"])
    return drawn


def _pay_in_full(world: World, ticket: Ticket, owed: Decimal, at: datetime) -> None:
    number = ticket.sale["saleID"]
    if ticket.sale["referenceNumberSource"]:
        name = "eCommerce"
    elif nth(number, 53, 21) and ticket.sale["customerID"]:
        name = "Credit Account"
    else:
        name = world.rng.choices(_USUAL, weights=_HOW_OFTEN)[0]
    payment = pay(world, ticket, name, owed, at)
    if name == "Cash" and not nth(number, 4):
        ticket.sale["change"] = (owed / _BANKNOTES).to_integral_value(ROUND_UP) * _BANKNOTES - owed
    if name in _CARDS and ticket.sale["tipEnabled"] and nth(number, 3):
        payment["tipAmount"] = cents(owed * _TIP)
        ticket.sale["tipEmployeeID"] = ticket.sale["employeeID"]


def pay(world: World, ticket: Ticket, name: str, amount: Decimal, at: datetime, **fields: Any) -> Record:
    """Enter a payment; it gets its key when the day is settled."""
    sale = ticket.sale
    payment = record(
        SalePayment,
        amount=amount,
        createTime=stamp(at),
        saleID=sale["saleID"],
        paymentTypeID=world.payment_types.get(name, 1),
        registerID=sale["registerID"],
        employeeID=sale["employeeID"],
        **fields,
    )
    if name in _CARDS:
        _by_card(world, payment, at, debit=name == "Debit Card")
    if name in _ON_CREDIT:
        _on_credit(world, payment, sale, at)
    if sale["referenceNumberSource"]:
        payment["remoteReference"] = f"{sale['referenceNumber']}/1"
    ticket.payments.append(payment)
    return payment


def _by_card(world: World, payment: Record, at: datetime, *, debit: bool) -> None:
    if payment["ccChargeID"]:
        charges.refund(world, payment, at)
    elif payment["amount"] > ZERO:
        charges.charge(world, payment, at, debit=debit)


def _on_credit(world: World, payment: Record, sale: Record, at: datetime) -> None:
    """Draw on an account, or pay into it; for what is paid in, the API keeps which line it was sold with."""
    if not payment["creditAccountID"]:
        payment["creditAccountID"] = credit.account_of(world, sale["customerID"], at)
    if payment["amount"] < ZERO:
        key = world.books.part_key("saleAccount")
        account = record(parts.SaleAccount, saleAccountID=key, creditAccountID=payment["creditAccountID"])
        payment["SaleAccounts"] = [account]
    credit.move(world, payment["creditAccountID"], payment["amount"], at)
