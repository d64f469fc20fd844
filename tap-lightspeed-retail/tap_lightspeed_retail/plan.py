"""Which requests bring which streams, decided from the selection and the state; here drips are spent on purpose.

A collection whose rows are a stream of their own rides on its parent: `sales` asks for its lines and payments with
itself (1.8 drips for 100 sales instead of about 5 with separate lists), and the rows leave as `sale_lines` and
`sale_payments`. Stock rides on `items` during the first load only, because its own list tells of every change.

Streams that are at different points of their life are read by different walks: changes of those that have been loaded,
a first load for those that have not, and once more the history of those of which more is selected than before.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from lightspeed_retail.query import Query
from lightspeed_retail.resources import Days, Field, Nested, Part, Resource

Mask = Callable[[tuple[str, ...]], bool]
"""Whether a property is selected, by its path within the record."""


class Phase(enum.Enum):
    """The point of its life at which a stream is, with regard to one walk."""

    LOADING = "first load"
    CHANGES = "changes"
    BACKFILL = "backfill"


Phases = Callable[[type[Resource], type[Resource], str], frozenset[Phase]]
"""The phases of a stream in the walk through a root resource, of which a pass has a name."""


@dataclass(frozen=True)
class Rider:
    """A stream that takes its rows from a collection of its parent.

    Args:
        resource: Whose rows they are.
        collection: The collection in the parent's declaration.
        key: The parent's key, by which a row names its parent.
        emits: Whether its rows are wanted, or only what rides on them in turn.
        riders: What rides on its rows.
    """

    resource: type[Resource]
    collection: Field
    key: str
    emits: bool
    riders: tuple[Rider, ...] = ()

    @property
    def stream(self) -> str:
        """Name of the stream."""
        return self.resource.api.stream

    @property
    def element(self) -> str:
        """Key of the rows inside the collection's wrapper."""
        return (self.collection.nested and self.collection.nested.element) or ""

    def parent_key(self, parent: Mapping[str, Any]) -> dict[str, Any]:
        """What a row is given in case it does not name its parent."""
        return {self.key: parent[self.key]} if self.key in parent else {}

    def emitting(self) -> Iterator[Rider]:
        """Itself and the riders below it whose rows are wanted."""
        if self.emits:
            yield self
        for rider in self.riders:
            yield from rider.emitting()


@dataclass(frozen=True)
class Reading:
    """One walk through the list of a resource, and whom it feeds.

    Args:
        resource: Whose list is walked.
        lead: The stream whose turn it is when the walk is made.
        riders: Streams fed by collections of the rows.
        relations: What is loaded with the rows.
        emits_parents: Whether the rows themselves are wanted, or only what rides on them.
        phase: At which point of their life the streams are.
        extra: A parameter that brings rows which the plain list leaves out.
    """

    resource: type[Resource]
    lead: str
    riders: tuple[Rider, ...] = ()
    relations: tuple[str, ...] = ()
    emits_parents: bool = True
    phase: Phase = Phase.CHANGES
    extra: tuple[str, str] | None = None

    @property
    def emitting(self) -> tuple[Rider, ...]:
        """The riders whose rows are wanted, however deep."""
        return tuple(each for rider in self.riders for each in rider.emitting())

    @property
    def fed(self) -> tuple[str, ...]:
        """Every stream that this walk feeds."""
        own = (self.resource.api.stream,) if self.emits_parents else ()
        return (*own, *(rider.stream for rider in self.emitting))

    @property
    def pass_name(self) -> str:
        """Which rows of the list it walks: "" for the plain list."""
        return "=".join(self.extra) if self.extra else ""

    @property
    def is_last_pass(self) -> bool:
        """Whether no other walk brings rows of this list that it leaves out."""
        return not self.resource.api.passes or self.extra == self.resource.api.passes[-1]

    @property
    def price(self) -> Decimal:
        """Drips for each page of 100 rows."""
        return Query(self.resource, relations=self.relations).price


