"""Two sorted lists of rows side by side: what is missing, surplus, changed or doubled, and what came later."""

from __future__ import annotations

import enum
import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from lightspeed_retail.verify.days import Days
from lightspeed_retail.verify.entries import Entry
from lightspeed_retail.verify.tables import Extent

SHOWN = 20
"""Keys of a kind that are named; the others are counted."""

Pair = tuple[list[Entry], list[Entry]]


class Kind(enum.StrEnum):
    """How a row differs."""

    MISSING = "missing"
    SURPLUS = "surplus"
    CHANGED = "changed"
    DOUBLED = "doubled"


@dataclass
class Keys:
    """The rows of a kind.

    Args:
        count: How many.
        first: The keys of the first of them.
    """

    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, key: int) -> None:
        """Take note of one more."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(key)


@dataclass
class Comparison:
    """What a stream's list and its table do not agree about.

    Args:
        stream: Which stream.
        extent: What the table held when the comparison began.
        loaded: Rows that changed after this moment are no differences.
        days: The daily totals, of sales only.
        stopped: Why not all rows were compared; empty where all were.
    """

    stream: str
    extent: Extent
    loaded: str | None
    days: Days | None = None
    stopped: str = ""
    account_rows: int = 0
    warehouse_rows: int = 0
    later: int = 0
    found: dict[Kind, Keys] = field(default_factory=lambda: {kind: Keys() for kind in Kind})

    @property
    def is_complete(self) -> bool:
        """Whether all rows were compared."""
        return not self.stopped

    @property
    def is_equal(self) -> bool:
        """Whether there is no difference."""
        has_days = self.days is not None and self.days.differences
        return not has_days and not any(keys.count for keys in self.found.values())

    def run(self, account: Iterable[Entry], warehouse: Iterable[Entry]) -> None:
        """Compare; both sides come in the order of their keys and are read once."""
        for ours, theirs in pairs(account, warehouse):
            self.account_rows += len(ours)
            self.warehouse_rows += len(theirs)
            if self._is_later(ours, theirs):
                self.later += 1
                continue
            for kind in _kinds(ours, theirs):
                self.found[kind].add((ours or theirs)[0].key)
            if self.days is not None:
                self.days.add(ours, theirs)

    def _is_later(self, ours: list[Entry], theirs: list[Entry]) -> bool:
        """Whether a row differs because it came or changed after the load."""
        if not ours or (theirs and ours[0].stamp == theirs[0].stamp):
            return False
        moment = ours[0].stamp
        if moment is not None and self.loaded is not None:
            return moment > self.loaded
        return moment is None and self.extent.last is not None and ours[0].key > self.extent.last

    def summary(self) -> dict[str, Any]:
        """What was found, for programs."""
        return {
            "account_rows": self.account_rows,
            "warehouse_rows": self.warehouse_rows,
            "later": self.later,
            "loaded": self.loaded,
            "stopped": self.stopped,
            **{str(kind): {"rows": keys.count, "first_keys": keys.first} for kind, keys in self.found.items()},
            "days": [] if self.days is None else [each.summary() for each in self.days.differences],
        }


def pairs(account: Iterable[Entry], warehouse: Iterable[Entry]) -> Iterator[Pair]:
    """The rows of each key on either side."""
    merged = heapq.merge(_marked(account, 0), _marked(warehouse, 1), key=itemgetter(0))
    for _, group in groupby(merged, key=itemgetter(0)):
        sides: Pair = ([], [])
        for _, side, entry in group:
            sides[side].append(entry)
        yield sides


def _marked(entries: Iterable[Entry], side: int) -> Iterator[tuple[int, int, Entry]]:
    return ((entry.key, side, entry) for entry in entries)


def _kinds(ours: list[Entry], theirs: list[Entry]) -> Iterator[Kind]:
    if not theirs:
        yield Kind.MISSING
    elif not ours:
        yield Kind.SURPLUS
    elif any(entry.stamp != ours[0].stamp for entry in theirs):
        yield Kind.CHANGED
    if len(theirs) > 1:
        yield Kind.DOUBLED
