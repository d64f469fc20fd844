"""Payments, which are written along with their sale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightspeed_retail.resources.account import PaymentType
from lightspeed_retail.resources.sales import Sale
from lightspeed_sandbox.changing import Change, Rule
from lightspeed_sandbox.errors import ApiError

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST = 400
_ON_CREDIT = ("credit account", "gift card")


def _before(writer: Writer, change: Change) -> None:
    """Refuse what the till would refuse: no such way to pay, nobody or no account to charge."""
    row = change.row
    sale = writer.existing(Sale, row["saleID"])
    if change.before is None:
        for name in ("registerID", "employeeID"):
            row[name] = row[name] or sale[name]
    kind = writer.get(PaymentType, row["paymentTypeID"])
    if kind is None:
        raise ApiError(_BAD_REQUEST, "Invalid foreign keys for PaymentType.")
    if change.before is None and kind["archived"]:
        raise ApiError(_BAD_REQUEST, f"The payment type {kind['paymentTypeID']} is archived.")
    if kind["requireCustomer"] and not sale["customerID"]:
        raise ApiError(_BAD_REQUEST, f"The payment type {kind['paymentTypeID']} needs a customer.")
    if kind["type"] in _ON_CREDIT and not row["creditAccountID"]:
        raise ApiError(_BAD_REQUEST, f"The payment type {kind['paymentTypeID']} needs a creditAccountID.")


RULES = {"SalePayment": Rule(before=_before)}
