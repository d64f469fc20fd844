"""How streams hang together: which rows come with which, and which name which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from lightspeed_retail.resources import Field, Part, Resource

_DEEPEST = 4


@dataclass(frozen=True)
class Carriage:
    """A collection of a parent whose rows leave through the child's own stream."""

    parent: type[Resource]
    field: Field

    @property
    def polled(self) -> bool:
        """Whether it is used on first loads only."""
        return self.field.nested is not None and self.field.nested.polled


def carriage(child: type[Resource]) -> Carriage | None:
    """What a child rides on, if anything."""
    return _carriages().get(child)


def parent_of(child: type[Resource]) -> type[Resource] | None:
    """The resource with which, or by which, the rows of a child are read."""
    carried = carriage(child)
    if carried is not None:
        return carried.parent
    return Resource.named(child.api.parent) if child.api.parent else None


def references(resource: type[Resource]) -> tuple[type[Resource], ...]:
    """The other resources that the rows of one name by their keys, without its parent."""
    found = dict.fromkeys((*_named(resource, resource, 0), *_holders(resource)))
    return tuple(each for each in found if each not in {resource, parent_of(resource)} and each.api.key != "accountID")


def _named(part: type[Part], owner: type[Resource], depth: int) -> Iterator[type[Resource]]:
    for field in part.fields():
        nested = field.nested
        if nested is None:
            yield from _by_key(field.name, owner)
        elif nested.resource is not None and not nested.many:
            yield nested.resource
        elif nested.resource is None and nested.part is not None and depth < _DEEPEST:
            yield from _named(nested.part, owner, depth + 1)


def _by_key(name: str, owner: type[Resource]) -> Iterator[type[Resource]]:
    """The resource that a field names by its key; where several share a key, the one that is called like it."""
    candidates = _keys().get(name, ())
    if name in owner.api.keys[:1] or not name.endswith("ID"):
        return
    parent = parent_of(owner)
    if parent in candidates:
        return
    called = tuple(each for each in candidates if f"{each.__name__}ID".lower() == name.lower())
    yield from candidates if len(candidates) == 1 else called


def _holders(resource: type[Resource]) -> Iterator[type[Resource]]:
    """Resources that hold rows of this one in a collection, without being their parent."""
    for holder in Resource.all():
        for field in holder.fields():
            if field.nested is not None and field.nested.many and field.nested.resource is resource:
                yield holder


@cache
def _carriages() -> dict[type[Resource], Carriage]:
    riding = ((parent, field, field.nested) for parent in Resource.all() for field in parent.riders())
    return {
        nested.resource: Carriage(parent, field)
        for parent, field, nested in riding
        if nested is not None and nested.resource is not None
    }


@cache
def _keys() -> dict[str, tuple[type[Resource], ...]]:
    found: dict[str, list[type[Resource]]] = defaultdict(list)
    for resource in Resource.all():
        found[resource.api.key].append(resource)
    return {key: tuple(resources) for key, resources in found.items()}
