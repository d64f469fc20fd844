"""Where the boxes of the picture stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from lightspeed_retail.resources import Resource

from .areas import Area, areas
from .kinship import parent_of, references

WIDTH = 1200
MARGIN = 16
TOP = 64
COLUMNS = 4
COLUMN = 252
LANE = (WIDTH - 2 * MARGIN - COLUMNS * COLUMN) / (COLUMNS - 1)
BOX = 24
PITCH = 30
PADDING = 9
INDENT = 20
HEADING = 30
GAP = 14


@dataclass(frozen=True)
class Box:
    """The place of a stream: its upper left corner, and the width that is left of the column."""

    resource: type[Resource]
    column: int
    x: float
    y: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return MARGIN + self.column * (COLUMN + LANE) + COLUMN - PADDING

    @property
    def middle(self) -> float:
        """Half-way down."""
        return self.y + BOX / 2


@dataclass(frozen=True)
class Panel:
    """The place of an area."""

    area: Area
    number: int
    x: float
    y: float
    height: float
    boxes: tuple[Box, ...]


def panels() -> tuple[Panel, ...]:
    """The places of all areas, in columns of about the same height."""
    return tuple(panel for number, column in enumerate(_columns()) for panel in _stacked(number, column))


def _stacked(number: int, column: Sequence[Area]) -> Iterator[Panel]:
    order = [area.name for area in areas()]
    x = MARGIN + number * (COLUMN + LANE)
    y: float = TOP
    for area in column:
        height = _height(area)
        yield Panel(area, order.index(area.name), x, y, height, tuple(_boxes(area, number, x + PADDING, y + HEADING)))
        y += height + GAP


def _boxes(area: Area, column: int, x: float, y: float) -> Iterator[Box]:
    for row, (resource, depth) in enumerate(_family(area, None, 0)):
        yield Box(resource, column, x + depth * INDENT, y + row * PITCH)


def _family(area: Area, parent: type[Resource] | None, depth: int) -> Iterator[tuple[type[Resource], int]]:
    """The resources of an area, children below their parents and one step to the right."""
    for resource in area.resources:
        elder = parent_of(resource)
        if (elder if elder in area.resources else None) is parent:
            yield resource, depth
            yield from _family(area, resource, depth + 1)


def _height(area: Area) -> float:
    return HEADING + len(area.resources) * PITCH + PADDING - (PITCH - BOX)


def _columns() -> tuple[Sequence[Area], ...]:
    """Areas in their order, cut where columns become most even, and arranged so that references are short."""
    found = areas()
    count = min(COLUMNS, len(found))
    cuts = combinations(range(1, len(found)), count - 1)
    parts = min((_cut(found, each) for each in cuts), key=_unevenness)
    pairs = [(resource, other) for resource in Resource.all() for other in references(resource)]
    return min(permutations(parts), key=lambda columns: _distance(columns, pairs))


def _cut(found: Sequence[Area], cuts: Sequence[int]) -> tuple[Sequence[Area], ...]:
    return tuple(found[start:end] for start, end in zip((0, *cuts), (*cuts, len(found)), strict=True))


def _unevenness(columns: Sequence[Sequence[Area]]) -> float:
    heights = [sum(_height(area) + GAP for area in column) for column in columns]
    return sum(height**2 for height in heights)


def _distance(columns: Sequence[Sequence[Area]], pairs: Sequence[tuple[type[Resource], type[Resource]]]) -> int:
    at = {resource: number for number, column in enumerate(columns) for area in column for resource in area.resources}
    return sum(abs(at[resource] - at[other]) for resource, other in pairs)
