"""The order of a list, and places in it."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from lightspeed_retail.resources import Field, FieldType, Resource
from lightspeed_sandbox.columns import quoted
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.filters import Condition, filtered_field

_BAD_REQUEST = 400
_DECIMALS = (FieldType.NUMBER, FieldType.MONEY)


@dataclass(frozen=True)
class Sort:
    """An order that leaves no ties: by a field, then by what identifies a row.

    Args:
        fields: The field, then those of the key; where the field belongs to the key, the others after it.
        first_is_key: Whether the first field belongs to the key, hence is never unset.
        descending: Whether it runs backwards.
        text: The order in the words of the request.
    """

    fields: tuple[Field, ...]
    first_is_key: bool
    descending: bool
    text: str

    @classmethod
    def by(cls, resource: type[Resource], text: str) -> Sort:
        """The order by a field, descending with a minus sign before it; case does not matter.

        Raises:
            ApiError: There is no such field.
        """
        name = text.removeprefix("-")
        by_fold = {field.name.casefold(): field.name for field in resource.fields()}
        first = filtered_field(resource, by_fold.get(name.casefold(), name))
        rest = [resource.field(key) for key in resource.api.keys if key != first.name]
        return cls((first, *rest), first.name in resource.api.keys, text.startswith("-"), text)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose values are a place."""
        return tuple(field.name for field in self.fields)

    def order(self, *, reverse: bool) -> str:
        """What follows `ORDER BY`."""
        direction = "DESC" if self.descending != reverse else "ASC"
        return ", ".join(f"{value} {direction}" for value in self._values)

    def beyond(self, place: Sequence[Any], *, reverse: bool) -> Condition:
        """Rows that come after a place, or before it; rows without a sort value are the lowest."""
        up = self.descending == reverse
        sign = ">" if up else "<"
        first = self._values[0]
        if place[0] is None and not self.first_is_key:
            others = f" OR {first} IS NOT NULL" if up else ""
            return f"(({first} IS NULL AND {_row(self._values[1:])} {sign} {_marks(place[1:])}){others})", [*place[1:]]
        nulls = "" if up or self.first_is_key else f" OR {first} IS NULL"
        return f"({_row(self._values)} {sign} {_marks(place)}{nulls})", self._comparable(place)

    @property
    def _values(self) -> list[str]:
        """Decimals are stored as texts and compared as numbers."""
        return [
            f"CAST({quoted(field.name)} AS REAL)" if field.type in _DECIMALS else quoted(field.name)
            for field in self.fields
        ]

    def _comparable(self, place: Sequence[Any]) -> list[Any]:
        return [
            float(value) if field.type in _DECIMALS else value for field, value in zip(self.fields, place, strict=True)
        ]

    def place(self, cursor: str) -> list[Any]:
        """The place that a cursor stands for.

        Raises:
            ApiError: The cursor is broken or belongs to another order.
        """
        try:
            place = orjson.loads(b64decode(cursor, validate=True))
        except (binascii.Error, orjson.JSONDecodeError, ValueError):
            place = None
        if not isinstance(place, list) or len(place) != len(self.fields):
            raise ApiError(_BAD_REQUEST, "The cursor is not valid for this request.")
        return place


def cursor(place: Sequence[Any]) -> str:
    """A place as the API hides it: its values, the key's last."""
    return b64encode(orjson.dumps(list(place))).decode()


def documented(resource: type[Resource], text: str) -> Sort:
    """The order that `sort` asks for.

    Raises:
        ApiError: The API does not sort by this field.
    """
    name = text.removeprefix("-")
    if not sorts_by(resource, name):
        listed = ", ".join(resource.api.sortable)
        raise ApiError(_BAD_REQUEST, f"Cannot sort {resource.__name__} by '{name}'. Sortable fields: {listed}.")
    return Sort.by(resource, text)


def sorts_by(resource: type[Resource], name: str) -> bool:
    """Whether `sort` offers a field, in whatever case."""
    return name.casefold() in {known.casefold() for known in resource.api.sortable}


def _row(values: Sequence[str]) -> str:
    return f"({', '.join(values)})"


def _marks(place: Sequence[Any]) -> str:
    return f"({', '.join('?' for _ in place)})"
