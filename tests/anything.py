"""Values that nobody has thought of, for hypothesis: any JSON, mutations of a document, texts that look like values."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

Step = str | int
Path = tuple[Step, ...]

NUMBERS = [
    "NaN",
    "Infinity",
    "-inf",
    "1e999999999",
    "1e-999999999",
    "1." + "3" * 5000,
    "9" * 30,
    "9" * 5000,
    "0x10",
    "1_000",
    "٣",
    "--1",
    "1,5",
]
MOMENTS = [
    "0000-00-00T00:00:00+00:00",
    "0001-01-01T00:00:00+00:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59+00:00",
    "2024-02-30T00:00:00+00:00",
    "2024-W01-1",
    "24:00",
    "T",
]
ODD = ["", " ", "\0", "\u202e", "null", "true", "[]", "{}", "-", "0", *NUMBERS, *MOMENTS]
"""Texts that have been the undoing of readers."""

scalars: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(ODD)
)

values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
"""Any JSON value."""


def deep(levels: int) -> Any:
    """Lists in lists, so many of them."""
    found: Any = []
    for _ in range(levels):
        found = [found]
    return found


def places(document: Any, at: Path = ()) -> Iterator[Path]:
    """Where something stands in a document, itself included."""
    yield at
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for step, value in inner:
        yield from places(value, (*at, step))


def changed(document: Any, at: Path, value: Any) -> Any:
    """A copy of a document with something else in one place."""
    if not at:
        return value
    found = copy.deepcopy(document)
    _within(found, at)[at[-1]] = value
    return found


def without(document: Any, at: Path) -> Any:
    """A copy of a document that lacks what stands in one place."""
    found = copy.deepcopy(document)
    del _within(found, at)[at[-1]]
    return found


def _within(document: Any, at: Path) -> Any:
    for step in at[:-1]:
        document = document[step]
    return document


@st.composite
def mutations(draw: st.DrawFn, document: Any, most: int = 3) -> Any:
    """A document that has been changed in some places: something else there, or nothing, or something more."""
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.sampled_from(list(places(document))))
        kind = draw(st.sampled_from(["else", "gone", "more"]))
        if kind == "gone" and at:
            document = without(document, at)
        elif kind == "more":
            document = changed(document, at, {"unknown": 1, **_at(document, at)} if _is_object(document, at) else [])
        else:
            document = changed(document, at, draw(values))
    return document


def _at(document: Any, at: Path) -> Any:
    for step in at:
        document = document[step]
    return document


def _is_object(document: Any, at: Path) -> bool:
    return isinstance(_at(document, at), dict)


SAMPLES: list[Any] = [None, True, False, 0, 1, -1, 5, 2**63, 10**30, 1.5, -1e308, [], {}, [None], [[]], {"a": {}}, *ODD]
"""A value of each kind that JSON can hold, and texts that look like values."""


def mutated(document: Any, seed: int) -> Any:
    """A document that has been changed in one to three places, by chance that a seed repeats.

    For tests that start processes: hypothesis would spend minutes on finding a smaller document.
    """
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 3)):
        at = chance.choice(list(places(document)))
        kind = chance.choice(["else", "gone", "more"])
        if kind == "gone" and at:
            document = without(document, at)
        elif kind == "more" and _is_object(document, at):
            document = changed(document, at, {**_at(document, at), "unknown": chance.choice(SAMPLES)})
        else:
            document = changed(document, at, chance.choice(SAMPLES))
    return document
