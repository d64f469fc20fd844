"""Rows of the store in the wire form of the API, with the relations that were asked for.

Relations are loaded for all rows of an answer together: one query a relation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from lightspeed_retail.resources import Days, Field, FieldType, Nested, Part, Resource
from lightspeed_retail.wire import Record, as_list, nested_rows
from lightspeed_sandbox.columns import column, is_stored
from lightspeed_sandbox.links import Link, link
from lightspeed_sandbox.memo import compiled
from lightspeed_sandbox.relations import Tree
from lightspeed_sandbox.store import Store
from lightspeed_sandbox.stored import loader

Convert = Callable[[Any], Any]

_WORDS = ("false", "true")
_NOTHING = ("", "0")
_PLAIN: dict[FieldType, Convert] = {FieldType.INTEGER: str, FieldType.BOOLEAN: _WORDS.__getitem__}


def is_plain(resource: type[Resource]) -> bool:
    """Whether rows are written as bare texts, because they are nothing but their key."""
    return [field.name for field in resource.fields()] == [resource.api.key]


class Answers:
    """Reads rows as the API would send them."""

    def __init__(self, store: Store) -> None:
        """Answer from a store."""
        self._store = store

    def rows(
        self,
        resource: type[Resource],
        tree: Tree,
        where: str,
        params: Sequence[Any],
        *,
        order: str | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        """Wire rows that meet an SQL condition."""
        shape = shape_of(resource, tree)
        found = self._store.rows(resource, shape.columns, where, params, order, limit)
        wires = [shape.wire(row) for row in found]
        self._attach(resource, wires, tree)
        return wires

    def _attach(self, owner: type[Part], wires: list[Record], tree: Tree) -> None:
        """Complete rows with what their relations hold, however deep."""
        for field in owner.fields():
            if field.nested is None or not wires or (field.nested.asked and field.name not in tree):
                continue
            below = tree.get(field.name, {})
            tie = link(owner, field)
            if tie is not None:
                self._join(wires, field, tie, below)
            elif field.nested.part is not None and field.nested.resource is None:
                self._settle_parts(wires, field, below)

    def _settle_parts(self, wires: list[Record], field: Field, below: Tree) -> None:
        """Parts are stored whole: relations of theirs that nobody asked for go, those of other resources come."""
        part = field.nested.part if field.nested is not None else None
        if part is None or field.nested is None or not has_relations(part):
            return
        inner = [row for wire in wires for row in inner_rows(wire.get(field.name), field.nested)]
        for unasked in [known.name for known in part.relations() if known.name not in below]:
            for row in inner:
                row.pop(unasked, None)
        self._attach(part, inner, below)

    def _join(self, wires: list[Record], field: Field, tie: Link, below: Tree) -> None:
        keys = {wire.get(tie.here) for wire in wires} - {None, *_NOTHING}
        marks = ", ".join("?" for _ in keys)
        found = self.rows(tie.target, below, f'"{tie.there}" IN ({marks})', tuple(keys)) if keys else []
        groups: dict[str, list[Record]] = {}
        for row in found:
            groups.setdefault(row[tie.there], []).append(row)
        for wire in wires:
            rows = groups.get(wire.get(tie.here) or "")
            if field.nested is not None:
                _put(wire, field.name, field.nested, rows)


def _put(wire: Record, name: str, nested: Nested, rows: list[Record] | None) -> None:
    if not rows:
        if nested.many and nested.empty is not None:
            wire[name] = nested.empty
    elif nested.many:
        one_or_many: Any = rows if len(rows) > 1 else rows[0]
        wire[name] = {nested.element: one_or_many} if nested.element else rows
    else:
        wire[name] = {nested.wrapper: rows[0]} if nested.wrapper else rows[0]


def inner_rows(value: object, nested: Nested) -> list[Record]:
    """The wire rows that a nested key holds."""
    element = nested.element if nested.many else nested.wrapper
    found = nested_rows(value, element) if element else as_list(value)
    return [row for row in found if isinstance(row, dict)]


@compiled
def has_relations(part: type[Part]) -> bool:
    """Whether a part, or a part of it, has relations that can be asked for."""
    return bool(part.relations()) or any(
        field.nested is not None and field.nested.part is not None and has_relations(field.nested.part)
        for field in part.fields()
    )


class Shape:
    """The columns of one kind of answer and how each becomes wire form.

    Args:
        resource: Whose rows.
        asked: The relations that are asked for.
    """

    def __init__(self, resource: type[Resource], asked: Iterable[str]) -> None:
        """Choose the columns."""
        wanted = [
            field
            for field in resource.fields()
            if is_stored(field) and (field.nested is None or not field.nested.asked or field.name in asked)
        ]
        self.columns = tuple(column(field) for field in wanted)
        self._converters = [(field.name, converter(resource, field)) for field in wanted]
        self.fields = tuple(wanted)
        self.empties = {
            field.name: field.nested.empty
            for field in wanted
            if field.nested is not None and field.nested.many and field.nested.empty is not None
        }

    def wire(self, row: Sequence[Any]) -> Record:
        """A row of the table as the API writes it; nulls stay out."""
        wire = {
            name: value if convert is None else convert(value)
            for (name, convert), value in zip(self._converters, row, strict=True)
            if value is not None
        }
        for name, empty in self.empties.items():
            wire.setdefault(name, empty)
        return wire


def shape_of(resource: type[Resource], tree: Tree) -> Shape:
    """The columns of rows with these relations, and how they become wire form."""
    return _shape(resource, frozenset(name for name in tree if resource.field(name).nested is not None))


@compiled
def _shape(resource: type[Resource], asked: frozenset[str]) -> Shape:
    return Shape(resource, asked)


def converter(resource: type[Resource], field: Field) -> Convert | None:
    """Decimals and moments are stored as they are written; parts and flags are stored as JSON."""
    bookmark = resource.api.bookmark
    if isinstance(bookmark, Days) and field.name == bookmark.field:
        return _american
    if field.nested is None and field.type is not FieldType.FLAGS:
        return _PLAIN.get(field.type)
    return loader(field)


def _american(day: str) -> str:
    """Reports write days as `01/26/2021`."""
    return f"{date.fromisoformat(day):%m/%d/%Y}"
