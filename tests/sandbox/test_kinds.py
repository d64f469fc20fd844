"""Lists of all kinds: flat answers, bare texts, names as keys, rows below a parent, rows that wait to be asked for."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.generate.values import record
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.retailer import small_sandbox
from tests.sandbox.calling import BY_PARENT, PLAIN, WHOLE, Api, rows_of

MOMENT = "2024-06-01T10:00:00+00:00"


def put(store: Store, resource: str, /, **fields: Any) -> None:
    """Enter a row."""
    store.put(Resource.named(resource), [record(Resource.named(resource), **fields)])


def handful() -> Store:
    """A few rows of each unusual kind."""
    store = Store()
    for number in range(250):
        put(store, "Option", name=f"option_{number:03}", value=str(number))
    for country in ("CA", "US"):
        put(store, "Locale", countryCode=country, name=f"The country {country}")
    for name in ("sizes", "brands"):
        put(store, "TagGroup", name=name)
    put(store, "Session", systemUserID=7, employeeID=2, Rights={"admin": True, "register": False})
    for key, gift in ((1, False), (2, True), (3, False), (4, True)):
        put(store, "CreditAccount", creditAccountID=key, giftCard=gift, archived=key > 2, timeStamp=MOMENT)
    for key, kind in ((1, "single_choice"), (2, "string"), (3, "multi_choice")):
        put(store, "ItemCustomField", customFieldID=key, type=kind, name=f"field {key}")
    for key, field in ((10, 1), (11, 1), (12, 3)):
        put(store, "ItemCustomFieldChoice", customFieldChoiceID=key, customFieldID=field, timeStamp=MOMENT)
    put(store, "Shipment", orderShipmentID=1, timeStamp=MOMENT)
    for key, cost in enumerate(("100", "9.5", "10", "9.25", "-3"), start=1):
        put(store, "ShipmentItem", orderShipmentItemID=key, orderShipmentID=1, vendorCost=Decimal(cost))
    return store


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(handful()) as running:
        yield running


def test_the_kinds_are_there() -> None:
    assert {"Option", "Locale", "CurrencyRate"} <= {resource.__name__ for resource in WHOLE}
    assert {"TagGroup"} == {resource.__name__ for resource in PLAIN}
    assert {"WorkorderImage", "ShipmentItem"} <= {resource.__name__ for resource in BY_PARENT}


def test_a_list_without_attributes_comes_whole(api: Api) -> None:
    body = api.body("/Option.json", limit="100")
    assert body.keys() == {"Option"}
    assert [row["value"] for row in body["Option"]] == [str(number) for number in range(250)]
    assert api.body("/CurrencyRate.json") == {}


def test_a_row_is_found_by_the_name_that_is_its_key(api: Api, sandbox: Sandbox) -> None:
    assert api.body("/Option/option_007.json")["Option"]["value"] == "7"
    assert sandbox.store.get(Resource.named("Option"), "option_007") == {"name": "option_007", "value": "7"}
    assert api.ask("/Option/nothing.json").status_code == 404


@pytest.mark.parametrize("path", ["/Locale.json", "/API/Locale.json", "/API/Account/{}/Locale.json"])
def test_locales_are_at_both_of_their_paths(api: Api, sandbox: Sandbox, path: str) -> None:
    body = api.body(path.format(sandbox.account), limit="100")
    assert [row["countryCode"] for row in body["Locale"]] == ["CA", "US"]


@pytest.mark.parametrize("path", ["/API/V3/Session.json", "/API/Session.json"])
def test_the_session_is_a_flat_record(api: Api, path: str) -> None:
    body = api.body(path)
    assert (body["systemUserID"], body["employeeID"]) == ("7", "2")
    assert body["Rights"] == {"admin": "true", "register": "false"}
    assert "@attributes" not in body


def test_rows_that_are_nothing_but_a_name_are_bare_texts_with_their_number(api: Api, sandbox: Sandbox) -> None:
    assert api.body("/TagGroup.json") == {"@attributes": {"count": "2"}, "TagGroup": ["brands", "sizes"]}
    assert api.ask("/TagGroup/brands.json").status_code == 404
    sandbox.delete(Resource.named("TagGroup"), "sizes")
    assert api.body("/TagGroup.json") == {"@attributes": {"count": "1"}, "TagGroup": "brands"}


def test_gift_cards_come_only_when_asked_for(api: Api) -> None:
    def keys(**params: str) -> list[str]:
        return [row["creditAccountID"] for row in rows_of(cards, api.body(cards.api.path, **params))]

    cards = Resource.named("CreditAccount")
    assert keys() == ["1"]
    assert keys(archived="true") == ["1", "3"]
    assert keys(giftCard="true") == ["2"]
    assert keys(giftCard="true", archived="true") == ["2", "4"]
    assert keys(giftCard="false", archived="true") == ["1", "3"]
    assert api.body(cards.api.path, count="1") == {"@attributes": {"count": "1"}}
    assert api.body("/CreditAccount/2.json")["CreditAccount"]["giftCard"] == "true"


def test_a_list_below_a_parent_has_the_rows_of_that_parent_only(api: Api) -> None:
    choices = Resource.named("ItemCustomFieldChoice")
    body = api.body("/Item/CustomField/1/CustomFieldChoice.json", limit="1")
    assert body["CustomFieldChoice"]["customFieldChoiceID"] == "10"
    rest = rows_of(choices, api.body(body["@attributes"]["next"]))
    assert [row["customFieldChoiceID"] for row in rest] == ["11"]
    assert api.body("/Item/CustomField/2/CustomFieldChoice.json") == {"@attributes": {"next": "", "previous": ""}}
    assert api.body("/Item/CustomField/3/CustomFieldChoice.json", count="1") == {"@attributes": {"count": "1"}}


def test_what_hangs_below_a_parent_that_is_not_there_is_not_found(api: Api, sandbox: Sandbox) -> None:
    sandbox.forget_requests()
    refused = api.ask("/Item/CustomField/9/CustomFieldChoice.json")
    assert refused.status_code == 404
    assert refused.json()["message"] == "Object of type 'ItemCustomField' not found with primary ID '9'."
    (logged,) = sandbox.requests
    assert logged["path"].endswith("/Item/CustomField/9/CustomFieldChoice.json")
    assert (logged["status"], logged["cost"]) == (404, 1)


def test_a_single_row_below_a_parent_is_found_below_no_other(api: Api) -> None:
    body = api.body("/Item/CustomField/1/CustomFieldChoice/11.json")
    assert body["@attributes"] == {"count": "1"}
    assert body["CustomFieldChoice"]["customFieldChoiceID"] == "11"
    assert api.ask("/Item/CustomField/3/CustomFieldChoice/11.json").status_code == 404
    assert api.ask("/Item/CustomField/1/CustomFieldChoice.json", method="PUT").status_code == 405


def test_the_envelope_is_what_the_page_says(api: Api) -> None:
    body = api.body("/Item/CustomField.json")
    assert [row["name"] for row in body["CustomField"]] == ["field 1", "field 2", "field 3"]
    assert api.body("/Item/CustomField/2.json")["CustomField"]["type"] == "string"


@pytest.mark.parametrize("sign", ["", "-"])
def test_amounts_are_sorted_as_numbers(api: Api, sign: str) -> None:
    items = Resource.named("ShipmentItem")
    pages = list(api.walk(items, "/Shipment/1/Item.json", sort=f"{sign}vendorCost", limit="2"))
    costs = [row["vendorCost"] for page in pages for row in page]
    ascending = ["-3", "9.25", "9.5", "10", "100"]
    assert costs == (ascending[::-1] if sign else ascending)
    assert [len(page) for page in pages] == [2, 2, 1]
