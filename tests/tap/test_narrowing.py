"""What of the account is read: shops, conditions of the user's own, periods; slips are said in a line."""

from __future__ import annotations

from typing import Any

import pytest

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.query import Filter
from lightspeed_retail.resources import Resource
from tap_lightspeed_retail.narrowing import Narrowing


def narrowed(**settings: Any) -> Narrowing:
    found = Narrowing.of(settings)
    found.check(Resource.all())
    return found


@pytest.mark.parametrize(
    ("stream", "filters"),
    [
        ("Sale", [Filter("shopID", "IN", "[1,2]")]),
        ("SaleLine", [Filter("shopID", "IN", "[1,2]")]),
        ("ItemShop", [Filter("shopID", "IN", "[1,2]")]),
        ("Shop", []),
        ("Item", []),
        ("ReportTaxesByDay", []),
    ],
)
def test_shops_narrow_what_names_a_shop(stream: str, filters: list[Filter]) -> None:
    assert list(narrowed(shop_ids=[1, 2]).filters(Resource.named(stream))) == filters


def test_one_shop_is_an_equation() -> None:
    assert narrowed(shop_ids=[3]).filters(Resource.named("Sale")) == (Filter("shopID", "=", "3"),)


def test_conditions_are_in_the_words_of_the_api() -> None:
    found = narrowed(filters={"sales": {"completed": "true", "calcTotal": ">,100"}, "items": {"archived": "false"}})
    assert found.filters(Resource.named("Sale")) == (Filter("completed", "=", "true"), Filter("calcTotal", ">", "100"))
    assert (found.filters(Resource.named("Item")), found.archived(Resource.named("Item"))) == ((), "false")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"filters": {"sale": {"completed": "true"}}}, "there is no stream sale (did you mean sales?)"),
        ({"filters": {"sales": {"complete": "true"}}}, "sales has no field complete (did you mean completed?)"),
        ({"filters": {"sales": {"saleID": ">,5"}}}, "saleID of sales is what the tap walks by"),
        ({"filters": {"sales": {"updateTime": ">,2024"}}}, "updateTime of sales is what the tap walks by"),
        ({"filters": {"items": {"archived": "yes"}}}, "archived of items must be one of true, false, only"),
        ({"start_date": "2024-02-01", "end_date": "2024-01-01"}, "end_date must lie after start_date"),
        ({"end_date": "soon"}, "end_date must be a date or date-time"),
        ({"reread_until": "2024-01-01"}, "reread_until needs reread_from"),
    ],
)
def test_a_slip_is_said_in_a_line(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        narrowed(**settings)
    assert said in str(error.value)


def test_a_child_is_read_apart_where_its_parent_cannot_be_narrowed_alike() -> None:
    by_shop = narrowed(shop_ids=[1])
    of = Resource.named
    assert by_shop.apart(of("ItemShop"), of("Item"))
    assert not by_shop.apart(of("SaleLine"), of("Sale"))
    assert narrowed(filters={"sale_lines": {"isLayaway": "true"}}).apart(of("SaleLine"), of("Sale"))


def test_a_period_is_between_its_ends() -> None:
    found = narrowed(start_date="2024-01-01", end_date="2024-02-01")
    assert found.first("updateTime") == Filter(
        "updateTime", "><", "2024-01-01T00:00:00+00:00,2024-02-01T00:00:00+00:00"
    )
    again = narrowed(reread_from="2024-01-01", reread_until="2024-01-31T23:59:59Z")
    assert again.happened(Resource.named("Sale")) == Filter(
        "completeTime", "><", "2024-01-01T00:00:00+00:00,2024-01-31T23:59:59+00:00"
    )
