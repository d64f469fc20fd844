"""A list request as SQL: which rows, in which order, from where on.

Source: pages "Query parameters" and "Pagination" (sections 3.2 and 4 of the API reference).
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from lightspeed_retail.resources import Field, FieldType, Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.filters import Condition, condition, filtered_field
from lightspeed_sandbox.relations import Relations, parse

MOST_ROWS = 100

_BAD_REQUEST = 400
_PAGING = ("limit", "sort", "after", "before")
_WORDS = (*_PAGING, "archived", "count", "load_relations", "pretty_print")
_ARCHIVED = {"false": '"archived" IS NOT 1', "true": "1", "only": '"archived" = 1'}


@dataclass(frozen=True)
class Sort:
    """An order that leaves no ties: by a field, then by the key."""

    field: Field
    key: str
    descending: bool

    def order(self, *, reverse: bool) -> str:
        """What follows `ORDER BY`."""
        direction = "DESC" if self.descending != reverse else "ASC"
        names = (self.key,) if self.field.name == self.key else (self.field.name, self.key)
        return ", ".join(f'"{name}" {direction}' for name in names)

    def beyond(self, cursor: Sequence[Any], *, reverse: bool) -> Condition:
        """Rows that come after a cursor, or before it; rows without a sort value are the lowest."""
        up = self.descending == reverse
        sign = ">" if up else "<"
        *values, key = cursor
        if self.field.name == self.key:
            return f'"{self.key}" {sign} ?', [key]
        if values[0] is None:
            others = f' OR "{self.field.name}" IS NOT NULL' if up else ""
            return f'(("{self.field.name}" IS NULL AND "{self.key}" {sign} ?){others})', [key]
        nulls = "" if up else f' OR "{self.field.name}" IS NULL'
        return f'(("{self.field.name}", "{self.key}") {sign} (?, ?){nulls})', [values[0], key]

    def cursor(self, row: Record) -> str:
        """The opaque place of a wire row: its key, with the sort value before it where it is not sorted by key."""
        place: list[Any] = [int(row[self.key])]
        if self.field.name != self.key:
            value = row.get(self.field.name)
            place.insert(0, int(value) if value is not None and self.field.type is FieldType.INTEGER else value)
        return b64encode(orjson.dumps(place)).decode()

    def place(self, cursor: str) -> list[Any]:
        """The place that a cursor stands for.

        Raises:
            ApiError: The cursor is broken or belongs to another order.
        """
        try:
            place = orjson.loads(b64decode(cursor, validate=True))
        except (binascii.Error, orjson.JSONDecodeError, ValueError):
            place = None
        length = 1 if self.field.name == self.key else 2
        if not isinstance(place, list) or len(place) != length:
            raise ApiError(_BAD_REQUEST, "The cursor is not valid for this request.")
        return place


@dataclass(frozen=True)
class ListRequest:
    """A list request, understood.

    Args:
        conditions: What the rows must meet.
        relations: What is loaded with them.
        limit: Rows on the page.
        sort: Their order.
        sort_text: The order in the words of the request.
        cursor: Where the page begins, or for a page before it, ends.
        before: Whether the page lies before the cursor.
        count: Whether only the number of rows is asked for.
    """

    conditions: tuple[Condition, ...]
    relations: Relations
    limit: int
    sort: Sort
    sort_text: str
    cursor: list[Any] | None = None
    before: bool = False
    count: bool = False

    def where(self, *, beyond: bool = True) -> Condition:
        """All conditions in one; without `beyond` those of the whole list."""
        conditions = self.conditions
        if beyond and self.cursor is not None:
            conditions = (*conditions, self.sort.beyond(self.cursor, reverse=self.before))
        sql = " AND ".join(sql for sql, _ in conditions) or "1"
        return sql, [value for _, values in conditions for value in values]

    def links(self, rows: Sequence[Record], params: Mapping[str, str], base: str, *, more: bool) -> dict[str, str]:
        """Addresses of the pages around this one, `""` where there is none."""
        behind, ahead = (more, self.cursor is not None) if self.before else (self.cursor is not None, more)
        kept = {name: value for name, value in params.items() if name not in _PAGING}

        def address(direction: str, row: Record) -> str:
            wanted = {**kept, "sort": self.sort_text, "limit": str(self.limit), direction: self.sort.cursor(row)}
            return f"{base}?{urlencode(wanted, quote_via=quote, safe='')}"

        return {
            "next": address("after", rows[-1]) if rows and ahead else "",
            "previous": address("before", rows[0]) if rows and behind else "",
        }


def understand(
    resource: type[Resource], params: Mapping[str, str], ignored: frozenset[str], zone: Callable[[], tzinfo]
) -> ListRequest:
    """A list request out of its query parameters.

    Args:
        resource: Whose list is asked for.
        params: The query parameters.
        ignored: Filters to leave unheeded, as some servers do.
        zone: Where times without an offset are meant.

    Raises:
        ApiError: The API knows no such question.
    """
    for name in ("offset", "or"):
        if name in params:
            raise ApiError(_BAD_REQUEST, f"The parameter '{name}' is not supported.")
    relations = parse(resource, params.get("load_relations"))
    filters = [name for name in params if not _is_word(resource, name) and name not in ignored]
    conditions = [condition(resource, relations.tree, name, params[name], zone) for name in filters]
    sort = _sort(resource, params.get("sort") or resource.api.key)
    asked = ListRequest(
        conditions=(*conditions, *_archived(resource, params)),
        relations=relations,
        limit=_limit(params.get("limit")),
        sort=sort,
        sort_text=params.get("sort") or resource.api.key,
        count=_is_count(params),
    )
    return _from_cursor(asked, params)


def _is_word(resource: type[Resource], name: str) -> bool:
    return name in _WORDS and (name != "archived" or resource.api.archived)


def _is_count(params: Mapping[str, str]) -> bool:
    if not params.get("count"):
        return False
    mixed = [name for name in _PAGING if name in params]
    if mixed or params["count"] not in ("1", "true"):
        raise ApiError(_BAD_REQUEST, f"count=1 cannot be combined with {', '.join(_PAGING)}.")
    return True


def _archived(resource: type[Resource], params: Mapping[str, str]) -> list[Condition]:
    if not resource.api.archived:
        return []
    word = params.get("archived", "false")
    if word not in _ARCHIVED:
        raise ApiError(_BAD_REQUEST, "archived must be one of: false, true, only.")
    return [(_ARCHIVED[word], [])]


def _limit(text: str | None) -> int:
    if text is None:
        return MOST_ROWS
    if not text.isdecimal():
        raise ApiError(_BAD_REQUEST, f"limit must be a number between 0 and {MOST_ROWS}.")
    return min(int(text), MOST_ROWS)


def _sort(resource: type[Resource], text: str) -> Sort:
    name = text.removeprefix("-")
    allowed = (resource.api.key, *resource.api.sortable)
    if name.casefold() not in {known.casefold() for known in allowed}:
        listed = ", ".join(resource.api.sortable or (resource.api.key,))
        raise ApiError(_BAD_REQUEST, f"Cannot sort {resource.__name__} by '{name}'. Sortable fields: {listed}.")
    by_fold = {field.name.casefold(): field.name for field in resource.fields()}
    field = filtered_field(resource, by_fold.get(name.casefold(), name))
    return Sort(field, resource.api.key, descending=text.startswith("-"))


def _from_cursor(asked: ListRequest, params: Mapping[str, str]) -> ListRequest:
    if "after" in params and "before" in params:
        raise ApiError(_BAD_REQUEST, "after and before cannot be combined.")
    for name in ("after", "before"):
        if params.get(name):
            return replace(asked, cursor=asked.sort.place(params[name]), before=name == "before")
    return asked
