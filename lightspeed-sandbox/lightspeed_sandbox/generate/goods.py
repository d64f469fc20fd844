"""Items: by themselves, in matrices, in boxes, as services; with prices, pictures and vendors' numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from random import Random
from typing import Any

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.items import Category, Image, Item, ItemMatrix
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.catalog import ATTRIBUTE_SETS, department_of
from lightspeed_sandbox.generate.people import custom_value, note
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import ZERO, cents, identifier, nth, price, record
from lightspeed_sandbox.generate.words import (
    COLORS,
    COUNTRY_FIELD,
    ITEM_TAGS,
    MANUFACTURERS,
    MODELS,
    SERVICES,
    SIZES,
    VENDORS,
    Department,
)

ITEM_CLASS, LABOR_CLASS, FOOD_CLASS = 1, 2, 3
SKU_BASE = 210_000_000_000

_VALUES = {"Color": COLORS[:3], "Size": SIZES[:4], "Width": ("Regular", "Wide")}
_SHARE_IN_MATRICES = 0.4
_SHARE_EDITED = 0.2
_UNTAXED_DEPARTMENT = "Nutrition"


@dataclass(frozen=True)
class Kind:
    """What several items have in common.

    Args:
        department: Branch of the tree.
        category: Key of the category.
        description: What it says on the label.
        price: Default price.
        vendor: Key of the vendor.
        maker: Key of the manufacturer.
        matrix: Key of the matrix, or 0.
    """

    department: Department
    category: int
    description: str
    price: Decimal
    vendor: int
    maker: int
    matrix: int = 0


def found(plan: Founding) -> None:
    """Enter all items, those in matrices among them."""
    leaves = _leaves(plan)
    in_matrices = int(plan.scale.items * _SHARE_IN_MATRICES)
    alone = plan.scale.items - in_matrices - len(SERVICES)
    for number in range(alone):
        department, category = leaves[number % len(leaves)]
        item(plan.books, plan.rng, kind(plan.rng, department, category), _created(plan, number, alone))
    _matrices(plan, in_matrices)
    for name, fee, minutes in SERVICES:
        service(plan, name, fee, minutes)


def _leaves(plan: Founding) -> list[tuple[Department, int]]:
    """Categories for goods, the departments taking turns."""
    rows = [row for row in plan.books.entered(Category) if row["rightNode"] == row["leftNode"] + 1]
    placed = [(department, row["categoryID"]) for row in rows if (department := department_of(row))]
    plan.rng.shuffle(placed)
    return placed


def _created(plan: Founding, number: int, count: int) -> datetime:
    """The first items came in one import, several a second; the others one by one."""
    if number < count // 3:
        return plan.founded + timedelta(days=1, seconds=number // 2)
    return plan.moment(0.9 * number / count, 0.05)


def kind(rng: Random, department: Department, category: int) -> Kind:
    """Something to sell in a category."""
    maker = rng.randrange(len(MANUFACTURERS))
    goods = f"{MANUFACTURERS[maker]} {rng.choice(MODELS)} {rng.randint(1, 9)}00 {rng.choice(department.goods)}"
    vendor = 1 + rng.randrange(len(VENDORS) - 1)
    return Kind(department, category, goods, price(rng, *department.prices), vendor, maker + 1)


def item(books: Books, rng: Random, of: Kind, at: datetime, **fields: Any) -> Record:
    """Enter an item."""
    number = books.key(Item)
    cost = cents(of.price * Decimal(rng.randint(42, 68)) / 100)
    row = books.add(
        Item,
        itemID=number,
        systemSku=str(SKU_BASE + number),
        defaultCost=cost,
        avgCost=cost * Decimal("0.9875425") if nth(number, 3) else cost,
        discountable=not nth(number, 30),
        tax=True,
        itemType="serialized" if of.department.name == "Bikes" else "default",
        serialized=of.department.name == "Bikes",
        description=of.description,
        createTime=stamp(at),
        timeStamp=stamp(at),
        publishToEcom=nth(number, 3),
        categoryID=of.category,
        taxClassID=FOOD_CLASS if of.department.name == _UNTAXED_DEPARTMENT else ITEM_CLASS,
        itemMatrixID=of.matrix,
        manufacturerID=of.maker,
        defaultVendorID=of.vendor,
        Prices=prices(of.price, cents(of.price * Decimal("1.15"))),
        ItemVendorNums=_vendor_numbers(books, number, of, cost, at),
    )
    row.update(_codes(number), **_old_fields(number), **_extras(books, rng, number, at))
    row.update(fields)
    _images(books, rng, row, at)
    return row


def prices(default: Decimal, msrp: Decimal) -> list[Record]:
    """The prices of an item at each level."""
    return [
        record(parts.ItemPrice, amount=default, useTypeID=1, useType="Default"),
        record(parts.ItemPrice, amount=msrp, useTypeID=2, useType="MSRP"),
    ]


def _codes(number: int) -> Record:
    body = f"0{4_000_000_000 + number:010d}"
    odd, even = (sum(int(digit) for digit in body[start::2]) for start in (0, 1))
    upc = f"{body}{-(3 * odd + even) % 10}"
    return {
        "upc": upc if not nth(number, 4, 2) else "",
        "ean": f"0{upc}" if nth(number, 6) else "",
        "customSku": f"CC-{number:05d}" if not nth(number, 5, 3) else "",
        "manufacturerSku": f"MF/{number:05d}-A" if nth(number, 2) else "",
    }


def _old_fields(number: int) -> Record:
    return {
        "modelYear": 2019 + number % 8 if nth(number, 7) else 0,
        "departmentID": 1 + number % 5 if nth(number, 20) else 0,
        "seasonID": 1 + number % 4 if nth(number, 25) else 0,
    }


def _vendor_numbers(books: Books, number: int, of: Kind, cost: Decimal, at: datetime) -> list[Record]:
    vendors = [of.vendor] if not nth(number, 8) else [of.vendor, 1 + of.vendor % (len(VENDORS) - 1)]
    return [
        record(
            parts.ItemVendorNum,
            itemVendorNumID=books.part_key("itemVendorNum"),
            value=f"VN-{vendor:02d}-{number:05d}",
            itemID=number,
            vendorID=vendor,
            timeStamp=stamp(at),
            cost=cost,
            b2bCatalogUUID=f"00000000-0000-4000-8000-{number:012d}" if nth(number, 9) else "",
            catalogVendorItemID=in_catalog(number),
        )
        for vendor in vendors
    ]


def in_catalog(number: int) -> int:
    """Key of the article in a vendor's catalog that an item was made from, or 0."""
    return number + 5000 if nth(number, 9) else 0


