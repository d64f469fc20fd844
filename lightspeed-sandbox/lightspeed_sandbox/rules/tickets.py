"""Sales, their lines and their payments: what is open can be changed, what is completed cannot.

Source: section 6.4 of the API reference, and the pages of Sale, SaleLine and SalePayment.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from lightspeed_retail.resources.account import Register, TaxCategory
from lightspeed_retail.resources.sales import Sale
from lightspeed_retail.wire import Record
from lightspeed_sandbox.changing import Change, Rule
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.generate.tickets import TICKET_BASE
from lightspeed_sandbox.generate.values import ZERO
from lightspeed_sandbox.rules import completion, lines, paying

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST = 400
_FIXED = ("SaleLines", "SalePayments", "registerID", "shopID", "taxCategoryID", "discountPercent", "completed")
_ONCE = "enablePromotions"


def _before(writer: Writer, change: Change) -> None:
    row, before = change.row, change.before
    row["updateTime"] = writer.now
    if before is not None and before["completed"]:
        _before_completed(writer, change, before)
        return
    if before is None:
        _begin(writer, change)
    else:
        row[_ONCE] = before[_ONCE]
    row["completed"] = False
    row["timeStamp"] = writer.now
    _check_time(writer, row["completeTime"])
    _check_register(writer, row)
    _tax(writer, row)


def _begin(writer: Writer, change: Change) -> None:
    """A new sale has the taxes of its customer, or else of its shop."""
    row = change.row
    row["ticketNumber"] = str(TICKET_BASE + change.key)
    if not change.gives("taxCategoryID"):
        row["taxCategoryID"] = completion.usual_taxes(writer, row["customerID"], row["shopID"])
    if not change.gives("tipEmployeeID"):
        row["tipEmployeeID"] = row["employeeID"]
    if not change.gives("tipEnabled"):
        register = writer.get(Register, row["registerID"])
        row["tipEnabled"] = bool(register and register["tipEnabled"])


def _before_completed(writer: Writer, change: Change, before: Record) -> None:
    """Lines, payments and totals of a completed sale are fixed; the rest can be changed (section 6.4, inferred)."""
    for name in _FIXED:
        if change.given.get(name, before.get(name)) not in (before.get(name), []):
            raise ApiError(_BAD_REQUEST, f"Cannot change {name} of a completed sale.")
    for name in (*_FIXED, _ONCE, "change"):
        change.given.pop(name, None)
        if name in before:
            change.row[name] = before[name]
    if change.gives("completeTime"):
        _check_time(writer, change.row["completeTime"])
        change.row["completeTime"] = change.row["completeTime"] or before["completeTime"]
        change.row["timeStamp"] = change.row["completeTime"]


def _check_time(writer: Writer, moment: str | None) -> None:
    """A sale can be completed in the past, not in the future (page of Sale)."""
    if moment is not None and datetime.fromisoformat(moment) > writer.at:
        raise ApiError(_BAD_REQUEST, "completeTime cannot be in the future.")


def _check_register(writer: Writer, row: Record) -> None:
    """Nothing is sold at a register that is closed (the reference is silent; chosen)."""
    register = writer.get(Register, row["registerID"])
    if register is not None and (register["archived"] or not register["open"]):
        state = "archived" if register["archived"] else "closed"
        raise ApiError(_BAD_REQUEST, f"The register {register['registerID']} is {state}.")


def _tax(writer: Writer, row: Record) -> None:
    taxes = writer.get(TaxCategory, row["taxCategoryID"])
    row["tax1Rate"] = taxes["tax1Rate"] if taxes else ZERO
    row["tax2Rate"] = taxes["tax2Rate"] if taxes else ZERO
    row["isTaxInclusive"] = bool(taxes and taxes["isTaxInclusive"])


def _after(writer: Writer, change: Change) -> None:
    """Add up what has been written; complete the sale if that is asked for and it is in balance."""
    before = change.before
    if before is not None and before["completed"]:
        return
    if before is not None and any(change.row[name] != before[name] for name in ("taxCategoryID", "discountPercent")):
        lines.work_out_all(writer, change.key)
    sale = completion.settle(writer, change.key)
    moment, sale["completeTime"] = sale["completeTime"], None
    writer.put(Sale, sale)
    if change.given.get("completed"):
        completion.complete(writer, sale, moment or writer.now)


def _removing(_writer: Writer, row: Record) -> None:
    if row["completed"]:
        raise ApiError(_BAD_REQUEST, "A completed sale cannot be archived.")


def _removed(writer: Writer, row: Record) -> None:
    writer.put(Sale, row | {"timeStamp": row["updateTime"]})


RULES = {
    "Sale": Rule(before=_before, after=_after, removing=_removing, removed=_removed),
    **lines.RULES,
    **paying.RULES,
}
