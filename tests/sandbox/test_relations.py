"""Relations: only when asked for, the right rows, the right price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lightspeed_retail.resources import Field, Resource
from lightspeed_retail.wire import nested_rows
from lightspeed_sandbox.serve import Sandbox
from tests.sandbox.calling import RECORDS, Api, Row, relations

DECLARED = [(resource, field) for resource in RECORDS for field in resource.relations()]
TO_OTHERS = [(resource, field) for resource, field in DECLARED if field.nested is not None and field.nested.resource]


def name(value: Any) -> str:
    return value.name if isinstance(value, Field) else value.__name__


def inner(row: Row, field: Field) -> list[Row]:
    """The rows that a relation holds in a row."""
    assert field.nested is not None
    found = row.get(field.name)
    return [found] if found and not field.nested.many else nested_rows(found, field.nested.element or "")


@pytest.mark.parametrize(("resource", "field"), DECLARED, ids=name)
def test_a_relation_comes_only_when_asked_for(api: Api, resource: type[Resource], field: Field) -> None:
    assert all(field.name not in row for row in api.whole(resource))
    assert any(inner(row, field) for row in api.whole(resource, load_relations=relations(field.name)))


@pytest.mark.parametrize(("resource", "field"), DECLARED, ids=name)
def test_a_relation_costs_by_what_it_holds_and_half_on_a_single_record(
    api: Api, sandbox: Sandbox, resource: type[Resource], field: Field
) -> None:
    assert field.nested is not None
    price = Decimal("0.4") if field.nested.many else Decimal("0.2")
    path, _ = api.walks(resource)[0]
    listed = api.ask(path, load_relations=relations(field.name))
    single = api.ask(api.single(resource, sandbox.rows(resource)[0]), load_relations=relations(field.name))
    assert Decimal(listed.headers["X-LS-API-Request-Cost"]) == 1 + price
    assert Decimal(single.headers["X-LS-API-Request-Cost"]) == 1 + price / 2


def tied(row: Row, resource: type[Resource], field: Field, others: dict[str, Row]) -> set[str]:
    """The keys of the rows that belong to a row, by the keys that the rows themselves carry."""
    assert field.nested is not None
    assert field.nested.resource is not None
    if field.nested.many:
        return {key for key, other in others.items() if other[resource.api.key] == row[resource.api.key]}
    foreign = (f"{field.name[0].lower()}{field.name[1:]}ID", field.nested.resource.api.key)
    return {next(row[name] for name in foreign if name in row)} & others.keys()


@pytest.mark.parametrize(("resource", "field"), TO_OTHERS, ids=name)
def test_a_relation_holds_the_rows_of_the_other_list(api: Api, resource: type[Resource], field: Field) -> None:
    assert field.nested is not None
    target = field.nested.resource
    assert target is not None
    others = {row[target.api.key]: row for row in api.whole(target)}
    seen = 0
    for row in api.whole(resource, load_relations=relations(field.name)):
        found = {other[target.api.key]: other for other in inner(row, field)}
        assert found == {key: others[key] for key in tied(row, resource, field, others)}
        seen += len(found)
    assert seen


def test_all_relations_cost_their_sum(api: Api) -> None:
    sale = Resource.named("Sale")
    paths = [field.name for field in sale.relations()]
    listed = api.ask(sale.api.path, load_relations=relations(*paths))
    answer = api.ask(sale.api.path, load_relations="all")
    assert Decimal(answer.headers["X-LS-API-Request-Cost"]) >= Decimal(listed.headers["X-LS-API-Request-Cost"])
    assert set(paths) <= {key for row in answer.json()["Sale"] for key in row}


def test_a_relation_below_a_relation_comes_with_it(api: Api) -> None:
    rows = api.whole(Resource.named("Sale"), load_relations=relations("SaleLines", "SaleLines.Note"))
    lines = [line for row in rows for line in nested_rows(row.get("SaleLines"), "SaleLine")]
    assert any("Note" in line for line in lines)
    assert not any("Item" in line for line in lines)


def test_relations_that_ride_on_sales_have_the_documented_price(api: Api) -> None:
    answer = api.ask("/Sale.json", load_relations=relations("SaleLines", "SalePayments"))
    assert answer.headers["X-LS-API-Request-Cost"] == "1.8"
