"""Queries: the exact words that go over the wire, and their price in drips."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qsl

import pytest

from lightspeed_retail.query import Filter, Query, Version, relation_price
from lightspeed_retail.resources import Field, Resource
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.sales import Sale, SaleLine
from tests.declared import RESOURCES

RELATIONS = [(resource, field) for resource in RESOURCES for field in resource.relations()]


def test_a_bare_query_asks_for_full_pages_only() -> None:
    assert Query(SaleLine).encoded() == "limit=100"


def test_everything_is_percent_encoded() -> None:
    query = Query(SaleLine, (Filter("timeStamp", ">=", "2024-01-01T00:00:00+00:00"),), sort="timeStamp")
    assert query.encoded() == "timeStamp=%3E%3D%2C2024-01-01T00%3A00%3A00%2B00%3A00&sort=timeStamp&limit=100"


def test_equality_has_no_operator() -> None:
    assert Query(SaleLine, (Filter("saleID", "=", "5"),)).params()[0] == ("saleID", "5")


def test_relations_are_a_json_list_without_spaces() -> None:
    query = Query(Sale, relations=("SaleLines", "SaleLines.Note"))
    assert ("load_relations", '["SaleLines","SaleLines.Note"]') in parse_qsl(query.encoded())


@pytest.mark.parametrize("resource", RESOURCES)
def test_archived_rows_are_asked_for_where_there_are_any(resource: type[Resource]) -> None:
    assert (("archived", "true") in Query(resource).params()) == resource.api.archived


@pytest.mark.parametrize(("resource", "field"), RELATIONS)
def test_a_relation_costs_by_its_kind(resource: type[Resource], field: Field) -> None:
    assert field.nested is not None
    assert relation_price(resource, field.name) == Decimal("0.4" if field.nested.many else "0.2")


@pytest.mark.parametrize(
    ("resource", "relations", "price"),
    [
        (Sale, (), "1"),
        (Sale, ("SaleLines", "SalePayments"), "1.8"),
        (Sale, ("SaleLines", "SaleLines.Note", "SalePayments", "SaleNotes"), "2.2"),
        (Customer, ("Contact", "Tags"), "1.6"),
        (Item, ("Category", "Category.Parent"), "1.4"),
    ],
)
def test_the_price_of_a_page_is_known_before_it_is_asked_for(
    resource: type[Resource], relations: tuple[str, ...], price: str
) -> None:
    assert Query(resource, relations=relations).price == Decimal(price)


@pytest.mark.parametrize("path", ["Salelines", "SaleLines.Nothing", "Nothing.Within", "saleID", "MetaData"])
def test_an_unknown_relation_may_be_of_the_dearer_kind(path: str) -> None:
    assert Query(Sale, relations=("SaleNotes", path)).price == Decimal("1.6")


def test_the_key_of_a_parent_stands_in_the_path_whatever_is_in_it() -> None:
    images = Resource.named("WorkorderImage")
    before, _, after = images.api.path.partition("{workorderID}")
    for version in Version:
        assert version.path(images, 7, "1/2 3") == f"{version.root}/Account/7{before}1%2F2%203{after}"
        assert version.path(Item, 7) == f"{version.root}/Account/7/Item.json"


def test_paths_from_the_root_belong_to_a_version_where_they_name_one() -> None:
    assert [version.below("/API/V3/Account.json", 7) for version in Version] == [
        "/API/V3/Account.json",
        "/API/Account.json",
    ]
    assert [version.below("/API/Session.json", 7) for version in Version] == ["/API/Session.json"] * 2


def test_the_rest_of_a_walk_keeps_all_other_conditions() -> None:
    kept = Filter("timeStamp", ">=", "2024-01-01T00:00:00+00:00")
    query = Query(Item, (Filter("itemID", ">", "5"), kept), sort="itemID", relations=("Note",))
    rest = query.after(9)
    assert rest.filters == (kept, Filter("itemID", ">", "9"))
    assert (rest.sort, rest.relations, rest.resource) == ("itemID", ("Note",), Item)


def test_the_versions_sort_in_different_words() -> None:
    query = Query(Item, sort="itemID", archived="only")
    assert query.params(Version.V3) == [("archived", "only"), ("sort", "itemID"), ("limit", "100")]
    assert query.params(Version.V2) == [("archived", "only"), ("orderby", "itemID"), ("limit", "100")]
    assert Query(Item, archived="").params() == [("limit", "100")]
