"""Tags, seasons, fees and the fields that the retailer has added to items and orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lightspeed_retail.resources import Resource, parts
from lightspeed_retail.resources.items import Category
from lightspeed_retail.resources.labels import (
    ItemCustomField,
    ItemCustomFieldChoice,
    ItemFee,
    Season,
    Tag,
    TagGroup,
)
from lightspeed_retail.resources.purchasing import OrderCustomField, OrderCustomFieldChoice
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import price, record
from lightspeed_sandbox.generate.words import COUNTRY_FIELD, CUSTOMER_TAGS, DOCK_FIELD, ITEM_TAGS
from lightspeed_sandbox.generate.world import World

FRAME_FIELD = (5, "Frame size", "single_choice")
FRAME_SIZES = ("52", "54", "56", "58")

_TAG_GROUPS = ("Marketing", "Stock", "Customers")
_SEASONS = ("Spring", "Summer", "Fall", "Winter")
_FEES = ("Tire recycling", "Battery disposal", "Old environmental levy")
_FEE_CATEGORIES = 3
_MATERIALS = ("Steel", "Aluminum", "Carbon")
_TERMS = ("Prepaid", "Collect")

_Choices = tuple[type[Resource], Sequence[str]]


def found(plan: Founding) -> None:
    """Enter them all; categories are there already."""
    for tag in (*ITEM_TAGS, *CUSTOMER_TAGS):
        plan.books.add(Tag, name=tag, readOnly=tag == "web only")
    for group in _TAG_GROUPS:
        plan.books.add(TagGroup, name=group)
    for season in _SEASONS:
        plan.books.add(Season, name=season)
    for turn, fee in enumerate(_FEES):
        _fee(plan, fee, turn)
    fields(plan)


def _fee(plan: Founding, name: str, turn: int) -> None:
    number = plan.books.key(ItemFee)
    at = plan.moment(0.1 * turn)
    plan.books.add(
        ItemFee,
        itemFeeID=number,
        name=name,
        calculationMethod="fixed_amount",
        feeValue=price(plan.rng, 1, 12),
        taxable=turn != 1,
        nonRefundable=turn == 1,
        archived=turn == len(_FEES) - 1,
        createTime=stamp(at),
        timestamp=stamp(plan.moment(0.5 + 0.1 * turn)),
        ItemFeeCategories=[
            record(
                parts.ItemFeeCategory,
                itemFeeCategoryID=plan.books.part_key("itemFeeCategory"),
                itemFeeID=number,
                categoryID=row["categoryID"],
            )
            for row in plan.books.entered(Category)[turn : turn + _FEE_CATEGORIES]
        ],
    )


def fields(plan: Founding) -> None:
    """Enter the fields that the retailer has added to items and orders."""
    _item_fields(plan)
    _order_fields(plan)


def _item_fields(plan: Founding) -> None:
    choices = ItemCustomFieldChoice
    _field(plan, ItemCustomField, COUNTRY_FIELD, default="Portugal")
    _field(plan, ItemCustomField, FRAME_FIELD, (choices, FRAME_SIZES), uom="cm", default="54")
    _field(plan, ItemCustomField, (6, "Material", "multi_choice"), (choices, _MATERIALS))
    _field(plan, ItemCustomField, (7, "Weight", "float"), uom="kg", decimalPrecision=2)
    _field(plan, ItemCustomField, (8, "Old label", "text"), archived=True)


def _order_fields(plan: Founding) -> None:
    _field(plan, OrderCustomField, DOCK_FIELD, default="B")
    _field(plan, OrderCustomField, (9, "Freight terms", "single_choice"), (OrderCustomFieldChoice, _TERMS))
    _field(plan, OrderCustomField, (10, "Pallet height", "float"), uom="cm", decimalPrecision=1)
    _field(plan, OrderCustomField, (11, "Fax number", "string"), archived=True)


def _field(
    plan: Founding,
    resource: type[Resource],
    of: tuple[int, str, str],
    choices: _Choices | None = None,
    *,
    uom: str = "",
    decimalPrecision: int = 0,  # noqa: N803  named as the field
    archived: bool = False,
    default: str = "",
) -> None:
    number, name, kind = of
    row = plan.books.add(
        resource,
        customFieldID=number,
        type=kind,
        name=name,
        uom=uom,
        decimalPrecision=decimalPrecision,
        archived=archived,
        default=default,
    )
    if choices is not None:
        offered, names = choices
        rows = [choice(plan.books, offered, row, each, plan.moment(0.05, 0.1)) for each in names]
        if "CustomFieldChoices" in row:
            row["CustomFieldChoices"] = [_part(found) for found in rows]


def choice(books: Books, resource: type[Resource], field: Record, name: str, at: datetime) -> Record:
    """Enter one value that a field offers; keys are unique over all kinds of fields."""
    number = books.part_key("customFieldChoice")
    return books.add(
        resource,
        customFieldChoiceID=number,
        value=f"choice-{number}",
        name=name,
        canBeDeleted=True,
        customFieldID=field["customFieldID"],
        timeStamp=stamp(at),
        CustomField={known.name: field[known.name] for known in parts.CustomField.fields()},
    )


def _part(row: Record) -> Record:
    return {known.name: row[known.name] for known in parts.CustomFieldChoice.fields()}


def tag_added(world: World, at: datetime) -> None:
    """A new tag is thought of."""
    world.books.add(Tag, name=f"promotion {at:%Y-%m-%d}")


def season_added(world: World, at: datetime) -> None:
    """A new season begins."""
    world.books.add(Season, name=f"{_SEASONS[at.month % 12 // 3 - 1]} {at:%Y-%m}")


def fee_changed(world: World, at: datetime) -> None:
    """A fee is raised."""
    row = world.books.get(ItemFee, 1)
    if row is not None:
        row.update(feeValue=row["feeValue"] + 1, timestamp=stamp(at))
        world.books.put(ItemFee, row)


def choice_added(world: World, at: datetime) -> None:
    """A field of items offers one value more."""
    row = world.books.get(ItemCustomField, FRAME_FIELD[0])
    if row is not None:
        choice(world.books, ItemCustomFieldChoice, row, f"{at:%y%m%d}", at)
