"""The readers of messages and of records over whatever comes: the meaning of JSON, or an error of ours."""

from __future__ import annotations

import json
import math
import os
from decimal import Decimal
from io import BytesIO, TextIOWrapper
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lightspeed_retail.encoding import WriteEncoder
from lightspeed_retail.errors import RecordError
from lightspeed_retail.resources import Resource
from target_lightspeed_retail.jobs import Reader, pointed_at
from target_lightspeed_retail.messages import DEEPEST, InputError, LineReader, Message
from target_lightspeed_retail.order import ordered
from target_lightspeed_retail.records import RejectedError

IS_FULL = os.environ.get("LIGHTSPEED_RETAIL_FULL") == "1"
MANY = settings(max_examples=20_000 if IS_FULL else 400)
SOME = settings(max_examples=2_000 if IS_FULL else 30)

BOM = b"\xef\xbb\xbf"
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**30, -(10**30), 2**63, 2**64, 1e300, 5e-324, -0.0])
TEXTS = (
    st.text() | st.text(st.characters(categories=["Cs", "Cc", "Lu"])) | st.sampled_from(["NaN", "1e5", "٣", "²", " "])
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from(["SCHEMA", "RECORD", "STATE", "BATCH", "ACTIVATE_VERSION", "record", None, 5, ["RECORD"]])
MESSAGES: st.SearchStrategy[Message] = st.fixed_dictionaries(
    {},
    optional={
        "type": KINDS,
        "stream": st.just("items") | VALUES,
        "record": VALUES,
        "value": VALUES,
        "schema": VALUES | st.just({"properties": {}}),
        "key_properties": VALUES,
        "version": VALUES,
    },
)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Lines that are JSON, and lines that once were."""
    escapes = draw(st.booleans())
    text = json.dumps(draw(MESSAGES | VALUES), ensure_ascii=escapes).encode("utf-8", "surrogatepass")
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        piece = draw(
            st.binary(max_size=3) | st.sampled_from([b"NaN", b'"', b"\\", b"{", b"}", b"e9", b".", b"0", b"-"])
        )
        text = text[:place] + piece + text[place + draw(st.integers(0, 3)) :]
    return text


def plain(text: bytes) -> Any:
    """What Python makes of a line."""
    return json.loads(text.decode(), parse_float=fraction)


def fraction(text: str) -> Decimal | float:
    """A fraction as exact as Python can have it."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return float(text)


def same(one: Any, two: Any) -> bool:
    """Whether two values are the same to the last digit, NaN and the sign of nought included."""
    if isinstance(one, dict) and isinstance(two, dict):
        return list(one) == list(two) and all(same(one[name], two[name]) for name in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, float) and isinstance(two, float):
        return one == two or (math.isnan(one) and math.isnan(two))
    return (type(one), str(one)) == (type(two), str(two))


@given(lines())
@MANY
@example(b'{"a": 1, "a": 2}')
@example(b'{"a": NaN, "b": -Infinity}')
@example(b'{"a": "\\ud800"}')
@example(b'{"a": "\\ud83d\\ude00"}')
@example(b'{"a": "\xed\xa0\x80"}')
@example(b'{"a": 18446744073709551616, "b": -9223372036854775809}')
@example(b'{"a": -0, "b": -0.0, "c": 1E400}')
@example(b'{"a": 01}')
@example(b'{"a": -1e9249999999999999991}')
@example(b'{"a": "\x00"}')
@example(b'\xef\xbb\xbf{"a": 1}')
@example(b"\xff\xfe{\x00}\x00")
@example(b"\xc2\xa0{}")
@example(b"{}{}")
def test_a_line_means_what_it_means_in_json_or_is_refused(line: bytes) -> None:
    try:
        wanted = plain(line)
    except ValueError:
        wanted = None
    try:
        found = LineReader().deserialize_json(line)
    except InputError:
        assert not isinstance(wanted, dict) or wanted.get("type") == "STATE"
    else:
        assert same(found, wanted)


@pytest.mark.parametrize("text", ["9" * 10_000, "-" + "9" * 5000, "1e99999999999999999999", "1e999999999"])
def test_a_number_that_python_does_not_take_is_no_end_of_the_run(text: str) -> None:
    (value,) = LineReader().deserialize_json(f'{{"a": {text}}}').values()
    assert isinstance(value, Decimal | float)


@pytest.mark.parametrize("depth", [DEEPEST - 1, DEEPEST, 900, 100_000])
@pytest.mark.parametrize("brackets", ['{"a":%s}', "[%s]", '[{"a":%s}]'])
def test_what_is_nested_too_deeply_is_refused_at_any_depth(depth: int, brackets: str) -> None:
    begin, end = brackets.split("%s")
    times = (depth - 1) // brackets.count("%s") // (2 if "[{" in brackets else 1)
    line = f'{{"a":{begin * times}1{end * times}}}'
    if depth < DEEPEST:
        assert LineReader().deserialize_json(line)
        return
    if depth == DEEPEST:
        LineReader().deserialize_json(line)
        line = f'{{"a":[[[{line}]]]}}'
    with pytest.raises(InputError, match="nested"):
        LineReader().deserialize_json(line)


class Taken:
    """What a reader hands on."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.messages: list[Message] = []

    def read(self, content: bytes) -> None:
        """Read all lines of an input.

        Raises:
            InputError: A line is no message.
        """
        kinds = ("SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION", "BATCH")
        LineReader().process_lines(TextIOWrapper(BytesIO(content)), dict.fromkeys(kinds, self.messages.append))


@given(st.lists(lines().map(lambda line: line.replace(b"\n", b" ")), max_size=4))
@MANY
def test_what_is_handed_on_has_what_its_type_must_have(content: list[bytes]) -> None:
    taken = Taken()
    try:
        taken.read(b"\n".join(content))
    except InputError as error:
        number = int(str(error).split(" ")[1])
        before = [line for line in content[: number - 1] if line.removeprefix(BOM).strip()]
        assert len(before) == len(taken.messages)
    for message in taken.messages:
        kind = message["type"]
        assert kind in ("RECORD", "SCHEMA", "STATE", "ACTIVATE_VERSION", "BATCH")
        assert kind == "STATE" or isinstance(message["stream"], str)
        assert kind != "RECORD" or isinstance(message["record"], dict)
        assert kind != "SCHEMA" or isinstance(message["schema"]["properties"], dict)


def records(resource: type[Resource]) -> st.SearchStrategy[Message]:
    """Records whose fields are those of a resource, with whatever values, and some others."""
    names = [field.name for field in resource.fields()] + ["accountID", "_sdc_deleted_at", "ref"]
    nested = [field.name for field in resource.fields() if field.nested is not None]
    rows = st.deferred(lambda: _rows(resource, nested))
    return st.dictionaries(st.sampled_from(names) | TEXTS, VALUES | rows, max_size=6)


def _rows(resource: type[Resource], nested: list[str]) -> st.SearchStrategy[Any]:
    inner = {
        name
        for field in resource.fields()
        if field.name in nested and field.nested is not None and field.nested.part is not None
        for name in (each.name for each in field.nested.part.fields())
    }
    row = st.dictionaries(st.sampled_from(sorted(inner) or ["a"]), VALUES, max_size=4)
    return row | st.lists(row, max_size=3) | row.map(json.dumps)


@pytest.mark.parametrize("resource", ordered(), ids=lambda resource: resource.api.stream)
@given(data=st.data())
@SOME
def test_a_record_is_read_or_rejected_and_what_is_read_can_be_sent(
    resource: type[Resource], data: st.DataObject
) -> None:
    drawn = json.dumps({"record": data.draw(records(resource))})
    record = LineReader().deserialize_json(drawn)["record"]
    reader = Reader(resource, ["ref"], 1)
    assert reader.key(record)
    try:
        job = reader(record)
    except (RejectedError, RecordError):
        return
    assert job.key == reader.key(record) or job.number is not None or job.source is not None
    plain_fields = {name: value for name, value in job.wanted.items() if not pointed_at(value)}
    try:
        body = WriteEncoder(resource)(plain_fields, only=plain_fields.keys())
    except RecordError:
        return
    assert json.loads(json.dumps(body, ensure_ascii=False, allow_nan=False).encode()) == body
