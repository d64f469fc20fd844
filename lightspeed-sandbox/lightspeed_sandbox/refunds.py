"""Taking back what was sold, wholly or in part.

Source: the page "Sale Refund" and the tutorial "Sales".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_retail.wire import Record
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.rules.completion import lines_of, payments_of

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST = 400
_KEPT = ("customerID", "taxCategoryID", "discountPercent")


def refund(writer: Writer, key: str, given: Record) -> int:
    """Make a sale that takes another one back; answers its key.

    Raises:
        ApiError: There is nothing to take back, or it cannot be paid out like that.
    """
    original = _sale(writer, key)
    payments = given.pop("SalePayments", [])
    if not original["completed"]:
        raise ApiError(_BAD_REQUEST, "Only a completed sale can be refunded.")
    if not payments:
        raise ApiError(_BAD_REQUEST, "A refund needs a SalePayment with a paymentTypeID.")
    completed = given.pop("completed", True)
    lines = given.get("SaleLines") or _all_lines(writer, original)
    if not lines:
        raise ApiError(_BAD_REQUEST, "The sale has been refunded already.")
    number = writer.create(Sale, {name: original[name] for name in _KEPT} | given | {"SaleLines": lines})
    paid = _paid_out(writer, original, payments, writer.existing(Sale, number)["balance"])
    return writer.update(Sale, number, {"SalePayments": paid, "completed": completed})


def _sale(writer: Writer, key: str) -> Record:
    """A sale by its id or by its ticket number."""
    found = writer.select(Sale, '"ticketNumber" = ?', (key,), limit=1)
    return found[0] if found else writer.existing(Sale, key)


def _all_lines(writer: Writer, original: Record) -> list[Record]:
    """What is left of every line of a sale."""
    rows = []
    for line in lines_of(writer, original["saleID"]):
        back = writer.select(SaleLine, '"parentSaleLineID" = ?', (line["saleLineID"],))
        left = line["unitQuantity"] + sum(row["unitQuantity"] for row in back)
        if left > 0:
            rows.append({"parentSaleLineID": line["saleLineID"], "unitQuantity": -left})
    return rows


def _paid_out(writer: Writer, original: Record, payments: list[Record], owed: object) -> list[Record]:
    """A payment without an amount pays out all; one of the same kind as before refers to that."""
    before = {row["paymentTypeID"]: row for row in payments_of(writer, original["saleID"]) if not row["archived"]}
    rows = []
    for payment in payments:
        first = before.get(payment.get("paymentTypeID", 0), {})
        usual = {name: first[name] for name in ("creditAccountID",) if first.get(name)}
        reference = {"refPaymentID": first["salePaymentID"]} if first else {}
        rows.append({"amount": owed} | usual | reference | payment)
    return rows
