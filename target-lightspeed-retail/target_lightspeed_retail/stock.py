"""Quantities on hand of an item: written only where the settings allow it, and only such as the API takes."""

from __future__ import annotations

from lightspeed_retail.wire import Record

QUANTITY = "qoh"


def writable_shops(shops: list[Record], *, write_stock: bool) -> tuple[list[Record], str | None]:
    """The stock by shop as it may be written, and what was left out of it.

    The row of shop 0 is the sum of all; a quantity below nothing cannot be set (section 6.3 of the API reference).

    Args:
        shops: Rows of an item's `ItemShops`.
        write_stock: Whether quantities may be written.
    """
    own = [row for row in shops if row.get("shopID")]
    if not write_stock:
        return [_without_quantity(row) for row in own], None
    below = [row for row in own if (row.get(QUANTITY) or 0) < 0]
    remark = f"Left out: {len(below)} quantities below zero, which cannot be set." if below else None
    return [_without_quantity(row) if row in below else row for row in own], remark


def _without_quantity(row: Record) -> Record:
    return {name: value for name, value in row.items() if name != QUANTITY}
