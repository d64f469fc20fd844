"""Reports by day, for the accounts: what was sold, taxed, paid and received."""

from __future__ import annotations

import datetime as dt

from lightspeed_retail.resources.declaration import Money, Resource
from lightspeed_retail.resources.endpoint import Days, Endpoint

_REPORTS = ("employee:reports",)

# Rows have no key of their own: the day and what it is divided by identify them. The API wants startDate and endDate.


class ReportDiscountsByDay(Resource):
    """The discounts that a shop gave on a day."""

    api = Endpoint(
        stream="report_discounts_by_day",
        path="/Reports/Accounting/DiscountsByDay.json",
        key="date",
        dimensions=("shopID",),
        bookmark=Days(),
        sortable=("date",),
        read_scopes=_REPORTS,
        envelope="Discounts",
        docs="https://developers.lightspeedhq.com/retail/endpoints/Reports-Accounting-DiscountsByDay/",
    )

    date: dt.date
    shopID: int
    discount: Money


class ReportOrdersByTaxClass(Resource):
    """What a shop received on a purchase order on a day, by tax class."""

    # Shipping and other costs are those of the whole order and repeat on each of its rows.
    api = Endpoint(
        stream="report_orders_by_tax_class",
        path="/Reports/Accounting/OrdersByTaxClass.json",
        key="date",
        dimensions=("shopID", "orderID", "taxClassID"),
        bookmark=Days(first=("Order", "createTime")),
        sortable=("orderID",),
        read_scopes=_REPORTS,
        envelope="Order",
        docs="https://developers.lightspeedhq.com/retail/endpoints/Reports-Accounting-OrdersByTaxClass/",
    )

    date: dt.date
    shopID: int
    taxClassID: int
    taxClassName: str
    vendorID: int
    vendorName: str
    cost: Money
    orderID: int
    totalShipCost: Money
    totalOtherCost: Money


class ReportPaymentsByDay(Resource):
    """What a shop was paid on a day, by way of paying."""

    api = Endpoint(
        stream="report_payments_by_day",
        path="/Reports/Accounting/PaymentsByDay.json",
        key="date",
        dimensions=("shopID", "paymentTypeID", "layaway"),
        bookmark=Days(),
        sortable=("date",),
        read_scopes=_REPORTS,
        envelope="Payments",
        docs="https://developers.lightspeedhq.com/retail/endpoints/Reports-Accounting-PaymentsByDay/",
    )

    date: dt.date
    shopID: int
    amount: Money
    paymentTypeName: str
    paymentTypeID: int
    layaway: bool


class ReportTaxClassSalesByDay(Resource):
    """What a shop sold on a day, before discounts, by tax class."""

    api = Endpoint(
        stream="report_tax_class_sales_by_day",
        path="/Reports/Accounting/TaxClassSalesByDay.json",
        key="date",
        dimensions=("shopID", "taxClassID"),
        bookmark=Days(),
        sortable=("date",),
        read_scopes=_REPORTS,
        envelope="SalesDay",
        docs="https://developers.lightspeedhq.com/retail/endpoints/Reports-Accounting-TaxClassSalesByDay/",
    )

    date: dt.date
    taxClassID: int
    taxClassName: str
    shopID: int
    subtotal: Money
    fifoCost: Money
    avgCost: Money


class ReportTaxesByDay(Resource):
    """The taxes that a shop took on a day, by tax category."""

    api = Endpoint(
        stream="report_taxes_by_day",
        path="/Reports/Accounting/TaxesByDay.json",
        key="date",
        dimensions=("shopID", "taxCategoryID"),
        bookmark=Days(),
        sortable=("date",),
        read_scopes=_REPORTS,
        envelope="Taxes",
        docs="https://developers.lightspeedhq.com/retail/endpoints/Reports-Accounting-TaxesByDay/",
    )

    date: dt.date
    shopID: int
    taxCategoryID: int
    taxCategoryName: str
    tax: Money
