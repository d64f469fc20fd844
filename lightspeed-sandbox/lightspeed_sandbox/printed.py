"""The SQL that prints a row of a table as JSON, with its relations: one expression for each kind of answer.

It says the same as `answers.Answers` does with records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from lightspeed_retail.resources import Days, Field, FieldType, Nested, Resource
from lightspeed_sandbox.answers import Convert, converter, has_relations, shape_of
from lightspeed_sandbox.columns import column, is_stored, quoted
from lightspeed_sandbox.links import Link, link
from lightspeed_sandbox.memo import remembered
from lightspeed_sandbox.relations import Tree, planted

UNSET = b"\x01"
"""Stands for null until the key is taken out: `json_quote` escapes it, and nothing else holds it."""

_UNSET_SQL = "x'01'"
_MOST_NAME = 80
# SQLite takes 127 arguments at the most.
_MOST_ARGUMENTS = 100
_REMEMBERED = 250
_BARE = (FieldType.INTEGER, FieldType.NUMBER, FieldType.MONEY)
_NOTHING = "(0, '', '0')"

Pair = tuple[str, str]
"""What stands in the format, and the value for it."""


@remembered(_REMEMBERED)
def statement(resource: type[Resource], paths: tuple[str, ...]) -> str | None:
    """The SQL of the bytes of a row with its relations; None where SQL cannot say all of it."""
    tree = planted(paths)
    if not _can_say(resource, tree):
        return None
    return f"CAST({_row(resource, tree, resource.__name__, 1)} AS BLOB)"


def without_nulls(row: bytes) -> bytes:
    """A row without the keys that hold null."""
    while (at := row.find(UNSET)) > 0:
        # Nothing but the key is between its value and the comma or brace before it.
        nearby = at - _MOST_NAME if at > _MOST_NAME else 0
        begin = max(row.rfind(b',"', nearby, at - 1), row.rfind(b'{"', nearby, at - 1))
        end = at + 2 if row[at - 1 : at] == b'"' else at + 1
        if row[begin : begin + 1] == b"{":
            begin, end = begin + 1, end + (row[end : end + 1] == b",")
        row = row[:begin] + row[end:]
    return row


def functions() -> Iterable[tuple[str, Callable[[str], str]]]:
    """The functions that the expressions call, by their names: what is kept as JSON is written in the API's own."""
    for resource in Resource.all():
        for field in filter(is_stored, resource.fields()):
            convert = None if _is_scalar(field) else converter(resource, field)
            if convert is not None:
                yield _function(resource, field), _rewriting(convert)


def _rewriting(convert: Convert) -> Callable[[str], str]:
    @remembered(_REMEMBERED)
    def rewrite(text: str) -> str:
        return orjson.dumps(convert(text)).decode()

    return rewrite


def _can_say(resource: type[Resource], tree: Tree) -> bool:
    """Whether neither the row nor what comes along with it has days of a report, or parts with relations."""
    if isinstance(resource.api.bookmark, Days):
        return False
    for field, nested in _nested(resource, tree):
        tie = link(resource, field)
        if tie is not None:
            if not _is_in_order(tie.target) or not _can_say(tie.target, tree.get(field.name, {})):
                return False
        elif nested.part is not None and nested.resource is None and has_relations(nested.part):
            return False
    return True


def _is_in_order(resource: type[Resource]) -> bool:
    """Whether an index has rows of one value in the order of their keys: it has, if the key is the row's number."""
    return not resource.api.dimensions and resource.field(resource.api.key).type is FieldType.INTEGER


def _nested(resource: type[Resource], tree: Tree) -> list[tuple[Field, Nested]]:
    found = ((field, field.nested) for field in resource.fields())
    return [(field, nested) for field, nested in found if nested and (not nested.asked or field.name in tree)]


