"""Records that only exist inside others: contacts, notes, prices, custom field values."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from lightspeed_retail.resources.declaration import Computed, Money, Part, Personal, part, parts, to_many, to_one


class ContactAddress(Part):
    """A postal address; in practice one for each contact."""

    address1: Personal
    address2: Personal
    city: str
    state: str
    stateCode: str
    zip: Personal
    country: str
    countryCode: str


class ContactPhone(Part):
    """A phone number, told apart by its use: Home, Work, Mobile, Pager, Fax."""

    number: Personal
    useType: str
    by = ("useType",)


class ContactEmail(Part):
    """An email address, told apart by its use: Primary, Secondary."""

    address: Personal
    useType: str
    by = ("useType",)


class ContactWebsite(Part):
    """A web address."""

    url: Personal


class Contact(Part):
    """How to reach a person or a company, and whether one may."""

    contactID: int
    custom: Personal
    noEmail: bool = True
    noPhone: bool = True
    noMail: bool = True
    timeStamp: datetime
    Addresses = parts("ContactAddress", ContactAddress, empty="")
    Phones = parts("ContactPhone", ContactPhone, empty="")
    Emails = parts("ContactEmail", ContactEmail, empty="")
    Websites = parts("ContactWebsite", ContactWebsite, empty="")


class Note(Part):
    """A free text on a record."""

    noteID: int
    note: str
    isPublic: bool
    timeStamp: datetime


class CustomFieldValue(Part):
    """The value of one custom field of a record."""

    customFieldValueID: int
    customFieldID: int
    name: Computed[str]
    type: Computed[str]
    value: str
    deleted: bool
    timeStamp: datetime
    by = ("customFieldID",)


class Link(Part):
    """A link to a record within the API."""

    href: str


class Currency(Part):
    """A currency that an account or a vendor works in."""

    code: str
    symbol: str
    rate: Decimal


class ItemPrice(Part):
    """The price of an item at one price level."""

    amount: Money
    useTypeID: int
    useType: str
    by = ("useTypeID", "useType")


class ItemVendorNum(Part):
    """A vendor's own number and cost for an item."""

    itemVendorNumID: int
    value: str
    itemID: Computed[int]
    vendorID: int
    timeStamp: datetime
    cost: Money
    b2bCatalogUUID: str
    catalogVendorItemID: int


class ItemComponent(Part):
    """One ingredient of an assembly or a box."""

    itemComponentID: int
    quantity: int
    componentGroup: int
    assemblyItemID: int
    componentItemID: int


class ItemAttributes(Part):
    """What tells an item of a matrix apart from its siblings."""

    attribute1: str
    attribute2: str
    attribute3: str
    itemAttributeSetID: int
    ItemAttributeSet = to_one("ItemAttributeSet")


class ItemECommerce(Part):
    """How an item is shown in the web shop."""

    itemECommerceID: int
    longDescription: str
    shortDescription: str
    weight: Decimal
    width: Decimal
    height: Decimal
    length: Decimal
    listOnStore: bool


class ItemUUID(Part):
    """The identity of a product across Lightspeed's services."""

    productUUID: str


class ItemShopReservations(Part):
    """Reserved stock in the older form, replaced by the `on...` fields in January 2025."""

    layaways: int
    specialorders: int
    workorders: int


class InternalNote(Part):
    """A note for the staff."""

    noteID: int
    note: str


class PrintedNote(Part):
    """A note that is printed on the receipt."""

    noteID: int
    note: str


class SaleNotes(Part):
    """The notes of a sale."""

    InternalNote = part(InternalNote)
    PrintedNote = part(PrintedNote)


class SaleMetaData(Part):
    """Tips that the customer was offered."""

    tipOption1: Decimal
    tipOption2: Decimal
    tipOption3: Decimal


