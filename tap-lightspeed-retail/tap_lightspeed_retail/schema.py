"""JSON Schema of a stream, out of the declaration of its resource."""

from __future__ import annotations

from typing import Any

from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource
from lightspeed_retail.wire import is_offered

JsonSchema = dict[str, Any]

_SCALARS: dict[FieldType, JsonSchema] = {
    FieldType.INTEGER: {"type": ["integer", "null"]},
    FieldType.NUMBER: {"type": ["number", "null"]},
    FieldType.MONEY: {"type": ["number", "null"]},
    FieldType.STRING: {"type": ["string", "null"]},
    FieldType.BOOLEAN: {"type": ["boolean", "null"]},
    FieldType.DATETIME: {"type": ["string", "null"], "format": "date-time"},
    FieldType.DATE: {"type": ["string", "null"], "format": "date"},
}

ACCOUNT_KEY = "accountID"
"""First part of every primary key, so that many accounts share one table."""

UNKNOWN_FIELDS = "unknown_fields"
"""Column for keys that no declaration knows, when they are kept."""


def primary_keys(resource: type[Resource]) -> tuple[str, ...]:
    """The primary key of a stream: the account and the resource's own key."""
    return tuple(dict.fromkeys((ACCOUNT_KEY, resource.api.key)))


def stream_schema(resource: type[Resource], *, keep_unknown: bool = False) -> JsonSchema:
    """The schema of a stream's records."""
    properties = {ACCOUNT_KEY: {"type": "integer"}, **_properties(resource)}
    for key in primary_keys(resource):
        properties[key] = {"type": "integer"}
    if keep_unknown:
        properties[UNKNOWN_FIELDS] = {"type": ["object", "null"]}
    return {"type": "object", "properties": properties, "required": list(primary_keys(resource))}


def _properties(part: type[Part], within: Nested | None = None) -> dict[str, JsonSchema]:
    return {
        field.name: _property(field)
        for field in part.fields()
        if field.type is not FieldType.SECRET and (within is None or is_offered(within, field))
    }


def _property(field: Field) -> JsonSchema:
    if field.nested is None:
        return dict(_SCALARS[field.type])
    if field.nested.part is None:
        items: JsonSchema = {"type": ["string", "null"]}
    else:
        items = {"type": ["object", "null"], "properties": _properties(field.nested.part, field.nested)}
    return {"type": ["array", "null"], "items": items} if field.nested.many else items


def off_by_default(resource: type[Resource]) -> list[tuple[str, ...]]:
    """Paths of the properties that are not selected unless somebody asks for them."""
    return list(_unselected(resource, (), None))


def _unselected(part: type[Part], path: tuple[str, ...], within: Nested | None) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for field in part.relations():
        nested = field.nested
        if nested is None or (within is not None and not is_offered(within, field)):
            continue
        here = (*path, field.name)
        if not nested.selected_by_default:
            found.append(here)
        elif nested.part is not None and not nested.many:
            found += _unselected(nested.part, here, nested)
    return found
