"""What changes in the back office: goods, customers, categories, purchases, repairs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.purchasing import Vendor
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate import (
    catalog,
    counting,
    goods,
    labels,
    moving,
    purchasing,
    returns,
    service,
    shipments,
    special,
    stock,
    vendor_catalogs,
)
from lightspeed_sandbox.generate.people import customer
from lightspeed_sandbox.generate.settings import SETTINGS
from lightspeed_sandbox.generate.values import cents, nth
from lightspeed_sandbox.generate.world import World

_RENAMED = " & More"
_DELIVERY = timedelta(days=5)
_SHARE_ARCHIVED = 0.1
_FEWEST_ITEMS = 20
"""Where there are fewer items, none is archived any more."""


def price_changed(world: World, at: datetime) -> None:
    """An item costs a little more or less: its stamp moves."""
    row = _any_item(world)
    if row is not None and row["Prices"]:
        factor = Decimal(world.rng.choice((90, 95, 105, 108))) / 100
        default, *others = row["Prices"]
        row["Prices"] = [{**default, "amount": cents(default["amount"] * factor)}, *others]
        row["timeStamp"] = stamp(at)
        world.books.put(Item, row)


def item_archived(world: World, at: datetime) -> None:
    """An item is taken out of the range, and its stock with it."""
    row = _any_item(world)
    if row is not None and len(world.items) > _FEWEST_ITEMS:
        row.update(archived=True, timeStamp=stamp(at))
        world.books.put(Item, row)
        world.stock.empty(row["itemID"], stamp(at))
        world.withdraw(row["itemID"])


def _any_item(world: World) -> Record | None:
    keys = [key for key, row in world.items.items() if row["itemType"] != "non_inventory"]
    return world.items[world.rng.choice(keys)] if keys else None


def item_introduced(world: World, at: datetime) -> None:
    """An item is new in the range."""
    placed = [(found, row["categoryID"]) for row in world.categories if (found := catalog.department_of(row))]
    if not placed or not world.tills:
        return
    kind = goods.kind(world.rng, *world.rng.choice(placed))
    row = goods.item(world.books, world.rng, kind, at)
    vendor_catalogs.offer(world.books, row)
    world.introduce(row)
    world.stock.put_up(stock.shelve(world.books, world.rng, row, max(till.shop for till in world.tills)))


def category_renamed(world: World, at: datetime) -> None:
    """A category gets another name: the full names below it change along."""
    rows = [row for row in world.categories if row["parentID"]]
    if rows:
        row = world.rng.choice(rows)
        name = row["name"]
        name = name.removesuffix(_RENAMED) if name.endswith(_RENAMED) else f"{name}{_RENAMED}"
        catalog.rename(world.books, world.categories, row, name, at)


def category_added(world: World, at: datetime) -> None:
    """A category is added: the tree is numbered anew."""
    parents = [row for row in world.categories if row["nodeDepth"] == "1"]
    if parents:
        name = f"Limited Edition {at:%Y-%m-%d}"
        world.categories.append(catalog.category(world.books, name, world.rng.choice(parents), stamp(at)))
        catalog.renumber(world.books, world.categories, at)


def contact_changed(world: World, at: datetime) -> None:
    """A customer moves or has a new phone: the stamp of the contact moves, and the customer's with it."""
    row = world.pick_customer()
    if row is None or not row["Contact"]:
        return
    number = world.rng.randrange(100)
    reached = {**row["Contact"], "timeStamp": stamp(at)}
    reached["Phones"] = [{"number": f"555-01{number:02d}", "useType": "Mobile"}]
    later = timedelta(seconds=nth(number, 10))
    row.update(Contact=reached, timeStamp=stamp(at + later))
    world.books.put(Customer, row)


def customer_edited(world: World, at: datetime) -> None:
    """Somebody corrects a customer's record; now and then one is archived."""
    row = world.pick_customer()
    if row is None:
        return
    row.update(customerTypeID=1 + world.rng.randrange(3), Tags=["newsletter", "reviewed"], timeStamp=stamp(at))
    if world.rng.random() < _SHARE_ARCHIVED:
        row["archived"] = True
        world.customers.remove(row)
    world.books.put(Customer, row)


def customer_came(world: World, at: datetime) -> None:
    """A new customer is entered."""
    row = customer(world.books, world.rng, at)
    if not row["archived"]:
        world.customers.append(row)


def vendor_edited(world: World, at: datetime) -> None:
    """A vendor has a new account number."""
    row = world.books.get(Vendor, 1 + world.rng.randrange(8))
    if row is not None:
        row.update(accountNumber=f"ACC-{at:%m%d}", timeStamp=stamp(at))
        world.books.put(Vendor, row)


def ordered(world: World, at: datetime) -> None:
    """What runs low is ordered."""
    if world.tills:
        purchasing.order(world, at)


def delivered(world: World, at: datetime) -> None:
    """The orders that are due arrive; when none is due, the oldest comes early in a day of many changes."""
    due = stamp(at - _DELIVERY)
    late = [found for found in world.purchases.values() if found.order["createTime"] <= due]
    if not late and world.lively:
        late = list(world.purchases.values())[:1]
    for found in late:
        purchasing.receive(world, found, at)
        special.arrived(world, "orderLineID", {line["orderLineID"] for line in found.lines}, at)


def brought_in(world: World, at: datetime) -> None:
    """Somebody brings something to repair."""
    service.take_in(world, at)


def repaired(world: World, at: datetime) -> None:
    """The mechanics go on."""
    service.progress(world, at)


Change = Callable[[World, datetime], None]

CHANGES: tuple[tuple[Change, float], ...] = (
    (price_changed, 0.5),
    (item_archived, 0.03),
    (category_renamed, 0.02),
    (category_added, 0.01),
    (contact_changed, 0.6),
    (customer_edited, 0.4),
    (vendor_edited, 0.02),
    (delivered, 1.0),
    (ordered, 0.9),
    (special.ordered, 0.6),
    (shipments.finished, 0.5),
    (moving.received, 1.0),
    (moving.sent, 1.0),
    (moving.planned, 1.0),
    (returns.returning, 1.0),
    (counting.counting, 1.0),
    (counting.adjusting, 1.0),
    (vendor_catalogs.repriced, 0.3),
    (labels.fee_changed, 0.01),
    *SETTINGS,
    (brought_in, 0.9),
    (repaired, 0.9),
    (repaired, 0.75),
)
"""Every change to what is there already, and how likely it is on an ordinary day."""

NOVELTIES: tuple[tuple[Change, float], ...] = (
    (item_introduced, 0.1),
    (labels.tag_added, 0.02),
    (labels.season_added, 0.01),
    (labels.choice_added, 0.01),
)
"""The same for what is new."""
