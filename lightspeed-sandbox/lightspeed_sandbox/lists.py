"""A list request, understood: which rows, in which order, from where on.

Source: pages "Query parameters" and "Pagination" (sections 3.1, 3.2 and 4 of the API reference).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Any
from urllib.parse import quote, urlencode

from lightspeed_retail.query import Version
from lightspeed_retail.resources import Days, Resource
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.filters import Condition, condition
from lightspeed_sandbox.relations import Relations, parse
from lightspeed_sandbox.sorting import Sort, cursor, documented, sorts_by

MOST_ROWS = 100
DAYS_WANTED = ("startDate", "endDate")

_BAD_REQUEST = 400
_PAGING = {
    Version.V3: ("limit", "sort", "after", "before"),
    Version.V2: ("limit", "offset", "orderby", "orderby_desc"),
}
_WORDS = ("archived", "load_relations", "pretty_print")
_ARCHIVED = {"false": '"archived" IS NOT 1', "true": "1", "only": '"archived" = 1'}


@dataclass(frozen=True)
class ListRequest:
    """A list request, understood.

    Args:
        resource: Whose list.
        conditions: What the rows must meet.
        relations: What is loaded with them.
        limit: Rows on the page.
        sort: Their order.
        place: Where the page begins, or for a page before it, ends.
        before: Whether the page lies before that place.
        count: Whether only the number of rows is asked for.
        offset: How many rows to skip, in V2.
    """

    resource: type[Resource]
    conditions: tuple[Condition, ...]
    relations: Relations
    limit: int
    sort: Sort
    place: list[Any] | None = None
    before: bool = False
    count: bool = False
    offset: int = 0

    def where(self, *, beyond: bool = True) -> Condition:
        """All conditions in one; without `beyond` those of the whole list.

        Where the page begins comes first: of two bounds of one column SQLite seeks the first, and a walk within a range
        would pass all rows again that it has had.
        """
        conditions = self.conditions
        if beyond and self.place is not None:
            conditions = (self.sort.beyond(self.place, reverse=self.before), *conditions)
        sql = " AND ".join(sql for sql, _ in conditions) or "1"
        return sql, [value for _, values in conditions for value in values]

    def links(
        self, places: Sequence[Sequence[Any]], params: Mapping[str, str], base: str, *, more: bool
    ) -> dict[str, str]:
        """Addresses of the pages around the one with these places, `""` where there is none."""
        begun = self.place is not None
        behind, ahead = (more, begun) if self.before else (begun, more)
        kept = {name: value for name, value in params.items() if name not in _PAGING[Version.V3]}

        def address(direction: str, place: Sequence[Any]) -> str:
            order = {"sort": self.sort.text} if sorts_by(self.resource, self.sort.text.removeprefix("-")) else {}
            wanted = {**kept, **order, "limit": str(self.limit), direction: cursor(place)}
            return f"{base}?{urlencode(wanted, quote_via=quote, safe='')}"

        return {
            "next": address("after", places[-1]) if places and ahead else "",
            "previous": address("before", places[0]) if places and behind else "",
        }


@dataclass(frozen=True)
class Reader:
    """Understands list requests.

    Args:
        zone: Where times without an offset are meant.
        refused: Filters to refuse, as some servers do.
        ignored: Filters to leave unheeded, as others do.
    """

    zone: Callable[[], tzinfo]
    refused: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()

    def understand(self, resource: type[Resource], params: Mapping[str, str], version: Version) -> ListRequest:
        """A list request out of its query parameters.

        Raises:
            ApiError: The API knows no such question.
        """
        self._refuse(resource, params, version)
        relations = parse(resource, params.get("load_relations"))
        words = _words(resource, version)
        filters = [name for name in params if name not in words and name not in self.ignored]
        conditions = [condition(resource, relations.tree, name, params[name], self.zone) for name in filters]
        asked = ListRequest(
            resource=resource,
            conditions=(
                *conditions,
                *_hidden(resource, params),
                *_archived(resource, params),
                *_days(resource, params),
            ),
            relations=relations,
            limit=_limit(params.get("limit")),
            sort=_usual(resource),
        )
        return _in_v3(resource, asked, params) if version is Version.V3 else _in_v2(resource, asked, params)

    def _refuse(self, resource: type[Resource], params: Mapping[str, str], version: Version) -> None:
        others = {name for words in _PAGING.values() for name in words} - set(_PAGING[version])
        for name in ("or", *sorted(others)):
            if name in params:
                raise ApiError(_BAD_REQUEST, f"The parameter '{name}' is not supported.")
        for name in self.refused & params.keys():
            raise ApiError(_BAD_REQUEST, f"'{name}' is not a valid search parameter for {resource.__name__}.")


def _words(resource: type[Resource], version: Version) -> set[str]:
    """Parameters that are no filters."""
    words = {*_WORDS, *_PAGING[version]}
    if not resource.api.archived:
        words.discard("archived")
    if version is Version.V3:
        words.add("count")
    if isinstance(resource.api.bookmark, Days):
        words.update(DAYS_WANTED)
    return words


def _usual(resource: type[Resource]) -> Sort:
    return Sort.by(resource, resource.api.sortable[0] if resource.api.dimensions else resource.api.key)


def _in_v3(resource: type[Resource], asked: ListRequest, params: Mapping[str, str]) -> ListRequest:
    sort = documented(resource, params["sort"]) if params.get("sort") else asked.sort
    asked = replace(asked, sort=sort, count=_is_count(params))
    if "after" in params and "before" in params:
        raise ApiError(_BAD_REQUEST, "after and before cannot be combined.")
    for name in ("after", "before"):
        if params.get(name):
            return replace(asked, place=sort.place(params[name]), before=name == "before")
    return asked


def _in_v2(resource: type[Resource], asked: ListRequest, params: Mapping[str, str]) -> ListRequest:
    offset = params.get("offset") or "0"
    if not offset.isdecimal():
        raise ApiError(_BAD_REQUEST, "offset must be a whole number.")
    sign = "-" if params.get("orderby_desc") == "1" else ""
    sort = Sort.by(resource, sign + (params.get("orderby") or asked.sort.text))
    return replace(asked, sort=sort, offset=int(offset))


def _is_count(params: Mapping[str, str]) -> bool:
    if not params.get("count"):
        return False
    paging = _PAGING[Version.V3]
    mixed = [name for name in paging if name in params]
    if mixed or params["count"] not in ("1", "true"):
        raise ApiError(_BAD_REQUEST, f"count=1 cannot be combined with {', '.join(paging)}.")
    return True


def _hidden(resource: type[Resource], params: Mapping[str, str]) -> list[Condition]:
    """Rows that only come when they are asked for, such as gift cards."""
    return [(f'"{name}" IS NOT 1', []) for name, _ in resource.api.passes if name not in params]


def _archived(resource: type[Resource], params: Mapping[str, str]) -> list[Condition]:
    if not resource.api.archived:
        return []
    word = params.get("archived", "false")
    if word not in _ARCHIVED:
        raise ApiError(_BAD_REQUEST, "archived must be one of: false, true, only.")
    return [(_ARCHIVED[word], [])]


def _days(resource: type[Resource], params: Mapping[str, str]) -> list[Condition]:
    """Reports are asked for from one day to another, both included."""
    bookmark = resource.api.bookmark
    if not isinstance(bookmark, Days):
        return []
    missing = [name for name in DAYS_WANTED if not params.get(name)]
    if missing:
        raise ApiError(_BAD_REQUEST, f"{' and '.join(missing)} must be given for {resource.__name__}.")
    return [(f'"{bookmark.field}" BETWEEN ? AND ?', [_day(params[name], name) for name in DAYS_WANTED])]


def _day(text: str, name: str) -> str:
    try:
        found: date = datetime.strptime(text, "%m/%d/%Y") if "/" in text else datetime.fromisoformat(text)  # noqa: DTZ007  only the day is taken
    except ValueError:
        raise ApiError(_BAD_REQUEST, f"{name} must be a day such as 2024-01-31.") from None
    return found.strftime("%Y-%m-%d")


def _limit(text: str | None) -> int:
    if text is None:
        return MOST_ROWS
    if not text.isdecimal():
        raise ApiError(_BAD_REQUEST, f"limit must be a number between 0 and {MOST_ROWS}.")
    return min(int(text), MOST_ROWS)
