"""Whatever is selected, streams and properties: the plan brings all of it, and nothing costs more than by itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from lightspeed_retail.query import relation_field
from lightspeed_retail.resources import Nested, Part, Resource, Snapshot
from lightspeed_retail.wire import emitted
from tap_lightspeed_retail.plan import Circumstances, Mask, Phase, Reading, is_walked, make_plan
from tests.declared import RESOURCES
from tests.models.effort import EXAMPLES

Path = tuple[str, ...]
Walk = tuple[type[Resource], Phase, tuple[str, str] | None]
"""What tells the walks of a plan apart: whose list, at which point of life, and which pass."""

STANDINGS = [frozenset({Phase.LOADING}), frozenset({Phase.CHANGES}), frozenset({Phase.CHANGES, Phase.BACKFILL})]


@dataclass(frozen=True)
class Property:
    """A property of a stream's schema.

    Args:
        path: Where it stands in the record.
        relations: The relations without which it does not come, as dotted paths from the record.
    """

    path: Path
    relations: tuple[str, ...]


def properties(
    part: type[Part], within: Nested | None = None, path: Path = (), relations: tuple[str, ...] = ()
) -> Iterator[Property]:
    """All properties of the records of a declaration, however deep."""
    for field, _ in emitted(part, within):
        here, nested = (*path, field.name), field.nested
        needed = (*relations, ".".join(here)) if nested is not None and nested.asked else relations
        yield Property(here, needed)
        if nested is not None and nested.part is not None:
            yield from properties(nested.part, nested, here, needed)


PROPERTIES = {resource: list(properties(resource)) for resource in RESOURCES}

CARRIERS: dict[type[Resource], list[tuple[type[Resource], bool]]] = defaultdict(list)
"""The resources with whose rows those of another come, and whether they do so at first only."""

for _parent in RESOURCES:
    for _field in _parent.riders():
        if _field.nested is not None and _field.nested.resource is not None:
            CARRIERS[_field.nested.resource].append((_parent, _field.nested.polled))

FAMILIES = sorted(
    {each for child, found in CARRIERS.items() for each in (child, *(parent for parent, _ in found))}, key=str
)
"""Streams of which one rides on the other."""


@dataclass(frozen=True)
class Chosen:
    """A selection, and how far each of its streams has come.

    Args:
        off: By stream, the properties that are not selected.
        standing: By stream, the phases that it is in.
        apart: The streams that are narrowed by what their parents are not.
    """

    off: dict[type[Resource], frozenset[Path]]
    standing: dict[type[Resource], frozenset[Phase]]
    apart: frozenset[type[Resource]]

    def phases(self, each: type[Resource], root: type[Resource], _pass: str) -> frozenset[Phase]:
        """What a run knows: a list without a stamp is read whole in every run."""
        if isinstance(root.api.bookmark, Snapshot):
            return frozenset({Phase.CHANGES})
        return self.standing.get(each, STANDINGS[0])

    def mask(self, resource: type[Resource]) -> Mask:
        """Whether properties of a stream are selected."""
        off = self.off[resource]
        return lambda path: not any(path[:length] in off for length in range(1, len(path) + 1))

    def circumstances(self, *only: type[Resource]) -> Circumstances:
        """What decides the plan, for all of these streams or for some."""
        selected = {each: self.mask(each) for each in only or self.off}
        return Circumstances(selected, self.phases, lambda child, _parent: child in self.apart)

    def readings(self, *only: type[Resource]) -> list[Reading]:
        """All walks of the plan."""
        return [reading for found in make_plan(self.circumstances(*only)).values() for reading in found]

    def roots(self, resource: type[Resource]) -> set[type[Resource]]:
        """Whose lists have to be walked for a stream."""
        carriers = [] if resource in self.apart else CARRIERS.get(resource, [])
        is_loading = Phase.LOADING in self.phases(resource, resource, "")
        used = [parent for parent, polled in carriers if not polled or is_loading]
        if used:
            return {root for parent in used for root in self.roots(parent)}
        return {resource} if is_walked(resource) else set()


@st.composite
def selections(draw: st.DrawFn) -> Chosen:
    """Any streams with any of their properties, at any points of their lives."""
    some: st.SearchStrategy[set[type[Resource]]] = st.sets(st.sampled_from(FAMILIES), min_size=1)
    some |= st.sets(st.sampled_from(RESOURCES), min_size=1) | st.just(set(RESOURCES))
    streams = sorted(draw(some), key=str)
    off: dict[type[Resource], frozenset[Path]] = {}
    for each in streams:
        off[each] = frozenset(draw(st.sets(st.sampled_from(_relations(each)), max_size=9)))
    standing = {each: draw(st.sampled_from(STANDINGS)) for each in streams}
    listed = [each for each in streams if is_walked(each)]
    is_narrowed = bool(listed) and draw(st.booleans())
    apart = draw(st.sets(st.sampled_from(listed), max_size=2)) if is_narrowed else set()
    return Chosen(off, standing, frozenset(apart))


def _relations(resource: type[Resource]) -> list[Path]:
    """The properties of a stream that make a difference to its requests, and one that makes none."""
    found = {each.path for each in PROPERTIES[resource] if each.relations and each.path[-1] == _last(each)}
    return [*sorted(found), (resource.api.key,)]


def _last(each: Property) -> str:
    return each.relations[-1].rpartition(".")[2]


@given(chosen=selections())
@settings(max_examples=EXAMPLES)
def test_every_selected_stream_is_brought_by_every_walk_that_has_rows_of_it(chosen: Chosen) -> None:
    found = chosen.readings()
    for resource in chosen.off:
        roots = chosen.roots(resource)
        wanted = {
            (root, phase, extra)
            for root in roots
            for extra in (None, *root.api.passes)
            for phase in chosen.phases(resource, root, "=".join(extra) if extra else "")
        }
        brought = {walk_of(reading) for reading in found if resource.api.stream in reading.fed}
        assert brought == wanted, resource.api.stream


@given(chosen=selections())
@settings(max_examples=EXAMPLES)
def test_what_is_asked_for_is_what_the_selected_properties_need(chosen: Chosen) -> None:
    for reading in chosen.readings():
        needed = {_path(reading, rider.stream) for rider in reading.emitting}
        needed |= {path[: at.start()] for path in needed for at in re.finditer(r"\.", path)}
        for resource, before in brought(reading):
            mask = chosen.mask(resource)
            wanted = [each for each in PROPERTIES[resource] if mask(each.path)]
            needed |= {f"{before}{name}" for each in wanted for name in each.relations}
        if reading.emits_parents:
            needed |= set(getattr(reading.resource, "always_loaded", ()))
        assert sorted(reading.relations) == sorted(needed)


def brought(reading: Reading) -> list[tuple[type[Resource], str]]:
    """Whose rows leave, with what stands before the relations of each."""
    own = [(reading.resource, "")] if reading.emits_parents else []
    return own + [(rider.resource, f"{_path(reading, rider.stream)}.") for rider in reading.emitting]


def _path(reading: Reading, stream: str) -> str:
    """Where the rows of a stream stand in those of a walk."""
    waiting = [(rider.collection.name, rider) for rider in reading.riders]
    for path, rider in waiting:
        if rider.stream == stream:
            return path
        waiting += [(f"{path}.{inner.collection.name}", inner) for inner in rider.riders]
    raise KeyError(stream)


@given(chosen=selections())
@settings(max_examples=EXAMPLES)
def test_no_walk_brings_what_nobody_selected(chosen: Chosen) -> None:
    names = {each.api.stream for each in chosen.off}
    for reading in chosen.readings():
        assert reading.fed
        assert set(reading.fed) <= names
        for name in reading.relations:
            relation_field(reading.resource, name)


@given(chosen=selections())
@settings(max_examples=EXAMPLES // 5)
def test_no_walk_costs_more_than_the_walks_of_its_streams_each_by_itself(chosen: Chosen) -> None:
    """Whatever the number of pages: it is the same list."""
    together = prices(chosen.readings())
    alone: dict[Walk, Decimal] = defaultdict(Decimal)
    for resource in chosen.off:
        for walk, price in prices(chosen.readings(resource)).items():
            alone[walk] += price
    assert {walk: price for walk, price in together.items() if price > alone[walk]} == {}


def prices(readings: list[Reading]) -> dict[Walk, Decimal]:
    """What a page of each walk costs."""
    found: dict[Walk, Decimal] = defaultdict(Decimal)
    for reading in readings:
        found[walk_of(reading)] += reading.price
    return found


def walk_of(reading: Reading) -> Walk:
    """Which walk it is."""
    return reading.resource, reading.phase, reading.extra


@given(chosen=selections())
@settings(max_examples=EXAMPLES)
def test_no_list_is_walked_twice_for_the_same_rows(chosen: Chosen) -> None:
    walks = [walk_of(reading) for reading in chosen.readings()]
    assert len(set(walks)) == len(walks)


def test_there_are_streams_that_ride_and_properties_that_cost() -> None:
    """So that the checks above have something to check."""
    assert len(FAMILIES) > 10
    assert any(len(each.relations) > 1 for found in PROPERTIES.values() for each in found)
