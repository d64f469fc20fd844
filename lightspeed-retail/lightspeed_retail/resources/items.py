"""What is sold: items and their matrices, stock, categories, makers and pictures."""

from __future__ import annotations

from datetime import datetime

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.declaration import Computed, Money, Resource, part, to_many, to_one
from lightspeed_retail.resources.declaration import parts as nested_list
from lightspeed_retail.resources.endpoint import Endpoint, Match, Stamp, Vanishing

_READ = ("employee:inventory_read", "employee:inventory")
_WRITE = ("employee:inventory",)


class Category(Resource):
    """A node in the tree of item categories."""

    api = Endpoint(
        stream="categories",
        path="/Category.json",
        key="categoryID",
        bookmark=Stamp(),
        sortable=("categoryID", "timeStamp", "leftNode", "rightNode"),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        write_scopes=("employee:categories",),
        presets=("nightly",),
        required=("name",),
        write_price=10,
        match=(
            Match("name", ("name", "parentID")),
            Match("fullPathName", ("fullPathName",), filters=None),
            Match("name alone", ("name",)),
        ),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Category/",
    )

    categoryID: int
    name: str
    nodeDepth: Computed[str]
    fullPathName: Computed[str]
    leftNode: Computed[int]
    rightNode: Computed[int]
    createTime: datetime
    timeStamp: datetime
    parentID: int
    Parent = to_one("Category")


