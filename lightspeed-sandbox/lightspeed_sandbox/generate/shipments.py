"""Deliveries on purchase orders, in one go or in two."""

from __future__ import annotations

from datetime import datetime, timedelta

from lightspeed_retail.resources.receiving import Shipment, ShipmentItem
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.papers import Purchase
from lightspeed_sandbox.generate.values import ZERO, nth
from lightspeed_sandbox.generate.world import World

CURRENCY = "USD"
_RECEIVED, _FINISHED = "received", "finished"
_LATEST = 5
_PAID_WITHIN = timedelta(days=30)


def came(world: World, purchase: Purchase, at: datetime) -> None:
    """Enter what came on an order; one order in four came in two deliveries on one day."""
    half = len(purchase.lines) // 2
    in_two = nth(purchase.order["orderID"], 4) and half
    deliveries = (purchase.lines[:half], purchase.lines[half:]) if in_two else (purchase.lines,)
    for sequence, lines in enumerate(deliveries, start=1):
        _enter(world, purchase.order, lines, sequence, at)
    purchase.order["hasShipments"] = True


def _enter(world: World, order: Record, lines: list[Record], sequence: int, at: datetime) -> None:
    number = world.books.key(Shipment)
    items = [_item(world, order, line, number, at) for line in lines]
    sums = {
        name: sum((item[name] for item in items), ZERO)
        for name in ("shippingCost", "shippingVendorCost", "discountMoneyValue", "discountMoneyVendorValue")
    }
    world.books.add(
        Shipment,
        orderShipmentID=number,
        orderID=order["orderID"],
        sequenceNumber=sequence,
        totalQtyReceived=sum(item["qtyReceived"] for item in items),
        totalVendorCost=sum((item["totalVendorCost"] for item in items), ZERO),
        totalCost=sum((item["totalCost"] for item in items), ZERO),
        createTime=stamp(at),
        paymentDueDate=(at + _PAID_WITHIN).date().isoformat() if not nth(number, 6) else None,
        shipmentPackingRefNum=f"PK-{number:06d}" if nth(number, 2) else "",
        timeStamp=stamp(at),
        receptionDate=stamp(at),
        shippingCostMethod="evenly",
        shippingCostOrderFullValue=order["shipCost"],
        shippingCostOrderFullVendorValue=order["shipVendorCost"],
        discountMethod="proportionally",
        discountPercentValue=order["discountPercentValue"],
        discountOrderFullMoneyValue=order["discountMoneyValue"],
        discountOrderFullMoneyVendorValue=order["discountMoneyVendorValue"],
        cost=sum((item["cost"] * item["qtyReceived"] for item in items), ZERO),
        vendorCost=sum((item["vendorCost"] * item["qtyReceived"] for item in items), ZERO),
        status=_RECEIVED,
        **sums,
        **_common(order),
    )


def _common(order: Record) -> Record:
    return {
        "currencyCode": CURRENCY,
        "vendorCurrencyCode": order["vendorCurrencyCode"],
        "vendorCurrencyRate": order["vendorCurrencyRate"],
        "employeeID": order["createdByEmployeeID"],
    }


def _item(world: World, order: Record, line: Record, shipment: int, at: datetime) -> Record:
    item = world.items.get(line["itemID"])
    cost, vendor_cost = line["price"] * line["numReceived"], line["vendorCost"] * line["numReceived"]
    return world.books.add(
        ShipmentItem,
        orderShipmentID=shipment,
        qtyReceived=line["numReceived"],
        vendorCost=line["vendorCost"],
        cost=line["price"],
        totalVendorCost=vendor_cost + line["shippingVendorCost"] - line["discountMoneyVendorValue"],
        totalCost=cost + line["shippingCost"] - line["discountMoneyValue"],
        shippingCost=line["shippingCost"],
        shippingVendorCost=line["shippingVendorCost"],
        discountMoneyValue=line["discountMoneyValue"],
        discountMoneyVendorValue=line["discountMoneyVendorValue"],
        discountPercentValue=line["discountPercentValue"],
        createTime=stamp(at),
        timeStamp=stamp(at),
        itemID=line["itemID"],
        itemVendorID=_vendor_number(item, order["vendorID"]),
        itemDescription=item["description"] if item else "",
        **_common(order),
    )


def _vendor_number(item: Record | None, vendor: int) -> str:
    numbers = item["ItemVendorNums"] or () if item else ()
    return next((str(number["value"]) for number in numbers if number["vendorID"] == vendor), "")


def finished(world: World, at: datetime) -> None:
    """Somebody has checked the papers of one of the last deliveries."""
    upcoming = world.books.upcoming(Shipment)
    rows = [world.books.get(Shipment, number) for number in range(upcoming - _LATEST, upcoming)]
    row = next((row for row in rows if row is not None and row["status"] == _RECEIVED), None)
    if row is not None:
        row.update(status=_FINISHED, timeStamp=stamp(at))
        world.books.put(Shipment, row)
