"""What is selected decides what is asked for, hence what a run costs: read off the sandbox's own log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Days, Resource
from lightspeed_retail.resources.sales import Sale
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES, rides
from tests.retailer import asked, small_sandbox
from tests.tapping import Message, Spoken, Tap, selecting

Walk = tuple[type[Resource], list[dict[str, Any]]]

_DAYS = ("startDate", "endDate")
_EARLIEST = "2010-01-01"
SNAPSHOT = Path(__file__).with_name("requests.json")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox() as running:
        yield running


def run(sandbox: Sandbox, folder: Path, catalog: Message | None) -> tuple[Spoken, list[dict[str, Any]]]:
    """A run, one request after the other, and what it asked for."""
    tap = Tap.over(sandbox, folder, max_connections=1)
    sandbox.forget_requests()
    return tap.run_well(catalog=catalog), sandbox.requests


def asked_of(log: list[dict[str, Any]], path: str) -> set[tuple[str, float]]:
    """The relations and the price of every request for a list."""
    return {(entry["query"].get("load_relations", ""), entry["cost"]) for entry in log if entry["path"].endswith(path)}


def pages_of(sandbox: Sandbox, log: list[dict[str, Any]], resource: type[Resource]) -> list[dict[str, Any]]:
    """The requests that walk through a list; reports look at the first events of one, which is no walk."""
    return [entry for entry in asked(sandbox, resource, log) if _EARLIEST not in "".join(entry["query"].values())]


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
    sandbox: Sandbox, usual: tuple[Spoken, list[dict[str, Any]]], resource: type[Resource]
) -> None:
    pages = pages_of(sandbox, usual[1], resource)
    wanted = {field.name for field in resource.relations() if field.nested and field.nested.selected_by_default}
    wanted |= {field.name for field in resource.riders()}
    loaded = {name for page in pages for name in json.loads(page["query"].get("load_relations", "[]"))}
    assert bool(pages) == (resource.api.selected and not rides(resource))
    assert {name for name in loaded if "." not in name} == (wanted if pages else set())


def test_every_request_costs_what_its_words_say(sandbox: Sandbox, usual: tuple[Spoken, list[dict[str, Any]]]) -> None:
    _, log = usual
    lists = [entry for entry in log if "limit" in entry["query"]]
    found = [(resource, entry) for resource in RESOURCES for entry in asked(sandbox, resource, lists)]
    assert len(found) == len(lists) > len(RESOURCES) / 2
    for resource, entry in found:
        names = json.loads(entry["query"].get("load_relations", "[]"))
        prices = [Decimal("0.4") if _many(resource, name) else Decimal("0.2") for name in names]
        assert Decimal(str(entry["cost"])) == 1 + sum(prices), entry


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


def test_a_walk_asks_for_full_pages_only(sandbox: Sandbox, usual: tuple[Spoken, list[dict[str, Any]]]) -> None:
    spoken, log = usual
    assert len(pages_of(sandbox, log, Sale)) == -(-len(spoken.records("sales")) // 100)


@pytest.fixture(scope="module")
def requests(
    sandbox: Sandbox, usual: tuple[Spoken, list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, Any]]]:
    """What a first load asks for to bring each stream, where its properties are selected as by default.

    Streams that are off by default are read by a run of their own.
    """
    off = [resource for resource in RESOURCES if not resource.api.selected]
    _, others = run(sandbox, tmp_path_factory.mktemp("off"), selecting(*(resource.api.stream for resource in off)))
    return {
        resource.api.stream: [
            line
            for walk in _walks(sandbox, others if resource in off else usual[1], resource)
            for line in _lines(sandbox, walk)
        ]
        for resource in RESOURCES
    }


def _walks(sandbox: Sandbox, log: list[dict[str, Any]], resource: type[Resource]) -> Iterator[Walk]:
    """The requests for the rows of a resource by the list that they go to; reports look for the first event before."""
    bookmark = resource.api.bookmark
    if isinstance(bookmark, Days):
        begun = Resource.named(bookmark.first[0])
        yield begun, [entry for entry in asked(sandbox, begun, log) if bookmark.first[1] in entry["query"]]
    for way in _ways(resource):
        yield way, [entry for entry in pages_of(sandbox, log, way) if "after" not in entry["query"]]


def _ways(resource: type[Resource]) -> list[type[Resource]]:
    """The lists to ask for the rows of a resource: those of its parents first, and its own one."""
    carriers = [
        each for each in RESOURCES for field in each.riders() if field.nested and field.nested.resource is resource
    ]
    parents = [Resource.named(resource.api.parent)] if resource.api.parent and not carriers else carriers
    return [*(way for parent in parents for way in _ways(parent)), resource]


def _lines(sandbox: Sandbox, walk: Walk) -> list[dict[str, Any]]:
    """Each request with its price; keys of parents and days are told by their names."""
    resource, entries = walk
    lines = {_line(sandbox, resource, entry): entry["cost"] for entry in entries}
    return [{"request": line, "drips": price} for line, price in lines.items()]


def _line(sandbox: Sandbox, resource: type[Resource], entry: Message) -> str:
    path = entry["path"].replace(f"/{sandbox.account}/", "/{accountID}/")
    if resource.api.parent:
        path = f"{path.partition('{accountID}')[0]}{{accountID}}{resource.api.path}"
    words = {name: "MM/DD/YYYY" if name in _DAYS else value for name, value in entry["query"].items()}
    query = "&".join(f"{name}={value}" for name, value in words.items())
    return f"{entry['method']} {path}{'?' if query else ''}{query}"


def test_what_a_first_load_asks_for_and_what_it_costs_changes_only_on_purpose(
    requests: dict[str, list[dict[str, Any]]], pytestconfig: pytest.Config
) -> None:
    found = json.dumps(requests, indent=1, sort_keys=True) + "\n"
    if pytestconfig.getoption("--update-requests"):
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert SNAPSHOT.read_text(encoding="utf-8") == found


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_stream_is_asked_for(requests: dict[str, list[dict[str, Any]]], resource: type[Resource]) -> None:
    assert requests[resource.api.stream] != []
