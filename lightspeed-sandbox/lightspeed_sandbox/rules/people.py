"""Customers, and what they have put down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightspeed_retail.resources import FieldType
from lightspeed_retail.resources.customers import CreditAccount, Customer
from lightspeed_retail.resources.parts import Contact
from lightspeed_retail.wire import Record
from lightspeed_sandbox.changing import Change, Rule
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.rules.catalog import tag

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST = 400
_CODE_LENGTHS = range(8, 33)


def _archived(writer: Writer, row: Record) -> None:
    """The credit account of a customer is archived along (page of Customer)."""
    account = writer.get(CreditAccount, row["creditAccountID"])
    if account is not None:
        writer.put(CreditAccount, account | {"archived": True, "timeStamp": writer.now})


def _credit(writer: Writer, change: Change) -> None:
    """A POST makes gift cards; customers get their account along with themselves (page of CreditAccount)."""
    if change.before is not None or change.nested:
        if change.before is None:
            owner = writer.existing(Customer, change.row["customerID"])
            change.row["Contact"] = owner["Contact"]
        return
    if len(change.row["code"] or "") not in _CODE_LENGTHS:
        raise ApiError(_BAD_REQUEST, "The code of a gift card must be 8 to 32 characters long.")
    change.row["giftCard"] = True


def anonymize(writer: Writer, key: str) -> Record:
    """Archive a customer and clear what tells who it was; notes and custom fields stay (page of Customer)."""
    row = writer.delete(Customer, key)
    number = row["customerID"]
    blank = dict.fromkeys(("title", "company", "companyRegistrationNumber", "vatNumber"), "")
    contact = row["Contact"] or {}
    if contact:
        emptied: Record = {field.name: [] for field in Contact.fields() if field.type is FieldType.LIST}
        contact = {**contact, **emptied, "custom": "", "timeStamp": writer.now}
    row |= {**blank, "firstName": "Customer", "lastName": f"[{number}]", "dob": None, "Contact": contact or None}
    writer.put(Customer, row)
    account = writer.get(CreditAccount, row["creditAccountID"])
    if account is not None:
        writer.put(CreditAccount, account | {"name": f"Customer [{number}]", "Contact": contact or None})
    return row


RULES = {"Customer": Rule(before=tag, removed=_archived), "CreditAccount": Rule(before=_credit)}
