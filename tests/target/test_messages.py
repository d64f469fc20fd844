"""What the target makes of lines: numbers digit for digit, also what only a lenient decoder takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from singer_sdk.singerlib.exceptions import InvalidInputLine

from lightspeed_retail.resources import Resource
from target_lightspeed_retail.messages import LineReader
from target_lightspeed_retail.records import Shape


def read(record: str) -> Any:
    return LineReader().deserialize_json(f'{{"type": "RECORD", "stream": "items", "record": {record}}}')["record"]


@pytest.mark.parametrize("text", ["1.50", "123456789012345678.123456789", "1.0"])
def test_numbers_keep_their_digits(text: str) -> None:
    value = read(f'{{"price": {text}}}')["price"]
    assert (type(value), str(value)) == (Decimal, text)


def test_texts_truths_and_nothing_are_what_they_are() -> None:
    assert read('{"a": "é", "b": true, "c": null, "d": [1, {"e": ""}]}') == {
        "a": "é",
        "b": True,
        "c": None,
        "d": [1, {"e": ""}],
    }


def test_what_is_no_number_in_json_is_left_to_the_record() -> None:
    assert str(read('{"price": NaN}')["price"]).lower() == "nan"


@pytest.mark.parametrize("line", ["", "no JSON", "{", '{"type": "RECORD"'])
def test_a_line_that_is_no_json_is_no_message(line: str) -> None:
    with pytest.raises(InvalidInputLine):
        LineReader().deserialize_json(line)


def test_a_credential_in_a_record_is_passed_over() -> None:
    assert Shape(Resource.named("Shop"))({"shopID": 1, "CCGateway": {"login": "sentinel"}}) == {"shopID": 1}