class Manufacturer(Resource):
    """A maker or brand."""

    api = Endpoint(
        stream="manufacturers",
        path="/Manufacturer.json",
        key="manufacturerID",
        bookmark=Stamp(),
        sortable=("manufacturerID", "timeStamp", "name"),
        verbs=("GET", "POST", "PUT"),
        write_scopes=("employee:manufacturers", "employee:admin_inventory"),
        required=("name",),
        match=(Match("name", ("name",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Manufacturer/",
    )

    manufacturerID: int
    name: str
    createTime: datetime
    timeStamp: datetime


class Item(Resource):
    """A product or service that is sold."""

    api = Endpoint(
        stream="items",
        path="/Item.json",
        key="itemID",
        bookmark=Stamp(),
        sortable=("itemID", "timeStamp", "description"),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        read_scopes=_READ,
        write_scopes=_WRITE,
        presets=("nightly",),
        required=("description",),
        unique=("upc", "ean"),
        answers=("ItemShops",),
        match=(
            Match("systemSku", ("systemSku",), local=True),
            Match("customSku", ("customSku",)),
            Match("upc", ("upc",)),
            Match("ean", ("ean",)),
            Match("manufacturerSku", ("manufacturerSku",)),
        ),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Item/",
    )

    itemID: int
    systemSku: Computed[str]
    defaultCost: Money
    avgCost: Computed[Money]
    discountable: bool = True
    tax: bool = True
    archived: bool
    itemType: str = "default"
    serialized: bool
    description: str
    modelYear: int
    upc: str
    ean: str
    customSku: str
    manufacturerSku: str
    createTime: datetime
    timeStamp: datetime
    publishToEcom: bool
    laborDurationMinutes: int
    categoryID: int
    taxClassID: int = 1
    departmentID: int
    itemMatrixID: int
    manufacturerID: int
    seasonID: int
    defaultVendorID: int
    itemAttributesID: Computed[int]
    noteID: Computed[int]
    itemECommerceID: Computed[int]
    # Prices come with every item; the relation ItemPrices that the page lists adds nothing.
    Prices = nested_list("ItemPrice", parts.ItemPrice)
    ItemAttributes = to_one(parts.ItemAttributes)
    Note = to_one(parts.Note)
    ItemVendorNums = to_many("ItemVendorNum", parts.ItemVendorNum)
    ItemComponents = to_many("ItemComponent", parts.ItemComponent)
    ItemECommerce = to_one(parts.ItemECommerce)
    CustomFieldValues = to_many("CustomFieldValue", parts.CustomFieldValue)
    Tags = to_many("tag", str, empty="")
    # The keys of the same tags.
    TagRelations = to_many("TagRelation", parts.TagRelation, default=False, computed=True)
    ItemUUID = to_one(parts.ItemUUID, wrapper="ItemUUID", computed=True)
    Category = to_one("Category")
    TaxClass = to_one("TaxClass")
    Manufacturer = to_one("Manufacturer")
    Images = to_many("Image", "Image")
    ItemShops = to_many("ItemShop", "ItemShop", rides=True, polled=True)


class ItemShop(Resource):
    """The stock of one item in one shop; shop 0 is the total of all."""

    api = Endpoint(
        stream="item_shops",
        path="/ItemShop.json",
        key="itemShopID",
        bookmark=Stamp(),
        sortable=("itemShopID", "timeStamp"),
        verbs=("GET", "PUT"),
        read_scopes=_READ,
        write_scopes=_WRITE,
        updates=("reorderPoint", "reorderLevel"),
        match=(Match("item and shop", ("itemID", "shopID")),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/ItemShop/",
    )

    itemShopID: int
    qoh: int
    sellable: Computed[int]
    backorder: Computed[int]
    componentQoh: Computed[int]
    componentBackorder: Computed[int]
    onLayaway: Computed[int]
    onSpecialOrder: Computed[int]
    onWorkorder: Computed[int]
    onTransferOut: Computed[int]
    onTransferIn: Computed[int]
    averageCost: Computed[Money]
    nextFifoLotID: Computed[int]
    nextFifoLotCost: Computed[Money]
    lastReceivedLotID: Computed[int]
    lastReceivedCost: Computed[Money]
    totalValueFifo: Computed[Money]
    totalValueAvgCost: Computed[Money]
    totalValueNegativeInventory: Computed[Money]
    reorderPoint: int
    reorderLevel: int
    timeStamp: datetime
    itemID: int
    shopID: int
    by = ("shopID",)
    m = part(parts.ItemShopReservations, computed=True)


class ItemAttributeSet(Resource):
    """The names of the attributes that a matrix varies by."""

    api = Endpoint(
        stream="item_attribute_sets",
        path="/ItemAttributeSet.json",
        key="itemAttributeSetID",
        match=(Match("name", ("name",)),),
        sortable=("itemAttributeSetID",),
        archived=True,
        read_scopes=_READ,
        write_scopes=_WRITE,
        presets=("nightly",),
        docs="https://developers.lightspeedhq.com/retail/endpoints/ItemAttributeSet/",
    )

    itemAttributeSetID: int
    name: str
    attributeName1: str
    attributeName2: str
    attributeName3: str
    system: bool
    archived: bool


class ItemMatrix(Resource):
    """A family of items that differ in attributes such as colour and size."""

    api = Endpoint(
        stream="item_matrices",
        path="/ItemMatrix.json",
        key="itemMatrixID",
        bookmark=Stamp(),
        sortable=("itemMatrixID", "timeStamp", "description"),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        read_scopes=_READ,
        write_scopes=_WRITE,
        match=(Match("description", ("description",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/ItemMatrix/",
    )

    itemMatrixID: int
    description: str
    tax: bool = True
    defaultCost: Money
    itemType: str = "default"
    serialized: bool
    modelYear: int
    archived: bool
    timeStamp: datetime
    itemAttributeSetID: int
    manufacturerID: int
    categoryID: int
    defaultVendorID: int
    taxClassID: int = 1
    seasonID: int
    departmentID: int
    itemECommerceID: Computed[int]
    Prices = nested_list("ItemPrice", parts.ItemPrice)
    attribute1Values = nested_list("", str)
    attribute2Values = nested_list("", str)
    Category = to_one("Category")
    TaxClass = to_one("TaxClass")
    ItemAttributeSet = to_one("ItemAttributeSet")
    Manufacturer = to_one("Manufacturer")
    Season = to_one("Season")
    Images = to_many("Image", "Image")
    Items = to_many("Item", "Item")
    TagRelations = to_many("TagRelation", parts.TagRelation, computed=True)
    ItemECommerce = to_one(parts.ItemECommerce)


class Image(Resource):
    """A picture of an item or a matrix."""

    # timeStamp is in every row, but the page lists only imageID as sortable.
    api = Endpoint(
        stream="images",
        path="/Image.json",
        key="imageID",
        bookmark=Stamp(),
        sortable=("imageID",),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        read_scopes=_READ,
        write_scopes=_WRITE,
        below=("/Item/{itemID}/Image.json", "/ItemMatrix/{itemMatrixID}/Image.json"),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Image/",
    )

    imageID: int
    description: str
    filename: str
    originalFilename: Computed[str]
    ordering: int
    publicID: Computed[str]
    baseImageURL: Computed[str]
    size: Computed[int]
    createTime: datetime
    timeStamp: datetime
    itemID: int
    itemMatrixID: int
    Item = to_one("Item")
    ItemMatrix = to_one("ItemMatrix")
