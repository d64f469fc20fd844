"""The accounting reports, worked out from sales and purchase orders.

What exactly Lightspeed counts is not documented. Here sales that are completed and not voided count on the day of their
completion in the time of their shop, and the reports agree with each other: sales by tax class, minus discounts, plus
taxes, is what was sold for.

Source: the five pages "Reports Accounting ...".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lightspeed_retail.resources import FieldType, Resource
from lightspeed_retail.resources.reports import (
    ReportDiscountsByDay,
    ReportOrdersByTaxClass,
    ReportPaymentsByDay,
    ReportTaxClassSalesByDay,
    ReportTaxesByDay,
)
from lightspeed_retail.wire import Record, instant
from lightspeed_sandbox.columns import columns
from lightspeed_sandbox.zones import Read, shop_zones

Totals = dict[tuple[Any, ...], list[Decimal]]
"""Sums by what identifies a row: the day, the shop, and so on."""

_CENT, _BILLIONTH = Decimal("0.01"), Decimal("0.000000001")
_COSTS = ("cost", "fifoCost", "avgCost")
"""The pages show these with nine digits, other amounts with two."""

_COUNTED = '"Sale"."completed" = 1 AND "Sale"."voided" IS NOT 1 AND "Sale"."completeTime" IS NOT NULL'

_SALES = f"""
    SELECT "completeTime", "shopID", "taxCategoryID", "calcDiscount", "calcTax1", "calcTax2" FROM "Sale"
    WHERE {_COUNTED}
"""
_LINES = f"""
    SELECT "completeTime", "Sale"."shopID", "line"."taxClassID", "line"."calcSubtotal", "line"."unitQuantity",
           "line"."fifoCost", "line"."avgCost"
    FROM "Sale" JOIN "SaleLine" AS "line" USING ("saleID") WHERE {_COUNTED}
"""
_PAYMENTS = f"""
    SELECT "completeTime", "Sale"."shopID", "paid"."paymentTypeID", "paid"."amount",
           EXISTS (SELECT 1 FROM "SaleLine" WHERE "saleID" = "Sale"."saleID" AND "isLayaway" = 1)
    FROM "Sale" JOIN "SalePayment" AS "paid" USING ("saleID") WHERE {_COUNTED} AND "paid"."archived" IS NOT 1
"""
_ORDERS = """
    SELECT "receivedDate", "Order"."shopID", "orderID", "Item"."taxClassID", "line"."total",
           "Order"."vendorID", "shipCost", "otherCost"
    FROM "Order" JOIN "OrderLine" AS "line" USING ("orderID") LEFT JOIN "Item" USING ("itemID")
    WHERE "receivedDate" IS NOT NULL AND "Order"."archived" IS NOT 1
