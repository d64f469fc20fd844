"""Counting what is on the shelves, and correcting the books."""

from __future__ import annotations

from datetime import datetime, timedelta

from lightspeed_retail.resources.stock import (
    InventoryCount,
    InventoryCountCalc,
    InventoryCountItem,
    InventoryCountReconcile,
)
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate import logbook
from lightspeed_sandbox.generate.backroom import due
from lightspeed_sandbox.generate.papers import Count, Till
from lightspeed_sandbox.generate.values import nth
from lightspeed_sandbox.generate.world import World

_EVERY_DAYS = 5
_COUNTED_AT_ONCE = 12
_STEP = timedelta(seconds=20)


def counting(world: World, at: datetime) -> None:
    """The last count is settled, and the next shelf is counted."""
    if not world.tills or not due(world, at, _EVERY_DAYS):
        return
    for key, count in list(world.backroom.counts.items()):
        _reconcile(world, count, at)
        del world.backroom.counts[key]
    _begin(world, world.rng.choice(world.tills), at + _STEP)


def adjusting(world: World, at: datetime) -> None:
    """Somebody finds one more or one less and corrects it at once."""
    if not world.tills or not due(world, at, 2):
        return
    till = world.rng.choice(world.tills)
    for row in world.stock.sample(world.rng, till.shop, 1):
        if row["itemID"] in world.items:
            change = 1 if nth(row["itemID"], 3) or row["qoh"] < 1 else -1
            world.stock.move(row["itemID"], till.shop, stamp(at), logbook.adjusted(till.employees[0]), qoh=change)


def _begin(world: World, till: Till, at: datetime) -> None:
    number = world.books.key(InventoryCount)
    rows = world.stock.sample(world.rng, till.shop, _COUNTED_AT_ONCE)
    rows = [row for row in rows if row["itemID"] in world.items]
    entered = world.books.add(
        InventoryCount,
        inventoryCountID=number,
        name=f"{at:%B} count, aisle {1 + number % 9}",
        timeStamp=stamp(at + len(rows) * _STEP),
        shopID=till.shop,
    )
    calcs = [_calc(world, entered, row, till, at + turn * _STEP) for turn, row in enumerate(rows, start=1)]
    world.backroom.counts[number] = Count(entered, calcs)


def _calc(world: World, count: Record, row: Record, till: Till, at: datetime) -> Record:
    number = world.books.key(InventoryCountCalc)
    there = row["qoh"]
    found = max(0, there + nth(number, 11) - nth(number, 6))
    # What stands in two places is counted in two goes.
    goes = (found - 1, 1) if found > 1 and nth(number, 5) else (found,)
    for quantity in goes:
        world.books.add(
            InventoryCountItem,
            qty=quantity,
            timeStamp=stamp(at),
            inventoryCountID=count["inventoryCountID"],
            itemID=row["itemID"],
            employeeID=till.employees[number % len(till.employees)],
        )
    return world.books.add(
        InventoryCountCalc,
        inventoryCountCalcID=number,
        timeStamp=stamp(at),
        calcQoh=there,
        countedQoh=found,
        inventoryCountID=count["inventoryCountID"],
        itemID=row["itemID"],
    )


def _reconcile(world: World, count: Count, at: datetime) -> None:
    shop = count.count["shopID"]
    for calc in count.calcs:
        row = world.stock.row(calc["itemID"], shop)
        if row is None or calc["itemID"] not in world.items:
            continue
        change = calc["countedQoh"] - calc["calcQoh"]
        world.books.add(
            InventoryCountReconcile,
            costChange=row["averageCost"] * change,
            qohChange=change,
            createTime=stamp(at),
            inventoryCountID=calc["inventoryCountID"],
            itemID=calc["itemID"],
        )
        world.stock.move(calc["itemID"], shop, stamp(at), logbook.counted(count.count, change, shop), qoh=change)
    count.count.update(archived=True, timeStamp=stamp(at))
    world.books.put(InventoryCount, count.count)
