"""What is selected decides what is asked for, hence what a run costs: read off the sandbox's own log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES
from tests.retailer import small_sandbox
from tests.tapping import Message, Spoken, Tap, selecting


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox() as running:
        yield running


def run(sandbox: Sandbox, folder: Path, catalog: Message | None) -> tuple[Spoken, list[dict[str, Any]]]:
    """A run, and what it asked for."""
    tap = Tap.over(sandbox, folder)
    sandbox.forget_requests()
    return tap.run_well(catalog=catalog), sandbox.requests


def asked_of(log: list[dict[str, Any]], path: str) -> set[tuple[str, float]]:
    """The relations and the price of every request for a list."""
    return {(entry["query"].get("load_relations", ""), entry["cost"]) for entry in log if entry["path"].endswith(path)}


def test_sales_with_their_lines_and_payments_are_one_walk(sandbox: Sandbox, tmp_path: Path) -> None:
    spoken, log = run(sandbox, tmp_path, selecting("sales", "sale_lines", "sale_payments"))
    assert asked_of(log, "/Sale.json") == {('["SaleNotes","SaleLines","SalePayments"]', 2.0)}
    assert {entry["path"].rpartition("/")[2] for entry in log} == {"Account.json", "Sale.json"}
    assert spoken.streams == {"sales", "sale_lines", "sale_payments"}


def test_without_notes_a_page_of_sales_costs_one_drip_and_eight_tenths(sandbox: Sandbox, tmp_path: Path) -> None:
    catalog = selecting("sales", "sale_lines", "sale_payments", off=[("sales", "SaleNotes")])
    _, log = run(sandbox, tmp_path, catalog)
    assert asked_of(log, "/Sale.json") == {('["SaleLines","SalePayments"]', 1.8)}


def test_the_first_request_of_a_walk_in_full(sandbox: Sandbox, tmp_path: Path) -> None:
    _, log = run(sandbox, tmp_path, selecting("sales", "sale_lines", "sale_payments"))
    first = next(entry for entry in log if entry["path"].endswith("/Sale.json"))
    assert first["query"] == {
        "archived": "true",
        "load_relations": '["SaleNotes","SaleLines","SalePayments"]',
        "sort": "saleID",
        "limit": "100",
    }
    assert (first["method"], first["path"]) == ("GET", f"/API/V3/Account/{sandbox.account}/Sale.json")


def test_a_contact_that_nobody_wants_is_not_paid_for(sandbox: Sandbox, tmp_path: Path) -> None:
    with_contact = selecting("customers", off=[("customers", "dob")])
    without = selecting("customers", off=[("customers", "dob"), ("customers", "Contact")])
    _, full = run(sandbox, tmp_path, with_contact)
    spoken, less = run(sandbox, tmp_path, without)
    assert asked_of(full, "/Customer.json") == {('["Contact","Note","Tags","CustomFieldValues"]', 2.2)}
    assert asked_of(less, "/Customer.json") == {('["Note","Tags","CustomFieldValues"]', 2.0)}
    assert not any("Contact" in record for record in spoken.records("customers"))


def test_a_date_is_worth_the_drip_for_the_shops_zone_only_when_it_is_selected(sandbox: Sandbox, tmp_path: Path) -> None:
    _, with_date = run(sandbox, tmp_path, selecting("customers"))
    _, without = run(sandbox, tmp_path, selecting("customers", off=[("customers", "dob")]))
    assert (len(asked_of(with_date, "/Shop.json")), len(asked_of(without, "/Shop.json"))) == (1, 0)


@pytest.mark.parametrize(
    ("stream", "relations", "price"), [("sale_lines", '["SaleLines"]', 1.4), ("sale_payments", '["SalePayments"]', 1.4)]
)
def test_rows_that_ride_come_without_their_parent_when_only_they_are_wanted(
    sandbox: Sandbox, tmp_path: Path, stream: str, relations: str, price: float
) -> None:
    spoken, log = run(sandbox, tmp_path, selecting(stream))
    assert asked_of(log, "/Sale.json") == {(relations, price)}
    assert spoken.streams == {stream}


def test_a_nested_copy_is_loaded_when_it_is_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    catalog = selecting("sales", on=[("sales", "SaleLines"), ("sales", "Customer"), ("sales", "Customer", "Contact")])
    spoken, log = run(sandbox, tmp_path, catalog)
    ((relations, _),) = asked_of(log, "/Sale.json")
    assert json.loads(relations) == ["SaleNotes", "SaleLines", "Customer", "Customer.Contact"]
    assert spoken.streams == {"sales"}
    assert any(record["SaleLines"] for record in spoken.records("sales"))
    assert any((record["Customer"] or {}).get("Contact") for record in spoken.records("sales"))


@pytest.fixture(scope="module")
def usual(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Spoken, list[dict[str, Any]]]:
    """A run without any catalog: what a user gets who selects nothing."""
    return run(sandbox, tmp_path_factory.mktemp("usual"), None)


@pytest.mark.parametrize("resource", [resource for resource in RESOURCES if resource.api.enveloped])
def test_by_default_copies_of_other_streams_are_not_loaded(
    usual: tuple[Spoken, list[dict[str, Any]]], resource: type[Resource]
) -> None:
    _, log = usual
    sent = [entry["query"] for entry in log if entry["path"].endswith(resource.api.path)]
    wanted = {field.name for field in resource.relations() if field.nested and field.nested.selected_by_default}
    wanted |= {field.name for field in resource.riders()}
    relations = {name for query in sent for name in json.loads(query.get("load_relations", "[]")) if "." not in name}
    ridden = any(field.nested and field.nested.resource is resource for each in RESOURCES for field in each.riders())
    assert bool(sent) != ridden
    assert relations == (set() if ridden else wanted - ({"all"} if resource.api.stream == "shops" else set()))


def test_every_request_costs_what_its_words_say(usual: tuple[Spoken, list[dict[str, Any]]]) -> None:
    _, log = usual
    paths = {resource.api.path: resource for resource in RESOURCES}
    lists = [entry for entry in log if "limit" in entry["query"]]
    for entry in lists:
        resource = next(found for path, found in paths.items() if entry["path"].endswith(path))
        names = json.loads(entry["query"].get("load_relations", "[]"))
        prices = [Decimal("0.4") if _many(resource, name) else Decimal("0.2") for name in names]
        assert Decimal(str(entry["cost"])) == 1 + sum(prices), entry
    assert len(lists) > len(RESOURCES) / 2


def _many(resource: type[Resource], path: str) -> bool:
    name, _, rest = path.partition(".")
    nested = resource.field(name).nested
    assert nested is not None
    if rest:
        assert nested.part is not None
        return bool((inner := nested.part.field(rest).nested) and inner.many)
    return nested.many


def test_nothing_dear_is_ever_asked_for(usual: tuple[Spoken, list[dict[str, Any]]]) -> None:
    _, log = usual
    words = {name for entry in log for name in entry["query"]} | {entry["query"].get("load_relations") for entry in log}
    assert words.isdisjoint({"all", "count", "or", "offset", "page"})
    assert {entry["status"] for entry in log} == {200}


def test_a_walk_asks_for_full_pages_only(usual: tuple[Spoken, list[dict[str, Any]]]) -> None:
    spoken, log = usual
    pages = [entry for entry in log if entry["path"].endswith("/Sale.json")]
    assert len(pages) == -(-len(spoken.records("sales")) // 100)
