"""Where goods come from: vendors and purchase orders."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.declaration import Computed, Money, Resource, part, to_many, to_one
from lightspeed_retail.resources.declaration import parts as nested_list
from lightspeed_retail.resources.endpoint import Endpoint, Match, Stamp, Vanishing

_ORDERS = ("employee:purchase_orders",)


class Vendor(Resource):
    """A supplier."""

    api = Endpoint(
        stream="vendors",
        path="/Vendor.json",
        key="vendorID",
        bookmark=Stamp(),
        sortable=("vendorID", "timeStamp", "name"),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        write_scopes=("employee:vendors", "employee:admin_inventory"),
        match=(Match("name", ("name",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Vendor/",
    )

    vendorID: int
    name: str
    archived: bool
    accountNumber: str
    priceLevel: str
    updatePrice: bool
    updateCost: bool
    updateDescription: bool
    shareSellThrough: bool
    timeStamp: datetime
    b2bSellerUID: str
    purchasingCurrency = part(parts.Currency, computed=True)
    Contact = to_one(parts.Contact)
    Reps = to_many("VendorRep", parts.VendorRep)


class Order(Resource):
    """A purchase order to a vendor."""

    api = Endpoint(
        stream="orders",
        path="/Order.json",
        key="orderID",
        bookmark=Stamp(),
        sortable=("orderID", "timeStamp"),
        archived=True,
        event="createTime",
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        read_scopes=_ORDERS,
        write_scopes=_ORDERS,
        answers=("Note",),
        match=(Match("refNum", ("refNum",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Order/",
    )

    orderID: int
    orderedDate: datetime
    receivedDate: datetime
    arrivalDate: datetime
    shipInstructions: str
    stockInstructions: str
    shipCost: Money
    shipVendorCost: Money
    otherCost: Money
    otherVendorCost: Money
    complete: Computed[bool]
    archived: bool
    discount: Money
    totalDiscount: Computed[Money]
    totalQuantity: Computed[int]
    subTotalCost: Computed[Money]
    totalCost: Computed[Money]
    timeStamp: datetime
    refNum: str
    createTime: datetime
    vendorCurrencyRate: Decimal
    vendorCurrencyCode: str
    shippingCostMethod: str
    hasShipments: Computed[bool]
    discountMethod: str
    discountMoneyValue: Money
    discountMoneyVendorValue: Money
    discountIsPercent: bool
    discountPercentValue: Decimal
    costsModifiedAfterShipment: Computed[bool]
    b2bOrderUID: str
    b2bOrderNumber: str
    vendorID: int
    noteID: Computed[int]
    shopID: int
    createdByEmployeeID: Computed[int]
    Note = to_one(parts.Note)
    CustomFieldValues = to_many("CustomFieldValue", parts.CustomFieldValue)
    OrderLines = to_many("OrderLine", "OrderLine", rides=True)
    Vendor = to_one("Vendor")
    Shop = to_one("Shop")


class OrderLine(Resource):
    """One line of a purchase order."""

    api = Endpoint(
        stream="order_lines",
        path="/OrderLine.json",
        key="orderLineID",
        bookmark=Stamp(),
        sortable=("orderLineID", "timeStamp", "orderID"),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(within="Order", where=("complete", "false")),
        read_scopes=_ORDERS,
        write_scopes=_ORDERS,
        required=("orderID", "itemID"),
        docs="https://developers.lightspeedhq.com/retail/endpoints/OrderLine/",
    )

    orderLineID: int
    quantity: int
    price: Money
    originalPrice: Money
    vendorCost: Money
    checkedIn: Computed[int]
    numReceived: int
    timeStamp: datetime
    total: Computed[Money]
    createTime: datetime
    shippingCost: Computed[Money]
    shippingVendorCost: Computed[Money]
    discountMoneyValue: Computed[Money]
    discountMoneyVendorValue: Computed[Money]
    discountPercentValue: Computed[Decimal]
    orderID: int
    itemID: int


class OrderCustomField(parts.CustomField, Resource):
    """A field that the retailer has added to purchase orders."""

    # The page lists timeStamp as sortable, but no answer carries one.
    api = Endpoint(
        stream="order_custom_fields",
        path="/Order/CustomField.json",
        key="customFieldID",
        sortable=("customFieldID", "name"),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        read_scopes=_ORDERS,
        write_scopes=_ORDERS,
        envelope="CustomField",
        required=("type", "name"),
        match=(Match("name", ("name",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Order-CustomField/",
    )

    CustomFieldChoices = nested_list("CustomFieldChoice", parts.CustomFieldChoice, computed=True)


class OrderCustomFieldChoice(parts.CustomFieldChoice, Resource):
    """One of the values that a custom field of purchase orders offers."""

    api = Endpoint(
        stream="order_custom_field_choices",
        path="/Order/CustomField/{customFieldID}/CustomFieldChoice.json",
        key="customFieldChoiceID",
        bookmark=Stamp(),
        sortable=("customFieldChoiceID", "timeStamp"),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        read_scopes=_ORDERS,
        write_scopes=_ORDERS,
        envelope="CustomFieldChoice",
        parent="OrderCustomField",
        parents=("type", ("single_choice", "multi_choice")),
        selected=False,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Order-CustomField-CustomFieldChoice/",
    )

    CustomField = part(parts.CustomField, computed=True)
