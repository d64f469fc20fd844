"""Answers that are out of the ordinary: other envelopes, bare texts, values of any depth, flags in either form."""

from __future__ import annotations

from typing import Any

import pytest

from lightspeed_retail.resources import Field, FieldType
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Item
from lightspeed_retail.scalars import UNFIT, as_text, converter, instant, shallow
from lightspeed_retail.wire import Decoder, Decoding, nested_rows, rows

ROW, OTHER = {"itemID": "1"}, {"itemID": "2"}


class Heard:
    """A report that remembers what it was told, and whether that was personal."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self.unknown_fields: list[str] = []
        self.misfits: list[tuple[str, bool]] = []

    def unknown(self, field: str) -> None:
        """Remember an unknown key."""
        self.unknown_fields.append(field)

    def misfit(self, field: str, value: object, *, personal: bool) -> None:
        """Remember a misfit."""
        self.misfits.append((field, personal))


class Stars:
    """Every personal text becomes stars."""

    def drops(self, _field: Field) -> bool:
        """Nothing is left out."""
        return False

    def disguise(self, value: Any) -> Any:
        """Stars in the place of a text."""
        return "***" if value else value


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"@attributes": {"count": "1"}, "Items": [ROW, OTHER]}, [ROW, OTHER]),
        ({"Items": ROW, "count": "1"}, [ROW]),
        ({"Items": [ROW], "Others": [OTHER]}, []),
        ({"Items": [ROW], "Others": {}}, []),
        ({"Item": [ROW], "Others": [OTHER]}, [ROW]),
        ({"Item": "", "Others": [OTHER]}, []),
        ({"@attributes": {"count": "1"}}, []),
        ({}, []),
        ([ROW], []),
        ("text", []),
        (None, []),
    ],
)
def test_an_answer_with_another_envelope_is_looked_into_if_it_holds_one_thing(body: Any, found: list[Any]) -> None:
    assert rows(body, "Item") == found


def test_plain_texts_become_records_where_they_stand_for_a_field() -> None:
    assert rows({"tag": ["red", "new", ""]}, "tag", "name") == [{"name": "red"}, {"name": "new"}]
    assert rows({"tag": "red"}, "tag", "name") == [{"name": "red"}]
    assert rows({"tag": [{"name": "red"}]}, "tag", "name") == [{"name": "red"}]
    assert [str(row) for row in rows({"tag": ["red"]}, "tag")] == ["red"]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"tag": ["a", "b"]}, ["a", "b"]),
        ({"tag": "a tag"}, ["a tag"]),
        ({"tag": {"a": "b"}}, [{"a": "b"}]),
        (["a tag", "b"], ["a tag", "b"]),
        ([{"tag": "a"}, {"tag": ["b", "c"]}], ["a", "b", "c"]),
        ([{"other": ["a"]}], ["a"]),
        ("a tag", ["a tag"]),
    ],
)
def test_a_nested_list_of_texts_is_unwrapped(value: Any, found: list[str]) -> None:
    assert nested_rows(value, "tag") == found


def test_without_a_wrapper_rows_are_taken_as_they_are() -> None:
    assert nested_rows([ROW, OTHER], "") == [ROW, OTHER]
    assert nested_rows(ROW, "") == [ROW]
    assert nested_rows({"Inner": [ROW]}, "") == [{"Inner": [ROW]}]


def test_a_key_that_comes_beside_all_others_is_reported_too() -> None:
    heard = Heard()
    whole: dict[str, Any] = {field.name: "" for field in Item.fields()}
    decoder = Decoder(Item, Decoding(report=heard, keep_unknown=True))
    assert decoder(whole)["unknown_fields"] is None
    assert decoder({**whole, "colour": "red"})["unknown_fields"] == {"colour": "red"}
    assert heard.unknown_fields == ["colour"]


@pytest.mark.parametrize("field", ["Note", "CustomFieldValues", "Contact"])
def test_what_may_hold_something_personal_is_not_shown_where_it_does_not_fit(field: str) -> None:
    heard = Heard()
    Decoder(Customer, Decoding(report=heard))({"customerID": "x", field: ["sentinel"]})
    assert heard.misfits == [("customerID", False), (field, True)]


def test_what_holds_nothing_personal_is_shown_where_it_does_not_fit() -> None:
    heard = Heard()
    Decoder(Item, Decoding(report=heard))({"Prices": ["x"], "Note": ["x"]})
    assert heard.misfits == [("Prices", False), ("Note", False)]


def test_personal_texts_are_disguised_wherever_they_stand_and_no_others() -> None:
    row = {
        "customerID": "1",
        "firstName": "Ada",
        "title": "Dr",
        "Note": {"noteID": "1", "note": "sentinel"},
        "Contact": {"custom": "sentinel", "Emails": {"ContactEmail": {"address": "sentinel", "useType": "Primary"}}},
        "CustomFieldValues": {"CustomFieldValue": {"customFieldID": "2", "value": "sentinel"}},
    }
    record = Decoder(Customer, Decoding(report=Heard(), privacy=Stars()))(row)
    assert (record["customerID"], record["firstName"], record["title"]) == (1, "***", "Dr")
    assert record["Note"]["note"] == record["Contact"]["custom"] == "***"
    assert record["Contact"]["Emails"] == [{"address": "***", "useType": "Primary"}]
    assert record["CustomFieldValues"][0]["value"] == "***"
    assert "sentinel" not in str(record)


def nested(depth: int) -> Any:
    """A list in a list and so on."""
    value: Any = "x"
    for number in range(depth):
        value = [value] if number % 2 else {"a": value}
    return value


@pytest.mark.parametrize("depth", [0, 1, 2, 30])
def test_what_nobody_has_declared_is_kept_as_it_is(depth: int) -> None:
    assert shallow(nested(depth)) == nested(depth)
    assert shallow([nested(depth), "y", {}]) == [nested(depth), "y", {}]


def test_what_is_nested_deeper_than_others_can_follow_is_kept_as_text() -> None:
    assert shallow(nested(31)) == nested(31)
    assert isinstance(shallow(nested(32)), str)
    assert shallow(nested(32)) == as_text(nested(32))
    assert shallow(nested(100_000)) == "[nested too deeply]"


def test_any_value_has_a_text() -> None:
    values: list[Any] = ["", None, "x", True, False, 1, 1.5, {"a": [1]}, []]
    assert [as_text(value) for value in values] == [
        None,
        None,
        "x",
        "true",
        "false",
        "1",
        "1.5",
        '{"a":[1]}',
        "[]",
    ]


def test_flags_are_a_list_of_what_is_set_or_an_object() -> None:
    flags = converter(FieldType.FLAGS)
    assert flags(["a", "b"]) == {"a": True, "b": True}
    assert flags({"a": "true", "b": "false", "c": ""}) == {"a": True, "b": False, "c": False}
    nothing: list[Any] = [[], {}, "", None]
    assert [flags(value) for value in nothing] == [None] * 4


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00", "2024-13-01T00:00:00Z", "x"]
)
def test_a_moment_beyond_the_calendar_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        instant(text)


@pytest.mark.parametrize(("text", "fits"), [(2**63 - 1, True), (-(2**63), True), (2**63, False), (-(2**63) - 1, False)])
def test_a_whole_number_fits_a_databases_column(text: int, *, fits: bool) -> None:
    for kind in (str, int):
        if fits:
            assert converter(FieldType.INTEGER)(kind(text)) == text
        else:
            with pytest.raises(UNFIT):
                converter(FieldType.INTEGER)(kind(text))


@pytest.mark.parametrize(
    ("text", "fits"), [("1" * 100, True), ("1" * 101, False), ("1E+100", True), ("1E+101", False), ("1E-101", False)]
)
def test_a_number_has_a_hundred_places_at_the_most(text: str, *, fits: bool) -> None:
    if fits:
        assert converter(FieldType.NUMBER)(text) is not None
    else:
        with pytest.raises(UNFIT):
            converter(FieldType.NUMBER)(text)
