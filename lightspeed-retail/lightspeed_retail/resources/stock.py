"""Where goods went: the inventory log, counts, and transfers between shops."""

from __future__ import annotations

from datetime import datetime

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.declaration import Computed, Money, Resource, part, to_many, to_one
from lightspeed_retail.resources.endpoint import Action, Endpoint, Match, Stamp, Tail, Vanishing

_COUNTS = ("employee:inventory_counts",)
_TRANSFERS = ("employee:transfers",)


class InventoryLog(Resource):
    """One change of an item's stock in a shop, with its reason."""

    api = Endpoint(
        stream="inventory_logs",
        path="/InventoryLog.json",
        key="inventoryLogID",
        bookmark=Tail(created="createTime"),
        event="createTime",
        sortable=("inventoryLogID", "itemID"),
        read_scopes=("employee:inventory_log", "employee:product_cost", "employee:all_read"),
        docs="https://developers.lightspeedhq.com/retail/endpoints/InventoryLog/",
    )

    inventoryLogID: int
    shopID: int
    employeeID: int
    itemID: int
    qohChange: int
    costChange: Money
    createTime: datetime
    automated: bool
    causedNegative: bool
    reason: str
    customerID: int
    inventoryCountID: int
    itemImportID: int
    orderID: int
    saleID: int
    transferID: int
    vendorReturnID: int


class InventoryCount(Resource):
    """A stocktaking in a shop."""

    api = Endpoint(
        stream="inventory_counts",
        path="/InventoryCount.json",
        key="inventoryCountID",
        bookmark=Stamp(),
        sortable=("inventoryCountID",),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        read_scopes=_COUNTS,
        write_scopes=_COUNTS,
        match=(Match("name", ("name",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/InventoryCount/",
    )

    inventoryCountID: int
    name: str
    timeStamp: datetime
    archived: Computed[bool]
    shopID: int


class InventoryCountItem(Resource):
    """How many pieces of an item somebody counted."""

    api = Endpoint(
        stream="inventory_count_items",
        path="/InventoryCountItem.json",
        key="inventoryCountItemID",
        bookmark=Stamp(),
        sortable=("inventoryCountItemID", "inventoryCountID", "itemID"),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        read_scopes=_COUNTS,
        write_scopes=_COUNTS,
        required=("inventoryCountID", "itemID", "employeeID"),
        updates=("qty", "employeeID"),
        docs="https://developers.lightspeedhq.com/retail/endpoints/InventoryCountItem/",
    )

    inventoryCountItemID: int
    qty: int
    timeStamp: datetime
    inventoryCountID: int
    itemID: int
    employeeID: int


class InventoryCountCalc(Resource):
    """What was counted of an item in all, and what should have been there."""

    api = Endpoint(
        stream="inventory_count_calcs",
        path="/InventoryCountCalc.json",
        key="inventoryCountCalcID",
        bookmark=Stamp(),
        sortable=("inventoryCountCalcID", "inventoryCountID", "itemID"),
        read_scopes=_COUNTS,
        write_scopes=_COUNTS,
        docs="https://developers.lightspeedhq.com/retail/endpoints/InventoryCountCalc/",
    )

    inventoryCountCalcID: int
    timeStamp: datetime
    calcQoh: int
    countedQoh: int
    inventoryCountID: int
    itemID: int


class InventoryCountReconcile(Resource):
    """How the books were corrected after a count."""

    api = Endpoint(
        stream="inventory_count_reconciles",
        path="/InventoryCountReconcile.json",
        key="inventoryCountReconcileID",
        bookmark=Tail(created="createTime"),
        event="createTime",
        sortable=("inventoryCountReconcileID", "inventoryCountID", "itemID"),
        verbs=("GET", "POST"),
        read_scopes=_COUNTS,
        write_scopes=("employee:inventory_counts_reconcile",),
        required=("inventoryCountID",),
        write_price=10,
        docs="https://developers.lightspeedhq.com/retail/endpoints/InventoryCountReconcile/",
    )

    inventoryCountReconcileID: int
    costChange: Computed[Money]
    qohChange: Computed[int]
    createTime: datetime
    inventoryCountID: int
    itemID: int


class InventoryTransfer(Resource):
    """Goods on their way from one shop to another."""

    # The relation TransferItems comes only with a single transfer, so its rows are read one transfer at a time.
    api = Endpoint(
        stream="inventory_transfers",
        path="/Inventory/Transfer.json",
        key="transferID",
        bookmark=Stamp(),
        sortable=("transferID", "timeStamp"),
        archived=True,
        event="createTime",
        verbs=("GET", "POST", "PUT"),
        read_scopes=_TRANSFERS,
        write_scopes=_TRANSFERS,
        envelope="Transfer",
        actions=(
            Action("add", "/Inventory/Transfer/{transferID}/AddItems.json"),
            Action("send", "/Inventory/Transfer/{transferID}/Send.json"),
            Action("archive", "/Inventory/Transfer/{transferID}/Archive.json"),
            Action("restore", "/Inventory/Transfer/{transferID}/Restore.json"),
        ),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Inventory-Transfer/",
    )

    transferID: int
    note: str
    archived: Computed[bool]
    timeStamp: datetime
    createTime: datetime
    status: Computed[str]
    sentOn: Computed[datetime]
    needBy: datetime
    sendingShopID: int
    sentByEmployeeID: Computed[int]
    receivingShopID: int
    createdByEmployeeID: Computed[int]
    SendingShop = to_one("Shop", children=("Contact",))
    CreatedByEmployee = to_one("Employee", children=("Contact",))
    SentByEmployee = to_one("Employee", children=("Contact",))
    ReceivingShop = to_one("Shop", children=("Contact",))


class InventoryTransferItem(parts.TransferLine, Resource):
    """One item of a transfer: how many were sent and received."""

    api = Endpoint(
        stream="inventory_transfer_items",
        path="/Inventory/Transfer/{transferID}/TransferItems.json",
        key="transferItemID",
        bookmark=Stamp(),
        sortable=("transferItemID", "timeStamp", "transferID"),
        verbs=("GET", "POST"),
        read_scopes=_TRANSFERS,
        write_scopes=_TRANSFERS,
        envelope="TransferItem",
        parent="InventoryTransfer",
        selected=False,
        required=("itemID", "toSend"),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Inventory-Transfer-TransferItems/",
    )


class Transfer(Resource):
    """Goods on their way from one shop to another, in the older form that can only be read."""

    # The page calls note and archived integers; its own samples carry a text and a flag.
    api = Endpoint(
        stream="transfers",
        path="/Transfer.json",
        key="transferID",
        bookmark=Stamp(),
        sortable=("transferID", "timeStamp"),
        archived=True,
        read_scopes=_TRANSFERS,
        write_scopes=_TRANSFERS,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Transfer/",
    )

    transferID: int
    sent: bool
    received: bool
    note: str
    archived: bool
    timeStamp: datetime
    transferFromID: int
    transferToID: int
    orderID: int
    TransferFrom = part(parts.TransferFrom)
    TransferTo = part(parts.TransferTo)
    TransferItems = to_many("TransferItem", "TransferItem")


class TransferItem(parts.TransferLine, Resource):
    """One item of a transfer, in a list over all transfers."""

    api = Endpoint(
        stream="transfer_items",
        path="/TransferItem.json",
        key="transferItemID",
        bookmark=Stamp(),
        sortable=("transferItemID", "timeStamp", "transferID"),
        read_scopes=_TRANSFERS,
        write_scopes=_TRANSFERS,
        docs="https://developers.lightspeedhq.com/retail/endpoints/TransferItem/",
    )
