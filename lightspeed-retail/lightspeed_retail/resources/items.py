"""What is sold: items and their matrices, stock, categories, makers and pictures."""

from __future__ import annotations

from datetime import datetime

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.declaration import Money, Resource, part, to_many, to_one
from lightspeed_retail.resources.declaration import parts as nested_list
from lightspeed_retail.resources.endpoint import Endpoint, Stamp, Vanishing

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
        docs="https://developers.lightspeedhq.com/retail/endpoints/Category/",
    )

    categoryID: int
    name: str
    nodeDepth: str
    fullPathName: str
    leftNode: int
    rightNode: int
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
        docs="https://developers.lightspeedhq.com/retail/endpoints/Item/",
    )

    itemID: int
    systemSku: str
    defaultCost: Money
    avgCost: Money
    discountable: bool
    tax: bool
    archived: bool
    itemType: str
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
    taxClassID: int
    departmentID: int
    itemMatrixID: int
    manufacturerID: int
    seasonID: int
    defaultVendorID: int
    itemAttributesID: int
    noteID: int
    itemECommerceID: int
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
    TagRelations = to_many("TagRelation", parts.TagRelation, default=False)
    ItemUUID = to_one(parts.ItemUUID, wrapper="ItemUUID")
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
        docs="https://developers.lightspeedhq.com/retail/endpoints/ItemShop/",
    )

    itemShopID: int
    qoh: int
    sellable: int
    backorder: int
    componentQoh: int
    componentBackorder: int
    onLayaway: int
    onSpecialOrder: int
    onWorkorder: int
    onTransferOut: int
    onTransferIn: int
    averageCost: Money
    nextFifoLotID: int
    nextFifoLotCost: Money
    lastReceivedLotID: int
    lastReceivedCost: Money
    totalValueFifo: Money
    totalValueAvgCost: Money
    totalValueNegativeInventory: Money
    reorderPoint: int
    reorderLevel: int
    timeStamp: datetime
    itemID: int
    shopID: int
    m = part(parts.ItemShopReservations)


class ItemAttributeSet(Resource):
    """The names of the attributes that a matrix varies by."""

    api = Endpoint(
        stream="item_attribute_sets",
        path="/ItemAttributeSet.json",
        key="itemAttributeSetID",
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
        docs="https://developers.lightspeedhq.com/retail/endpoints/ItemMatrix/",
    )

    itemMatrixID: int
    description: str
    tax: bool
    defaultCost: Money
    itemType: str
    serialized: bool
    modelYear: int
    archived: bool
    timeStamp: datetime
    itemAttributeSetID: int
    manufacturerID: int
    categoryID: int
    defaultVendorID: int
    taxClassID: int
    seasonID: int
    departmentID: int
    itemECommerceID: int
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
    TagRelations = to_many("TagRelation", parts.TagRelation)
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
        docs="https://developers.lightspeedhq.com/retail/endpoints/Image/",
    )

    imageID: int
    description: str
    filename: str
    originalFilename: str
    ordering: int
    publicID: str
    baseImageURL: str
    size: int
    createTime: datetime
    timeStamp: datetime
    itemID: int
    itemMatrixID: int
    Item = to_one("Item")
    ItemMatrix = to_one("ItemMatrix")
