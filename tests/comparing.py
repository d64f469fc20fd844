"""Rows by their keys: what a sandbox holds, what runs have brought, and which rows belong below which."""

from __future__ import annotations

from collections.abc import Callable

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.store import Store
from tests.declared import RESOURCES
from tests.tapping import Key, Message, Spoken, Warehouse, key_of

Chosen = Callable[[Record], bool]
Keys = set[Key]


def keys_in(store: Store, resource: type[Resource], chosen: Chosen = lambda _row: True) -> Keys:
    """The keys of those rows of a table that meet a condition."""
    return {key_of(resource, row) for row in store.select(resource) if chosen(row)}


def keys_of(resource: type[Resource], records: list[Message]) -> Keys:
    """The keys of some records."""
    return {key_of(resource, record) for record in records}


def arrived(runs: list[Spoken], resource: type[Resource]) -> Keys:
    """The keys that some runs have brought."""
    return keys_of(resource, list(Warehouse().load(*runs).rows.get(resource.api.stream, {}).values()))


def has(resource: type[Resource], name: str) -> bool:
    """Whether rows have a plain field of that name."""
    return any(field.name == name and field.nested is None for field in resource.fields())


def parent_of(resource: type[Resource], *, at_first: bool = False) -> type[Resource] | None:
    """The resource on whose rows those of another ride, in every run or at first."""
    for parent in RESOURCES:
        for field in parent.riders():
            nested = field.nested
            if nested is not None and nested.resource is resource and (at_first or not nested.polled):
                return parent
    return None


def below(store: Store, child: type[Resource], parent: type[Resource], kept: Keys) -> Keys:
    """The keys of the rows of a child whose parents are kept."""
    return keys_in(store, child, lambda row: (row[parent.api.key],) in kept)


def above(resource: type[Resource]) -> type[Resource] | None:
    """The resource with which, or below which, the rows of another are read."""
    return parent_of(resource) or (Resource.named(resource.api.parent) if resource.api.parent else None)
