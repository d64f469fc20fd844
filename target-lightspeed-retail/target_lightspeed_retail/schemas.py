"""The JSON schema of what each stream accepts, derived from the declarations.

It says what a record may hold; what a field does not say stays as it is. Values may be as databases hold them: numbers
as texts, nested records as JSON in a text. Fields that are not in a schema are left out with a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lightspeed_retail.resources import Field, FieldType, Match, Nested, Part, Resource
from target_lightspeed_retail.options import Mode, can_anonymize
from target_lightspeed_retail.pictures import beside
from target_lightspeed_retail.records import DELETED, alias, pointers

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Each scalar in all forms in which databases and files hold it.
_DEFINITIONS: dict[str, Schema] = {
    "text": {"type": ["string", "number", "boolean", "null"]},
    "integer": {
        "type": ["integer", "number", "string", "null"],
        "multipleOf": 1,
        "pattern": r"^\s*([+-]?\d+(\.0*)?)?\s*$",
    },
    "number": {
        "type": ["number", "string", "null"],
        "pattern": r"^\s*([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)?\s*$",
    },
    "boolean": {"enum": [True, False, "true", "false", "1", "0", 1, 0, "", None]},
    "moment": {"type": ["string", "null"], "pattern": r"^(\d{4}-?\d\d-?\d\d([T ].+)?)?$"},
    "day": {"type": ["string", "null"], "pattern": r"^(\d{4}-\d\d-\d\d([T ].+)?|\d\d/\d\d/\d{4})?$"},
    "flags": {"type": ["object", "array", "null"]},
    "json": {"type": ["string", "null"], "pattern": r"^\s*([\[{][\s\S]*)?$", "description": "JSON in a text."},
    "key": {"type": ["integer", "string", "null"]},
}
_NAMES: dict[FieldType, str] = {
    FieldType.INTEGER: "integer",
    FieldType.NUMBER: "number",
    FieldType.MONEY: "number",
    FieldType.STRING: "text",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATETIME: "moment",
    FieldType.DATE: "day",
    FieldType.FLAGS: "flags",
}
_BESIDE = {
    "url": "Address of the file, https:// or http://.",
    "path": "The file itself, below the folder in which the target runs.",
}


def schema_of(resource: type[Resource]) -> Schema:
    """What records of a stream may hold."""
    api = resource.api
    found: Schema = {
        "$schema": _DIALECT,
        "title": api.stream,
        "description": description(resource),
        "type": "object",
        "properties": _own(resource) | _fields(resource, resource) | _more(resource),
        "$defs": _DEFINITIONS,
        "x-match-keys": [[api.key], *(list(match.fields) for match in api.match)],
        "x-required-to-create": list(api.required),
        "x-modes": [str(mode) for mode in modes(resource)],
    }
    return found


def description(resource: type[Resource]) -> str:
    """What the stream holds, and how its rows are found."""
    ways = ", then ".join(way(match) for match in resource.api.match)
    found = f"{resource.summary()} A record means the row with its {resource.api.key} in the target's own account"
    return f"{found}{', else the one found by ' + ways if ways else ''}."


def way(match: Match) -> str:
    """How a row is found, in words."""
    return " and ".join(match.fields)


def modes(resource: type[Resource]) -> Iterator[Mode]:
    """What may become of a stream's records."""
    api = resource.api
    if api.administrative:
        return
    makes, changes = "POST" in api.verbs, "PUT" in api.verbs
    if makes or changes:
        yield Mode.UPSERT
    if makes:
        yield Mode.CREATE
    if changes:
        yield Mode.UPDATE
    if api.delete is not None:
        yield Mode.ARCHIVE
    if can_anonymize(resource):
        yield Mode.ANONYMIZE


