"""Tickets: sales, refunds and layaways, their lines, payments, quotes, deliveries and voids."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.declaration import Computed, Money, Personal, Resource, part, to_many, to_one
from lightspeed_retail.resources.declaration import parts as nested_list
from lightspeed_retail.resources.endpoint import Action, Endpoint, Match, Snapshot, Stamp, Tail, Vanishing

_READ = ("employee:register_read", "employee:register")
_WRITE = ("employee:register",)
_CUSTOMERS_READ = ("employee:customers_read", "employee:customers")
_CUSTOMERS = ("employee:customers",)


class Sale(Resource):
    """A ticket: open, completed, refunded or voided."""

    # timeStamp stays at completion; updateTime moves with every later edit. The page spells it updatetime, live
    # answers updateTime, and nobody has published which of the two the filter takes.
    api = Endpoint(
        stream="sales",
        path="/Sale.json",
        key="saleID",
        bookmark=Stamp("updateTime", spellings=("updateTime", "updatetime"), fallback="timeStamp"),
        sortable=("saleID", "timeStamp", "completeTime", "updatetime"),
        archived=True,
        event="completeTime",
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        read_scopes=_READ,
        write_scopes=_WRITE,
        presets=("nightly",),
        required=("employeeID", "registerID", "shopID"),
        answers=("SaleLines", "SalePayments", "SalePayments.PaymentType", "Customer", "TaxCategory", "Shop"),
        write_price=2,
        surcharges=(("completed", 3),),
        actions=(
            Action("refund", "/Sale/{saleID}/refund.json", price=10),
            Action("receipt", "/Sale/{saleID}/EmailReceipt.json", price=5),
        ),
        match=(Match("reference", ("referenceNumberSource", "referenceNumber"), ("referenceNumber",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Sale/",
    )

    saleID: int
    timeStamp: datetime
    discountPercent: Decimal
    completed: bool
    archived: bool
    voided: Computed[bool]
    enablePromotions: bool
    isTaxInclusive: Computed[bool]
    createTime: datetime
    updateTime: datetime
    completeTime: datetime
    referenceNumber: str
    referenceNumberSource: str
    tax1Rate: Computed[Decimal]
    tax2Rate: Computed[Decimal]
    change: Money
    tipEnabled: bool = True
    receiptPreference: str = "printed"
    displayableSubtotal: Computed[Money]
    ticketNumber: Computed[str]
    calcDiscount: Computed[Money]
    calcTotal: Computed[Money]
    calcSubtotal: Computed[Money]
    calcTaxable: Computed[Money]
    calcNonTaxable: Computed[Money]
    calcAvgCost: Computed[Money]
    calcFIFOCost: Computed[Money]
    calcTax1: Computed[Money]
    calcTax2: Computed[Money]
    calcPayments: Computed[Money]
    calcTips: Computed[Money]
    calcItemFees: Computed[Money]
    calcSurcharges: Computed[Money]
    tippableAmount: Computed[Money]
    total: Computed[Money]
    totalDue: Computed[Money]
    displayableTotal: Computed[Money]
    balance: Computed[Money]
    cashRoundingDelta: Computed[Money]
    cashRoundedBalance: Computed[Money]
    cashRoundedTotal: Computed[Money]
    taxTotal: Computed[Money]
    customerID: int
    discountID: int
    employeeID: int
    tipEmployeeID: int
    quoteID: int
    registerID: int
    shipToID: int
    shopID: int
    taxCategoryID: int
    MetaData = part(parts.SaleMetaData, computed=True)
    TaxClassTotals = nested_list("Tax", parts.Tax, computed=True)
    SaleNotes = to_one(parts.SaleNotes)
    SaleLines = to_many(
        "SaleLine", "SaleLine", rides=True, children=("Discount", "TaxClass", "Note", "Item", "InventorySales")
    )
    SalePayments = to_many(
        "SalePayment", "SalePayment", rides=True, children=("PaymentType", "CCCharge", "SaleAccounts", "Signatures")
    )
    ShipTo = to_one("ShipTo", children=("Contact",))
    Customer = to_one("Customer", children=("Contact",))
    Discount = to_one("Discount")
    TaxCategory = to_one("TaxCategory", children=("TaxCategoryClasses",))
    Quote = to_one("Quote")


class SaleLine(Resource):
    """One line of a ticket: an item, a quantity, a price."""

    # A line of an open sale can change without its sale.
    api = Endpoint(
        stream="sale_lines",
        path="/SaleLine.json",
        key="saleLineID",
        bookmark=Stamp(),
        sortable=("saleLineID", "timeStamp", "saleID"),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(within="Sale", where=("completed", "false")),
        read_scopes=_READ,
        write_scopes=_WRITE,
        presets=("nightly",),
        below=("/Sale/{saleID}/SaleLine.json",),
        write_price=2,
        surcharges=(("completed", 3),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/SaleLine/",
    )

    saleLineID: int
    createTime: datetime
    timeStamp: datetime
    unitQuantity: int = 1
    unitPrice: Money
    normalUnitPrice: Money
    discountAmount: Money
    discountPercent: Decimal
    avgCost: Money
    fifoCost: Money
    tax: bool
    tax1Rate: Computed[Decimal]
    tax2Rate: Computed[Decimal]
    isLayaway: bool
    isWorkorder: Computed[bool]
    isSpecialOrder: bool
    requireFullReservation: bool
    displayableSubtotal: Computed[Money]
    displayableUnitPrice: Computed[Money]
    lineType: Computed[str]
    calcLineDiscount: Computed[Money]
    calcTransactionDiscount: Computed[Money]
    calcTotal: Computed[Money]
    calcSubtotal: Computed[Money]
    calcTax1: Computed[Money]
    calcTax2: Computed[Money]
    taxClassID: int
    customerID: int
    discountID: int
    employeeID: int
    itemID: int
    noteID: Computed[int]
    parentSaleLineID: int
    shopID: int
    taxCategoryID: Computed[int]
    saleID: int
    itemFeeID: Computed[int]
    Note = to_one(parts.Note, default=False)
    InventorySales = to_many("InventorySale", parts.InventorySale, default=False, computed=True)
    # Its TaxCategory can be asked for in the list of lines, but not with the sale, so it is left to tax_categories.
    Discount = to_one("Discount")
    TaxClass = to_one("TaxClass")
    Item = to_one("Item")


class SalePayment(Resource):
    """A payment or part payment of a ticket; archived ones were replaced before completion."""

    # The page lists timeStamp as sortable, but no answer carries one.
    api = Endpoint(
        stream="sale_payments",
        path="/SalePayment.json",
        key="salePaymentID",
        bookmark=Tail(created="createTime"),
        sortable=("salePaymentID", "saleID"),
        archived=True,
        read_scopes=_READ,
        write_scopes=_WRITE,
        docs="https://developers.lightspeedhq.com/retail/endpoints/SalePayment/",
    )

    salePaymentID: int
    amount: Money
    tipAmount: Money
    createTime: datetime
    archived: bool
    remoteReference: str
    paymentID: Computed[str]
    saleID: int
    paymentTypeID: int
    ccChargeID: Computed[int]
    refPaymentID: int
    registerID: int
    employeeID: int
    creditAccountID: int
    # Its ProcessingFees can be asked for in the list of payments, but not with the sale: they are left to their stream.
    PaymentType = to_one("PaymentType")
    CCCharge = to_one("CCCharge", default=False)
    SaleAccounts = to_many("SaleAccount", parts.SaleAccount, default=False, computed=True)
    Signatures = to_many("SalePaymentSignature", "SalePaymentSignature", rides=True, default=False, computed=True)


class Quote(Resource):
    """An uncompleted sale that was offered to a customer."""

    api = Endpoint(
        stream="quotes",
        path="/Quote.json",
        key="quoteID",
        bookmark=Snapshot(large=True),
        sortable=("quoteID",),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        read_scopes=_CUSTOMERS_READ,
        write_scopes=_CUSTOMERS,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Quote/",
    )

    quoteID: int
    issueDate: datetime
    notes: str
    archived: bool
    employeeID: int
    saleID: int


class ShipTo(Resource):
    """Where and to whom the goods of a sale are sent."""

    api = Endpoint(
        stream="ship_tos",
        path="/ShipTo.json",
        key="shipToID",
        bookmark=Stamp(),
        sortable=("shipToID", "timeStamp", "saleID"),
        read_scopes=_CUSTOMERS_READ,
        write_scopes=_CUSTOMERS,
        docs="https://developers.lightspeedhq.com/retail/endpoints/ShipTo/",
    )

    shipToID: int
    shipped: bool
    timeStamp: datetime
    shipNote: Personal
    firstName: Personal
    lastName: Personal
    company: str
    customerID: int
    saleID: int
    Contact = to_one(parts.Contact)


class SaleVoid(Resource):
    """A completed ticket that was made void: who did it, when and why."""

    api = Endpoint(
        stream="sale_voids",
        path="/SaleVoid.json",
        key="saleVoidID",
        bookmark=Tail(created="createTime"),
        event="createTime",
        sortable=("saleVoidID", "saleID"),
        read_scopes=("employee:admin_void_sale",),
        docs="https://developers.lightspeedhq.com/retail/endpoints/SaleVoid/",
    )

    saleVoidID: int
    createTime: datetime
    reason: str
    saleID: int
    employeeID: int
    shopID: int
