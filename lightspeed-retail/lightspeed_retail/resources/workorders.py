"""Repairs and services: workorders, their labour lines and parts."""

from __future__ import annotations

from datetime import datetime

from lightspeed_retail.resources.declaration import Computed, Money, Resource, to_many, to_one
from lightspeed_retail.resources.endpoint import Action, Endpoint, Match, Stamp, Vanishing

_WORKBENCH = ("employee:workbench",)


class Workorder(Resource):
    """A repair or service for a customer."""

    api = Endpoint(
        stream="workorders",
        path="/Workorder.json",
        key="workorderID",
        bookmark=Stamp(),
        sortable=("workorderID", "timeStamp"),
        archived=True,
        event="timeIn",
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        read_scopes=_WORKBENCH,
        write_scopes=_WORKBENCH,
        presets=("nightly",),
        terse=True,
        actions=(Action("checkout", "/Workorder/{workorderID}/Checkout.json"),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Workorder/",
    )

    workorderID: int
    systemSku: Computed[str]
    timeIn: datetime
    etaOut: datetime
    note: str
    internalNote: str
    warranty: bool
    tax: bool = True
    archived: bool
    hookIn: str
    hookOut: str
    saveParts: bool
    assignEmployeeToAll: bool
    timeStamp: datetime
    customerID: int
    discountID: int
    employeeID: int
    serializedID: int
    shopID: int
    saleID: Computed[int]
    saleLineID: Computed[int]
    workorderStatusID: int
    WorkorderLines = to_many("WorkorderLine", "WorkorderLine", rides=True, children=("Discount", "TaxClass"))
    WorkorderItems = to_many("WorkorderItem", "WorkorderItem", rides=True, children=("Discount",))
    Images = to_many("Image", "WorkorderImage", rides=True, computed=True)
    Customer = to_one("Customer")
    Employee = to_one("Employee")
    Serialized = to_one("Serialized")
    Discount = to_one("Discount")
    WorkorderStatus = to_one("WorkorderStatus")


class WorkorderLine(Resource):
    """Labour or another charge on a workorder."""

    api = Endpoint(
        stream="workorder_lines",
        path="/WorkorderLine.json",
        key="workorderLineID",
        bookmark=Stamp(),
        sortable=("workorderLineID", "timeStamp", "workorderID", "saleID"),
        vanishing=Vanishing(),
        read_scopes=_WORKBENCH,
        write_scopes=_WORKBENCH,
        below=("/Workorder/{workorderID}/WorkorderLine.json",),
        delete="delete",
        terse=True,
        docs="https://developers.lightspeedhq.com/retail/endpoints/WorkorderLine/",
    )

    workorderLineID: int
    note: str
    timeStamp: datetime
    approved: bool
    warranty: bool
    hours: int
    minutes: int
    unitPriceOverride: Money
    done: bool
    unitQuantity: int
    tax: bool
    unitCost: Money
    workorderID: int
    employeeID: int
    saleLineID: Computed[int]
    saleID: Computed[int]
    itemID: int
    discountID: int
    taxClassID: int
    Discount = to_one("Discount")
    TaxClass = to_one("TaxClass")


class WorkorderItem(Resource):
    """A part used on a workorder."""

    api = Endpoint(
        stream="workorder_items",
        path="/WorkorderItem.json",
        key="workorderItemID",
        bookmark=Stamp(),
        sortable=("workorderItemID", "timeStamp", "workorderID", "saleID"),
        vanishing=Vanishing(),
        read_scopes=_WORKBENCH,
        write_scopes=_WORKBENCH,
        below=("/Workorder/{workorderID}/WorkorderItem.json",),
        delete="delete",
        terse=True,
        docs="https://developers.lightspeedhq.com/retail/endpoints/WorkorderItem/",
    )

    workorderItemID: int
    approved: bool
    unitPrice: Money
    unitQuantity: int
    warranty: bool
    tax: bool
    isSpecialOrder: bool
    note: str
    timeStamp: datetime
    workorderID: int
    employeeID: int
    saleLineID: Computed[int]
    saleID: Computed[int]
    itemID: int
    discountID: int
    Discount = to_one("Discount")


class WorkorderImage(Resource):
    """A picture of what is to be repaired."""

    api = Endpoint(
        stream="workorder_images",
        path="/Workorder/{workorderID}/WorkorderImage.json",
        key="workorderImageID",
        bookmark=Stamp(),
        sortable=("workorderImageID", "timeStamp"),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        read_scopes=_WORKBENCH,
        write_scopes=_WORKBENCH,
        parent="Workorder",
        terse=True,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Workorder-WorkorderImage/",
    )

    workorderImageID: int
    description: str
    filename: Computed[str]
    ordering: int
    baseImageURL: Computed[str]
    size: Computed[int]
    createTime: datetime
    timeStamp: datetime
    workorderID: int
    publicID: Computed[str]


class WorkorderStatus(Resource):
    """A step that workorders go through, with its color."""

    api = Endpoint(
        stream="workorder_statuses",
        path="/WorkorderStatus.json",
        key="workorderStatusID",
        sortable=("workorderStatusID",),
        read_scopes=_WORKBENCH,
        write_scopes=_WORKBENCH,
        match=(Match("name", ("name",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/WorkorderStatus/",
    )

    workorderStatusID: int
    name: str
    sortOrder: str
    htmlColor: str
    systemValue: str
