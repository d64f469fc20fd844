"""Sets of keys as ranges, the form in which the state remembers them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_lightspeed_retail.keys import KeySet

KEYS = st.lists(st.integers(1, 60))


@pytest.mark.parametrize(
    ("keys", "text"), [([], ""), ([7], "7"), ([1, 2, 3, 5, 8, 9], "1-3,5,8-9"), ([3, 1, 2], "1-3")]
)
def test_keys_as_a_text(keys: list[int], text: str) -> None:
    assert str(KeySet.of(keys)) == text


@given(KEYS)
def test_there_and_back(keys: list[int]) -> None:
    assert list(KeySet.from_text(str(KeySet.of(keys)))) == sorted(set(keys))


@given(KEYS, KEYS)
def test_sets_join_and_differ_as_sets_do(one: list[int], other: list[int]) -> None:
    assert list(KeySet.of(one) | KeySet.of(other)) == sorted({*one, *other})
    assert list(KeySet.of(one) - KeySet.of(other)) == sorted(set(one) - set(other))


def test_a_million_keys_with_a_few_gaps_are_a_short_text() -> None:
    assert len(str(KeySet.of(key for key in range(1, 1_000_000) if key % 100_000))) < 200
