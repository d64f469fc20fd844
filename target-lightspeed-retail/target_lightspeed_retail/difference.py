"""What of a record differs from the row that there is: only that is sent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource
from lightspeed_retail.wire import Record, instant


def difference(part: type[Part], wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Record:
    """The fields of a record whose values are others than the row's, nested rows with the number they have.

    Args:
        part: The declaration.
        wanted: The record, typed; keys that it lacks are left as they are.
        there: The row, typed.
    """
    found: Record = {}
    for field in writable(part):
        if field.name in wanted:
            changed = _changed(field, wanted[field.name], there.get(field.name))
            if changed is not _SAME:
                found[field.name] = changed
    return found


def writable(part: type[Part]) -> tuple[Field, ...]:
    """The fields that a client may give, without the record's own number."""
    if issubclass(part, Resource):
        return part.writable()
    own = part.own_key()
    return tuple(field for field in part.fields() if field.writable and field.name != own)


def is_compared(nested: Nested | None) -> bool:
    """Whether what a relation holds is written with the record: parts, and rows that ride."""
    return nested is not None and (nested.resource is None or nested.rides)


def without_archiving(resource: type[Resource], changes: Record) -> tuple[Record, bool]:
    """Changes without archiving, which is done by DELETE, and whether they archive; the other way it is a PUT."""
    if changes.get("archived") is True and resource.api.delete == "archive":
        return {name: value for name, value in changes.items() if name != "archived"}, True
    return changes, False


class _Same:
    """What is not sent."""


_SAME = _Same()


def _changed(field: Field, wanted: Any, there: Any) -> Any:
    nested = field.nested
    if nested is None:
        return _SAME if same(field, wanted, there) else wanted
    if wanted is None:
        return _SAME
    if nested.part is None:
        return _SAME if sorted(wanted) == sorted(there or []) else wanted
    if nested.many:
        return _rows(nested.part, wanted, there or []) or _SAME
    changed = difference(nested.part, wanted, there or {})
    return _numbered(nested.part, changed, there) if changed else _SAME


def same(field: Field, one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same: nothing is written in several ways."""
    if one in _EMPTY and other in _EMPTY and field.type is not FieldType.BOOLEAN:
        return True
    if field.type is FieldType.DATETIME and one and other:
        return instant(one) == instant(other)
    return bool(one == other)


_EMPTY = (None, "", 0, Decimal(0))


def _rows(part: type[Part], wanted: list[Record], there: list[Record]) -> list[Record]:
    """Rows of a nested list that are new or changed. What the list has beyond them stays: the API adds and edits."""
    left = list(there)
    found: list[Record] = []
    for number, row in enumerate(wanted):
        known = _counterpart(part, row, left, number, there)
        if known is None:
            found.append(without_number(part, row))
            continue
        left.remove(known)
        changed = difference(part, row, known)
        if changed:
            told = {name: row[name] for name in part.by if name in row}
            found.append(_numbered(part, {**told, **changed}, known))
    return found


def _counterpart(part: type[Part], row: Record, left: list[Record], number: int, there: list[Record]) -> Record | None:
    """The row that a nested record means: of the same content, the same use, or else in the same place."""
    equal = next((known for known in left if not difference(part, row, known)), None)
    if equal is not None:
        return equal
    by = next((name for name in part.by if row.get(name) not in _EMPTY), None)
    if by is not None:
        return next((known for known in left if same(part.field(by), row[by], known.get(by))), None)
    at_its_place = there[number] if number < len(there) else None
    return at_its_place if at_its_place is not None and at_its_place in left else None


def _numbered(part: type[Part], changed: Record, known: Mapping[str, Any] | None) -> Record:
    """A change with the number of the row that it changes, where rows have one."""
    own = part.own_key()
    number = known.get(own) if known and own else None
    return {own: number, **changed} if own and number else changed


def without_number(part: type[Part], row: Record) -> Record:
    """A nested row as it is sent to be added: numbers belong to the account that gave them, at every level."""
    own = part.own_key()
    return {name: _unnumbered(part, name, value) for name, value in row.items() if name != own}


def _unnumbered(part: type[Part], name: str, value: Any) -> Any:
    inner = next((field.nested.part for field in part.fields() if field.name == name and field.nested), None)
    if inner is None or not value:
        return value
    return [without_number(inner, row) for row in value] if isinstance(value, list) else without_number(inner, value)


def new_row(part: type[Part], record: Record) -> Record:
    """What is sent for a new row: what has a value, and no numbers of another account's."""
    found: Record = {}
    for field in writable(part):
        value = record.get(field.name)
        if value in (None, "", []) or field.name == "archived":
            continue
        if field.type is FieldType.INTEGER and field.name.endswith("ID") and value == 0:
            continue
        found[field.name] = value
    return without_number(part, found)
