"""Store credit of customers, and gift cards: what is paid in is a negative balance, what is owed a positive one."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from lightspeed_retail.resources.customers import CreditAccount, Customer
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.people import open_account
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import ZERO, identifier, nth, record
from lightspeed_sandbox.generate.world import World

_CARDS_AT_FIRST = 12
_WORTH = (Decimal(25), Decimal(50), Decimal(100), Decimal(200))


def found(plan: Founding) -> None:
    """Enter gift cards that were sold before the first day of trade, the last of them used up and archived."""
    for number in range(_CARDS_AT_FIRST):
        row = _gift_card(plan.books, identifier(plan.rng), plan.moment(0.9 + 0.005 * number))
        row["balance"] = -_WORTH[number % len(_WORTH)]
    row.update(balance=ZERO, archived=True, timeStamp=stamp(plan.moment(0.99)))


def _gift_card(books: Books, uuid: str, at: datetime) -> Record:
    number = books.key(CreditAccount)
    return books.put(
        CreditAccount,
        record(
            CreditAccount,
            creditAccountID=number,
            name="Gift Card",
            code=f"GC{number:010d}",
            description="Sold at the till" if nth(number, 2) else "",
            giftCard=True,
            timeStamp=stamp(at),
            giftCardUuid=uuid,
        ),
    )


def sell_card(world: World, at: datetime) -> tuple[Record, Decimal]:
    """A new gift card, still without money on it, and what it shall be worth."""
    row = _gift_card(world.books, identifier(world.rng), at)
    world.front.gift_cards[row["creditAccountID"]] = row
    return row, _WORTH[row["creditAccountID"] % len(_WORTH)]


def card_with_money(world: World) -> Record | None:
    """The oldest gift card that is not used up."""
    return next((row for row in world.front.gift_cards.values() if row["balance"] < ZERO), None)


def account_of(world: World, customer: int, at: datetime) -> int:
    """The credit account of a customer, opened now if there is none: that moves the customer's stamp too."""
    known = next((row for row in world.customers if row["customerID"] == customer), None)
    row = known or world.books.get(Customer, customer)
    if row is None:
        return open_account(world.books, customer, None, at)
    if not row["creditAccountID"]:
        row["creditAccountID"] = open_account(world.books, customer, row["Contact"], at)
        row["timeStamp"] = stamp(at + timedelta(seconds=1))
        world.books.put(Customer, row)
    return int(row["creditAccountID"])


def move(world: World, key: int, amount: Decimal, at: datetime) -> None:
    """Draw an amount from an account, or pay it in where it is negative; a card that is used up may be thrown away."""
    row = world.front.gift_cards.get(key) or world.books.get(CreditAccount, key)
    if row is None:
        return
    row.update(balance=row["balance"] + amount, timeStamp=stamp(at))
    if row["giftCard"]:
        used_up = row["balance"] == ZERO
        row["archived"] = used_up and nth(key, 2)
        _keep(world.front.gift_cards, row, wanted=not used_up)
    world.books.put(CreditAccount, row)


def _keep(cards: dict[int, Record], row: Record, *, wanted: bool) -> None:
    if wanted:
        cards[row["creditAccountID"]] = row
    else:
        cards.pop(row["creditAccountID"], None)