def _extras(books: Books, rng: Random, number: int, at: datetime) -> Record:
    extras: Record = {"Tags": [], "ItemUUID": record(parts.ItemUUID, productUUID=identifier(rng))}
    if nth(number, 10):
        written = note(books, f'Size chart for item {number}: see "fit guide".', at, public=nth(number, 20))
        extras |= {"noteID": written["noteID"], "Note": written}
    if nth(number, 5):
        extras |= _tagged(number)
    if nth(number, 12):
        extras["CustomFieldValues"] = [custom_value(books, COUNTRY_FIELD, "Portugal", at)]
    if nth(number, 3):
        ecommerce = _ecommerce(books, number)
        extras |= {"itemECommerceID": ecommerce["itemECommerceID"], "ItemECommerce": ecommerce}
    return extras


def _tagged(number: int) -> Record:
    """The tags of an item, by name and by key: they were the first to be entered, in their order."""
    places = [(number + n) % len(ITEM_TAGS) for n in range(1 + number % 2)]
    relations = [record(parts.TagRelation, tagID=place + 1) for place in places]
    return {"Tags": [ITEM_TAGS[place] for place in places], "TagRelations": relations}


def _ecommerce(books: Books, number: int) -> Record:
    return record(
        parts.ItemECommerce,
        itemECommerceID=books.part_key("itemECommerce"),
        longDescription=f"<p>A favorite for long days out.</p>\n<p>Style {number}</p>",
        shortDescription="A favorite for long days out.",
        weight=Decimal(200 + number % 900) / 1000,
        width=Decimal(100 + number % 40) / 10,
        height=Decimal(50 + number % 30) / 10,
        length=Decimal(300 + number % 70) / 10,
        listOnStore=nth(number, 2),
    )


def _images(books: Books, rng: Random, row: Record, at: datetime) -> None:
    number = row["itemID"]
    for ordering in range(number % 3):
        image(books, rng, at + timedelta(minutes=ordering), ordering, itemID=number, itemMatrixID=row["itemMatrixID"])


def image(books: Books, rng: Random, at: datetime, ordering: int, **owner: int) -> Record:
    """Enter a picture of an item or a matrix."""
    number = books.key(Image)
    return books.add(
        Image,
        imageID=number,
        description=f"View {ordering + 1}",
        filename=f"image-{number}.jpg",
        originalFilename=f"IMG_{number:04d}.JPG",
        ordering=ordering,
        publicID=f"sandbox/image-{number}",
        baseImageURL="https://images.example.com/upload/",
        size=rng.randint(40_000, 900_000),
        createTime=stamp(at),
        timeStamp=stamp(at),
        **owner,
    )


def _matrices(plan: Founding, count: int) -> None:
    varied = _taking_turns([(department, category) for department, category in _leaves(plan) if department.variants])
    entered = turn = 0
    while entered < count:
        department, category = varied[turn % len(varied)]
        combinations = list(_combinations(department))[: count - entered]
        _matrix(plan, kind(plan.rng, department, category), combinations, plan.moment(0.9 * entered / count))
        entered += len(combinations)
        turn += 1


