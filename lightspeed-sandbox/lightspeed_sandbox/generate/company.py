"""The account: shops and tills, ways to pay, taxes."""

from __future__ import annotations

from decimal import Decimal

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.account import Account, PaymentType, Register, Shop, TaxCategory, TaxClass
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.hours import TIME_ZONE
from lightspeed_sandbox.generate.people import contact
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import identifier, record
from lightspeed_sandbox.generate.words import TOWNS

ACCOUNT_ID = 100001
SHOP_NAMES = ("Alderhaven Flagship", "Stonebrook Outfitters", "Pine Hollow Bay")
EXEMPT_TAX_CATEGORY, INCLUSIVE_TAX_CATEGORY = 4, 5

_TAX_CATEGORIES = (
    ("Sales Tax", "", "0.0875", "0"),
    ("Sales Tax", "District Tax", "0.078", "0.0125"),
    ("Sales Tax", "", "0.0725", "0"),
    ("Exempt", "", "0", "0"),
    ("GST (included)", "", "0.05", "0"),
)
_TAX_CLASSES = (("Item", "item"), ("Labor", "labor"), ("Food", "item"))
# Reserved ones first, as the API numbers them in a new account.
_PAYMENT_TYPES = (
    ("Cash", "cash", "CASH", ""),
    ("Check", "check", "CHECK", ""),
    ("Credit Card", "credit card", "CC", ""),
    ("Debit Card", "user defined", "DEBIT", ""),
    ("Credit Account", "credit account", "CA", ""),
    ("Gift Card", "gift card", "GC", ""),
    ("eCommerce", "ecom", "ECOM", "ecom"),
    ("Travelers Check", "user defined", "", ""),
)
_SHELVES = ("Window", "Back wall", "Stock room")
_RESERVED = ("Cash", "Credit Card", "Credit Account", "Gift Card", "eCommerce")


def found(plan: Founding) -> None:
    """Enter the account and everything that has no business of its own."""
    _account(plan)
    _taxes(plan)
    _payment_types(plan)
    for number, name in enumerate(SHOP_NAMES, start=1):
        _shop(plan, number, name)


def _account(plan: Founding) -> None:
    dollar = record(parts.Currency, code="USD", symbol="$", rate=Decimal(1))
    canadian = record(parts.Currency, code="CAD", symbol="CA$", rate=Decimal("1.3725"))
    plan.books.add(
        Account,
        accountID=ACCOUNT_ID,
        name="Crank & Cedar Outdoor Co.",
        status="active",
        employeeCount=14,
        employeeLimit=25,
        uniqueSubscriptionIdentifier=identifier(plan.rng),
        link=record(parts.Link, href=f"/API/V3/Account/{ACCOUNT_ID}.json"),
        defaultCurrency=dollar,
        purchasingCurrencies=[dollar, canadian],
    )


def _taxes(plan: Founding) -> None:
    at = stamp(plan.founded)
    for number, (first, second, rate, second_rate) in enumerate(_TAX_CATEGORIES, start=1):
        plan.books.add(
            TaxCategory,
            isTaxInclusive=number == len(_TAX_CATEGORIES),
            tax1Name=first,
            tax2Name=second,
            tax1Rate=Decimal(rate),
            tax2Rate=Decimal(second_rate),
            timeStamp=stamp(plan.moment(0.1 * number)),
        )
    for name, kind in _TAX_CLASSES:
        plan.books.add(TaxClass, name=name, classType=kind, timeStamp=at)


def _payment_types(plan: Founding) -> None:
    for number, (name, kind, code, channel) in enumerate(_PAYMENT_TYPES, start=1):
        plan.books.add(
            PaymentType,
            name=name,
            requireCustomer=kind == "credit account",
            archived=number == len(_PAYMENT_TYPES),
            internalReserved=name in _RESERVED,
            type=kind,
            refundAsPaymentTypeID=1 if kind == "check" else 0,
            code=code,
            channel=channel,
        )


def _shop(plan: Founding, number: int, name: str) -> None:
    reached = contact(plan.books, plan.founded, f"shop{number}", company=name, town=TOWNS[number - 1])
    shop = plan.books.add(
        Shop,
        name=name,
        serviceRate=Decimal(75 + 5 * number),
        timeZone=TIME_ZONE,
        taxLabor=number == 1,
        labelTitle="Shop Name",
        labelMsrp=number > 1,
        timeStamp=stamp(plan.moment(0.2 * number)),
        companyRegistrationNumber=f"REG-{number:04d}",
        vatNumber="" if number > 1 else "VAT-000001",
        zebraBrowserPrint=number == 1,
        networkHealthTool=number > 1,
        contactID=reached["contactID"],
        taxCategoryID=INCLUSIVE_TAX_CATEGORY if plan.scale.tax_inclusive and number == len(SHOP_NAMES) else number,
        receiptSetupID=number,
        vendorID=number if number > 1 else 0,
        ccGatewayID=number,
        gatewayConfigID=identifier(plan.rng),
        priceLevelID=1,
        Contact=reached,
        ReceiptSetup=_receipts(number, name),
        ShelfLocations=[
            record(parts.ShelfLocation, shelfLocationID=10 * number + turn, name=shelf)
            for turn, shelf in enumerate(_SHELVES[:number], start=1)
        ],
    )
    for till in range(1, plan.scale.registers + 1):
        _register(plan, shop, till)


def _receipts(number: int, name: str) -> Record:
    return record(
        parts.ReceiptSetup,
        receiptSetupID=number,
        generalMsg=f"Thank you for shopping at {name}!\nReturns within 60 days with receipt.",
        workorderAgree="I authorize the work described above.",
        creditcardAgree="I agree to pay the amount above.",
        logo="logo.png",
        logoHeight=120,
        logoWidth=320,
        header=name,
    )


def _register(plan: Founding, shop: Record, till: int) -> None:
    last = shop["shopID"] == len(SHOP_NAMES) and till == plan.scale.registers
    plan.books.add(
        Register,
        name="Old till" if last and till > 1 else f"Register {till}",
        archived=last and till > 1,
        tipEnabled=shop["shopID"] == 1,
        shopID=shop["shopID"],
        ccTerminalID=1000 + 10 * shop["shopID"] + till,
    )
