"""How the account is set up: options, locales, industries, currency rates, price levels, discounts, the session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from lightspeed_retail.resources import Resource, parts
from lightspeed_retail.resources.account import Employee, Shop, TaxCategoryClass
from lightspeed_retail.resources.company import CurrencyRate, Discount, Industry, Locale, Option, PriceLevel, Session
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.company import ACCOUNT_ID, SHOP_NAMES
from lightspeed_sandbox.generate.customer_fields import choice_offered
from lightspeed_sandbox.generate.goods import FOOD_CLASS, LABOR_CLASS
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import cents, record
from lightspeed_sandbox.generate.world import World

SYSTEM_USER = 170001

_OPTIONS = (
    ("auto_logout_delay", "120"),
    ("require_pin_delay", "0"),
    ("cost_method", "average"),
    ("billing_days_till_due", "30"),
    ("email_subject", ""),
    ("label_size", "2.25x1.25"),
    ("locale", "United States"),
)
_DELAYS = ("120", "300", "600")
_INDUSTRIES = (("Bicycles", 1), ("Outdoor", 4), ("Footwear", 9), ("Apparel", 12), ("Toys", 250))


@dataclass(frozen=True)
class _Country:
    name: str
    code: str
    currency: str
    symbol: str
    dates: str
    taxes: tuple[str, str]
    states: str = ""
    rounding: str = "0"
    coins: tuple[str, ...] = ("100", "50", "20", "5", "1", "0.25", "0.05")


_COUNTRIES = (
    _Country("United States", "US", "USD", "$", "m/d/Y", ("Tax", ""), states="CA,OR,WA"),
    _Country("Canada", "CA", "CAD", "$", "Y-m-d", ("GST", "PST"), states="AB,BC,ON,QC", rounding="0.05"),
    _Country("Australia", "AU", "AUD", "$", "d/m/Y", ("GST", ""), states="ACT,NSW,QLD,VIC", rounding="0.05"),
    _Country("United Kingdom", "GB", "GBP", "£", "d/m/Y", ("VAT", ""), coins=("50", "20", "10", "1", "0.5", "0.01")),
)
_RATES = (("CAD", "1.3725"), ("EUR", "0.92"))
# The first two are what the prices of items refer to; nobody can archive them.
_PRICE_LEVELS = ("Default", "MSRP", "Sale Price", "Online", "Dealer", "Cost plus")
_PERMANENT = ("Default", "MSRP", "Online")
_DISCOUNTS = (
    ("Club Member", "0", "0.1", True),
    ("Coupon", "5", "0", False),
    ("Giveaway", "0", "0.999999999", False),
    ("Opening Week", "0", "0.25", False),
)
_RIGHTS = (
    *("admin", "admin_employees", "admin_inventory", "admin_purchases", "admin_shops", "admin_void_sale", "all_read"),
    *("categories", "customers", "customers_read", "inventory_base", "inventory_counts", "inventory_read"),
    *("product_cost", "product_edit", "purchase_orders", "register", "register_read", "register_withdraw", "reports"),
    *("special_orders", "tags", "transfers", "vendor_returns", "vendors", "workbench"),
)
_REFUSED = ("ecom", "vr_reasons")
# Tax category, tax class, first and second rate.
_EXCEPTIONS = (
    (1, FOOD_CLASS, "0", "0"),
    (2, FOOD_CLASS, "0", "0"),
    (2, LABOR_CLASS, "0.078", "0.0125"),
    (3, FOOD_CLASS, "0", "0"),
    (5, FOOD_CLASS, "0.02", "0"),
)


def found(plan: Founding) -> None:
    """Enter what the owner has set up; the staff must be there already."""
    for name, value in _OPTIONS:
        plan.books.add(Option, name=name, value=value)
    for number, (name, catalog) in enumerate(_INDUSTRIES):
        plan.books.add(Industry, name=name, enabled=number < len(SHOP_NAMES), catalogIndustryID=catalog)
    for country in _COUNTRIES:
        _locale(plan, country)
    for code, rate in _RATES:
        at = stamp(plan.moment(0.02))
        plan.books.add(CurrencyRate, currencyCode=code, rate=Decimal(rate), createTime=at, timeStamp=at)
    for name in _PRICE_LEVELS:
        _price_level(plan, name)
    _discounts(plan)
    _tax_exceptions(plan)
    _session(plan)


def _locale(plan: Founding, country: _Country) -> None:
    plan.books.add(
        Locale,
        name=country.name,
        country=country.name,
        countryCode=country.code,
        states=country.states,
        currencySymbol=country.symbol,
        currencyCode=country.currency,
        currencyPrecision=2,
        includeTaxOnLabels=not country.states,
        languageTag=f"en_{country.code}",
        dateFormat=country.dates,
        datetimeFormat=f"{country.dates} H:i",
        taxName1=country.taxes[0],
        taxName2=country.taxes[1],
        cashRoundingPrecision=Decimal(country.rounding),
        CurrencyDenominations=[_denomination(country.symbol, coin) for coin in country.coins],
    )


def _denomination(symbol: str, value: str) -> Record:
    worth = Decimal(value)
    return record(parts.CurrencyDenomination, name=f"{symbol}{value}", value=worth, significant=worth >= 1)


def _price_level(plan: Founding, name: str) -> None:
    worked_out = name == _PRICE_LEVELS[-1]
    plan.books.add(
        PriceLevel,
        name=name,
        archived=name == "Dealer",
        canBeArchived=name not in _PERMANENT,
        type="calculated" if worked_out else "fixed",
        Calculation='{"markup":"0.3"}' if worked_out else "",
    )


def _discounts(plan: Founding) -> None:
    for number, (name, amount, percent, customers_only) in enumerate(_DISCOUNTS, start=1):
        at = plan.moment(0.05 * number)
        plan.books.add(
            Discount,
            name=name,
            discountAmount=Decimal(amount),
            discountPercent=Decimal(percent),
            requireCustomer=customers_only,
            archived=number == len(_DISCOUNTS),
            timeStamp=stamp(at),
            createTime=stamp(at + timedelta(seconds=1)),
            sourceID=9 if number == len(_DISCOUNTS) else 0,
        )


def _tax_exceptions(plan: Founding) -> None:
    for number, (category, tax_class, first, second) in enumerate(_EXCEPTIONS, start=1):
        plan.books.add(
            TaxCategoryClass,
            timeStamp=stamp(plan.moment(0.11 * number)),
            tax1Rate=Decimal(first),
            tax2Rate=Decimal(second),
            taxCategoryID=category,
            taxClassID=tax_class,
        )


def _session(plan: Founding) -> None:
    owner = plan.books.get(Employee, 1) or {}
    names = {name: owner.get(name) or "" for name in ("firstName", "lastName")}
    plan.books.add(
        Session,
        sessionID=1,
        employeeID=1,
        systemCustomerID=ACCOUNT_ID,
        systemUserID=SYSTEM_USER,
        systemAPIClientID=25001,
        systemAPIKeyID=1750001,
        ecomUrl="https://shop.example.com",
        shopCount=len(SHOP_NAMES),
        Rights={**dict.fromkeys(_RIGHTS, True), **dict.fromkeys(_REFUSED, False)},
        Employee=record(parts.SessionEmployee, employeeID=1, hasPin=True, **names),
    )


def owner_at_work(world: World) -> None:
    """The session says since when the employee who granted it is at work."""
    hours = world.front.on_duty.get(1)
    for row in world.books.store.select(Session):
        since = hours["checkIn"] if hours else None
        row["Employee"] = {**row["Employee"], "isCheckedIn": hours is not None, "checkedInAt": since}
        world.books.put(Session, row)


def _any(world: World, resource: type[Resource]) -> Record | None:
    rows = world.books.store.select(resource)
    return world.rng.choice(rows) if rows else None


def rates_fetched(world: World, at: datetime) -> None:
    """The exchange rates of the day."""
    for row in world.books.store.select(CurrencyRate):
        row.update(rate=row["rate"] * Decimal(world.rng.choice((999, 1000, 1002))) / 1000, timeStamp=stamp(at))
        world.books.put(CurrencyRate, row)


def discount_changed(world: World, at: datetime) -> None:
    """A discount is worth a little more or less."""
    row = world.books.get(Discount, 2)
    if row is not None:
        row.update(discountAmount=cents(Decimal(world.rng.randint(3, 8))), timeStamp=stamp(at))
        world.books.put(Discount, row)


def tax_exception_confirmed(world: World, at: datetime) -> None:
    """Somebody saves the rates of a tax class anew."""
    row = _any(world, TaxCategoryClass)
    if row is not None:
        row["timeStamp"] = stamp(at)
        world.books.put(TaxCategoryClass, row)


def shop_relabelled(world: World, at: datetime) -> None:
    """A shop prints something else on its labels."""
    row = _any(world, Shop)
    if row is not None:
        row.update(labelTitle=world.rng.choice(("Shop Name", "Website", "Phone")), timeStamp=stamp(at))
        world.books.put(Shop, row)


def option_set(world: World, _at: datetime) -> None:
    """The owner wants to be logged out sooner or later, deals in toys or not, and renames a price level."""
    option = next(iter(world.books.store.select(Option, '"name" = ?', ("auto_logout_delay",))), None)
    industry, level = world.books.get(Industry, len(_INDUSTRIES)), world.books.get(PriceLevel, 3)
    if option is None or industry is None or level is None:
        return
    world.books.put(Option, option | {"value": world.rng.choice([each for each in _DELAYS if each != option["value"]])})
    world.books.put(Industry, industry | {"enabled": not industry["enabled"]})
    world.books.put(PriceLevel, level | {"name": "Sale Price" if level["name"] != "Sale Price" else "Promotion"})


SETTINGS: tuple[tuple[Callable[[World, datetime], None], float], ...] = (
    (rates_fetched, 0.3),
    (discount_changed, 0.01),
    (tax_exception_confirmed, 0.01),
    (shop_relabelled, 0.01),
    (option_set, 0.01),
    (choice_offered, 0.02),
)
"""Everything that the owner changes now and then, and how likely it is on an ordinary day."""
