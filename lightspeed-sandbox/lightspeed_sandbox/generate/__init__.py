"""A believable retailer, invented from a seed: three shops, their goods, customers and a year of trade."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from lightspeed_sandbox.generate import (
    catalog,
    company,
    credit,
    customer_fields,
    goods,
    labels,
    people,
    purchasing,
    serials,
    service,
    settings,
    stock,
    vendor_catalogs,
)
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.bulk_sales import fill_sales
from lightspeed_sandbox.generate.day import close_up, live, remember_last_sales
from lightspeed_sandbox.generate.hours import DAY
from lightspeed_sandbox.generate.scale import Founding, Scale
from lightspeed_sandbox.generate.world import World
from lightspeed_sandbox.store import Store

__all__ = ["Scale", "advance", "build"]

_DAYS_LIVED = "generate.days_lived"
_FLUSH_EVERY = 30


def build(store: Store, scale: Scale, today: datetime) -> None:
    """Fill an empty store with a retailer and its history up to `today`."""
    today = today.astimezone(UTC).replace(microsecond=0)
    start = today - scale.days * DAY
    scale.keep(store)
    _found(store, scale, start)
    world = World(store, _chance(scale.seed, "history"))
    for day, newcomers in enumerate(_newcomers(scale)):
        live(world, start + day * DAY, newcomers)
        if (day + 1) % _FLUSH_EVERY == 0:
            world.flush()
    world.flush()
    close_up(world, today)
    remember_last_sales(world)
    world.flush()
    store.commit()


def advance(store: Store, days: int, now: datetime) -> None:
    """Let trade go on for some days from `now`; on each of them everything happens that changes rows.

    Data that were not generated, such as recorded answers, stay as they are.
    """
    scale = Scale.of(store)
    if scale is None:
        return
    now = now.astimezone(UTC).replace(microsecond=0)
    for day in range(days):
        lived = int(store.meta.get(_DAYS_LIVED, "0"))
        world = World(store, _chance(scale.seed, str(lived)), lively=True)
        live(world, now + day * DAY, max(1, scale.customers // 1500))
        close_up(world, now + (day + 1) * DAY - timedelta(minutes=20))
        world.flush()
        store.meta[_DAYS_LIVED] = str(lived + 1)
    store.commit()


def _found(store: Store, scale: Scale, start: datetime) -> None:
    plan = Founding(Books(store), _chance(scale.seed, "founding"), scale, start)
    company.found(plan)
    people.staff(plan)
    settings.found(plan)
    customer_fields.found(plan)
    credit.found(plan)
    people.clientele(plan)
    purchasing.vendors(plan)
    catalog.found(plan)
    labels.found(plan)
    service.statuses(plan)
    goods.found(plan)
    goods.boxes(plan)
    goods.later_changes(plan)
    serials.found(plan)
    vendor_catalogs.found(plan)
    stock.found(plan, len(company.SHOP_NAMES))
    plan.books.flush()
    fill_sales(store, scale.bulk_sales, since=plan.founded, until=start)


def _newcomers(scale: Scale) -> Iterator[int]:
    """How many customers come on each day, so that there are as many as wanted on the last."""
    missing = scale.customers - people.customers_before(scale.customers)
    for day in range(scale.days):
        yield missing * (day + 1) // scale.days - missing * day // scale.days


def _chance(seed: int, purpose: str) -> Random:
    return Random(f"{seed}:{purpose}")