def _row(resource: type[Resource], tree: Tree, table: str, depth: int, before: str = "", behind: str = "") -> str:
    """The SQL of a row's text, with something before and behind it.

    Args:
        resource: Whose row.
        tree: The relations that come along.
        table: By what name its table goes.
        depth: How many tables there are around it, and it.
        before: What stands before the text.
        behind: What stands behind it.
    """
    shape = shape_of(resource, tree)
    pairs = [(_form(field), _value(resource, field, table)) for field in shape.fields]
    pairs += [("%s", _unless_there(name, empty, table)) for name, empty in shape.empties.items()]
    for field, nested in _nested(resource, tree):
        tie = link(resource, field)
        if tie is not None:
            joined = _many if nested.many else _one
            pairs.append(("%s", joined(field.name, nested, tie, tree.get(field.name, {}), table, depth)))
    pairs[0] = before + "{" + pairs[0][0].removeprefix(","), pairs[0][1]
    pairs[-1] = pairs[-1][0] + "}" + behind, pairs[-1][1]
    starts = range(0, len(pairs), _MOST_ARGUMENTS)
    return " || ".join(_printed(pairs[at : at + _MOST_ARGUMENTS]) for at in starts)


def _one(name: str, nested: Nested, tie: Link, below: Tree, table: str, depth: int) -> str:
    """The SQL of a key with a single row, or of nothing."""
    inner = f"t{depth}"
    text = _row(tie.target, below, inner, depth + 1, *_around(name, nested.wrapper))
    source = f'"{tie.target.__name__}" AS "{inner}" WHERE {_tied(tie, table, inner)}'
    return f"ifnull((SELECT {text} FROM {source}), '')"


def _many(name: str, nested: Nested, tie: Link, below: Tree, table: str, depth: int) -> str:
    """The SQL of a key with rows: several are a list, one is a bare object unless it has no wrapper.

    The rows come in the order of their keys, because the index by which they are found has them in this order.
    """
    before, behind = _around(name, nested.element)
    inner, target = f"t{depth}", tie.target.__name__
    without = "" if nested.empty is None else f',"{name}":{_json(nested.empty)}'
    several = f"{before}[%s]{behind}"
    one = f"{before}%s{behind}" if nested.element else several
    return (
        f"(SELECT CASE count(*) WHEN 0 THEN '{without}' ELSE printf(CASE count(*) WHEN 1 THEN '{one}' "
        f"ELSE '{several}' END, group_concat({_row(tie.target, below, inner, depth + 1)}, ',')) END "
        f'FROM "{target}" AS "{inner}" INDEXED BY "{target} {tie.there}" WHERE {_tied(tie, table, inner)})'
    )


def _around(name: str, wrapper: str | None) -> tuple[str, str]:
    return (f',"{name}":{{"{wrapper}":', "}") if wrapper else (f',"{name}":', "")


def _tied(tie: Link, table: str, inner: str) -> str:
    here = f'"{table}"."{tie.here}"'
    return f'"{inner}"."{tie.there}" = {here} AND {here} NOT IN {_NOTHING}'


def _is_scalar(field: Field) -> bool:
    return field.nested is None and field.type is not FieldType.FLAGS


def _function(resource: type[Resource], field: Field) -> str:
    return f"wire_{resource.__name__}_{field.name}"


def _printed(pairs: Iterable[Pair]) -> str:
    forms, values = zip(*pairs, strict=True)
    return f"printf('{''.join(forms)}', {', '.join(values)})"


def _form(field: Field) -> str:
    quote = '"' if field.type in (*_BARE, FieldType.BOOLEAN) else ""
    return f',"{field.name}":{quote}%s{quote}'


def _value(resource: type[Resource], field: Field, table: str) -> str:
    name = f"{quoted(table)}.{quoted(column(field))}"
    if field.type in _BARE:
        return f"ifnull({name}, {_UNSET_SQL})"
    if field.type is FieldType.BOOLEAN:
        return f"CASE {name} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE {_UNSET_SQL} END"
    function = "json_quote" if _is_scalar(field) else _function(resource, field)
    return f"CASE WHEN {name} IS NULL THEN {_UNSET_SQL} ELSE {function}({name}) END"


def _unless_there(name: str, empty: Any, table: str) -> str:
    """The key of a list without rows, where the API writes one."""
    return f"CASE WHEN {quoted(table)}.{quoted(f'@{name}')} IS NULL THEN ',\"{name}\":{_json(empty)}' ELSE '' END"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
