"""Pages that SQLite puts together say, byte for byte, what the records say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from lightspeed_retail.resources import FieldType, Resource
from lightspeed_sandbox import recorded, relations
from lightspeed_sandbox.answers import Answers
from lightspeed_sandbox.relations import Relations
from lightspeed_sandbox.store import Store
from lightspeed_sandbox.texts import Texts
from tests.declared import RESOURCES
from tests.retailer import small_store

NASTY = 'quote " slash / \\ tab \t null \x00 unset \x01 bell \x07 del \x7f },{"a":1} é 漢 🚲 \u2028'
SALE, CUSTOMER, ITEM = map(Resource.named, ("Sale", "Customer", "Item"))


@pytest.fixture(scope="module")
def made_up() -> Store:
    """A made-up retailer, in which every field of the API is filled somewhere."""
    return small_store()


@pytest.fixture(scope="module")
def recordings_store(recordings: Path) -> Store:
    """Recorded rows, many of which lack fields."""
    store = Store()
    recorded.fill(store, recordings)
    return store


def paths(resource: type[Resource]) -> Iterator[tuple[str, ...]]:
    """No relations, every relation by itself with each that can be asked for below it, and all of them."""
    every = relations.parse(resource, "all").paths
    yield ()
    for relation in resource.relations():
        yield (relation.name,)
        part = relation.nested.part if relation.nested is not None else None
        for inner in part.relations() if part is not None else ():
            yield relation.name, f"{relation.name}.{inner.name}"
    yield every


def differing(store: Store, resource: type[Resource]) -> list[tuple[str, ...]]:
    """The relations with which both ways of reading all rows differ."""
    answers = Answers(store)
    texts = Texts(store, answers)
    wrong = []
    for asked in paths(resource):
        tree = relations.planted(asked)
        order = ", ".join(f'"{key}"' for key in resource.api.keys)
        records = answers.rows(resource, tree, "1", (), order=order)
        if texts.rows(resource, Relations(asked, tree), "1", (), order=order) != [
            orjson.dumps(record) for record in records
        ]:
            wrong.append(asked)
    return wrong


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.__name__)
def test_every_row_with_any_relation_is_the_same(made_up: Store, resource: type[Resource]) -> None:
    assert differing(made_up, resource) == []


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.__name__)
def test_recorded_rows_are_the_same(recordings_store: Store, resource: type[Resource]) -> None:
    assert differing(recordings_store, resource) == []


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.__name__)
@pytest.mark.parametrize("complete", [True, False])
def test_odd_texts_and_nulls_are_the_same(resource: type[Resource], *, complete: bool) -> None:
    store = Store()
    texts = [field for field in resource.fields() if field.type is FieldType.STRING]
    scalars = [field for field in resource.fields() if field.nested is None and field.name not in resource.api.keys]
    keys = [{name: _key(resource, name, number) for name in resource.api.keys} for number in range(len(scalars) + 2)]
    rows = [dict(key) for key in keys]
    rows[0] |= {field.name: NASTY for field in texts if field.name not in resource.api.keys}
    for row, field in zip(rows[2:], scalars, strict=True):
        # All but one are null: each in turn stands at the beginning, in the middle and at the end.
        row |= {field.name: _some(field.type)}
    store.put(resource, rows, complete=complete)
    assert differing(store, resource) == []


def _key(resource: type[Resource], name: str, number: int) -> object:
    return number + 1 if resource.field(name).type is FieldType.INTEGER else f"2024-01-{number + 1:02}"


def _some(kind: FieldType) -> object:
    values = {FieldType.INTEGER: -7, FieldType.BOOLEAN: True, FieldType.FLAGS: {"register": True}}
    decimal = kind in (FieldType.NUMBER, FieldType.MONEY)
    return Decimal("1.50") if decimal else values.get(kind, "2024-06-01T00:00:00+00:00")


def test_odd_texts_in_parts_are_the_same() -> None:
    store = small_store(days=2)
    customer = store.select(CUSTOMER)[0]
    contact = customer["Contact"] | {"custom": NASTY, "Websites": [{"url": NASTY}, {"url": None}]}
    store.put(CUSTOMER, [customer | {"lastName": NASTY, "Contact": contact}])
    item = store.select(ITEM)[0]
    store.put(ITEM, [item | {"Tags": [NASTY], "Prices": item["Prices"][:1]}])
    for resource in (CUSTOMER, ITEM, SALE):
        assert differing(store, resource) == []
