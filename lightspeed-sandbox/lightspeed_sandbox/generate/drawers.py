"""Mornings and evenings in the shops: staff come and go, drawers are filled and counted."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

from lightspeed_retail.resources.account import Employee, EmployeeHours
from lightspeed_retail.resources.tills import RegisterCount, RegisterCountAmount, RegisterWithdraw
from lightspeed_retail.wire import stamp
from lightspeed_sandbox.generate.hours import ZONE, morning, turns
from lightspeed_sandbox.generate.papers import Till
from lightspeed_sandbox.generate.values import ZERO, nth
from lightspeed_sandbox.generate.world import World

_FLOAT = Decimal(200)
_TO_THE_BANK = Decimal(100)
_OWNER = 1
_SHORT = Decimal("-1.25")


def mornings_and_evenings(world: World, start: datetime) -> None:
    """Open and close the shops as often as that happens in the 24 hours after `start`."""
    for at, opens in turns(start):
        if opens:
            _come(world, at)
            _fill(world, at)
        else:
            _count_all(world, at)
            _go(world, at)


def _staff(world: World) -> dict[int, int]:
    """The employees and the shops that they work in."""
    return {employee: till.shop for till in world.tills for employee in till.employees}


def _come(world: World, at: datetime) -> None:
    day = at.astimezone(ZONE).weekday()
    for employee, shop in _staff(world).items():
        if employee != _OWNER and (employee + day) % 7 in (0, 1):
            continue
        moment = at + timedelta(minutes=employee % 10)
        hours = world.books.add(EmployeeHours, checkIn=stamp(moment), employeeID=employee, shopID=shop)
        world.front.on_duty[employee] = hours
        if world.lively:
            _clock(world, employee, hours["employeeHoursID"], moment)


def _go(world: World, at: datetime) -> None:
    for employee, hours in world.front.on_duty.items():
        moment = at + timedelta(minutes=employee % 10)
        world.books.put(EmployeeHours, hours | {"checkOut": stamp(moment)})
        if world.lively:
            _clock(world, employee, 0, moment)
    world.front.on_duty.clear()


def _clock(world: World, employee: int, hours: int, at: datetime) -> None:
    row = world.books.get(Employee, employee)
    if row is not None:
        world.books.put(Employee, row | {"clockInEmployeeHoursID": hours, "timeStamp": stamp(at)})


def _fill(world: World, at: datetime) -> None:
    for till in sorted(world.tills, key=lambda till: till.register % 9):
        _money(world, till, at + timedelta(minutes=till.register % 9), _FLOAT, "")


def _money(world: World, till: Till, at: datetime, amount: Decimal, why: str) -> None:
    world.books.add(
        RegisterWithdraw,
        amount=amount,
        createTime=stamp(at),
        notes=why,
        employeeID=till.employees[0],
        paymentTypeID=world.payment_types.get("Cash", 1),
        registerID=till.register,
    )


def _count_all(world: World, at: datetime) -> None:
    taken = _taken(world, stamp(at))
    before = at - timedelta(minutes=10)
    emptied = {till.register for till in world.tills if nth(till.register + at.day, 6)}
    for till in world.tills:
        if till.register in emptied:
            _money(world, till, before, -_TO_THE_BANK, "Bank drop")
    for till in world.tills:
        cash = _FLOAT - _TO_THE_BANK if till.register in emptied else _FLOAT
        _count(world, till, at, {world.payment_types.get("Cash", 1): cash}, taken.get(till.register, {}))


def _taken(world: World, until: str) -> dict[int, dict[int, Decimal]]:
    """What each register took since the last count, by payment type."""
    sums: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    counted = [payment for payment in world.front.uncounted if payment["createTime"] <= until]
    world.front.uncounted = [payment for payment in world.front.uncounted if payment["createTime"] > until]
    for payment in counted:
        if not payment["archived"]:
            sums[payment["registerID"]][payment["paymentTypeID"]] += payment["amount"]
    return sums


def _count(world: World, till: Till, at: datetime, there: dict[int, Decimal], taken: dict[int, Decimal]) -> None:
    number = world.books.key(RegisterCount)
    count = world.books.add(
        RegisterCount,
        registerCountID=number,
        createTime=stamp(at),
        openTime=stamp(morning(at) + timedelta(minutes=till.register % 9)),
        notes="Counted twice." if nth(number, 9) else "",
        registerID=till.register,
        openEmployeeID=till.employees[0],
        closeEmployeeID=till.employees[-1],
    )
    for kind in sorted({*there, *taken}):
        calculated = there.get(kind, ZERO) + taken.get(kind, ZERO)
        world.books.add(
            RegisterCountAmount,
            calculated=calculated,
            actual=calculated + (_SHORT if kind in there and nth(number, 7) else ZERO),
            registerCountID=count["registerCountID"],
            paymentTypeID=kind,
        )
