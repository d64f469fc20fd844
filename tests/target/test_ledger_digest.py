"""Fingerprints of values: equal where Lightspeed would store the same, different where it would not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_lightspeed_retail.ledger import digest, digests
from target_lightspeed_retail.ledger_digest import name_digest

MOMENT = datetime(2024, 12, 6, 15, 23, 49, tzinfo=UTC)

EQUAL: list[tuple[Any, Any]] = [
    (Decimal("1.50"), 1.5),
    (Decimal("1.50"), Decimal("1.5")),
    (Decimal("1E+2"), 100),
    (Decimal("100.00"), 100),
    (Decimal("-0.00"), 0),
    (0.1, Decimal("0.1")),
    (10**40, Decimal(10**40)),
    ("2024-12-06T15:23:49+00:00", "2024-12-06T15:23:49Z"),
    ("2024-12-06T15:23:49+00:00", "2024-12-06T10:23:49-05:00"),
    ("2024-12-06T15:23:49+00:00", "2024-12-06T15:23:49.000000+0000"),
    ("2024-12-06 15:23:49", "2024-12-06T15:23:49Z"),
    ("2024-12-06T15:23:49Z", MOMENT),
    (MOMENT, MOMENT.astimezone(timezone(timedelta(hours=9)))),
    (MOMENT, MOMENT.replace(tzinfo=None)),
    ("1990-06-15", date(1990, 6, 15)),
    ({"a": 1, "b": [{"c": 2, "d": "x"}]}, {"b": [{"d": "x", "c": Decimal("2.0")}], "a": 1}),
    ([1, 2], (1, 2)),
]

DIFFERENT: list[tuple[Any, Any]] = [
    ({"a": None}, {}),
    (None, ""),
    (None, "null"),
    (True, 1),
    (False, 0),
    (False, None),
    (1, "1"),
    (1.5, "1.5"),
    (True, "true"),
    ([1, 2], [2, 1]),
    ([1], 1),
    ([], None),
    ({}, []),
    ("a", "A"),
    ("a", "a "),
    ("é", "e\u0301"),
    (Decimal("0.1"), Decimal("0.10000000000000000001")),
    (10**40, 10**40 + 1),
    (Decimal("1E+200"), Decimal("1E+201")),
    ("2024-12-06T15:23:49Z", "2024-12-06T15:23:49.1Z"),
    ("2024-12-06T15:23:49Z", "2024-12-06T15:23:49-05:00"),
    ("2024-12-06", "2024-12-06T00:00:00Z"),
    ("2024-13-06T15:23:49Z", "2024-13-06T15:23:49+00:00"),
    ({"a": "b,c"}, {"a": "b", "c": ""}),
    (["a,b"], ["a", "b"]),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_what_lightspeed_would_store_alike_has_one_fingerprint(one: Any, other: Any) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_lightspeed_would_store_differently_has_two(one: Any, other: Any) -> None:
    assert digest(one) != digest(other)


@pytest.mark.parametrize(
    "value", ["\ud800", "\x00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "1" * 50, float("nan"), b"x"]
)
def test_no_value_stops_a_run(value: Any) -> None:
    assert len(digest(value)) == 16


@pytest.mark.parametrize("value", ["1E+99999999999999", "-1E-99999999999999", "Infinity", "NaN"])
def test_a_number_is_not_written_out_where_that_would_fill_the_memory(value: str) -> None:
    assert len(digest(Decimal(value))) == 16


@given(json_values)
def test_the_order_of_keys_makes_no_difference(value: Any) -> None:
    assert digest(_reversed(value)) == digest(value)


def _reversed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _reversed(value[name]) for name in reversed(value)}
    return [_reversed(each) for each in value] if isinstance(value, list) else value


def test_a_fingerprint_is_the_same_in_every_run() -> None:
    program = "from target_lightspeed_retail.ledger import digest; print(digest({'b': [1.50, None], 'a': 'x'}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest({"a": "x", "b": [Decimal("1.5"), None]}) == "9384f3bece0fc052"


def test_a_record_has_a_fingerprint_for_each_field_that_it_holds() -> None:
    record = {"firstName": "Ada", "noEmail": None}
    assert digests(record) == {"firstName": digest("Ada"), "noEmail": digest(None)}


def test_names_differ_where_a_database_might_take_them_for_the_same() -> None:
    names = ["a", "A", "a ", "à", "a\u0300", "", "\x00", "a" * 10_000]
    assert len({name_digest(name) for name in names}) == len(names)
    assert {len(name_digest(name)) for name in names} == {32}
