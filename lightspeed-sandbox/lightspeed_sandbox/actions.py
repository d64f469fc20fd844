"""What is done to a row by a request to a path of its own: refunds, receipts, registers that open.

The declarations say which actions there are; what each of them does is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lightspeed_retail.resources import Action, Resource
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.sales import Sale
from lightspeed_retail.resources.stock import InventoryTransfer, InventoryTransferItem
from lightspeed_retail.resources.tills import RegisterCount, RegisterCountAmount, RegisterWithdraw
from lightspeed_retail.wire import Record, as_list
from lightspeed_sandbox.answers import Answers
from lightspeed_sandbox.bodies import given
from lightspeed_sandbox.drawers import close_register, open_register
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.refunds import refund
from lightspeed_sandbox.rules import moving, people, workshop
from lightspeed_sandbox.store import Key
from lightspeed_sandbox.zones import account_zone

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST, _NOT_FOUND = 400, 404


@dataclass(frozen=True)
class Done:
    """What an action leaves to answer with: a row, or a body of its own.

    Args:
        resource: Whose row.
        key: Its key.
        body: What is answered in its place.
    """

    resource: type[Resource]
    key: Key = 0
    body: Record = field(default_factory=dict)


Fields = Mapping[str, Any]
Act = Callable[["Writer", str, Fields], Done]


def perform(writer: Writer, resource: type[Resource], action: Action, key: str, fields: Fields) -> Done:
    """Do something to the row with a key.

    Raises:
        ApiError: It cannot be done.
    """
    return ACTIONS[resource.__name__, action.name](writer, key, fields)


def _given(writer: Writer, resource: type[Resource], fields: Fields) -> Record:
    return given(resource, fields, account_zone(writer.store.query))


def _anonymize(writer: Writer, key: str, _fields: Fields) -> Done:
    return Done(Customer, people.anonymize(writer, key)["customerID"])


def _refund(writer: Writer, key: str, fields: Fields) -> Done:
    return Done(Sale, refund(writer, key, _given(writer, Sale, fields)))


def _receipt(writer: Writer, key: str, fields: Fields) -> Done:
    writer.existing(Sale, key)
    if not fields.get("emailAddress"):
        raise ApiError(_BAD_REQUEST, "emailAddress cannot be blank.")
    return Done(Sale, key, {"message": f"Receipt emailed to: {fields['emailAddress']}"})


def _open(writer: Writer, key: str, fields: Fields) -> Done:
    return Done(RegisterWithdraw, open_register(writer, key, _given(writer, RegisterWithdraw, fields)))


def _close(writer: Writer, key: str, fields: Fields) -> Done:
    amounts = fields.get("RegisterCountAmounts") or {}
    rows = as_list(amounts.get("RegisterCountAmount") if isinstance(amounts, dict) else amounts)
    counted = [_given(writer, RegisterCountAmount, row) for row in rows]
    return Done(RegisterCount, close_register(writer, key, _given(writer, RegisterCount, fields), counted))


def _checkout(writer: Writer, key: str, _fields: Fields) -> Done:
    sale = workshop.checkout(writer, key)
    return Done(Sale, sale, {"@attributes": {"next": "", "previous": ""}, "Checkout": {"saleID": str(sale)}})


def _add(writer: Writer, key: str, fields: Fields) -> Done:
    rows = [_given(writer, InventoryTransferItem, row) for row in as_list(fields.get("TransferItems"))]
    keys = moving.add(writer, key, rows)
    marks = ", ".join("?" for _ in keys)
    found = Answers(writer.store).rows(InventoryTransferItem, {}, f'"transferItemID" IN ({marks})', keys)
    return Done(InventoryTransferItem, 0, {InventoryTransferItem.envelope(): found})


def _send(writer: Writer, key: str, _fields: Fields) -> Done:
    return Done(InventoryTransfer, moving.send(writer, key))


def _archive(writer: Writer, key: str, _fields: Fields) -> Done:
    return Done(InventoryTransfer, moving.archive(writer, key, archived=True))


def _restore(writer: Writer, key: str, _fields: Fields) -> Done:
    return Done(InventoryTransfer, moving.archive(writer, key, archived=False))


ACTIONS: dict[tuple[str, str], Act] = {
    ("Customer", "anonymize"): _anonymize,
    ("Sale", "refund"): _refund,
    ("Sale", "receipt"): _receipt,
    ("Register", "open"): _open,
    ("Register", "close"): _close,
    ("Workorder", "checkout"): _checkout,
    ("InventoryTransfer", "add"): _add,
    ("InventoryTransfer", "send"): _send,
    ("InventoryTransfer", "archive"): _archive,
    ("InventoryTransfer", "restore"): _restore,
}
"""What each declared action does."""
