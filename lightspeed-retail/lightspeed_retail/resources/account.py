"""The account itself: its shops, registers and staff, and how it takes payment."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.declaration import Computed, Personal, Resource, Secret, part, to_many, to_one
from lightspeed_retail.resources.declaration import parts as nested_list
from lightspeed_retail.resources.endpoint import Action, Endpoint, Match, Snapshot, Stamp, Vanishing


class Account(Resource):
    """The retailer's account: name, status and currencies."""

    api = Endpoint(
        stream="accounts",
        path="/API/V3/Account.json",
        key="accountID",
        verbs=("GET", "PUT"),
        write_scopes=("employee:admin",),
        enveloped=False,
        administrative=True,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Account/",
    )

    accountID: int
    name: str
    status: Computed[str]
    employeeCount: Computed[int]
    employeeLimit: Computed[int]
    uniqueSubscriptionIdentifier: Computed[str]
    link = part(parts.Link, wrapper="@attributes", computed=True)
    defaultCurrency = part(parts.Currency, computed=True)
    purchasingCurrencies = nested_list("purchasingCurrency", parts.Currency, computed=True)


class Shop(Resource):
    """A store or warehouse, with its address and time zone."""

    # The page lists only shopID as sortable although every row carries a timeStamp.
    api = Endpoint(
        stream="shops",
        path="/Shop.json",
        key="shopID",
        bookmark=Stamp(),
        sortable=("shopID",),
        archived=True,
        verbs=("GET", "POST", "PUT"),
        write_scopes=("employee:admin_shops",),
        presets=("nightly",),
        match=(Match("name", ("name",)),),
        administrative=True,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Shop/",
    )

    shopID: int
    name: str
    serviceRate: Decimal
    timeZone: str
    taxLabor: bool
    labelTitle: str
    labelMsrp: bool
    archived: bool
    timeStamp: datetime
    companyRegistrationNumber: str
    vatNumber: str
    zebraBrowserPrint: bool
    networkHealthTool: bool
    contactID: Computed[int]
    taxCategoryID: int
    receiptSetupID: int
    vendorID: int
    ccGatewayID: int
    gatewayConfigID: str
    priceLevelID: int
    CCGateway: Secret
    Contact = to_one(parts.Contact)
    ReceiptSetup = to_one(parts.ReceiptSetup)
    TaxCategory = to_one("TaxCategory")
    ShelfLocations = to_many("ShelfLocation", parts.ShelfLocation, default=False, computed=True)
    Registers = to_many("Register", "Register")
    PriceLevel = to_one("PriceLevel")


class Register(Resource):
    """A till of a shop."""

    api = Endpoint(
        stream="registers",
        path="/Register.json",
        key="registerID",
        sortable=("registerID",),
        archived=True,
        verbs=("GET", "PUT"),
        write_scopes=("employee:admin_shops",),
        actions=(
            Action("open", "/Register/{registerID}/open.json"),
            Action("close", "/Register/{registerID}/close.json"),
        ),
        match=(Match("name", ("name", "shopID")), Match("name alone", ("name",))),
        administrative=True,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Register/",
    )

    registerID: int
    name: str
    open: Computed[bool]
    openTime: Computed[datetime]
    archived: bool
    tipEnabled: bool
    openEmployeeID: Computed[int]
    shopID: int
    ccTerminalID: int


class Employee(Resource):
    """A member of staff, with role and rights."""

    api = Endpoint(
        stream="employees",
        path="/Employee.json",
        key="employeeID",
        bookmark=Stamp(),
        sortable=("employeeID", "timeStamp"),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        read_scopes=("employee:admin_employees",),
        write_scopes=("employee:admin_employees",),
        match=(Match("name", ("firstName", "lastName")),),
        administrative=True,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Employee/",
    )

    employeeID: int
    firstName: Personal
    lastName: Personal
    lockOut: bool
    archived: bool
    timeStamp: datetime
    contactID: Computed[int]
    clockInEmployeeHoursID: int
    employeeRoleID: int
    limitToShopID: int
    lastShopID: int
    lastSaleID: int
    lastRegisterID: int
    accessPin: Secret
    Contact = to_one(parts.Contact)
    EmployeeRole = to_one(parts.EmployeeRole)
    EmployeeRights = to_many("EmployeeRight", parts.EmployeeRight, computed=True)