def _taking_turns(placed: list[tuple[Department, int]]) -> list[tuple[Department, int]]:
    """One category of each department after the other, those with the most attributes first."""
    placed = sorted(placed, key=lambda place: len(place[0].variants), reverse=True)
    seen: Counter[str] = Counter()
    turns: list[tuple[int, tuple[Department, int]]] = []
    for place in placed:
        turns.append((seen[place[0].name], place))
        seen[place[0].name] += 1
    return [place for _, place in sorted(turns, key=lambda turn: turn[0])]


def _combinations(department: Department) -> Iterator[dict[str, str]]:
    for values in product(*(_VALUES[name] for name in department.variants)):
        yield dict(zip(department.variants, values, strict=True))


def _matrix(plan: Founding, of: Kind, combinations: list[dict[str, str]], at: datetime) -> None:
    number = plan.books.key(ItemMatrix)
    attribute_set = ATTRIBUTE_SETS[of.department.variants]
    ecommerce = _ecommerce(plan.books, number)
    matrix = plan.books.add(
        ItemMatrix,
        itemMatrixID=number,
        description=of.description,
        tax=True,
        defaultCost=cents(of.price / 2),
        itemType="default",
        modelYear=2024 if nth(number, 4) else 0,
        archived=nth(number, 15, 4),
        timeStamp=stamp(at + timedelta(seconds=number % 40)),
        itemAttributeSetID=attribute_set,
        manufacturerID=of.maker,
        categoryID=of.category,
        defaultVendorID=of.vendor,
        taxClassID=ITEM_CLASS,
        seasonID=2 if nth(number, 6) else 0,
        departmentID=3 if nth(number, 6) else 0,
        itemECommerceID=ecommerce["itemECommerceID"],
        ItemECommerce=ecommerce,
        Prices=prices(of.price, cents(of.price * Decimal("1.15"))),
        TagRelations=_tagged(number)["TagRelations"] if nth(number, 3) else [],
    )
    for place, name in enumerate(_slots(of.department)[:2], start=1):
        matrix[f"attribute{place}Values"] = list(dict.fromkeys(chosen[name] for chosen in combinations)) if name else []
    image(plan.books, plan.rng, at, 0, itemMatrixID=number)
    for chosen in combinations:
        _variant(plan, of, matrix, chosen, at)


def _slots(department: Department) -> tuple[str, ...]:
    """The attribute in each place; a size stands in the second place even when it stands alone."""
    return ("", "Size") if department.variants == ("Size",) else department.variants


def _variant(plan: Founding, of: Kind, matrix: Record, chosen: dict[str, str], at: datetime) -> None:
    values = [chosen.get(name, "") for name in (*_slots(of.department), "", "")]
    attributes = record(
        parts.ItemAttributes,
        attribute1=values[0],
        attribute2=values[1],
        attribute3=values[2],
        itemAttributeSetID=matrix["itemAttributeSetID"],
    )
    variant = Kind(
        department=of.department,
        category=of.category,
        description=" ".join((of.description, *chosen.values())),
        price=of.price,
        vendor=of.vendor,
        maker=of.maker,
        matrix=matrix["itemMatrixID"],
    )
    key = plan.books.part_key("itemAttributes")
    item(plan.books, plan.rng, variant, at, itemAttributesID=key, ItemAttributes=attributes)


def service(plan: Founding, name: str, fee: int, minutes: int) -> None:
    """Enter a service of the workshop."""
    number = plan.books.key(Item)
    at = stamp(plan.moment(0.02))
    plan.books.add(
        Item,
        itemID=number,
        systemSku=str(SKU_BASE + number),
        discountable=True,
        tax=False,
        itemType="non_inventory",
        description=name,
        customSku=f"SVC-{minutes}",
        laborDurationMinutes=minutes,
        taxClassID=LABOR_CLASS,
        createTime=at,
        timeStamp=at,
        Prices=prices(Decimal(fee), ZERO),
    )


def boxes(plan: Founding) -> None:
    """Turn a few items into boxes and assemblies of others."""
    rows = [row for row in plan.books.entered(Item) if row["itemType"] == "default" and not row["itemMatrixID"]]
    for number, row in enumerate(rows[10::40]):
        row["itemType"] = "box" if nth(number, 2, 0) else "assembly"
        row["ItemComponents"] = [
            record(
                parts.ItemComponent,
                itemComponentID=plan.books.part_key("itemComponent"),
                quantity=(12, 1)[number % 2] + place,
                componentGroup=place + 1,
                assemblyItemID=row["itemID"],
                componentItemID=rows[place]["itemID"],
            )
            for place in range(1 + number % 2)
        ]


def later_changes(plan: Founding) -> None:
    """Some items were edited or archived before the first day of trade."""
    for row in plan.books.entered(Item):
        if plan.rng.random() < _SHARE_EDITED or row["ItemComponents"]:
            row["timeStamp"] = stamp(plan.moment(0.96, 0.03))
        if nth(row["itemID"], 27, 13):
            row.update(archived=True, timeStamp=stamp(plan.moment(0.96, 0.03)))
