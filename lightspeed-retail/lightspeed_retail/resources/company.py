"""How the account is set up: session, options, locales, industries, currencies, price levels, discounts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.declaration import Flags, Money, Resource, Secret, part
from lightspeed_retail.resources.declaration import parts as nested_list
from lightspeed_retail.resources.endpoint import Endpoint, Match, Snapshot, Stamp

_ADMIN = ("employee:admin",)


class Session(Resource):
    """Who granted the access: employee, rights and API client."""

    api = Endpoint(
        stream="sessions",
        path="/API/V3/Session.json",
        key="systemUserID",
        bookmark=Snapshot(),
        enveloped=False,
        attributes=False,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Session/",
    )

    sessionID: int
    sessionCookie: Secret
    employeeID: int
    systemCustomerID: int
    systemUserID: int
    systemAPIClientID: int
    systemAPIKeyID: int
    ecomUrl: str
    shopCount: int
    Rights: Flags
    Employee = part(parts.SessionEmployee)


class Option(Resource):
    """A setting of the account, by its name."""

    # The page lists optionID as sortable, but no answer carries one.
    api = Endpoint(
        stream="options",
        path="/Option.json",
        key="name",
        sortable=("name",),
        attributes=False,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Option/",
    )

    name: str
    value: str


class Locale(Resource):
    """A country with its currency, number and date formats."""

    # The page gives the second path only; all other lists of V3 stand below the account.
    api = Endpoint(
        stream="locales",
        path="/Locale.json",
        elsewhere="/API/Locale.json",
        key="countryCode",
        attributes=False,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Locale/",
    )

    name: str
    country: str
    countryCode: str
    states: str
    currencySymbol: str
    currencyCode: str
    currencyPrecision: int
    includeTaxOnLabels: bool
    languageTag: str
    dateFormat: str
    taxName1: str
    cashRoundingPrecision: Decimal
    datetimeFormat: str
    taxName2: str
    CurrencyDenominations = nested_list("CurrencyDenomination", parts.CurrencyDenomination)


class Industry(Resource):
    """A line of business, and whether the account is in it."""

    api = Endpoint(
        stream="industries",
        path="/Industry.json",
        key="industryID",
        sortable=("industryID",),
        verbs=("GET", "PUT"),
        read_scopes=_ADMIN,
        write_scopes=_ADMIN,
        updates=("enabled",),
        match=(Match("name", ("name",)),),
        administrative=True,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Industry/",
    )

    industryID: int
    name: str
    enabled: bool
    catalogIndustryID: int


class CurrencyRate(Resource):
    """The exchange rate of a currency in which goods are bought."""

    api = Endpoint(
        stream="currency_rates",
        path="/CurrencyRate.json",
        key="currencyRateID",
        bookmark=Snapshot(),
        attributes=False,
        verbs=("GET", "POST", "PUT"),
        write_scopes=_ADMIN,
        updates=("rate",),
        administrative=True,
        docs="https://developers.lightspeedhq.com/retail/endpoints/CurrencyRate/",
    )

    currencyRateID: int
    currencyCode: str
    rate: Decimal
    createTime: datetime
    timeStamp: datetime


class PriceLevel(Resource):
    """A price that items have besides their default one, such as a price for the web shop."""

    # The page lists orderLineID as sortable, a slip for priceLevelID. Nobody has published what Calculation holds for
    # a level that is worked out from cost, so whatever stands there is kept as a text.
    api = Endpoint(
        stream="price_levels",
        path="/PriceLevel.json",
        key="priceLevelID",
        sortable=("priceLevelID", "name"),
        archived=True,
        verbs=("GET", "PUT"),
        read_scopes=_ADMIN,
        write_scopes=_ADMIN,
        updates=("name",),
        match=(Match("name", ("name",)),),
        administrative=True,
        docs="https://developers.lightspeedhq.com/retail/endpoints/PriceLevel/",
    )

    priceLevelID: int
    name: str
    archived: bool
    canBeArchived: bool
    type: str
    Calculation: str


class Discount(Resource):
    """A named discount, an amount or a percentage, that can be given at the till."""

    api = Endpoint(
        stream="discounts",
        path="/Discount.json",
        key="discountID",
        bookmark=Stamp(),
        sortable=("discountID", "timeStamp"),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        write_scopes=("employee:admin_purchases",),
        match=(Match("name", ("name",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Discount/",
    )

    discountID: int
    name: str
    discountAmount: Money
    discountPercent: Decimal
    requireCustomer: bool
    archived: bool
    timeStamp: datetime
    createTime: datetime
    sourceID: int
