"""Readers of what comes off the wire, fed with anything: a value of the declared type, or one of our own errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lightspeed_retail.drift import Drift
from lightspeed_retail.errors import RequestRefusedError, is_key, reason
from lightspeed_retail.limits import Limits, pause
from lightspeed_retail.resources import Field, FieldType, Part, Resource
from lightspeed_retail.scalars import UNFIT, converter, instant, shallow
from lightspeed_retail.sheets import Sheet, has_number
from lightspeed_retail.wire import UNKNOWN_FIELDS, Decoder, Decoding, Record
from tests.anything import ODD, deep, scalars, values
from tests.declared import RESOURCES

NOW = datetime(2024, 1, 6, 10, tzinfo=UTC)
DEPTHS = [20, 200, 500, 800]


def _is_number(value: Any) -> bool:
    return type(value) is Decimal and value.is_finite() and len(f"{value:f}") < 300


FITS: dict[FieldType, Any] = {
    FieldType.INTEGER: lambda value: type(value) is int and -(2**63) <= value < 2**63,
    FieldType.NUMBER: _is_number,
    FieldType.MONEY: _is_number,
    FieldType.STRING: lambda value: type(value) is str and bool(value),
    FieldType.BOOLEAN: lambda value: type(value) is bool,
    FieldType.DATETIME: lambda value: type(value) is str and instant(value).tzinfo is not None,
    FieldType.DATE: lambda value: type(value) is str and date.fromisoformat(value) is not None,
    FieldType.FLAGS: lambda value: type(value) is dict and all(type(each) is bool for each in value.values()),
}
"""What a value of each type of a field is once it has been read."""

SCALARS = sorted(FITS, key=lambda kind: kind.name)


def test_every_type_that_a_field_can_have_is_looked_at() -> None:
    used = {field.type for resource in RESOURCES for field in resource.fields() if field.nested is None}
    assert used - set(FITS) <= {FieldType.SECRET}


@pytest.mark.parametrize("kind", SCALARS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("recurs", [True, False])
@given(value=values)
def test_any_value_is_converted_to_its_type_or_does_not_fit(kind: FieldType, value: Any, *, recurs: bool) -> None:
    _converts(kind, value, recurs=recurs)


@pytest.mark.parametrize("kind", SCALARS, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    "value",
    [*ODD, *map(deep, DEPTHS), {"a": deep(800)}, 2**63, -(2**63) - 1, 1e300],
    ids=lambda value: f"{value!r:.29}, {len(repr(value))}",
)
def test_values_that_have_been_the_undoing_of_readers_do_no_harm(kind: FieldType, value: Any) -> None:
    _converts(kind, value, recurs=True)
    _converts(kind, value, recurs=False)


def _converts(kind: FieldType, value: Any, *, recurs: bool) -> None:
    try:
        found = converter(kind, recurs=recurs)(value)
    except UNFIT:
        return
    assert found is None or FITS[kind](found)
    assert msgspec.json.encode(found)


# Rows


@st.composite
def rows(draw: st.DrawFn) -> tuple[type[Resource], Record]:
    """A row of any resource with anything in its fields, and fields that nobody has declared."""
    resource = draw(st.sampled_from(RESOURCES))
    names = st.sampled_from([field.name for field in resource.fields()]) | st.text(max_size=5)
    return resource, draw(st.dictionaries(names, values, max_size=8))


@pytest.mark.parametrize("keep", [True, False])
@given(found=rows())
@example(found=(RESOURCES[0], {"\n": 1, "x" * 1000: 2, "@attributes": 3}))
def test_a_row_of_anything_becomes_a_record_of_the_declared_types(
    found: tuple[type[Resource], Record], *, keep: bool
) -> None:
    _becomes_a_record(*found, keep=keep)


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("depth", DEPTHS)
def test_a_row_whose_fields_are_nested_deeply_becomes_a_record(resource: type[Resource], depth: int) -> None:
    row = dict.fromkeys([*(field.name for field in resource.fields()), "unknown", "@attributes"], deep(depth))
    for keep in (True, False):
        _becomes_a_record(resource, row, keep=keep)


def _becomes_a_record(resource: type[Resource], row: Record, *, keep: bool) -> None:
    drift = Drift(resource.api.stream, kept=keep)
    record = Decoder(resource, Decoding(report=drift, keep_unknown=keep))(row)
    assert msgspec.json.encode(record)
    assert [path for path, field, value in _leaves(resource, record) if not FITS[field.type](value)] == []
    assert (UNKNOWN_FIELDS in record) == keep
    assert "".join(drift.summary()).isprintable()


def _leaves(part: type[Part], record: Record, path: str = "") -> Iterator[tuple[str, Field, Any]]:
    for field in part.fields():
        value, nested = record.get(field.name), field.nested
        if value is None or field.type is FieldType.SECRET:
            continue
        if nested is None:
            yield f"{path}.{field.name}", field, value
        elif nested.part is not None:
            assert isinstance(value, list) == nested.many
            for each in value if isinstance(value, list) else [value]:
                yield from _leaves(nested.part, each, f"{path}.{field.name}") if each is not None else ()


@given(values)
@example(deep(40))
@example({"a": [1, {"b": deep(5)}]})
def test_what_nobody_has_declared_is_kept_as_it_is_or_as_text(value: Any) -> None:
    kept = shallow(value)
    assert kept == value or isinstance(kept, str)
    assert msgspec.json.encode(kept)


# Pages


def _refuses_at_the_most(resource: type[Resource], content: bytes) -> None:
    sheet = Sheet.of(resource, content)
    if sheet is None:
        return
    try:
        found = sheet.rows(resource)
        extent = sheet.extent(resource) if has_number(resource) else None
    except RequestRefusedError:
        return
    assert all(isinstance(row, dict) for row in found)
    if has_number(resource):
        assert all(is_key(row[resource.api.key]) for row in found)
        ends = [int(row[resource.api.key]) for row in (*found[:1], *found[-1:])]
        assert ends == ([extent.first, extent.last] if extent else [])


@given(st.sampled_from(RESOURCES), st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()))
def test_a_body_of_anything_is_a_page_or_none(resource: type[Resource], content: bytes) -> None:
    _refuses_at_the_most(resource, content)


@given(st.sampled_from(RESOURCES), values, values)
def test_an_envelope_of_anything_is_read_or_refused(resource: type[Resource], attributes: Any, listed: Any) -> None:
    key = resource.api.key
    for rows_ in (listed, [listed], [{key: listed}], [{key: "1"}, listed, {key: "3"}]):
        body = {"@attributes": attributes, resource.envelope(): rows_}
        _refuses_at_the_most(resource, json.dumps(body).encode())


@given(st.sampled_from([each for each in RESOURCES if has_number(each)]), st.binary(min_size=1, max_size=4), st.data())
def test_a_page_with_a_slip_in_its_bytes_is_read_or_refused(
    resource: type[Resource], slip: bytes, data: st.DataObject
) -> None:
    body = {"@attributes": {"next": ""}, resource.envelope(): [{resource.api.key: "1"}, {resource.api.key: "2"}]}
    content = json.dumps(body).encode()
    at = data.draw(st.integers(0, len(content)))
    _refuses_at_the_most(resource, content[:at] + slip + content[at + data.draw(st.integers(0, 4)) :])


# Headers and reasons

HEADERS = [
    "X-LS-API-Bucket-Level",
    "X-LS-API-Drip-Rate",
    "X-LS-API-Request-Cost",
    "X-LS-API-Burst-Level",
    "Retry-After",
]
headers = st.dictionaries(st.sampled_from(HEADERS), st.text(max_size=20) | st.sampled_from(ODD) | st.floats().map(str))


@given(headers)
@example({"Retry-After": "Fri, 31 Dec 9999 23:59:59 -9999"})
@example({"Retry-After": "nan", "X-LS-API-Bucket-Level": "inf/nan"})
def test_headers_of_anything_are_numbers_within_reason_or_nothing(given_: dict[str, str]) -> None:
    said = Limits.of(given_)
    numbers = [said.level, said.size, said.drip_rate, said.cost, said.burst_level, said.burst_size]
    assert [number for number in numbers if number is not None and not 0 <= number <= 1e7] == []
    assert said.drip_rate != 0
    assert said.size != 0
    assert pause(given_, NOW) >= 1


@given(values)
@example({"message": "\x1b[2Jall\nis well"})
def test_a_reason_of_anything_is_one_line(body: Any) -> None:
    message, error_class = reason(body)
    assert message.isprintable()
    assert error_class is None or error_class.isprintable()
    assert len(message) <= 300


@given(scalars)
def test_a_key_is_a_whole_number_and_nothing_else(value: Any) -> None:
    if is_key(value):
        assert 0 <= int(value) < 10**18
