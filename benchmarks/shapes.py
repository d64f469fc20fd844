"""What peers are told of the API's lists, out of the declarations: paths, keys, stamps, and a typed nested schema."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.bounds import NEEDED
from lightspeed_retail.query import PAGE_SIZE
from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource
from lightspeed_retail.resources.endpoint import Stamp
from lightspeed_sandbox.relations import Tree, parse, planted

SALES = ("sales", "sale_lines", "sale_payments")
"""The streams that come of the one list that is read."""

_IDLE = 12
_TYPES: dict[FieldType, dict[str, Any]] = {
    FieldType.INTEGER: {"type": ["integer", "null"]},
    FieldType.NUMBER: {"type": ["number", "null"]},
    FieldType.MONEY: {"type": ["number", "null"]},
    FieldType.BOOLEAN: {"type": ["boolean", "null"]},
    FieldType.DATETIME: {"type": ["string", "null"], "format": "date-time"},
}
_TEXT: dict[str, Any] = {"type": ["string", "null"]}


def wire_schema(part: type[Part], tree: Tree) -> dict[str, Any]:
    """The typed schema of a record in the form in which the API sends it, with the relations of a tree."""
    shown = [field for field in part.fields() if _is_sent(field, tree)]
    properties = {field.name: _property(field, tree.get(field.name, {})) for field in shown}
    return {"type": ["object", "null"], "properties": properties}


def _is_sent(field: Field, tree: Tree) -> bool:
    return field.type is not FieldType.SECRET and (field.nested is None or not field.nested.asked or field.name in tree)


def _property(field: Field, tree: Tree) -> dict[str, Any]:
    nested = field.nested
    if nested is None:
        return _TYPES.get(field.type, _TEXT)
    rows = _TEXT if nested.part is None else wire_schema(nested.part, tree)
    return _list(rows, nested) if nested.many else _wrapped(rows, nested.wrapper)


def _list(rows: dict[str, Any], nested: Nested) -> dict[str, Any]:
    return _wrapped({"type": ["array", "null"], "items": rows}, nested.element)


def _wrapped(inner: dict[str, Any], name: str | None) -> dict[str, Any]:
    return {"type": ["object", "null"], "properties": {name: inner}} if name else inner


def sales_list(form: str) -> dict[str, Any]:
    """The list of sales: with all relations and as the API lists them, or with what is needed and archived ones too."""
    sale = Resource.named("Sale")
    if form != "documented":
        return described(sale, list(NEEDED), planted(NEEDED), {"archived": "true", "limit": PAGE_SIZE})
    return described(sale, "all", parse(sale, "all").tree, {})


def described(
    resource: type[Resource], relations: list[str] | str, tree: Tree, params: dict[str, Any]
) -> dict[str, Any]:
    """What a peer needs to know of a list."""
    bookmark = resource.api.bookmark
    return {
        "name": resource.api.stream,
        "path": resource.api.path,
        "rows": resource.envelope(),
        "key": resource.api.key,
        "stamp": bookmark.field if isinstance(bookmark, Stamp) else None,
        "params": params,
        "relations": relations,
        "schema": {**wire_schema(resource, tree), "type": "object"},
    }


def idle_lists(rows: dict[str, int]) -> list[type[Resource]]:
    """The twelve lists with the most rows, of those that a change stamp tells of and sorts."""
    usable = [resource for resource in Resource.all() if _has_sorted_stamp(resource)]
    return sorted(usable, key=lambda resource: -rows.get(resource.api.stream, 0))[:_IDLE]


def _has_sorted_stamp(resource: type[Resource]) -> bool:
    bookmark, sortable = resource.api.bookmark, {name.casefold() for name in resource.api.sortable}
    if not isinstance(bookmark, Stamp) or not resource.api.selected or "{" in resource.api.path:
        return False
    return bookmark.field.casefold() in sortable


def idle_streams(rows: dict[str, int]) -> list[dict[str, Any]]:
    """The same as peers are told of them."""
    return [described(resource, [], {}, _params(resource)) for resource in idle_lists(rows)]


def _params(resource: type[Resource]) -> dict[str, Any]:
    return {"limit": PAGE_SIZE, **({"archived": "true"} if resource.api.archived else {})}


def selecting(catalog: dict[str, Any], streams: Iterable[str], off: Iterable[tuple[str, ...]] = ()) -> dict[str, Any]:
    """A catalog with only some streams selected, and some properties not."""
    wanted, deselected = set(streams), set(off)
    for entry in catalog["streams"]:
        stream = entry["tap_stream_id"]
        for mark in entry["metadata"]:
            steps = tuple(step for step in mark["breadcrumb"] if step != "properties")
            if not steps:
                mark["metadata"]["selected"] = stream in wanted
            elif (stream, *steps) in deselected:
                mark["metadata"]["selected"] = False
    return catalog
