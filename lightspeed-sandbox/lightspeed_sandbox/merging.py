"""Parts of a row as they become when new values are given: contacts, notes, prices, tags.

Source: section 6.1 of the API reference. A nested row with its id is updated, without one it is appended (recorded).
Rows that have no id are told apart by the fields that the declaration names, such as `useType`; where it names none,
by their place. An empty list blanks the list, unless its rows have ids: those only go when they are named (`deleted`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lightspeed_retail.resources import Field, FieldType, Nested, Part
from lightspeed_retail.wire import Record
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.generate.values import record

_DELETED = "deleted"
_BAD_REQUEST = 400

NewKey = Callable[[str], int]


class Merger:
    """Merges what is given into what is there.

    Args:
        now: When that happens.
        new_key: Gives out numbers for parts that have one.
    """

    def __init__(self, now: str, new_key: NewKey) -> None:
        """Merge at a moment."""
        self._now = now
        self._new_key = new_key

    def merge(self, nested: Nested, before: Any, given: Any) -> Any:
        """What a nested key holds afterwards; parts only, no rows of other resources."""
        part = nested.part
        if part is None:
            return list(given or ())
        if not nested.many:
            return None if given is None else self.one(part, before, given)
        return self._many(part, list(before or ()), list(given))

    def one(self, part: type[Part], before: Record | None, given: Record) -> Record:
        """A part with new values, numbered and stamped."""
        row = dict(before) if before else self._blank(part)
        for field in part.fields():
            if field.name in given and field.writable and field.name != part.own_key():
                row[field.name] = self._value(field, row.get(field.name), given[field.name])
        for field in part.fields():
            if field.name == "timeStamp":
                row[field.name] = self._now
        key = part.own_key()
        if key is not None and not row.get(key):
            row[key] = self._new_key(key.removesuffix("ID"))
        return row

    def _value(self, field: Field, before: Any, given: Any) -> Any:
        return given if field.nested is None else self.merge(field.nested, before, given)

    def _blank(self, part: type[Part]) -> Record:
        row = record(part)
        row |= {field.name: field.default for field in part.fields() if field.default is not None}
        row |= {field.name: [] for field in part.fields() if field.type is FieldType.LIST}
        return row

    def _many(self, part: type[Part], before: list[Record], given: list[Record]) -> list[Record]:
        if not given and part.own_key() is None:
            return []
        rows = list(before)
        for place, new in enumerate(given):
            found = self._place(part, rows, new, place)
            merged = self.one(part, rows[found] if found is not None else None, new)
            if found is None:
                rows.append(merged)
            else:
                rows[found] = merged
        return [row for row in rows if not row.get(_DELETED)]

    def _place(self, part: type[Part], rows: list[Record], new: Record, place: int) -> int | None:
        """Where the row stands that new values are meant for; None for a new one."""
        key = part.own_key()
        if key is not None and new.get(key):
            return self._by(rows, key, new[key], part, must=True)
        for name in part.by:
            if new.get(name):
                return self._by(rows, name, new[name], part)
        return place if key is None and not part.by and place < len(rows) else None

    def _by(self, rows: list[Record], name: str, value: Any, part: type[Part], *, must: bool = False) -> int | None:
        found = next((place for place, row in enumerate(rows) if row.get(name) == value), None)
        if found is None and must:
            raise ApiError(_BAD_REQUEST, f"Invalid {name} '{value}' for {part.__name__}.")
        return found


def owned_parts(part: type[Part]) -> Iterator[tuple[Field, Nested]]:
    """The fields of a declaration that hold parts which can be written."""
    for field in part.fields():
        if field.nested is not None and field.nested.resource is None and field.nested.writable:
            yield field, field.nested
