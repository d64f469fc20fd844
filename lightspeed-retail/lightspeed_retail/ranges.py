"""A long list cut into ranges of its key, so that several parts of it are on their way at the same time.

A range whose last page is not full wastes a part of a request, so ranges are as wide as some full pages need. Where
keys leave no gaps that is exact; where they do, as many pages go into a range as may wait to be read.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus

from lightspeed_retail.errors import RequestRefusedError
from lightspeed_retail.query import PAGE_SIZE, Filter, Query, Version
from lightspeed_retail.sheets import Extent, Page, has_number

FEW_PAGES = 2
"""Pages of a range where keys leave no gaps."""

MANY_PAGES = 40
"""Pages of a range where they do, if so many may wait to be read."""

_DENSE = 0.995
# Standard deviations of the number of rows by which a range is made narrower than it would be on average.
_CAUTION = 2.0
_LEAST_DENSITY = 1e-4
_FAR = sys.maxsize
# Ranges without a single row, one after the other, after which the rest is asked for as a whole.
_MOST_EMPTY = 3


def can_be_cut(query: Query, version: Version) -> bool:
    """Whether a walk goes by key, so that its rest can be asked for in ranges."""
    key = query.resource.api.key
    by_key = query.sort in (key, f"-{key}") and query.parent is None
    free = all(condition.field != key or condition.operator in ("<", ">") for condition in query.filters)
    return version is Version.V3 and has_number(query.resource) and by_key and free


def is_descending(query: Query) -> bool:
    """Whether the newest rows come first."""
    return bool(query.sort and query.sort.startswith("-"))


def beyond(query: Query, key: int) -> Query:
    """What is left of a walk by key after a row."""
    return _within(query, Filter(query.resource.api.key, "<" if is_descending(query) else ">", str(key)))


def _within(query: Query, condition: Filter) -> Query:
    others = (each for each in query.filters if each.field != condition.field)
    return replace(query, filters=(condition, *others))


@dataclass(frozen=True)
class Range:
    """A part of a list.

    Args:
        query: How it is asked for.
        low: Its lowest key.
        high: Its highest key.
    """

    query: Query
    low: int
    high: int

    @property
    def keys(self) -> int:
        """How many keys it spans."""
        return self.high - self.low + 1

    def check(self, extent: Extent) -> None:
        """See that a page lies within it.

        Raises:
            RequestRefusedError: It does not, so the API ignores the condition.
        """
        low, high = sorted((extent.first, extent.last))
        if extent.rows and not self.low <= low <= high <= self.high:
            message = f"{self.query.resource.__name__}: the API ignores conditions on {self.query.resource.api.key}."
            raise RequestRefusedError(message, status=HTTPStatus.OK)


class Ranges:
    """The ranges of what is left of a list, made one by one as they are asked for.

    Args:
        query: The walk.
        reached: The key that it has come to.
        end: The key at its far end.
        pages: Pages that a range may have where keys leave gaps.
    """

    def __init__(self, query: Query, reached: int, end: int, pages: int = MANY_PAGES) -> None:
        """Begin behind the key that has been reached."""
        self._query = query
        self._at = reached
        self._end = end
        self._pages = max(FEW_PAGES, min(pages, MANY_PAGES))
        self._rows = 0
        self._keys = 0
        self._empty = 0

    def learn(self, rows: int, keys: int) -> None:
        """Take note of how many rows so many keys held; what was learnt earlier counts less and less."""
        self._empty = 0 if rows else self._empty + 1
        self._rows = self._rows // 2 + rows
        self._keys = self._keys // 2 + keys

    @property
    def density(self) -> float:
        """Rows a key."""
        return min(1.0, max(_LEAST_DENSITY, self._rows / self._keys)) if self._keys else 1.0

    def __iter__(self) -> Iterator[Range]:
        """All ranges; the last has no bound at the far end, where rows may have been added meanwhile."""
        step = -1 if is_descending(self._query) else 1
        key = self._query.resource.api.key
        while (self._end - self._at) * step > 0:
            near, far = self._at + step, self._at + step * self._width()
            # The key at the far end may be a slip, or a lie: what lies between costs nothing in one open range.
            if (self._end - far) * step <= 0 or self._empty > _MOST_EMPTY:
                low, high = sorted((near, _FAR * step))
                yield Range(beyond(self._query, self._at), low, high)
                return
            low, high = sorted((near, far))
            yield Range(_within(self._query, Filter(key, "><", f"{low},{high}")), low, high)
            self._at = far

    def _width(self) -> int:
        """Keys of the next range: as many as fill its pages."""
        gaps = 1 - self.density
        full = PAGE_SIZE * (FEW_PAGES if self.density >= _DENSE else self._pages)
        return max(1, int((full - _CAUTION * math.sqrt(full * gaps)) / self.density))


def extent_of(page: Page) -> Extent:
    """How far a page reaches."""
    return page.sheet.extent(page.query.resource) or Extent(0, 0, 0)
