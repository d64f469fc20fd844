"""What vendors offer in their catalogs, whether or not the retailer has it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.receiving import CatalogVendorItem
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.goods import in_catalog
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import ZERO, cents, nth, price, record
from lightspeed_sandbox.generate.words import COLORS, MODELS, SIZES, VENDORS
from lightspeed_sandbox.generate.world import World

_CATALOG_BASE = 1200
_UNUSED = 9_000_000
_UNUSED_COUNT = 40
_GOODS = ("Rack", "Mirror", "Bell", "Kickstand", "Pannier")


def found(plan: Founding) -> None:
    """Enter the articles that items were made from, and some that nobody has ordered yet."""
    for row in plan.books.entered(Item):
        offer(plan.books, row)
    for number in range(1, _UNUSED_COUNT + 1):
        _unused(plan, number)


def offer(books: Books, item: Record) -> None:
    """Enter the article of the catalog that an item was made from, if it was."""
    key = in_catalog(item["itemID"])
    if key and item["Prices"] and item["defaultVendorID"]:
        since = datetime.fromisoformat(item["createTime"])
        _enter(
            books,
            key,
            item["defaultVendorID"],
            item["defaultCost"],
            since,
            description=item["description"],
            msrp=item["Prices"][-1]["amount"],
            upc=item["upc"],
            ean=item["ean"],
            manufacturerNumber=item["manufacturerSku"],
        )


def _unused(plan: Founding, number: int) -> None:
    cost = price(plan.rng, 5, 90)
    vendor = 1 + number % (len(VENDORS) - 1)
    _enter(
        plan.books,
        _UNUSED + number,
        vendor,
        cost,
        plan.moment(0.02 * number),
        description=f"{MODELS[number % len(MODELS)]} {_GOODS[number % len(_GOODS)]}",
        msrp=cost * 2,
        colorName=COLORS[number % len(COLORS)],
        sizeName=SIZES[number % len(SIZES)],
        archived=nth(number, 13),
        lastQoh=number * 3,
    )


def _enter(books: Books, key: int, vendor: int, cost: Decimal, at: datetime, **fields: Any) -> None:
    row = record(
        CatalogVendorItem,
        catalogVendorItemID=key,
        vendorNumber=f"VN-{vendor:02d}-{key:05d}",
        category="Parts & Accessories",
        brand=VENDORS[vendor - 1].partition(" ")[0],
        retailUnit=1,
        cost=cost,
        timeStamp=stamp(at),
        catalogVendorID=_CATALOG_BASE + vendor,
        catalogMasterID=key + 1 if nth(key, 5) else 0,
        lastPriceChange=at.date().isoformat() if not nth(key, 3) else None,
        CatalogVendor=_catalog(vendor, at),
        CatalogVendorAvailability=[f"Warehouse {vendor}", "Central depot"][: key % 3],
    )
    books.put(CatalogVendorItem, {**row, **_terms(key, cost), **_history(key), **fields})


def _catalog(vendor: int, at: datetime) -> Record:
    return record(
        parts.CatalogVendor,
        catalogVendorID=_CATALOG_BASE + vendor,
        name=VENDORS[vendor - 1],
        lastUpdate=stamp(at + timedelta(days=1)),
    )


def _terms(key: int, cost: Decimal) -> Record:
    levels = [cents(cost * Decimal(share) / 100) for share in (95, 90, 85)] if nth(key, 2) else [ZERO] * 3
    breaks = [cents(cost * Decimal(share) / 100) for share in (93, 88, 80)] if nth(key, 4) else [ZERO] * 3
    quantities = (6, 12, 48) if nth(key, 4) else (0, 0, 0)
    return {
        **dict(zip(("costLevel2", "costLevel3", "costLevel4"), levels, strict=True)),
        **dict(zip(("breakPrice", "breakPrice2", "breakPrice3"), breaks, strict=True)),
        **dict(zip(("breakQty", "breakQty2", "breakQty3"), quantities, strict=True)),
    }


def _history(key: int) -> Record:
    replaced = nth(key, 7)
    return {
        "model": str(2019 + key % 6) if nth(key, 3) else "",
        "year": str(2019 + key % 6) if nth(key, 3) else "",
        "unitOfMeasurement": ("pair", "box")[key // 4 % 2] if nth(key, 4, 3) else "",
        "ean2": f"0{5_000_000_000_000 + key}"[:13] if nth(key, 6) else "",
        "status": "Discontinued" if replaced else "Active",
        "replacement": f"VN-R-{key:05d}" if replaced else "",
        "replacementDescription": "Same fit, lighter frame" if replaced else "",
    }


def repriced(world: World, at: datetime) -> None:
    """A vendor changes the price of an article."""
    row = world.books.get(CatalogVendorItem, _UNUSED + world.rng.randint(1, _UNUSED_COUNT))
    if row is not None:
        cost = cents(row["cost"] * Decimal("1.04"))
        row.update(cost=cost, msrp=cost * 2, lastPriceChange=at.date().isoformat(), timeStamp=stamp(at))
        world.books.put(CatalogVendorItem, row)
