"""Records that only exist inside others: contacts, notes, prices, custom field values."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from lightspeed_retail.resources.declaration import Money, Part, part, parts, to_many, to_one


class ContactAddress(Part):
    """A postal address; in practice one for each contact."""

    address1: str
    address2: str
    city: str
    state: str
    stateCode: str
    zip: str
    country: str
    countryCode: str


class ContactPhone(Part):
    """A phone number, told apart by its use: Home, Work, Mobile, Pager, Fax."""

    number: str
    useType: str


class ContactEmail(Part):
    """An email address, told apart by its use: Primary, Secondary."""

    address: str
    useType: str


class ContactWebsite(Part):
    """A web address."""

    url: str


class Contact(Part):
    """How to reach a person or a company, and whether one may."""

    contactID: int
    custom: str
    noEmail: bool
    noPhone: bool
    noMail: bool
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
    name: str
    type: str
    value: str
    deleted: bool
    timeStamp: datetime


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


class ItemVendorNum(Part):
    """A vendor's own number and cost for an item."""

    itemVendorNumID: int
    value: str
    itemID: int
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


class SalePaymentSignature(Part):
    """A signature given for a payment."""

    salePaymentSignatureID: int
    filePath: str
    createTime: datetime
    salePaymentID: int


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

    firstName: str
    lastName: str
