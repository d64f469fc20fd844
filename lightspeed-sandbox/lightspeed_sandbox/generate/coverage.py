"""Which declared fields no row ever fills: the sandbox must show every one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lightspeed_retail.resources import Field, FieldType, Part, Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.links import link
from lightspeed_sandbox.store import Store


def never_filled(store: Store) -> list[str]:
    """Paths of all fields, parts and relations that are null, empty or point to nothing in every row; secrets aside."""
    return [
        f"{resource.__name__}.{path}"
        for resource in Resource.all()
        for path in _unfilled(store, resource, resource, store.select(resource))
    ]


def _unfilled(store: Store, owner: type[Part], root: type[Resource], rows: list[Record]) -> Iterator[str]:
    for field in owner.fields():
        if field.type is FieldType.SECRET:
            continue
        if field.nested is None:
            if not any(_is_filled(field, row.get(field.name)) for row in rows):
                yield field.name
        elif field.nested.resource is not None:
            if not _is_linked(store, owner, field, rows):
                yield field.name
        else:
            yield from _unfilled_parts(store, field, root, rows)


def _unfilled_parts(store: Store, field: Field, root: type[Resource], rows: list[Record]) -> Iterator[str]:
    nested = field.nested
    found = [row[field.name] for row in rows if row.get(field.name)]
    if nested is None or not found:
        yield field.name
    elif nested.part is not None:
        inner = [part for parts in found for part in parts] if nested.many else found
        yield from (f"{field.name}.{path}" for path in _unfilled(store, nested.part, root, inner))


def _is_filled(field: Field, value: object) -> bool:
    """Whether a value says something: a key of 0 points to nothing."""
    if field.type is FieldType.INTEGER and field.name.endswith("ID"):
        return bool(value)
    return value is not None and value != ""


def _is_linked(store: Store, owner: type[Part], field: Field, rows: Iterable[Record]) -> bool:
    tie = link(owner, field)
    if tie is None:
        return False
    keys = {row[tie.here] for row in rows if row.get(tie.here)}
    return any(key in keys for (key,) in store.rows(tie.target, (tie.there,)))
