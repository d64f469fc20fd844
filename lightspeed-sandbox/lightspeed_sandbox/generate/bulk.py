"""Very large accounts, to measure with: many rows that differ in little, made by SQL alone."""

from __future__ import annotations

from decimal import Decimal

from lightspeed_retail.resources import Resource, parts
from lightspeed_retail.resources.items import Image, Item
from lightspeed_retail.resources.stock import InventoryLog
from lightspeed_retail.wire import Record
from lightspeed_sandbox.columns import columns, quoted
from lightspeed_sandbox.generate.values import record
from lightspeed_sandbox.store import Store

_LONG_AGO = "2015-01-01"
_PRICES = (("Default", "19.99"), ("MSRP", "24.99"))


def fill(store: Store, *, items: int = 50_000, images: int = 50_000, logs: int = 1_000_000) -> None:
    """Add rows to a store, behind those that it has; all of them were last changed years ago.

    Args:
        store: Where the rows go.
        items: How many items to add.
        images: How many images, spread over these items.
        logs: How many inventory logs, spread over these items.
    """
    first = store.next_key(Item)
    item = f"{first} + n.i % {max(items, 1)}"
    _add(store, Item, items, _item(), {"createTime": _moment(30), "timeStamp": _moment(60), **_codes(first)})
    picture = {"itemID": item, "filename": "'bulk-' || n.i || '.jpg'", "publicID": "printf('bulk-%08x', n.i)"}
    _add(store, Image, images, _image(), {**picture, "createTime": _moment(60), "timeStamp": _moment(60)})
    move = {"itemID": item, "qohChange": "n.i % 7 - 3", "shopID": "1 + n.i % 3", "createTime": _moment(10)}
    _add(store, InventoryLog, logs, _log(), move)
    store.commit()


def _item() -> Record:
    prices = [
        record(parts.ItemPrice, amount=Decimal(amount), useTypeID=number, useType=use)
        for number, (use, amount) in enumerate(_PRICES, start=1)
    ]
    cost = Decimal("9.5")
    return record(
        Item,
        itemType="default",
        tax=True,
        discountable=True,
        defaultCost=cost,
        avgCost=cost,
        taxClassID=1,
        Prices=prices,
    )


def _codes(first: int) -> dict[str, str]:
    return {
        "description": f"'Bulk item ' || ({first} + n.i)",
        "systemSku": f"CAST(210000000000 + {first} + n.i AS TEXT)",
        "customSku": f"'BULK-' || ({first} + n.i)",
    }


def _image() -> Record:
    return record(Image, description="Front", baseImageURL="https://images.example.com/bulk/", size=48_000)


def _log() -> Record:
    return record(InventoryLog, employeeID=1, reason="Sale", automated=True)


def _moment(seconds: int) -> str:
    """A moment so many seconds after that of the row before."""
    return f"strftime('%Y-%m-%dT%H:%M:%S+00:00', '{_LONG_AGO}', (n.i * {seconds}) || ' seconds')"


def _add(store: Store, resource: type[Resource], count: int, alike: Record, varied: dict[str, str]) -> None:
    """Add rows that are alike but for their keys and some columns, which are SQL over the row's number `n.i`."""
    shape = columns(resource)
    varied = {resource.api.key: f"{store.next_key(resource)} + n.i", **varied}
    row = dict(zip(shape.names, shape.row(alike, complete=True), strict=True))
    constant = {name: value for name, value in row.items() if name not in varied}
    names = ", ".join(map(quoted, (*constant, *varied)))
    values = ", ".join((*("?" for _ in constant), *varied.values()))
    store.query(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "  # noqa: S608  no input
        f'INSERT INTO "{resource.__name__}" ({names}) SELECT {values} FROM n WHERE n.i < ?',
        (count, *constant.values(), count),
    )
