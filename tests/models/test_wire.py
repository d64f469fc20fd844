"""Any value of any field goes to the wire and back unchanged: in answers, in bodies of writes, and in messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from singer_sdk.contrib.msgspec import serialize_jsonl

from lightspeed_retail.client import Client
from lightspeed_retail.connection import connect
from lightspeed_retail.encoding import Encoder, WriteEncoder
from lightspeed_retail.query import Filter, Query
from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource
from lightspeed_retail.wire import Decoder, Decoding, Record, stamp
from lightspeed_sandbox.bodies import given as read
from lightspeed_sandbox.columns import is_stored
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.messages import LineReader
from tests.declared import RESOURCES
from tests.models.anything import emitted_fields, records
from tests.models.effort import IS_FULL
from tests.retailer import WIDE, plain
from tests.sandbox.calling import LISTS

EXAMPLES = 500 if IS_FULL else 5
"""For each resource."""


class Heard:
    """Takes down what the declarations did not foresee."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.odd: list[str] = []

    def unknown(self, field: str) -> None:
        """Take down an unknown key."""
        self.odd.append(field)

    def misfit(self, field: str, value: object, *, personal: bool) -> None:
        """Take down a misfit."""
        self.odd.append(field)


def decoded(resource: type[Resource], wire: Record) -> Record:
    """The typed record of a wire row in which nothing is odd."""
    heard = Heard()
    record = Decoder(resource, Decoding(report=heard))(wire)
    assert heard.odd == []
    return record


@pytest.mark.parametrize("resource", RESOURCES)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_any_record_goes_to_the_wire_and_back(resource: type[Resource], data: st.DataObject) -> None:
    record = data.draw(records(resource))
    wire = msgspec.json.decode(msgspec.json.encode(Encoder(resource)(record)))
    assert decoded(resource, wire) == record


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Config(empty=True, **WIDE)) as running:
        yield running


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Client:
    """Our own client at the sandbox."""
    return connect(
        {
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "refresh_token": sandbox.issue_refresh_token(),
            "api_url": sandbox.url,
            "auth_url": sandbox.url,
        }
    )


def kept(part: type[Part], within: Nested | None = None) -> list[Field]:
    """The fields that a sandbox keeps with its rows; reports of other rows are worked out."""
    return [field for field in emitted_fields(part, within) if is_stored(field) and field.type is not FieldType.DATE]


@pytest.mark.parametrize("resource", LISTS)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_any_row_that_the_sandbox_keeps_is_read_by_the_client_as_it_is(
    sandbox: Sandbox, client: Client, resource: type[Resource], data: st.DataObject
) -> None:
    row = data.draw(records(resource, kept))
    key = data.draw(st.integers(10**6, 10**18 - 1))
    row[resource.api.key] = key if resource.field(resource.api.key).type is FieldType.INTEGER else f"key-{key}"
    sandbox.store.put(resource, [row])
    sandbox.store.commit()
    try:
        found = [decoded(resource, wire) for wire in listed(client, resource, row[resource.api.key])]
        assert [plain({name: record[name] for name in row}) for record in found] == [plain(row)]
        assert sandbox.store.select(resource, f'"{resource.api.key}" = ?', (row[resource.api.key],)) != []
    finally:
        sandbox.store.delete(resource, row[resource.api.key])


def stored_relations(part: type[Part], before: str = "", within: Nested | None = None) -> Iterator[str]:
    """The relations that hold what is kept with a row, as dotted paths."""
    for field in kept(part, within):
        nested = field.nested
        if nested is not None and nested.asked:
            yield f"{before}{field.name}"
        if nested is not None and nested.part is not None and not nested.many:
            yield from stored_relations(nested.part, f"{before}{field.name}.", nested)


def listed(client: Client, resource: type[Resource], key: int | str) -> list[Record]:
    """The rows with a key, in the list or in another pass through it, with all that is kept with them."""
    relations = tuple(stored_relations(resource))
    wanted = Filter(resource.api.key, "=", str(key))
    for extra in ((), *((Filter(name, "=", value),) for name, value in resource.api.passes)):
        pages = client.pages(Query(resource, filters=(wanted, *extra), relations=relations))
        found = [row for page in pages for row in page.rows]
        if found:
            return found
    return []


WRITTEN = [resource for resource in RESOURCES if {"POST", "PUT"} & set(resource.api.verbs)]


def given_fields(part: type[Part], within: Nested | None = None) -> list[Field]:
    """The fields that a client may give, and the keys of rows within others; single rows of others stay out."""
    key = part.api.key if issubclass(part, Resource) else part.own_key()
    named = [field for field in part.fields() if (within is not None if field.name == key else field.writable)]
    return [field for field in named if field.nested is None or field.nested.many or field.nested.resource is None]


@pytest.mark.parametrize("resource", WRITTEN)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_any_record_that_is_written_is_read_by_the_sandbox_as_it_is(
    resource: type[Resource], data: st.DataObject
) -> None:
    record = data.draw(records(resource, given_fields))
    body = json.loads(json.dumps(WriteEncoder(resource)(record)))
    assert plain(read(resource, body, UTC)) == plain(_stored(resource, record))


def _stored(part: type[Part], record: Record) -> Record:
    """A record with its days as the sandbox keeps them: as the moment that the API writes."""
    return {name: _stored_value(part.field(name), value) for name, value in record.items()}


def _stored_value(field: Field, value: Any) -> Any:
    if field.type is FieldType.DATE and value is not None:
        return stamp(datetime.fromisoformat(value).replace(tzinfo=UTC))
    if field.nested is None or field.nested.part is None or not value:
        return value
    part = field.nested.part
    return [_stored(part, row) for row in value] if field.nested.many else _stored(part, value)


@pytest.mark.parametrize("resource", WRITTEN)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_record_may_come_in_the_types_of_a_database_or_as_texts(
    resource: type[Resource], data: st.DataObject
) -> None:
    """As JSON has them, nested records as JSON in a text among others."""
    record = data.draw(records(resource, given_fields))
    encode = WriteEncoder(resource)
    texts = {name: _text(resource.field(name), value) for name, value in record.items()}
    assert plain(read(resource, encode(texts), UTC)) == plain(read(resource, encode(record), UTC))


def _text(field: Field, value: Any) -> Any:
    if field.nested is not None:
        return json.dumps(value, default=str) if value else value
    return value if value is None or field.type is FieldType.FLAGS else str(value)


@pytest.mark.parametrize("resource", RESOURCES)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_any_record_is_the_same_in_a_message(resource: type[Resource], data: st.DataObject) -> None:
    """As the tap says it and the target reads it."""
    record = data.draw(records(resource))
    line = serialize_jsonl({"type": "RECORD", "stream": resource.api.stream, "record": record}).decode()
    assert plain(LineReader().deserialize_json(line)["record"]) == plain(record)