class Tax(Part):
    """What one tax class contributes to a sale."""

    id: int
    name: str
    taxable: Money
    rate: Decimal
    amount: Money
    taxname: str
    subtotal: Money
    rate2: Decimal
    amount2: Money
    taxname2: str
    subtotal2: Money


class InventorySale(Part):
    """The cost lot that a sold quantity was taken from."""

    inventorySaleID: int
    quantity: int
    createTime: datetime
    inventoryID: int


class SaleAccount(Part):
    """The credit account that a payment was drawn on."""

    saleAccountID: int
    creditAccountID: int
    salePaymentID: int
    saleLineID: int


class EmployeeRight(Part):
    """One thing that an employee may do."""

    employeeRightID: int
    name: str


class EmployeeRole(Part):
    """A named set of rights."""

    employeeRoleID: int
    name: str
    EmployeeRights = to_many("EmployeeRight", EmployeeRight)


class ReceiptSetup(Part):
    """What a shop prints on its receipts."""

    receiptSetupID: int
    generalMsg: str
    workorderAgree: str
    creditcardAgree: str
    logo: str
    logoHeight: int
    logoWidth: int
    header: str


class VendorRep(Part):
    """A representative of a vendor."""

    firstName: Personal
    lastName: Personal


class CustomField(Part):
    """A field that the retailer has added to a resource."""

    customFieldID: int
    type: str
    name: str
    uom: str
    decimalPrecision: int
    archived: bool
    default: str


class CustomFieldChoice(Part):
    """One of the values that a custom field offers."""

    customFieldChoiceID: int
    value: str
    name: str
    canBeDeleted: bool
    customFieldID: Computed[int]
    timeStamp: datetime


class TransferLine(Part):
    """One item on its way between shops."""

    transferItemID: int
    toSend: int
    toReceive: Computed[int]
    sent: Computed[int]
    received: Computed[int]
    sentValue: Computed[Money]
    receivedValue: Computed[Money]
    comment: str
    timeStamp: datetime
    transferID: Computed[int]
    itemID: int


class TransferFrom(Part):
    """Where a transfer comes from."""

    transferFromID: int
    sentOn: datetime
    employeeID: int
    shopID: int


class TransferTo(Part):
    """Where a transfer goes."""

    transferToID: int
    needBy: datetime
    employeeID: int
    shopID: int


class TagRelation(Part):
    """A tag that an item carries, by its key."""

    tagID: int


class ItemFeeCategory(Part):
    """A category whose items a fee is added to."""

    itemFeeCategoryID: int
    itemFeeID: int
    categoryID: int


class CatalogVendor(Part):
    """The catalog that a vendor's article stands in."""

    catalogVendorID: int
    name: str
    lastUpdate: datetime


class VendorReturnItemReason(Part):
    """Why goods go back to a vendor."""

    vendorReturnItemReasonID: int
    reason: str
    defaultSelected: bool
    archived: bool
    createTime: datetime
    timeStamp: datetime
    isSystem: bool
    sortOrder: int


class VendorReturnItem(Part):
    """One item that goes back to a vendor."""

    vendorReturnItemID: int
    vendorReturnID: int
    itemID: int
    orderID: int
    quantity: int
    cost: Money
    subtotal: Money
    inventoryInStock: int
    vendorReturnItemReasonID: int
    # The page names it as a relation, yet its sample carries it without being asked.
    VendorReturnItemReason = part(VendorReturnItemReason)


class SessionEmployee(Part):
    """The employee who granted the access."""

    employeeID: int
    firstName: Personal
    lastName: Personal
    singleShop: bool
    hasPin: bool
    isCheckedIn: bool
    checkedInAt: datetime


class CurrencyDenomination(Part):
    """A coin or banknote of a currency."""

    name: str
    value: Decimal
    significant: bool


class ShelfLocation(Part):
    """A place on the shelves of a shop."""

    # No page describes it: a key and a name are what every such record has.
    shelfLocationID: int
    name: str
