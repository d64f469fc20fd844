"""The short form of the soak: two weeks of two days."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.soak.judging import Week, growth, of_week
from tests.soak.soak import Size, soak


def test_after_two_short_weeks_all_is_as_it_should_be() -> None:
    lines: list[str] = []
    size = Size(days=2, history=8, sales=6, records=42)
    problems = soak(3, size, lambda weeks: weeks < 2, lines.append)
    assert problems == [], "\n".join(lines)
    assert len(lines) == 3


def test_growth_and_leftovers_are_found() -> None:
    good = [Week(number, tap=100, state=10, written=1) for number in range(9)]
    assert growth(good) == []
    assert growth([*good[:6], *(Week(each, tap=130, written=1) for each in range(3))]) == [
        "tap grew from 100 MB to 130 MB"
    ]
    assert growth(good[:3]) == []
    more: dict[str, Any] = {"files": frozenset({"left.lock"}), "spent": Counter({"Sale.json": 20})}
    later = Week(9, descriptors=11, sessions=1, state=16, written=1, ledger=5, **more)
    assert len(of_week(later, good[0])) == 6
