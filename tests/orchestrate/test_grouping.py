"""Groups of accounts: every account in one, none longer than it should be, the largest first."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightspeed_nightly.accounts import Account
from lightspeed_nightly.grouping import UNKNOWN_SECONDS, expected, groups, length

SECONDS = st.none() | st.floats(min_value=0, max_value=20_000) | st.floats(min_value=0, max_value=30)
MANY = st.dictionaries(st.integers(min_value=1), SECONDS, max_size=80).map(
    lambda known: [Account(number, {}, seconds) for number, seconds in known.items()]
)
TARGET = st.floats(min_value=0.5, max_value=600)
NEARLY = 1e-6


def alike(*seconds: float | None) -> list[Account]:
    return [Account(number, {}, each) for number, each in enumerate(seconds, start=1)]


def numbers(found: list[list[Account]]) -> list[list[int]]:
    return [[each.account_id for each in group] for group in found]


@given(accounts=MANY, seconds=TARGET, most=st.integers(min_value=1, max_value=100))
def test_every_account_is_in_one_group_and_groups_are_not_too_many(
    accounts: list[Account], seconds: float, most: int
) -> None:
    found = groups(accounts, seconds, most)
    assert sorted(number for group in numbers(found) for number in group) == sorted(
        each.account_id for each in accounts
    )
    assert len(found) <= most
    assert all(found)


@given(accounts=MANY, seconds=TARGET, most=st.integers(min_value=1, max_value=100), chance=st.randoms())
def test_groups_are_the_same_for_the_same_accounts_in_any_order(
    accounts: list[Account], seconds: float, most: int, chance: Random
) -> None:
    shuffled = list(accounts)
    chance.shuffle(shuffled)
    assert groups(shuffled, seconds, most) == groups(accounts, seconds, most)


@given(accounts=MANY, seconds=TARGET)
def test_a_group_of_several_is_as_long_as_it_should_be_at_most(accounts: list[Account], seconds: float) -> None:
    found = groups(accounts, seconds, most=len(accounts) + 1)
    assert [group for group in found if len(group) > 1 and length(group) > seconds + NEARLY] == []


@given(accounts=MANY, seconds=TARGET)
def test_no_two_groups_would_fit_into_one(accounts: list[Account], seconds: float) -> None:
    """Otherwise a task would be spent for nothing."""
    found = sorted(map(length, groups(accounts, seconds, most=len(accounts) + 1)))
    assert all(one + other > seconds - NEARLY for one, other in pairwise(found))


@given(accounts=MANY, seconds=TARGET, most=st.integers(min_value=1, max_value=100))
def test_the_longest_comes_first(accounts: list[Account], seconds: float, most: int) -> None:
    found = groups(accounts, seconds, most)
    assert all(length(one) >= length(other) - NEARLY for one, other in pairwise(found))


@given(accounts=MANY, most=st.integers(min_value=1, max_value=20))
def test_where_groups_are_few_none_is_longer_than_need_be(accounts: list[Account], most: int) -> None:
    """Nobody can do better than the mean and the longest account; this is at most both together."""
    found = [length(group) for group in groups(accounts, 0.5, most)]
    bound = sum(map(expected, accounts)) / most + max(map(expected, accounts), default=0.0)
    assert max(found, default=0.0) <= bound + NEARLY


def test_small_accounts_share_and_a_large_one_is_alone() -> None:
    assert numbers(groups(alike(10, 400, 20, 30, 61, 25), seconds=60)) == [[2], [5], [4, 6], [3, 1]]


def test_an_account_that_has_never_been_read_is_alone_and_among_the_first() -> None:
    assert numbers(groups(alike(5, None, 5), seconds=UNKNOWN_SECONDS)) == [[2], [1, 3]]


def test_a_length_that_is_no_number_counts_as_unknown() -> None:
    assert [expected(each) for each in alike(float("nan"), float("inf"), -1.0)] == [UNKNOWN_SECONDS, UNKNOWN_SECONDS, 0]


def test_a_thousand_and_more_large_accounts_fit_into_the_groups_that_airflow_takes() -> None:
    found = groups(alike(*[100.0] * 10_000))
    assert len(found) == 1000
    assert {len(group) for group in found} == {10}


@pytest.mark.parametrize(("seconds", "most"), [(0.0, 10), (-1.0, 10), (float("nan"), 10), (60.0, 0)])
def test_no_room_for_a_group_is_refused(seconds: float, most: int) -> None:
    with pytest.raises(ValueError, match="room for a group"):
        groups(alike(1.0), seconds, most)
