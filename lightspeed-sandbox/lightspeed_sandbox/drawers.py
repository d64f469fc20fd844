"""Registers that are opened and closed by requests.

Source: the pages "Register Open" and "Register Close".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from lightspeed_retail.resources.account import Register
from lightspeed_retail.resources.sales import SalePayment
from lightspeed_retail.resources.tills import RegisterCount, RegisterCountAmount, RegisterWithdraw
from lightspeed_retail.wire import Record
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.generate.values import ZERO

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST = 400
_OWNER = 1


def open_register(writer: Writer, key: str, given: Record) -> int:
    """Open a register with money in its drawer; answers the key of that deposit."""
    register = writer.existing(Register, key)
    if register["open"]:
        raise ApiError(_BAD_REQUEST, "The register is open already.")
    if not given.get("paymentTypeID"):
        raise ApiError(_BAD_REQUEST, "paymentTypeID cannot be blank.")
    employee = given.get("employeeID") or _OWNER
    changed = {"open": True, "openTime": writer.now, "openEmployeeID": employee}
    writer.put(Register, register | changed)
    return writer.create(RegisterWithdraw, given | {"employeeID": employee, "registerID": register["registerID"]})


def close_register(writer: Writer, key: str, given: Record, counted: Iterable[Record]) -> int:
    """Close a register; answers the key of the count of its drawer."""
    register = writer.existing(Register, key)
    if not register["open"]:
        raise ApiError(_BAD_REQUEST, "The register is closed already.")
    count = writer.create(
        RegisterCount,
        {
            "openTime": register["openTime"],
            "notes": given.get("notes"),
            "openEmployeeID": register["openEmployeeID"],
            "closeEmployeeID": given.get("closeEmployeeID") or register["openEmployeeID"],
            "registerID": register["registerID"],
        },
    )
    actual = {row.get("paymentTypeID"): row.get("actual") for row in counted}
    for kind, amount in sorted(_taken(writer, register).items()):
        fields = {"calculated": amount, "actual": actual.get(kind) or ZERO, "paymentTypeID": kind}
        writer.create(RegisterCountAmount, fields, registerCountID=count)
    writer.put(Register, register | {"open": False, "openTime": None, "openEmployeeID": 0})
    return count


def _taken(writer: Writer, register: Record) -> dict[int, Decimal]:
    """What came into the drawers of a register since it was opened, by payment type."""
    sums: dict[int, Decimal] = defaultdict(Decimal)
    where = '"registerID" = ? AND "createTime" >= ?'
    place = (register["registerID"], register["openTime"] or "")
    for row in (*writer.select(SalePayment, where, place), *writer.select(RegisterWithdraw, where, place)):
        if not row.get("archived"):
            sums[row["paymentTypeID"]] += row["amount"]
    return dict(sums)
