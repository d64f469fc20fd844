"""An account and its copy, compared: all that a client may write, whatever numbers the rows have got."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lightspeed_retail.resources import Field, Part, Resource
from target_lightspeed_retail.options import by_stream
from target_lightspeed_retail.records import pointers
from tests.retailer import plain
from tests.tapping import Message

Rows = dict[type[Resource], dict[int, Message]]
Map = Callable[[type[Resource], int], int | None]
"""The key of a row's copy."""

NOT_SENT = {
    # Stock is written only where the settings say so.
    "qoh",
    # The item itself, in each of its components.
    "assemblyItemID",
    # The numbers of where it was sent to, and of the payment that it gives back: the API finds both itself.
    "shipToID",
    "refPaymentID",
    # Goods are received by those who hold them.
    "numReceived",
    "receivedDate",
    # A sale's quote names the sale; that says enough.
    "quoteID",
    # A layaway becomes one by a request of its own, and is none any more once it is sold.
    "isLayaway",
    "isSpecialOrder",
    "requireFullReservation",
}


def read(messages: Iterable[Message]) -> Rows:
    """The records of a run of the tap, by resource and key; reports are left out."""
    found: Rows = {}
    for message in messages:
        if message["type"] == "RECORD":
            resource = by_stream()[message["stream"]]
            if not resource.api.dimensions and resource.api.key in message["record"]:
                found.setdefault(resource, {})[message["record"][resource.api.key]] = message["record"]
    return found


def written(part: type[Part], root: type[Resource], row: Mapping[str, Any], copied: Map | None) -> Message:
    """What of a row can be written, numbers of other rows as those of their copies.

    Args:
        part: The declaration.
        root: The resource in whose rows it stands.
        row: The row, as the tap says it.
        copied: What became of rows; None for a row that is a copy itself.
    """
    found = {}
    for field in part.fields():
        if field.name in row and _counts(part, root, field):
            found[field.name] = _value(field, part, root, row[field.name], copied)
    settled: Message = plain(found)
    return settled


def _counts(part: type[Part], root: type[Resource], field: Field) -> bool:
    nested = field.nested
    if not field.writable or field.name in NOT_SENT or field.name == part.own_key():
        return False
    if nested is not None and nested.resource is not None and not nested.rides:
        # A copy of a row of another stream.
        return False
    held = {
        f"{each.name[0].lower()}{each.name[1:]}ID" for each in part.fields() if each.nested and not each.nested.many
    }
    return field.name not in held or field.name in pointers(part, root)


def _value(field: Field, part: type[Part], root: type[Resource], value: Any, copied: Map | None) -> Any:
    nested = field.nested
    if nested is None:
        named = pointers(part, root).get(field.name)
        return copied(named, value) if named is not None and value and copied is not None else value
    if nested.part is None or not value:
        return sorted(value or [])
    inner = nested.resource or root
    if not nested.many:
        return written(nested.part, inner, value, copied)
    # Archived payments were replaced by others.
    rows = [written(nested.part, inner, row, copied) for row in value if not row.get("archived")]
    return sorted((row for row in rows if _says_something(row)), key=lambda row: json.dumps(row, default=str))


def _says_something(row: Message) -> bool:
    """A price of nothing stands for no price at all."""
    return row.get("useType") is None or bool(row.get("amount", True))
