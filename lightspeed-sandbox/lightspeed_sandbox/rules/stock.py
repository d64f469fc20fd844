"""The stock of an item in a shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightspeed_retail.resources.items import ItemShop
from lightspeed_sandbox import shelves
from lightspeed_sandbox.changing import Change, Rule
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.generate import logbook
from lightspeed_sandbox.shelves import Move

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST = 400
_OWNER = 1


def _before(_writer: Writer, change: Change) -> None:
    """Refuse stock that cannot be (section 6.3): of no known shop, of all shops together, less than nothing."""
    before, row = change.before, change.row
    if before is None:
        raise ApiError(_BAD_REQUEST, "An ItemShop needs an itemShopID, or the shopID of a shop.")
    if (row["itemID"], row["shopID"]) != (before["itemID"], before["shopID"]):
        raise ApiError(_BAD_REQUEST, "An ItemShop stays with its item and its shop.")
    if row["qoh"] != before["qoh"] and not row["shopID"]:
        raise ApiError(_BAD_REQUEST, "The stock of all shops together cannot be set.")
    if row["qoh"] != before["qoh"] and row["qoh"] < 0:
        raise ApiError(_BAD_REQUEST, "qoh cannot be negative.")


def _after(writer: Writer, change: Change) -> None:
    """What was counted differently moves the stock, with an entry in the log."""
    before, row = change.before, change.row
    if before is None or row["qoh"] == before["qoh"]:
        shelves.move(writer, [Move(row["itemID"], row["shopID"], {"reorderPoint": 0})] if row["shopID"] else [])
        return
    more = row["qoh"] - before["qoh"]
    writer.put(ItemShop, row | {"qoh": before["qoh"]})
    shelves.move(writer, [Move(row["itemID"], row["shopID"], {"qoh": more}, logbook.adjusted(_OWNER))])


RULES = {"ItemShop": Rule(before=_before, after=_after)}