@dataclass(frozen=True)
class Circumstances:
    """What decides the walks of a run.

    Args:
        selected: The resources whose streams are selected, with what is selected of each.
        phases: At which points of their life the streams are.
        apart: Whether a child has to be read from its own list, because its rows are narrowed and its parent's are not.
    """

    selected: Mapping[type[Resource], Mask]
    phases: Phases
    apart: Callable[[type[Resource], type[Resource]], bool] = lambda _child, _parent: False

    def riders(self, owner: type[Resource]) -> Iterator[Rider]:
        """What rides on the rows of a resource."""
        for field in owner.riders():
            child = resource_of(field)
            inner = tuple(self.riders(child))
            if (child in self.selected or inner) and not self.apart(child, owner):
                yield Rider(child, field, owner.api.key, child in self.selected, inner)

    def rides(self, resource: type[Resource]) -> bool:
        """Whether changes of a resource come with those of a parent."""
        return any(not nested.polled for nested in self._carriers(resource))

    def due(self, each: type[Resource], root: type[Resource], phase: Phase, pass_name: str) -> bool:
        """Whether a resource is fed in some phase by the walk through a root, its own list or that of a parent.

        One whose own list tells of every change comes with a parent until it is loaded.
        """
        if not any(nested.polled for nested in self._carriers(each)):
            return phase in self.phases(each, root, pass_name)
        loading = Phase.LOADING in self.phases(each, each, pass_name)
        if root is each:
            return not loading and phase in self.phases(each, each, pass_name)
        return loading and phase is Phase.LOADING

    def _carriers(self, resource: type[Resource]) -> Iterator[Nested]:
        """The collections of parents with which rows of a resource can come."""
        for parent in Resource.all():
            for field in parent.riders():
                if field.nested is not None and field.nested.resource is resource and not self.apart(resource, parent):
                    yield field.nested


def make_plan(given: Circumstances) -> dict[str, tuple[Reading, ...]]:
    """Decide the walks of a run through lists, by the stream that leads them."""
    readings: dict[str, list[Reading]] = {}
    for resource in dict.fromkeys((*Resource.all(), *given.selected)):
        if is_walked(resource) and not given.rides(resource):
            for reading in _readings(resource, given):
                readings.setdefault(reading.lead, []).append(reading)
    return {lead: tuple(found) for lead, found in readings.items()}


def is_walked(resource: type[Resource]) -> bool:
    """Whether all rows of a resource are in one list, or in that of a parent by a relation."""
    api = resource.api
    return api.enveloped and api.parent is None and not isinstance(api.bookmark, Days)


def _readings(resource: type[Resource], given: Circumstances) -> Iterator[Reading]:
    every = tuple(given.riders(resource))
    for phase in Phase:
        for extra in (None, *resource.api.passes):
            reading = _reading(resource, given, every, phase, extra)
            if reading is not None:
                yield reading


def _reading(
    resource: type[Resource],
    given: Circumstances,
    every: tuple[Rider, ...],
    phase: Phase,
    extra: tuple[str, str] | None,
) -> Reading | None:
    name = "=".join(extra) if extra else ""

    def due(each: type[Resource]) -> bool:
        return given.due(each, resource, phase, name)

    riders = tuple(_pruned(every, due))
    emits = resource in given.selected and due(resource)
    if not emits and not riders:
        return None
    own = relations_of(resource, given.selected[resource]) if emits else []
    relations = tuple(dict.fromkeys((*own, *with_riders(riders, given.selected))))
    streams = [rider.stream for each in riders for rider in each.emitting()]
    lead = resource.api.stream if resource in given.selected else min(streams)
    return Reading(resource, lead, riders, relations, emits, phase, extra)


def _pruned(riders: Iterable[Rider], due: Callable[[type[Resource]], bool]) -> Iterator[Rider]:
    """The riders that are due, and those that carry one that is."""
    for rider in riders:
        inner = tuple(_pruned(rider.riders, due))
        emits = rider.emits and due(rider.resource)
        if emits or inner:
            yield replace(rider, emits=emits, riders=inner)


def with_riders(riders: Iterable[Rider], selected: Mapping[type[Resource], Mask], before: str = "") -> Iterator[str]:
    """The relations that bring riders, with what is selected of them."""
    for rider in riders:
        path = f"{before}{rider.collection.name}"
        yield path
        if rider.emits:
            inner = _relations(rider.resource, selected[rider.resource], (), rider.collection.nested)
            yield from (f"{path}.{relation}" for relation in inner)
        yield from with_riders(rider.riders, selected, f"{path}.")


def relations_of(part: type[Part], mask: Mask) -> list[str]:
    """The relations that a selection needs, as dotted paths; a relation stands before those within it."""
    always: tuple[str, ...] = getattr(part, "always_loaded", ())
    return list(dict.fromkeys((*always, *_relations(part, mask, (), None))))


def _relations(part: type[Part], mask: Mask, path: tuple[str, ...], within: Nested | None) -> Iterable[str]:
    for field in part.relations():
        here = (*path, field.name)
        nested = field.nested
        if nested is None or not mask(here) or (within is not None and not within.offers(field)):
            continue
        yield ".".join(here)
        if nested.part is not None and not nested.many:
            yield from _relations(nested.part, mask, here, nested)


def resource_of(field: Field) -> type[Resource]:
    """The resource whose rows a field holds.

    Raises:
        TypeError: It holds none.
    """
    resource = field.nested.resource if field.nested is not None else None
    if resource is None:
        raise TypeError(field.name)
    return resource
