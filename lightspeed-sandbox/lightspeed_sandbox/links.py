"""Which columns tie the rows of one resource to those of another, derived from the declarations."""

from __future__ import annotations

from dataclasses import dataclass

from lightspeed_retail.resources import Field, Part, Resource
from lightspeed_sandbox.memo import compiled


@dataclass(frozen=True)
class Link:
    """How a nested record of another resource is found.

    Args:
        target: Whose rows are nested.
        here: Column of the outer row.
        there: Column of the nested rows that holds the same value.
    """

    target: type[Resource]
    here: str
    there: str


@compiled
def link(owner: type[Part], field: Field) -> Link | None:
    """The tie between an outer record and what it nests; None where there are only parts, or no common column."""
    target = field.nested.resource if field.nested is not None else None
    if field.nested is None or target is None:
        return None
    if field.nested.many:
        return _to_many(owner, target)
    names = {known.name for known in owner.fields()}
    # `Parent` of a category is found by `parentID`, `Category` of an item by `categoryID`.
    for here in (f"{field.name[:1].lower()}{field.name[1:]}ID", target.api.key):
        if here in names:
            return Link(target, here, target.api.key)
    return None


def _to_many(owner: type[Part], target: type[Resource]) -> Link | None:
    if not issubclass(owner, Resource):
        return None
    key = owner.api.key
    return Link(target, key, key) if any(field.name == key for field in target.fields()) else None


def indexed_columns(resource: type[Resource]) -> list[str]:
    """Foreign keys by which rows of this resource are nested in others."""
    found = (
        link(owner, field)
        for owner in Resource.all()
        for field in owner.fields()
        if field.nested is not None and field.nested.many
    )
    return sorted({tie.there for tie in found if tie is not None and tie.target is resource})
