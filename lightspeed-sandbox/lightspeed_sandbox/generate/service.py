"""The workshop: workorders, their labour and their parts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from lightspeed_retail.resources.workorders import (
    Workorder,
    WorkorderImage,
    WorkorderItem,
    WorkorderLine,
    WorkorderStatus,
)
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate import serials
from lightspeed_sandbox.generate.goods import LABOR_CLASS
from lightspeed_sandbox.generate.papers import Job, Ticket
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import ZERO, nth
from lightspeed_sandbox.generate.words import WORKORDER_NOTES
from lightspeed_sandbox.generate.world import World

SKU_BASE = 250_000_000_000
NEW, IN_PROGRESS, FINISHED, FETCHED = 1, 2, 3, 4

# The values that the API sets are those of its page "Defined values"; a shop adds statuses of its own without any.
_STATUSES = (
    ("Open", "", "open"),
    ("In the stand", "#2b7de9", ""),
    ("Finished", "#3aa655", "finished"),
    ("Done & Paid", "", "paid"),
    ("Estimate", "#f2c744", "estimate"),
    ("Waiting on parts", "#d9534f", "waiting"),
)


def statuses(plan: Founding) -> None:
    """Enter the steps that a workorder goes through."""
    for order, (name, color, system) in enumerate(_STATUSES):
        plan.books.add(WorkorderStatus, name=name, sortOrder=str(order), htmlColor=color, systemValue=system)


def take_in(world: World, at: datetime) -> Job | None:
    """A customer brings something to repair."""
    customer = world.pick_customer()
    if customer is None or not world.tills:
        return None
    till = world.rng.choice(world.tills)
    number = world.books.key(Workorder)
    workorder = world.books.add(
        Workorder,
        workorderID=number,
        systemSku=str(SKU_BASE + number),
        timeIn=stamp(at),
        etaOut=stamp(at + timedelta(days=1 + number % 6)) if not nth(number, 6, 3) else None,
        note=WORKORDER_NOTES[number % len(WORKORDER_NOTES)],
        internalNote="Check the frame for cracks." if nth(number, 5) else "",
        warranty=nth(number, 9),
        tax=True,
        archived=nth(number, 25, 4),
        hookIn=f"Hook {number % 30}" if not nth(number, 7) else "",
        saveParts=nth(number, 4),
        assignEmployeeToAll=nth(number, 3),
        timeStamp=stamp(at),
        customerID=customer["customerID"],
        discountID=1 if nth(number, 10) else 0,
        employeeID=till.employees[number % len(till.employees)],
        serializedID=_serial(world, customer, number, at),
        shopID=till.shop,
        workorderStatusID=NEW,
    )
    job = Job(workorder)
    _add_labour(world, job, at)
    for ordering in range(number % 3):
        _photograph(world, workorder, ordering, at)
    if not workorder["archived"]:
        world.jobs[number] = job
    return job


def _serial(world: World, customer: Record, number: int, at: datetime) -> int:
    return int(serials.brought(world, customer["customerID"], at)["serializedID"]) if nth(number, 2) else 0


def _photograph(world: World, workorder: Record, ordering: int, at: datetime) -> None:
    number = world.books.key(WorkorderImage)
    world.books.add(
        WorkorderImage,
        workorderImageID=number,
        description="As it was brought in" if ordering == 0 else "",
        filename=f"workorder-{number}.jpg",
        ordering=ordering,
        baseImageURL="https://images.example.com/upload/",
        size=60_000 + number % 700 * 100,
        createTime=stamp(at),
        timeStamp=stamp(at),
        workorderID=workorder["workorderID"],
        publicID=f"sandbox/workorder-{number}",
    )


def _add_labour(world: World, job: Job, at: datetime) -> None:
    services = [row for row in world.items.values() if row["taxClassID"] == LABOR_CLASS and row["Prices"]]
    if not services:
        return
    row = world.rng.choice(services)
    number = world.books.key(WorkorderLine)
    line = world.books.add(
        WorkorderLine,
        workorderLineID=number,
        note="As discussed" if nth(number, 2) else "",
        timeStamp=stamp(at),
        approved=not nth(number, 5),
        warranty=job.workorder["warranty"],
        hours=row["laborDurationMinutes"] // 60,
        minutes=row["laborDurationMinutes"] % 60,
        unitPriceOverride=row["Prices"][0]["amount"] if nth(number, 4) else ZERO,
        unitQuantity=1,
        tax=False,
        unitCost=row["Prices"][0]["amount"] / 4 if nth(number, 3) else ZERO,
        workorderID=job.workorder["workorderID"],
        employeeID=job.workorder["employeeID"],
        itemID=row["itemID"],
        discountID=1 if nth(number, 12) else 0,
        taxClassID=LABOR_CLASS,
    )
    job.lines.append(line)


def progress(world: World, at: datetime) -> Job | None:
    """The mechanics go on with a job that is not finished."""
    waiting = [job for job in world.jobs.values() if job.workorder["workorderStatusID"] < FINISHED]
    if not waiting:
        return None
    job = world.rng.choice(waiting)
    job.workorder.update(workorderStatusID=job.workorder["workorderStatusID"] + 1, timeStamp=stamp(at))
    _photograph(world, job.workorder, 1 + job.workorder["workorderStatusID"], at)
    if job.workorder["workorderStatusID"] == IN_PROGRESS:
        _add_part(world, job, at)
    else:
        _finish(world, job, at)
    world.books.put(Workorder, job.workorder)
    return job


def _finish(world: World, job: Job, at: datetime) -> None:
    job.workorder["hookOut"] = f"Rack {job.workorder['workorderID'] % 12}"
    for line in job.lines:
        line.update(done=True, approved=True, timeStamp=stamp(at))
        world.books.put(WorkorderLine, line)


def _add_part(world: World, job: Job, at: datetime) -> None:
    for row in world.pick_items(at, 1):
        number = world.books.key(WorkorderItem)
        part = world.books.add(
            WorkorderItem,
            workorderItemID=number,
            approved=not nth(number, 4),
            unitPrice=row["Prices"][0]["amount"],
            unitQuantity=1 + number % 2,
            warranty=job.workorder["warranty"],
            tax=True,
            isSpecialOrder=nth(number, 6),
            note="Customer keeps the old part" if nth(number, 5) else "",
            timeStamp=stamp(at),
            workorderID=job.workorder["workorderID"],
            employeeID=job.workorder["employeeID"],
            itemID=row["itemID"],
            discountID=1 if nth(number, 12) else 0,
        )
        job.items.append(part)
        world.stock.move(row["itemID"], job.workorder["shopID"], stamp(at), onWorkorder=part["unitQuantity"])


def finished(world: World, at: datetime) -> Job | None:
    """A job that waits to be fetched since before a moment; it is taken off the list."""
    for key, job in world.jobs.items():
        if job.workorder["workorderStatusID"] == FINISHED and job.workorder["timeStamp"] < stamp(at):
            return world.jobs.pop(key)
    return None


def charges(world: World, job: Job) -> Iterator[tuple[Record, int]]:
    """What a job costs: the items of its labour and parts, with quantities."""
    for row in (*job.lines, *job.items):
        item = world.item(row["itemID"])
        if item is not None:
            yield item, row["unitQuantity"]


def charged(world: World, ticket: Ticket, job: Job, at: datetime) -> None:
    """A job is paid: it points to the sale and the lines, whose keys are known by now."""
    sale = ticket.sale["saleID"]
    lines = {line["itemID"]: line["saleLineID"] for line in ticket.lines}
    job.workorder.update(saleID=sale, saleLineID=next(iter(lines.values()), 0), timeStamp=stamp(at))
    job.workorder["workorderStatusID"] = FETCHED
    world.books.put(Workorder, job.workorder)
    for resource, rows in ((WorkorderLine, job.lines), (WorkorderItem, job.items)):
        for row in rows:
            row.update(saleID=sale, saleLineID=lines.get(row["itemID"], 0), timeStamp=stamp(at))
            world.books.put(resource, row)
    for row in job.items:
        world.stock.move(row["itemID"], job.workorder["shopID"], stamp(at), onWorkorder=-row["unitQuantity"])
