"""JSON Schema of a stream, out of the declaration of its resource."""

from __future__ import annotations

from typing import Any

from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource
from lightspeed_retail.wire import UNKNOWN_FIELDS, is_offered

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


def primary_keys(resource: type[Resource]) -> tuple[str, ...]:
    """The primary key of a stream: the account and the resource's own key."""
    return tuple(dict.fromkeys((ACCOUNT_KEY, resource.api.key)))


def stream_schema(resource: type[Resource], *, keep_unknown: bool = False) -> JsonSchema:
    """The schema of a stream's records."""
    properties = {ACCOUNT_KEY: {"type": "integer"}, **_properties(resource, keep_unknown=keep_unknown)}
    for key in primary_keys(resource):
        properties[key] = {"type": "integer"}
    return {"type": "object", "properties": properties, "required": list(primary_keys(resource))}


def _properties(part: type[Part], within: Nested | None = None, *, keep_unknown: bool) -> dict[str, JsonSchema]:
    properties = {
        field.name: _property(field, keep_unknown=keep_unknown)
        for field in part.fields()
        if field.type is not FieldType.SECRET and (within is None or is_offered(within, field))
    }
    return {**properties, UNKNOWN_FIELDS: {"type": ["object", "null"]}} if keep_unknown else properties


def _property(field: Field, *, keep_unknown: bool) -> JsonSchema:
    nested = field.nested
    if nested is None:
        return dict(_SCALARS[field.type])
    if nested.part is None:
        items: JsonSchema = {"type": ["string", "null"]}
    else:
        properties = _properties(nested.part, nested, keep_unknown=keep_unknown)
        items = {"type": ["object", "null"], "properties": properties}
    return {"type": ["array", "null"], "items": items} if nested.many else items


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
