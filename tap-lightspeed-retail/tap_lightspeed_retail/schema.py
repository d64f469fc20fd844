"""JSON Schema of a stream, out of the declaration of its resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource
from lightspeed_retail.wire import UNKNOWN_FIELDS, Privacy, emitted, is_offered
from tap_lightspeed_retail.custom import CustomResource
from tap_lightspeed_retail.naming import Naming, as_in_api

JsonSchema = dict[str, Any]

_SCALARS: dict[FieldType, JsonSchema] = {
    FieldType.INTEGER: {"type": ["integer", "null"]},
    FieldType.NUMBER: {"type": ["number", "null"]},
    FieldType.MONEY: {"type": ["number", "null"]},
    FieldType.STRING: {"type": ["string", "null"]},
    FieldType.BOOLEAN: {"type": ["boolean", "null"]},
    FieldType.DATETIME: {"type": ["string", "null"], "format": "date-time"},
    FieldType.DATE: {"type": ["string", "null"], "format": "date"},
    FieldType.FLAGS: {"type": ["object", "null"], "additionalProperties": {"type": "boolean"}},
}

ACCOUNT_KEY = "accountID"
"""First part of every primary key, so that many accounts share one table."""


@dataclass(frozen=True)
class Form:
    """The form in which records leave.

    Args:
        naming: What fields are called.
        privacy: How personal data are treated; None where they are kept.
        keep_unknown: Whether fields that no declaration knows are kept.
    """

    naming: Naming = as_in_api
    privacy: Privacy | None = None
    keep_unknown: bool = False

    def keeps_unknown(self, resource: type[Resource]) -> bool:
        """Whether a stream keeps unknown fields; they may be personal, so not where personal data are protected."""
        return self.privacy is None and (self.keep_unknown or issubclass(resource, CustomResource))


def primary_keys(resource: type[Resource], form: Form = Form()) -> tuple[str, ...]:
    """The primary key of a stream: the account and the resource's own key."""
    return tuple(dict.fromkeys(form.naming(name) for name in (ACCOUNT_KEY, *resource.api.keys)))


def stream_schema(resource: type[Resource], form: Form = Form()) -> JsonSchema:
    """The schema of a stream's records."""
    keep = form.keeps_unknown(resource)
    properties = {form.naming(ACCOUNT_KEY): {"type": "integer"}, **_properties(resource, form, keep_unknown=keep)}
    for key in primary_keys(resource, form):
        kind = properties[key]["type"]
        properties[key] = {**properties[key], "type": kind if isinstance(kind, str) else kind[0]}
    return {"type": "object", "properties": properties, "required": list(primary_keys(resource, form))}


def _properties(
    part: type[Part], form: Form, within: Nested | None = None, *, personal: bool = False, keep_unknown: bool
) -> dict[str, JsonSchema]:
    properties = {
        form.naming(field.name): _property(field, form, personal=private, keep_unknown=keep_unknown)
        for field, private in emitted(part, within, personal=personal, privacy=form.privacy)
    }
    return {**properties, UNKNOWN_FIELDS: {"type": ["object", "null"]}} if keep_unknown else properties


def _property(field: Field, form: Form, *, personal: bool, keep_unknown: bool) -> JsonSchema:
    nested = field.nested
    if nested is None:
        return dict(_SCALARS[field.type])
    if nested.part is None:
        items: JsonSchema = {"type": ["string", "null"]}
    else:
        private = personal or nested.personal
        properties = _properties(nested.part, form, nested, personal=private, keep_unknown=keep_unknown)
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
