"""Which requests bring which streams, decided from the selection; the one place where drips are spent on purpose.

A collection whose rows are a stream of their own rides on its parent: `sales` asks for its lines and payments with
itself (1.8 drips for 100 sales instead of about 5 with separate lists), and the rows leave as `sale_lines` and
`sale_payments`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lightspeed_retail.query import Query
from lightspeed_retail.resources import Field, Nested, Part, Resource

Mask = Callable[[tuple[str, ...]], bool]
"""Whether a property is selected, by its path within the record."""


@dataclass(frozen=True)
class Rider:
    """A stream that takes its rows from a collection of its parent.

    Args:
        stream: Its name.
        collection: The collection in the parent's declaration.
        key: The parent's key, by which a row names its parent.
    """

    stream: str
    collection: Field
    key: str

    @property
    def element(self) -> str:
        """Key of the rows inside the collection's wrapper."""
        return (self.collection.nested and self.collection.nested.element) or ""

    def parent_key(self, parent: Mapping[str, Any]) -> dict[str, Any]:
        """What a row is given in case it does not name its parent."""
        return {self.key: parent[self.key]}


@dataclass(frozen=True)
class Reading:
    """One walk through the list of a resource, and whom it feeds.

    Args:
        resource: Whose list is walked.
        lead: The stream whose turn it is when the walk is made.
        riders: Streams fed by collections of the rows.
        relations: What is loaded with the rows.
    """

    resource: type[Resource]
    lead: str
    riders: tuple[Rider, ...]
    relations: tuple[str, ...]

    @property
    def emits_parents(self) -> bool:
        """Whether the rows themselves are wanted, or only what rides on them."""
        return self.lead == self.resource.api.stream

    @property
    def fed(self) -> tuple[str, ...]:
        """Every stream that this walk feeds."""
        own = (self.resource.api.stream,) if self.emits_parents else ()
        return (*own, *(rider.stream for rider in self.riders))

    @property
    def price(self) -> Decimal:
        """Drips for each page of 100 rows."""
        return Query(self.resource, relations=self.relations).price


@dataclass(frozen=True)
class Plan:
    """All walks of a run.

    Args:
        readings: By the stream that leads them.
        parents: For each riding stream, the resource that it rides on.
    """

    readings: Mapping[str, tuple[Reading, ...]]
    parents: Mapping[str, type[Resource]]


def make_plan(selected: Mapping[type[Resource], Mask]) -> Plan:
    """Decide the walks of a run.

    Args:
        selected: The resources whose streams are selected, with what is selected of each.
    """
    riding = {
        field.nested.resource: parent
        for parent in Resource.all()
        for field in parent.riders()
        if field.nested is not None and field.nested.resource in selected
    }
    readings: dict[str, list[Reading]] = {}
    for resource in Resource.all():
        reading = _reading(resource, selected)
        if reading is not None and (resource not in riding):
            readings.setdefault(reading.lead, []).append(reading)
    parents = {child.api.stream: parent for child, parent in riding.items() if child is not None}
    return Plan({lead: tuple(found) for lead, found in readings.items()}, parents)


def _reading(resource: type[Resource], selected: Mapping[type[Resource], Mask]) -> Reading | None:
    wanted = [field for field in resource.riders() if field.nested is not None and field.nested.resource in selected]
    riders = tuple(Rider(_resource(field).api.stream, field, resource.api.key) for field in wanted)
    if resource not in selected and not riders:
        return None
    relations: list[str] = []
    if resource in selected:
        relations += relations_of(resource, selected[resource])
    for field in wanted:
        child = _resource(field)
        relations += [
            field.name,
            *(f"{field.name}.{path}" for path in _relations(child, selected[child], (), field.nested)),
        ]
    lead = resource.api.stream if resource in selected else min(rider.stream for rider in riders)
    return Reading(resource, lead, riders, tuple(dict.fromkeys(relations)))


def relations_of(part: type[Part], mask: Mask) -> list[str]:
    """The relations that a selection needs, as dotted paths; a relation stands before those within it."""
    return list(_relations(part, mask, (), None))


def _relations(part: type[Part], mask: Mask, path: tuple[str, ...], within: Nested | None) -> Iterable[str]:
    for field in part.relations():
        here = (*path, field.name)
        nested = field.nested
        if nested is None or not mask(here) or (within is not None and not within.offers(field)):
            continue
        yield ".".join(here)
        if nested.part is not None and not nested.many:
            yield from _relations(nested.part, mask, here, nested)


def _resource(field: Field) -> type[Resource]:
    resource = field.nested.resource if field.nested is not None else None
    if resource is None:
        raise TypeError(field.name)
    return resource
