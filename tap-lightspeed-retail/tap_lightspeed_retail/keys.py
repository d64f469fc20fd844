"""Large sets of keys in little room: as ranges, which the gaps between keys make, not the keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Run = tuple[int, int]


class KeySet:
    """A set of whole numbers, kept as runs of neighbours; in the state a text: `1-812,814-900`."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        """Begin with some runs, first and last key of each."""
        self._runs: list[Run] = list(runs)
        self._in_order = False

    @classmethod
    def of(cls, keys: Iterable[int]) -> KeySet:
        """The set of some keys."""
        found = cls()
        for key in keys:
            found.add(key)
        return found

    @classmethod
    def from_text(cls, text: str) -> KeySet:
        """The set that a text stands for."""
        pairs = (run.partition("-") for run in text.split(",") if run)
        return cls((int(first), int(last or first)) for first, _, last in pairs)

    def add(self, key: int) -> None:
        """Add a key; cheapest in ascending order."""
        if self._runs and self._runs[-1][1] + 1 == key:
            self._runs[-1] = (self._runs[-1][0], key)
        else:
            self._runs.append((key, key))
            self._in_order = False

    def runs(self) -> list[Run]:
        """The runs in order, none next to another."""
        if not self._in_order:
            self._runs = list(_merged(sorted(self._runs)))
            self._in_order = True
        return self._runs

    def __str__(self) -> str:
        """The set as a text."""
        return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in self.runs())

    def __iter__(self) -> Iterator[int]:
        """All keys in ascending order."""
        for first, last in self.runs():
            yield from range(first, last + 1)

    def __or__(self, other: KeySet) -> KeySet:
        """The keys of both."""
        return KeySet([*self.runs(), *other.runs()])

    def __sub__(self, other: KeySet) -> KeySet:
        """The keys that the other lacks."""
        return KeySet(_without(self.runs(), other.runs()))


def _merged(runs: Iterable[Run]) -> Iterator[Run]:
    current: Run | None = None
    for first, last in runs:
        if current is not None and first <= current[1] + 1:
            current = (current[0], max(current[1], last))
        else:
            if current is not None:
                yield current
            current = (first, last)
    if current is not None:
        yield current


def _without(runs: Iterable[Run], taken: list[Run]) -> Iterator[Run]:
    """What is left of runs when others are taken away; both are in order."""
    at = 0
    for first, last in runs:
        while at < len(taken) and taken[at][1] < first:
            at += 1
        here, start = at, first
        while here < len(taken) and taken[here][0] <= last:
            if taken[here][0] > start:
                yield start, taken[here][0] - 1
            start = taken[here][1] + 1
            here += 1
        if start <= last:
            yield start, last
