"""Which rows of other resources the keys in a row stand for, derived from the names of the fields."""

from __future__ import annotations

from lightspeed_retail.resources import Field, FieldType, Part, Resource
from lightspeed_sandbox.links import link
from lightspeed_sandbox.memo import compiled

_SHARED = "catalog"
"""How keys begin that lead to Lightspeed's own catalog, which all accounts share."""


@compiled
def target_of(owner: type[Part], name: str) -> type[Resource] | None:
    """The resource whose key a field holds: `vendorID` and `defaultVendorID` lead to Vendor; or there is none."""
    named = _by_relation(owner).get(name)
    if named is not None or name.startswith(_SHARED):
        return named
    fitting = [key for key in _keys() if name == key or name.endswith(key[:1].upper() + key[1:])]
    return _keys()[max(fitting, key=len)] if fitting else None


@compiled
def _by_relation(owner: type[Part]) -> dict[str, type[Resource]]:
    """Keys whose relation says what they mean: `parentID` of a category is found by its `Parent`."""
    single = [field for field in owner.fields() if field.nested is not None and not field.nested.many]
    ties = [link(owner, field) for field in single]
    return {tie.here: tie.target for tie in ties if tie is not None}


@compiled
def _keys() -> dict[str, type[Resource]]:
    """Resources by the name of their key; names that several resources share stand for none."""
    names = [resource.api.key for resource in Resource.all()]
    return {
        resource.api.key: resource
        for resource in Resource.all()
        if names.count(resource.api.key) == 1 and resource.field(resource.api.key).type is FieldType.INTEGER
    }


def foreign_keys(owner: type[Resource]) -> tuple[tuple[Field, type[Resource]], ...]:
    """The fields of a resource that hold keys of other rows."""
    integers = [field for field in owner.fields() if field.type is FieldType.INTEGER and field.name != owner.api.key]
    found = [(field, target_of(owner, field.name)) for field in integers]
    return tuple((field, target) for field, target in found if target is not None)
