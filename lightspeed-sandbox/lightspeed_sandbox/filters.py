"""Conditions of a query as SQL.

Source: page "Query parameters" (section 4 of the API reference).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from lightspeed_retail.resources import Days, Field, FieldType, Part, Resource, Stamp
from lightspeed_retail.wire import stamp
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.links import link
from lightspeed_sandbox.relations import Tree

Condition = tuple[str, list[Any]]

_BAD_REQUEST = 400
_MOST_VALUES = 100
_OPERATOR = re.compile(r"(><|>=|<=|!=|!~|>|<|~|=|IN),(.*)", re.DOTALL)
_COMPARISONS = {"=": "=", "!=": "IS NOT", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
_LIKES = {"~": "LIKE", "!~": "NOT LIKE"}
_BOOLEANS = {"true": 1, "false": 0, "1": 1, "0": 0}

# A search by a part of a contact names the use of the part, not its field.
_CONTACT = {
    "email": ("Emails", "address", None),
    "phoneHome": ("Phones", "number", "Home"),
    "phoneWork": ("Phones", "number", "Work"),
    "mobile": ("Phones", "number", "Mobile"),
    "pager": ("Phones", "number", "Pager"),
    "fax": ("Phones", "number", "Fax"),
}
# An item code is any of three fields.
_CODES = {"itemCode": ("itemID", "upc", "ean")}


def condition(resource: type[Resource], tree: Tree, name: str, text: str, zone: Callable[[], tzinfo]) -> Condition:
    """The SQL of one query parameter.

    Args:
        resource: Whose list is asked for.
        tree: Relations that are loaded, below which one may filter.
        name: Name of the parameter: a field, or a relation and its field.
        text: Its value, with or without an operator.
        zone: Where times without an offset are meant.

    Raises:
        ApiError: There is no such field, or the value does not fit it.
    """
    outer, dot, inner = name.partition(".")
    if dot:
        return _below(resource, tree, outer, inner, text, zone)
    if name in _CODES and resource.__name__ == "Item":
        return _any_of([_on_field(resource.field(code), code, text, zone) for code in _CODES[name]])
    field = filtered_field(resource, name)
    if field.name == _day(resource):
        raise _unknown(resource, name)
    return _on_field(field, _quoted(resource, field.name), text, zone)


def filtered_field(resource: type[Resource], name: str) -> Field:
    """The field that a parameter names; the stamp has all the names that documentation and payload give it.

    Raises:
        ApiError: There is no such field.
    """
    bookmark = resource.api.bookmark
    if isinstance(bookmark, Stamp) and name in bookmark.spellings:
        name = bookmark.field
    found = _scalar(resource, name)
    if found is None:
        raise _unknown(resource, name)
    return found


def _day(resource: type[Resource]) -> str | None:
    """The day of a report's rows, which has parameters of its own."""
    bookmark = resource.api.bookmark
    return bookmark.field if isinstance(bookmark, Days) else None


def _unknown(resource: type[Resource], name: str) -> ApiError:
    return ApiError(_BAD_REQUEST, f"'{name}' is not a valid search parameter for {resource.__name__}.")


def _scalar(part: type[Part], name: str) -> Field | None:
    return next((field for field in part.fields() if field.name == name and field.nested is None), None)


def _quoted(resource: type[Resource], name: str) -> str:
    return f'"{resource.__name__}"."{name}"'


def _any_of(conditions: list[Condition]) -> Condition:
    sql = " OR ".join(sql for sql, _ in conditions)
    return f"({sql})", [value for _, values in conditions for value in values]


def _below(
    resource: type[Resource], tree: Tree, outer: str, inner: str, text: str, zone: Callable[[], tzinfo]
) -> Condition:
    if outer not in tree:
        raise ApiError(_BAD_REQUEST, f"'{outer}.{inner}' needs the relation '{outer}' to be loaded.")
    relation = resource.field(outer)
    tie = link(resource, relation)
    if tie is not None and (field := _scalar(tie.target, inner)) is not None:
        sql, values = _on_field(field, f'"nested"."{inner}"', text, zone)
        here = _quoted(resource, tie.here)
        table = tie.target.__name__
        return f'EXISTS (SELECT 1 FROM "{table}" AS "nested" WHERE "nested"."{tie.there}" = {here} AND {sql})', values
    if outer == "Contact" and inner in _CONTACT:
        return _in_contact(resource, *_CONTACT[inner], text)
    raise _unknown(resource, f"{outer}.{inner}")


def _in_contact(resource: type[Resource], parts: str, name: str, use: str | None, text: str) -> Condition:
    sql, values = _compare(FieldType.STRING, f"json_extract(\"value\", '$.{name}')", text, lambda: UTC)
    used = "" if use is None else f" AND json_extract(\"value\", '$.useType') = '{use}'"
    rows = f"json_each(json_extract({_quoted(resource, '@Contact')}, '$.{parts}'))"
    return f"EXISTS (SELECT 1 FROM {rows} WHERE {sql}{used})", values


def _on_field(field: Field, column: str, text: str, zone: Callable[[], tzinfo]) -> Condition:
    try:
        return _compare(field.type, column, text, zone)
    except (ValueError, ArithmeticError, KeyError):
        raise ApiError(_BAD_REQUEST, f"The value for '{field.name}' is not valid.") from None


def _compare(kind: FieldType, column: str, text: str, zone: Callable[[], tzinfo]) -> Condition:
    found = _OPERATOR.fullmatch(text)
    operator, value = found.groups() if found else ("=", text)
    if operator in _LIKES:
        return f"CAST({column} AS TEXT) {_LIKES[operator]} ?", [value]
    if kind in (FieldType.NUMBER, FieldType.MONEY):
        column = f"CAST({column} AS REAL)"
    if operator == "IN":
        values = [_value(kind, one, zone) for one in _listed(value)]
        return f"{column} IN ({', '.join('?' for _ in values)})", values
    if operator == "><":
        low, high = value.split(",")
        return f"{column} >= ? AND {column} <= ?", [_value(kind, low, zone), _value(kind, high, zone)]
    return f"{column} {_COMPARISONS[operator]} ?", [_value(kind, value, zone)]


def _listed(text: str) -> list[str]:
    values = [value.strip().strip("\"'") for value in text.strip().removeprefix("[").removesuffix("]").split(",")]
    if len(values) > _MOST_VALUES:
        raise ApiError(_BAD_REQUEST, f"IN takes {_MOST_VALUES} values at the most.")
    return values


def _value(kind: FieldType, text: str, zone: Callable[[], tzinfo]) -> Any:
    if kind is FieldType.INTEGER:
        return int(text)
    if kind is FieldType.BOOLEAN:
        return _BOOLEANS[text.lower()]
    if kind in (FieldType.NUMBER, FieldType.MONEY):
        return float(Decimal(text))
    if kind in (FieldType.DATETIME, FieldType.DATE):
        moment = datetime.fromisoformat(text)
        return stamp(moment if moment.tzinfo else moment.replace(tzinfo=zone()))
    return text
