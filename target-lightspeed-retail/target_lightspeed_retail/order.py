"""Which streams the target takes, and in which order: what a record names comes before it."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from lightspeed_retail.resources import Part, Resource
from target_lightspeed_retail.records import pointers


def takes(resource: type[Resource]) -> bool:
    """Whether a stream is written, or its rows are found by name so that others can name them."""
    api = resource.api
    if api.dimensions or api.parent is not None or resource in _carried():
        # Rows below another one have no list of their own in which they could be found.
        return False
    return bool(api.match) or (any(verb in ("POST", "PUT") for verb in api.verbs) and not api.administrative)


def _carried() -> set[type[Resource]]:
    """Resources whose rows are written with those that they belong to: lines with their sale."""
    return {
        field.nested.resource
        for resource in Resource.all()
        for field in resource.riders()
        if field.nested is not None and field.nested.resource is not None and not field.nested.polled
    }


@functools.cache
def ordered() -> tuple[type[Resource], ...]:
    """All resources that the target takes, each after those that its records name."""
    found: dict[type[Resource], None] = {}
    for resource in Resource.all():
        _visit(resource, found, set())
    return tuple(sorted(filter(takes, found), key=lambda resource: not resource.api.administrative))


def _visit(resource: type[Resource], found: dict[type[Resource], None], on_the_way: set[type[Resource]]) -> None:
    if resource in found or resource in on_the_way:
        return
    for other in named(resource, resource):
        _visit(other, found, on_the_way | {resource})
    found[resource] = None


def named(part: type[Part], root: type[Resource]) -> Iterable[type[Resource]]:
    """The resources that records of a declaration name, in nested ones too."""
    yield from pointers(part, root).values()
    for field in part.fields():
        nested = field.nested
        inner = nested.part if nested is not None and nested.writable else None
        if inner is not None and nested is not None and (nested.resource is None or nested.rides):
            yield from named(inner, nested.resource or root)
