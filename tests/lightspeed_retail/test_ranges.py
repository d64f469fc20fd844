"""Lists cut into ranges of the key: every row once, in order, at the price of hardly more pages."""

from __future__ import annotations

import bisect
import itertools
import math
import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightspeed_retail.errors import RequestRefusedError
from lightspeed_retail.query import PAGE_SIZE, Query, Version
from lightspeed_retail.ranges import Range, Ranges, can_be_cut
from lightspeed_retail.resources import Resource
from lightspeed_retail.sheets import Extent

SALE = Resource.named("Sale")
UP = Query(SALE, sort="saleID")
DOWN = Query(SALE, sort="-saleID")


def keys_of(part: Range, keys: list[int]) -> list[int]:
    """Of keys in ascending order those that the API would answer to a range with, in its order."""
    (condition,) = [each for each in part.query.filters if each.field == "saleID"]
    one, _, other = condition.value.partition(",")
    after, before = (int(one) + 1, keys[-1]), (0, int(one) - 1)
    bounds: dict[str, tuple[int | str, int | str]] = {"><": (one, other), ">": after, "<": before}
    low, high = map(int, bounds[condition.operator])
    found = keys[bisect.bisect_left(keys, low) : bisect.bisect_right(keys, high)]
    return found[::-1] if part.query.sort == "-saleID" else found


def walked(ranges: Ranges, keys: Iterable[int]) -> tuple[list[int], int]:
    """The keys of all ranges, and how many pages they take."""
    keys = sorted(keys)
    found: list[int] = []
    pages = 0
    for part in ranges:
        mine = keys_of(part, keys)
        found += mine
        pages += max(1, math.ceil(len(mine) / PAGE_SIZE))
        ranges.learn(len(mine), part.keys)
    return found, pages


@given(
    keys=st.sets(st.integers(min_value=101, max_value=20_000), min_size=1, max_size=400),
    pages=st.integers(min_value=1, max_value=50),
    learnt=st.integers(min_value=1, max_value=100),
)
def test_ranges_hold_every_key_once_and_in_order(keys: set[int], pages: int, learnt: int) -> None:
    upwards = Ranges(UP, 100, max(keys), pages)
    upwards.learn(learnt, 100)
    assert walked(upwards, keys)[0] == sorted(keys)
    downwards = Ranges(DOWN, 20_001, min(keys), pages)
    downwards.learn(learnt, 100)
    assert walked(downwards, keys)[0] == sorted(keys, reverse=True)


def test_what_was_added_meanwhile_is_in_the_last_range() -> None:
    ranges = Ranges(UP, 100, 5_000)
    assert walked(ranges, range(101, 5_200))[0] == list(range(101, 5_200))


def test_a_list_without_gaps_takes_no_page_more_in_ranges() -> None:
    ranges = Ranges(UP, 400, 100_000)
    ranges.learn(400, 400)
    assert walked(ranges, range(401, 100_001))[1] == 996


@pytest.mark.parametrize("density", [0.99, 0.9, 0.5, 0.1])
def test_gaps_cost_few_pages_more(density: float) -> None:
    chance = random.Random(1)
    keys = [key for key in range(1, int(100_000 / density)) if chance.random() < density]
    ranges = Ranges(UP, keys[399], keys[-1])
    ranges.learn(400, keys[399])
    found, pages = walked(ranges, keys[400:])
    assert found == keys[400:]
    assert pages <= 1.03 * math.ceil(len(found) / PAGE_SIZE)


def test_holes_and_crowds_in_the_keys_do_not_cost_much_either() -> None:
    keys = list(itertools.chain(range(1, 10_000), range(200_000, 205_000, 10), range(900_000, 940_000)))
    ranges = Ranges(UP, 400, keys[-1])
    ranges.learn(400, 400)
    found, pages = walked(ranges, keys[400:])
    assert found == keys[400:]
    assert pages <= 1.15 * len(found) / PAGE_SIZE


def test_a_page_beyond_its_range_shows_that_conditions_are_ignored() -> None:
    part = next(iter(Ranges(UP, 400, 100_000)))
    part.check(Extent(100, part.low, part.high))
    part.check(Extent(0, 0, 0))
    with pytest.raises(RequestRefusedError, match="ignores conditions on saleID"):
        part.check(Extent(100, 1, 100))


def test_only_walks_by_key_can_be_cut() -> None:
    assert can_be_cut(UP, Version.V3)
    assert can_be_cut(DOWN, Version.V3)
    assert not can_be_cut(UP, Version.V2)
    assert not can_be_cut(Query(SALE, sort="timeStamp"), Version.V3)
    assert not can_be_cut(Query(Resource.named("TaxCategoryClass"), parent="1"), Version.V3)


@pytest.mark.parametrize(("query", "end"), [(UP, 10**17), (DOWN, 1)])
def test_a_key_far_away_costs_a_few_requests_and_not_one_for_every_range_on_the_way(query: Query, end: int) -> None:
    """The far end may be a slip of somebody's, or a lie: a billion rows that nobody has."""
    step = -1 if query is DOWN else 1
    begin = 10**17 if query is DOWN else 1
    keys = [*(begin + step * number for number in range(1, 500)), end]
    found, pages = walked(Ranges(query, begin, end), keys)
    assert found == sorted(keys, reverse=query is DOWN)
    assert pages < 30