class EmployeeHours(Resource):
    """A stretch of work of an employee, from clocking in to clocking out."""

    api = Endpoint(
        stream="employee_hours",
        path="/EmployeeHours.json",
        key="employeeHoursID",
        bookmark=Snapshot(large=True),
        sortable=("employeeHoursID",),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        read_scopes=("employee:admin_employees",),
        write_scopes=("employee:admin_employees",),
        required=("employeeID",),
        terse=True,
        administrative=True,
        docs="https://developers.lightspeedhq.com/retail/endpoints/EmployeeHours/",
    )

    employeeHoursID: int
    checkIn: datetime
    checkOut: datetime
    employeeID: int
    shopID: int


class PaymentType(Resource):
    """A way to pay: cash, cards, credit accounts, gift cards."""

    api = Endpoint(
        stream="payment_types",
        path="/PaymentType.json",
        key="paymentTypeID",
        sortable=("paymentTypeID",),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        write_scopes=("employee:admin_purchases",),
        match=(Match("name", ("name",)),),
        administrative=True,
        docs="https://developers.lightspeedhq.com/retail/endpoints/PaymentType/",
    )

    paymentTypeID: int
    name: str
    requireCustomer: bool
    archived: bool
    internalReserved: bool
    type: str
    refundAsPaymentTypeID: int
    code: str
    channel: str


class TaxCategory(Resource):
    """The tax rates that a sale is made under."""

    api = Endpoint(
        stream="tax_categories",
        path="/TaxCategory.json",
        key="taxCategoryID",
        bookmark=Stamp(),
        sortable=("taxCategoryID", "timeStamp"),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        write_scopes=("employee:admin_purchases",),
        match=(
            Match("name and rates", ("tax1Name", "tax1Rate", "tax2Name", "tax2Rate"), ("tax1Name",)),
            Match("name", ("tax1Name",)),
        ),
        docs="https://developers.lightspeedhq.com/retail/endpoints/TaxCategory/",
    )

    taxCategoryID: int
    isTaxInclusive: bool
    tax1Name: str
    tax2Name: str
    tax1Rate: Decimal
    tax2Rate: Decimal
    timeStamp: datetime
    TaxCategoryClasses = to_many("TaxCategoryClass", "TaxCategoryClass", children=("TaxClass",))


class TaxClass(Resource):
    """A kind of goods that is taxed alike."""

    api = Endpoint(
        stream="tax_classes",
        path="/TaxClass.json",
        key="taxClassID",
        bookmark=Stamp(),
        sortable=("taxClassID", "timeStamp"),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        write_scopes=("employee:admin_purchases",),
        required=("name",),
        match=(Match("name", ("name",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/TaxClass/",
    )

    taxClassID: int
    name: str
    classType: str
    timeStamp: datetime


class TaxCategoryClass(Resource):
    """The rates of a tax category for one tax class, where they differ."""

    api = Endpoint(
        stream="tax_category_classes",
        path="/TaxCategoryClass.json",
        key="taxCategoryClassID",
        bookmark=Stamp(),
        sortable=("taxClassID", "timeStamp"),
        verbs=("GET", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        write_scopes=("employee:admin_purchases",),
        docs="https://developers.lightspeedhq.com/retail/endpoints/TaxCategoryClass/",
    )

    timeStamp: datetime
    taxCategoryClassID: int
    tax1Rate: Decimal
    tax2Rate: Decimal
    taxCategoryID: int
    taxClassID: int
    TaxClass = to_one("TaxClass")
