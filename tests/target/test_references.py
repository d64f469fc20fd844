"""Names in the place of numbers: which row they mean, what becomes of those that mean none, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Category, Item
from lightspeed_retail.wire import Record
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.finding import Finder
from target_lightspeed_retail.jobs import Job, Reader
from target_lightspeed_retail.ledger import Ledger
from target_lightspeed_retail.options import Options
from target_lightspeed_retail.records import Pointer, RejectedError
from target_lightspeed_retail.references import LaterError, References
from tests.retailer import WIDE
from tests.target.finders import finder, queries, sandbox
from tests.target.ledgers import held
from tests.targeting import messages, run

__all__ = ["finder", "sandbox"]

OTHER = 99
"""Another account."""

Made = list[tuple[type[Resource], Record]]
Refer = Callable[..., References]


@pytest.fixture
def ledger(tmp_path: Path, sandbox: Sandbox) -> Iterator[Ledger]:
    """An empty ledger of the account, with its lock."""
    with held(str(tmp_path / "ledger.sqlite"), int(sandbox.account)) as opened:
        yield opened


@pytest.fixture
def made() -> Made:
    """What was made because a record names it."""
    return []


@pytest.fixture
def refer(finder: Finder, ledger: Ledger, made: Made) -> Refer:
    """References with some streams in which rows may be made; those get numbers from a million on."""

    def create(resource: type[Resource], record: Record) -> int:
        made.append((resource, record))
        return 10**6 + len(made)

    def of(*create_missing: str) -> References:
        return References(finder, ledger, Options(create_missing=frozenset(create_missing)), create)

    return of


def item(sku: str) -> Pointer:
    return Pointer(Item, text=sku)


def key_of(sandbox: Sandbox, sku: str) -> int:
    return next(int(row["itemID"]) for row in sandbox.rows(Item) if row["customSku"] == sku)


def sale_of(*skus: str, **more: Any) -> Job:
    """A sale of some items."""
    lines = [{"itemID": sku, "unitQuantity": 1} for sku in skus]
    return Reader(Resource.named("Sale"), [], 1)({"accountID": 1, "SaleLines": lines, **more})


def test_a_number_of_the_own_account_is_the_row_without_a_question(sandbox: Sandbox, refer: Refer) -> None:
    assert refer().key(Pointer(Item, key=17), None) == 17
    assert sandbox.requests == []


def test_a_number_of_another_account_is_what_its_row_became(sandbox: Sandbox, refer: Refer, ledger: Ledger) -> None:
    ledger.settle("items", f"{OTHER}/5", "17", {})
    references = refer("items")
    assert references.key(Pointer(Item, key=5), OTHER) == 17
    with pytest.raises(LaterError, match=f"items 6 of account {OTHER} has not been written yet"):
        references.key(Pointer(Item, key=6), OTHER)
    assert sandbox.requests == []


def test_a_number_that_became_no_row_yet_is_found_by_its_description(sandbox: Sandbox, refer: Refer) -> None:
    described = Pointer(Item, key=6, described={"customSku": "SKU 6", "systemSku": "210000000001"})
    assert refer().key(described, OTHER) == key_of(sandbox, "SKU 6")
    assert queries(sandbox) == [{"customSku": "SKU 6"}], "the other account's own number tells nothing here"


def test_a_name_is_looked_for_in_one_way_after_the_other_until_it_is_found(sandbox: Sandbox, refer: Refer) -> None:
    references = refer()
    for _ in range(2):
        assert references.key(item("SKU 7"), None) == key_of(sandbox, "SKU 7")
    assert queries(sandbox) == [{"systemSku": "SKU 7"}, {"customSku": "SKU 7"}]


def test_a_name_that_fits_several_rows_means_none_of_them(sandbox: Sandbox, refer: Refer) -> None:
    keys = sorted(row["customerID"] for row in sandbox.rows(Customer))[:2]
    with pytest.raises(RejectedError, match=f"'c0@example.com' fits several customers: {keys[0]}, {keys[1]}"):
        refer("customers").key(Pointer(Customer, text="c0@example.com"), None)


def test_a_name_that_fits_nothing_may_still_come(refer: Refer, made: Made) -> None:
    with pytest.raises(LaterError, match="There is no row of items that 'none' fits"):
        refer("categories").key(item("none"), None)
    described = Pointer(Item, described={"customSku": "none", "upc": "12"})
    with pytest.raises(LaterError, match="There is no row of items that customSku 'none', upc '12' fits"):
        refer().key(described, None)
    assert made == []


def test_a_row_that_is_missing_is_made_once_where_that_is_allowed(sandbox: Sandbox, refer: Refer, made: Made) -> None:
    references = refer("categories", "items")
    shirts = Pointer(Category, text="Shirts")
    assert [references.key(shirts, None) for _ in range(2)] == [10**6 + 1] * 2
    tees = Pointer(Category, described={"name": "Tees", "parentID": shirts})
    assert [references.key(tees, OTHER) for _ in range(2)] == [10**6 + 2] * 2
    assert made == [(Category, {"name": "Shirts"}), (Category, {"name": "Tees", "parentID": 10**6 + 1})]
    asked = len(sandbox.requests)
    references.prepare([sale_of("SKU 1")])
    assert references.key(shirts, None) == 10**6 + 1
    assert not any("Category" in each["path"] for each in sandbox.requests[asked:])


def test_a_name_of_several_words_has_as_many_parts_as_it_takes(refer: Refer, made: Made) -> None:
    employee = Resource.named("Employee")
    references = refer("employees")
    assert references.key(Pointer(employee, text="Ada Maria Stone"), None) == 10**6 + 1
    assert made == [(employee, {"firstName": "Ada Maria", "lastName": "Stone"})]


def test_a_name_that_is_not_enough_to_make_a_row_of_is_told(refer: Refer) -> None:
    with pytest.raises(RejectedError, match="'nobody@x' is not enough to make one of customers"):
        refer("customers").key(Pointer(Customer, text="nobody@x"), None)


def test_what_records_name_is_looked_up_together(sandbox: Sandbox, refer: Refer) -> None:
    references = refer()
    jobs = [sale_of(*(f"SKU {number}" for number in range(start, start + 30))) for start in (0, 20)]
    references.prepare(jobs)
    asked = queries(sandbox)
    lists = [(name, text.count("SKU")) for each in asked for name, text in each.items() if "none" not in text]
    assert [each for each in lists if each[1] > 1] == [("systemSku", 50), ("customSku", 50)]
    keys = {f"SKU {number}": key_of(sandbox, f"SKU {number}") for number in range(50)}
    sandbox.forget_requests()
    for job in jobs:
        lines = references.resolved(job)["SaleLines"]
        assert [line["unitQuantity"] for line in lines] == [1] * 30
        assert [line["itemID"] for line in lines] == [keys[each["itemID"]] for each in job.record["SaleLines"]]
    assert sandbox.requests == [], "what was found is known"
    references.prepare(jobs)
    assert [name for each in queries(sandbox) for name in each] == ["systemSku"], "only what was not found is asked for"


def test_what_was_missing_is_looked_for_again_by_the_next_records(sandbox: Sandbox, refer: Refer) -> None:
    references = refer()
    for _ in range(2):
        sandbox.forget_requests()
        references.prepare([sale_of("none")])
        ways = [match.asked[0] for match in Item.api.match]
        assert [name for each in queries(sandbox) for name in each] == ways
        with pytest.raises(LaterError):
            references.resolved(sale_of("none"))
        assert len(sandbox.requests) == len(ways)


def test_a_row_that_is_written_since_is_found_by_its_name(sandbox: Sandbox, refer: Refer, finder: Finder) -> None:
    references = refer()
    references.prepare([sale_of("late")])
    for _ in range(2):
        finder.learn(Item, {"itemID": 17, "customSku": "late"})
    finder.learn(Item, {"itemID": 18, "customSku": "unasked"})
    sandbox.forget_requests()
    assert references.key(item("late"), None) == 17
    assert sandbox.requests == []
    finder.learn(Item, {"itemID": 19, "customSku": "late"})
    with pytest.raises(RejectedError, match="'late' fits several items: 17, 19"):
        references.key(item("late"), None)


def test_an_assembly_is_not_named_in_its_own_components(refer: Refer, ledger: Ledger) -> None:
    ledger.settle("items", f"{OTHER}/6", "17", {})
    parts = [{"assemblyItemID": 5, "componentItemID": 6, "quantity": 2}]
    record = {"accountID": OTHER, "itemID": 5, "description": "Box", "ItemComponents": parts}
    resolved = refer().resolved(Reader(Item, [], 1)(record))
    assert resolved["ItemComponents"] == [{"componentItemID": 17, "quantity": 2}]
    assert resolved["description"] == "Box"


def test_a_row_of_another_kind_with_the_same_number_is_not_the_record_itself(refer: Refer, ledger: Ledger) -> None:
    ledger.settle("categories", f"{OTHER}/5", "17", {})
    record = {"accountID": OTHER, "itemID": 5, "description": "Box", "categoryID": 5}
    assert refer().resolved(Reader(Item, [], 1)(record))["categoryID"] == 17


def test_what_is_found_in_one_way_is_not_looked_for_in_others(tmp_path: Path) -> None:
    items = [{"ref": str(n), "customSku": f"SKU-{n}", "description": f"Item {n}"} for n in range(40)]
    lines = [{"itemID": f"SKU-{n}", "unitQuantity": 1} for n in range(40)]
    sale = {"ref": "1", "employeeID": 1, "registerID": 1, "shopID": 1, "taxCategoryID": 0, "SaleLines": lines}
    with Sandbox(Config(empty=True, **WIDE)) as sandbox:
        run(sandbox, messages("items", items, "ref"), tmp_path)
        done = run(sandbox, messages("sales", [sale], "ref"), tmp_path)
    assert done.operations == ["created"]
    asked = [name for request in done.requests for name in request["query"] if name.lower().endswith(("sku", "upc"))]
    assert "customSku" in asked
    assert {"upc", "ean", "manufacturerSku"}.isdisjoint(asked)