def _is(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _own(resource: type[Resource]) -> dict[str, Schema]:
    """What every stream may say."""
    key = resource.api.key
    account = "The account that the record comes from; left out: the target's own."
    return {
        "accountID": {**_is("integer"), "description": account},
        key: {**_is("integer"), "description": "The row's number in the account that the record comes from."},
        DELETED: {"type": ["string", "null"], "description": "Set where the row is gone: it is archived or deleted."},
    }


def _more(resource: type[Resource]) -> dict[str, Schema]:
    """What a record may say that Lightspeed does not know."""
    names = beside(resource)
    if "Images" in names:
        return {"Images": _list(_picture(), "Image", "Pictures to upload.")}
    return {name: {"type": ["string", "null"], "description": _BESIDE[name]} for name in _BESIDE if name in names}


def _picture() -> Schema:
    image = Resource.named("Image")
    described = {name: _scalar(image.field(name)) for name in ("imageID", "description", "filename", "ordering")}
    read = {name: _scalar(image.field(name)) for name in ("publicID", "baseImageURL")}
    places = {name: {"type": ["string", "null"], "description": text} for name, text in _BESIDE.items()}
    return {"type": "object", "properties": {**places, **described, **read}}


def _fields(part: type[Part], root: type[Resource]) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    own = root.api.key if part is root else part.own_key()
    pointing = pointers(part, root)
    for field in part.fields():
        if field.name == own and part is root:
            continue
        if field.name in pointing:
            found |= _pointer(field, pointing[field.name])
        elif field.nested is None:
            found[field.name] = _scalar(field)
        elif is_written(field.nested) and field.name not in found:
            found[field.name] = _nested(field.nested, root)
    return found


def is_written(nested: Nested) -> bool:
    """Whether what it holds is written with the record; copies of other rows only say which row is meant."""
    return nested.writable and (nested.resource is None or nested.rides)


def _scalar(field: Field) -> Schema:
    if field.type is FieldType.SECRET:
        return {"readOnly": True}
    found = _is(_NAMES[field.type])
    return found if field.writable else {**found, "readOnly": True}


def _pointer(field: Field, resource: type[Resource]) -> dict[str, Schema]:
    """A key of another row: a number, a text that it is found by, or an object beside it that describes the row."""
    stream = resource.api.stream
    ways = " or ".join(way(match) for match in resource.api.match)
    number = _is("key")
    if not ways:
        return {field.name: {**number, "description": f"A row of {stream}, by its number."}}
    found = {field.name: {**number, "description": f"A row of {stream}: its number, or a text that is its {ways}."}}
    described: dict[str, Schema] = {resource.api.key: _is("integer")}
    for match in resource.api.match:
        for path in match.fields:
            _add(described, resource, path.split("."))
    told = {"type": "object", "properties": described}
    return found | {alias(field.name): _or_text(told, f"The same row, described by its {ways}.")}


def _add(schemas: dict[str, Schema], part: type[Part], steps: list[str]) -> None:
    """Put the field at the end of a path into the schema of a description."""
    field = part.field(steps[0])
    if field.nested is None or field.nested.part is None:
        schemas[field.name] = _scalar(field)
        return
    nested = field.nested
    inner: dict[str, Schema] = {}
    _add(inner, field.nested.part, steps[1:])
    row = {"type": "object", "properties": inner}
    schemas[field.name] = _list(row, nested.element or "") if nested.many else _or_text(row)


def _nested(nested: Nested, root: type[Resource]) -> Schema:
    if nested.part is None:
        return _list(_is("text"), nested.element or "")
    row = {"type": "object", "properties": _fields(nested.part, nested.resource or root)}
    return _list(row, nested.element or "") if nested.many else _or_text(row)


def _list(row: Schema, element: str, about: str | None = None) -> Schema:
    """A list of rows: as the tap sends it, in the wrapper of the API, or as JSON in a text."""
    rows: Schema = {"type": "array", "items": row}
    wrapped = {"type": "object", "properties": {element: {"anyOf": [row, rows]}}, "required": [element]}
    found: Schema = {"anyOf": [rows, *([wrapped] if element else []), _is("json")]}
    return {"description": about, **found} if about else found


def _or_text(row: Schema, about: str | None = None) -> Schema:
    """An object, or the same as JSON in a text."""
    found: Schema = {"anyOf": [row, _is("json")]}
    return {"description": about, **found} if about else found
