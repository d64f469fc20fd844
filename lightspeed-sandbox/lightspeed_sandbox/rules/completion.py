"""What completing a sale takes, and what it brings about.

Source: section 6.4 of the API reference; the tutorials "Sales", "Gift cards" and "Credit accounts".
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from lightspeed_retail.encoding import scalar_to_wire
from lightspeed_retail.resources.account import PaymentType, Shop, TaxCategory, TaxClass
from lightspeed_retail.resources.customers import CreditAccount, Customer
from lightspeed_retail.resources.sales import Sale, SaleLine, SalePayment
from lightspeed_retail.wire import Record
from lightspeed_sandbox import shelves, totals
from lightspeed_sandbox.errors import OutOfBalanceError
from lightspeed_sandbox.generate import logbook
from lightspeed_sandbox.generate.values import ZERO
from lightspeed_sandbox.shelves import Move

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_CASH = "cash"


def usual_taxes(writer: Writer, customer: int, shop: int) -> int:
    """The tax category of a sale that names none: that of its customer, or else of its shop."""
    buyer, place = writer.get(Customer, customer), writer.get(Shop, shop)
    return int((buyer or {}).get("taxCategoryID") or (place or {}).get("taxCategoryID") or 0)


def lines_of(writer: Writer, sale: int) -> list[Record]:
    """The lines of a sale."""
    return writer.select(SaleLine, '"saleID" = ?', (sale,))


def payments_of(writer: Writer, sale: int) -> list[Record]:
    """The payments of a sale, replaced ones among them."""
    return writer.select(SalePayment, '"saleID" = ?', (sale,))


def settle(writer: Writer, key: int) -> Record:
    """Add a sale up and store it."""
    sale = writer.existing(Sale, key)
    classes = {row["taxClassID"]: row["name"] for row in writer.select(TaxClass)}
    totals.add_up(sale, lines_of(writer, key), classes, writer.get(TaxCategory, sale["taxCategoryID"]))
    totals.balance(sale, payments_of(writer, key), _kinds(writer))
    writer.put(Sale, sale)
    return sale


def _kinds(writer: Writer) -> dict[int, str]:
    return {row["paymentTypeID"]: row["type"] for row in writer.select(PaymentType)}


def complete(writer: Writer, sale: Record, moment: str) -> None:
    """Complete a sale that is in balance; another one stays open.

    Args:
        writer: Who writes.
        sale: The sale, added up.
        moment: When it counts as completed.

    Raises:
        OutOfBalanceError: Its payments are not what it costs.
    """
    _give_change(writer, sale)
    sale |= {"completed": True, "completeTime": moment, "timeStamp": moment, "updateTime": writer.now}
    writer.put(Sale, sale)
    _hand_over(writer, sale)
    _draw(writer, sale)


def _give_change(writer: Writer, sale: Record) -> None:
    """What is paid too much in cash is given back: the payment is kept as what was due (tutorial "Sales")."""
    over = -sale["balance"]
    if over == ZERO:
        return
    if sale["calcTotal"] < ZERO:
        reason = "Refunds are insufficient." if over > ZERO else "Refunds are greater than the total."
        raise _out_of_balance(sale, reason)
    cash = _cash(writer, sale) if over > ZERO else []
    if over < ZERO:
        raise _out_of_balance(sale, "Payments are insufficient.")
    if sum((payment["amount"] for payment in cash), ZERO) < over:
        raise _out_of_balance(sale, "Non-cash payments are greater than the total.")
    _reduce(writer, cash, over)
    sale |= settle(writer, sale["saleID"]) | {"change": over}


def _reduce(writer: Writer, cash: list[Record], over: Decimal) -> None:
    for payment in cash:
        back = min(over, payment["amount"])
        writer.put(SalePayment, payment | {"amount": payment["amount"] - back})
        over -= back


def _cash(writer: Writer, sale: Record) -> list[Record]:
    kinds = _kinds(writer)
    rows = payments_of(writer, sale["saleID"])
    return [
        row for row in rows if not row["archived"] and row["amount"] > ZERO and kinds[row["paymentTypeID"]] == _CASH
    ]


def _out_of_balance(sale: Record, reason: str) -> OutOfBalanceError:
    return OutOfBalanceError(reason, sale["saleID"], scalar_to_wire(sale["balance"]))


def _hand_over(writer: Writer, sale: Record) -> None:
    """Goods leave the shop, or come back; what was laid away for the customer no longer is."""
    moves = []
    for line in lines_of(writer, sale["saleID"]):
        quantities = {"qoh": -line["unitQuantity"]}
        if line["isLayaway"]:
            quantities["onLayaway"] = -line["unitQuantity"]
        if line["isSpecialOrder"]:
            quantities["onSpecialOrder"] = -line["unitQuantity"]
        cause = logbook.sold(line | {"customerID": sale["customerID"]})
        moves.append(Move(line["itemID"], line["shopID"] or sale["shopID"], quantities, cause))
    shelves.move(writer, moves)


def _draw(writer: Writer, sale: Record) -> None:
    """Draw on credit accounts and gift cards, or pay into them: what is paid in is a negative balance."""
    for payment in payments_of(writer, sale["saleID"]):
        account = None if payment["archived"] else writer.get(CreditAccount, payment["creditAccountID"])
        if account is not None:
            balance = account["balance"] + payment["amount"]
            writer.put(CreditAccount, account | {"balance": balance, "timeStamp": writer.now})
