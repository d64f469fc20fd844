"""What comes from vendors and goes back to them: shipments, returns, special orders, vendors' catalogs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.declaration import Money, Resource, to_many, to_one
from lightspeed_retail.resources.declaration import parts as nested_list
from lightspeed_retail.resources.endpoint import Endpoint, Stamp

_ORDERS = ("employee:purchase_orders",)


class Shipment(Resource):
    """A delivery on a purchase order."""

    api = Endpoint(
        stream="shipments",
        path="/Shipment.json",
        key="orderShipmentID",
        bookmark=Stamp(),
        sortable=("orderShipmentID", "paymentDueDate", "sequenceNumber"),
        event="createTime",
        read_scopes=_ORDERS,
        write_scopes=_ORDERS,
        envelope="OrderShipment",
        docs="https://developers.lightspeedhq.com/retail/endpoints/Shipment/",
    )

    orderShipmentID: int
    orderID: int
    sequenceNumber: int
    totalQtyReceived: int
    totalVendorCost: Money
    totalCost: Money
    currencyCode: str
    vendorCurrencyCode: str
    vendorCurrencyRate: Decimal
    createTime: datetime
    paymentDueDate: date
    shipmentPackingRefNum: str
    timeStamp: datetime
    employeeID: int
    receptionDate: datetime
    shippingCostMethod: str
    shippingVendorCost: Money
    shippingCost: Money
    shippingCostOrderFullValue: Money
    shippingCostOrderFullVendorValue: Money
    discountMethod: str
    discountMoneyVendorValue: Money
    discountMoneyValue: Money
    discountPercentValue: Decimal
    discountOrderFullMoneyValue: Money
    discountOrderFullMoneyVendorValue: Money
    cost: Money
    vendorCost: Money
    status: str
    Employee = to_one("Employee")
    Order = to_one("Order")
    OrderShipmentItems = to_many("OrderShipmentItem", "ShipmentItem", rides=True)


class ShipmentItem(Resource):
    """What came of one item with a delivery."""

    # employeeID stands on the page of OrderShipmentItem, which shows the same rows. The page's relations can't be asked
    # for with the shipment, so they are left to their streams. Where the page sorts by description, rows have
    # itemDescription.
    api = Endpoint(
        stream="shipment_items",
        path="/Shipment/{orderShipmentID}/Item.json",
        key="orderShipmentItemID",
        bookmark=Stamp(),
        sortable=("orderShipmentItemID", "qtyReceived", "vendorCost"),
        read_scopes=_ORDERS,
        write_scopes=_ORDERS,
        envelope="OrderShipmentItem",
        parent="Shipment",
        docs="https://developers.lightspeedhq.com/retail/endpoints/ShipmentItem/",
    )

    orderShipmentItemID: int
    orderShipmentID: int
    qtyReceived: int
    vendorCost: Money
    cost: Money
    totalVendorCost: Money
    totalCost: Money
    shippingCost: Money
    shippingVendorCost: Money
    discountMoneyValue: Money
    discountMoneyVendorValue: Money
    discountPercentValue: Decimal
    currencyCode: str
    vendorCurrencyCode: str
    vendorCurrencyRate: Decimal
    createTime: datetime
    timeStamp: datetime
    employeeID: int
    itemID: int
    itemVendorID: str
    itemDescription: str


class VendorReturn(Resource):
    """Goods that go back to a vendor."""

    api = Endpoint(
        stream="vendor_returns",
        path="/VendorReturn.json",
        key="vendorReturnID",
        bookmark=Stamp(),
        sortable=("vendorReturnID", "timeStamp"),
        archived=True,
        read_scopes=("employee:vendor_returns",),
        docs="https://developers.lightspeedhq.com/retail/endpoints/VendorReturn/",
    )

    vendorReturnID: int
    vendorID: int
    shopID: int
    refNum: str
    status: str
    archived: bool
    shipCost: Money
    otherCost: Money
    subtotal: Money
    total: Money
    timeStamp: datetime
    hideVendorDetails: bool
    sentDate: datetime
    VendorReturnItems = to_many("VendorReturnItem", parts.VendorReturnItem, empty="")
    Shop = to_one("Shop", children=("Contact",))
    Vendor = to_one("Vendor", children=("Contact", "Reps"))
    Note = to_one(parts.Note)


class SpecialOrder(Resource):
    """Something ordered for a customer because the shop was out of it."""

    api = Endpoint(
        stream="special_orders",
        path="/SpecialOrder.json",
        key="specialOrderID",
        bookmark=Stamp(),
        sortable=("specialOrderID", "timeStamp"),
        read_scopes=("employee:special_orders",),
        write_scopes=("employee:special_orders",),
        docs="https://developers.lightspeedhq.com/retail/endpoints/SpecialOrder/",
    )

    specialOrderID: int
    unitQuantity: int
    contacted: bool
    completed: bool
    timeStamp: datetime
    status: str
    customerID: int
    shopID: int
    saleLineID: int
    orderLineID: int
    transferItemID: int
    SaleLine = to_one("SaleLine", children=("Item", "Note", "Discount", "TaxClass"))
    OrderLine = to_one("OrderLine")


class CatalogVendorItem(Resource):
    """An article in the catalog of a vendor."""

    api = Endpoint(
        stream="catalog_vendor_items",
        path="/CatalogVendorItem.json",
        key="catalogVendorItemID",
        bookmark=Stamp(),
        sortable=("catalogVendorItemID", "timeStamp"),
        archived=True,
        verbs=("GET", "POST"),
        read_scopes=("employee:product_cost",),
        write_scopes=("employee:product_cost",),
        docs="https://developers.lightspeedhq.com/retail/endpoints/CatalogVendorItem/",
    )

    catalogVendorItemID: int
    vendorNumber: str
    description: str
    category: str
    model: str
    retailUnit: int
    unitOfMeasurement: str
    cost: Money
    costLevel2: Money
    costLevel3: Money
    costLevel4: Money
    msrp: Money
    breakQty: int
    breakPrice: Money
    manufacturerNumber: str
    brand: str
    upc: str
    ean: str
    ean2: str
    status: str
    year: str
    replacement: str
    replacementDescription: str
    breakQty2: int
    breakPrice2: Money
    breakQty3: int
    breakPrice3: Money
    colorName: str
    sizeName: str
    archived: bool
    lastQoh: int
    timeStamp: datetime
    catalogVendorID: int
    # In the page's sample, though not in its table of fields.
    catalogMasterID: int
    lastPriceChange: date
    CatalogVendor = to_one(parts.CatalogVendor)
    # Nobody has published the fields of a row; each is kept as the text that it came as.
    CatalogVendorAvailability = nested_list("VendorAvailability", str)
