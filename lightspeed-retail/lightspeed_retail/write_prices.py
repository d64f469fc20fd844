"""What writes cost in drips, worked out from the request alone.

Source: page "Rate limits", rules in force since 2026-03-17 (section 2.4 of the API reference).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from lightspeed_retail.query import BASE_PRICE
from lightspeed_retail.resources import Part, Resource
from lightspeed_retail.resources.endpoint import Action
from lightspeed_retail.wire import as_list, nested_rows

NESTED_PRICE = Decimal("0.5")
"""What each record nested in the body of a POST or PUT adds."""

_WITH_BODY = ("POST", "PUT")
_SUFFIX = ".json"


def write_price(resource: type[Resource], method: str, body: Mapping[str, Any] | None = None) -> Decimal:
    """Drips that a POST, PUT or DELETE of a row costs.

    Args:
        resource: Whose row.
        method: How it is written.
        body: The wire body.
    """
    fields = body if body and method in _WITH_BODY else {}
    dearer = sum(extra for name, extra in resource.api.surcharges if _is_set(fields.get(name)))
    return resource.api.write_price + dearer + nested_price(resource, fields)


def action_price(resource: type[Resource], action: Action, body: Mapping[str, Any] | None = None) -> Decimal:
    """Drips that an action on a row costs."""
    return action.price + nested_price(resource, body or {})


def nested_price(part: type[Part] | None, body: Mapping[str, Any]) -> Decimal:
    """What the records nested in a body add.

    The page says "0.5 per nested related entity". That is read as every row, at any depth: a sale with two lines, one
    of which has a note, nests three. Wrappers of lists (`SaleLines`) are no rows; the texts of a list (`Tags`) are.
    """
    return NESTED_PRICE * _rows_within(part, body)


def path_price(method: str, path: str, body: Mapping[str, Any]) -> Decimal:
    """Drips that a write to any path below the account costs: by the declaration that knows it, else what is usual."""
    for resource in Resource.all():
        for action in resource.api.actions:
            if action.method == method and _matches(action.path, path):
                return action_price(resource, action, body)
    for resource in Resource.all():
        if any(_matches(each, path) or _is_row_of(each, path) for each in (resource.api.path, *resource.api.below)):
            return write_price(resource, method, body)
    return BASE_PRICE + (nested_price(None, body) if method in _WITH_BODY else 0)


def _matches(declared: str, path: str) -> bool:
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(declared))
    return re.fullmatch(pattern, path) is not None


def _is_row_of(declared: str, path: str) -> bool:
    return _matches(f"{declared.removesuffix(_SUFFIX)}/{{key}}{_SUFFIX}", path)


def _is_set(value: object) -> bool:
    return value in (True, "true", "1")


def _rows_within(part: type[Part] | None, body: Mapping[str, Any]) -> int:
    fields = {field.name: field for field in part.fields()} if part is not None else {}
    count = 0
    for name, value in body.items():
        field = fields.get(name)
        if field is None:
            rows, inner = list(_undeclared(value)), None
        elif field.nested is None:
            continue
        else:
            nested, inner = field.nested, field.nested.part
            rows = nested_rows(value, nested.element) if nested.element else _bare(value, nested.wrapper)
        count += len(rows) + sum(_rows_within(inner, row) for row in rows if isinstance(row, dict))
    return count


def _bare(value: object, wrapper: str | None) -> list[Any]:
    rows = as_list(value)
    return as_list(rows[0].get(wrapper)) if wrapper and rows and isinstance(rows[0], dict) else rows


def _undeclared(value: object) -> Iterator[Any]:
    """The rows under a key that no declaration knows; an object that only holds objects wraps them."""
    for each in as_list(value) if isinstance(value, list | dict) else []:
        held = list(each.values()) if isinstance(each, dict) else []
        if len(held) == 1 and isinstance(held[0], list | dict):
            yield from as_list(held[0])
        else:
            yield each