"""


def rows(resource: type[Resource], read: Read) -> list[list[Any]]:
    """The rows of a report over all days, as rows of its table."""
    fields = columns(resource).fields
    return [
        [_written(record[field.name], field.name, field.type) for field in fields]
        for record in _REPORTS[resource](_Days(read), read)
    ]


def _written(value: Any, name: str, kind: FieldType) -> Any:
    """Amounts are padded, as the pages show them; zero has no sign."""
    if kind is not FieldType.MONEY:
        return value
    return str(value.quantize(_BILLIONTH if name in _COSTS else _CENT, ROUND_HALF_UP) + 0)


class _Days:
    """Tells on which day of its shop something happened."""

    def __init__(self, read: Read) -> None:
        self._zones: dict[int, tzinfo] = shop_zones(read)

    def __call__(self, moment: str, shop: int) -> str:
        return instant(moment).astimezone(self._zones.get(shop, UTC)).date().isoformat()


def _totals(parts: Iterable[tuple[tuple[Any, ...], tuple[Decimal, ...]]]) -> Totals:
    totals: Totals = {}
    for key, amounts in parts:
        sums = totals.setdefault(key, [Decimal(0)] * len(amounts))
        sums[:] = [total + amount for total, amount in zip(sums, amounts, strict=True)]
    return totals


def _names(read: Read, table: str, name: str = "name") -> dict[int, str]:
    key = Resource.named(table).api.key
    return dict(read(f'SELECT "{key}", "{name}" FROM "{table}"', ()))


def _amount(text: str | None) -> Decimal:
    return Decimal(text or 0)


def _discounts(days: _Days, read: Read) -> list[Record]:
    totals = _totals(
        ((days(moment, shop), shop), (_amount(discount),)) for moment, shop, _, discount, *_ in read(_SALES, ())
    )
    return [{"date": day, "shopID": shop, "discount": given} for (day, shop), (given,) in totals.items()]


def _taxes(days: _Days, read: Read) -> list[Record]:
    names = _names(read, "TaxCategory", "tax1Name")
    totals = _totals(
        ((days(moment, shop), shop, category or 0), (_amount(first) + _amount(second),))
        for moment, shop, category, _, first, second in read(_SALES, ())
    )
    return [
        {
            "date": day,
            "shopID": shop,
            "taxCategoryID": category,
            "taxCategoryName": names.get(category, ""),
            "tax": tax,
        }
        for (day, shop, category), (tax,) in totals.items()
    ]


def _sales(days: _Days, read: Read) -> list[Record]:
    names = _names(read, "TaxClass")
    totals = _totals(
        (
            (days(moment, shop), shop, tax_class or 0),
            (_amount(subtotal), _amount(fifo) * (quantity or 0), _amount(average) * (quantity or 0)),
        )
        for moment, shop, tax_class, subtotal, quantity, fifo, average in read(_LINES, ())
    )
    return [
        {
            "date": day,
            "taxClassID": tax_class,
            "taxClassName": names.get(tax_class, ""),
            "shopID": shop,
            "subtotal": subtotal,
            "fifoCost": fifo,
            "avgCost": average,
        }
        for (day, shop, tax_class), (subtotal, fifo, average) in totals.items()
    ]


def _payments(days: _Days, read: Read) -> list[Record]:
    names = _names(read, "PaymentType")
    totals = _totals(
        ((days(moment, shop), shop, kind or 0, layaway), (_amount(amount),))
        for moment, shop, kind, amount, layaway in read(_PAYMENTS, ())
    )
    return [
        {
            "date": day,
            "shopID": shop,
            "amount": amount,
            "paymentTypeName": names.get(kind, ""),
            "paymentTypeID": kind,
            "layaway": layaway,
        }
        for (day, shop, kind, layaway), (amount,) in totals.items()
    ]


def _orders(days: _Days, read: Read) -> list[Record]:
    classes, vendors = _names(read, "TaxClass"), _names(read, "Vendor")
    totals = _totals(
        (
            (days(moment, shop), shop, order, tax_class or 0, vendor or 0, _amount(ship), _amount(other)),
            (_amount(total),),
        )
        for moment, shop, order, tax_class, total, vendor, ship, other in read(_ORDERS, ())
    )
    return [
        {
            "date": day,
            "shopID": shop,
            "taxClassID": tax_class,
            "taxClassName": classes.get(tax_class, ""),
            "vendorID": vendor,
            "vendorName": vendors.get(vendor, ""),
            "cost": cost,
            "orderID": order,
            "totalShipCost": ship,
            "totalOtherCost": other,
        }
        for (day, shop, order, tax_class, vendor, ship, other), (cost,) in totals.items()
    ]


_REPORTS: dict[type[Resource], Callable[[_Days, Read], list[Record]]] = {
    ReportDiscountsByDay: _discounts,
    ReportOrdersByTaxClass: _orders,
    ReportPaymentsByDay: _payments,
    ReportTaxClassSalesByDay: _sales,
    ReportTaxesByDay: _taxes,
}
