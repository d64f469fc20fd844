"""The SQL that prints a row of a table as JSON: one expression for each kind of answer.

It says the same as `answers.Shape` does with records. Relations can follow if it is left open:
`{"saleID":"7","completed":"true"`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from lightspeed_retail.resources import Field, FieldType, Resource
from lightspeed_sandbox.answers import Convert, Shape, converter
from lightspeed_sandbox.columns import column, is_stored, quoted
from lightspeed_sandbox.memo import compiled, remembered

UNSET = "\x01"
"""Stands for null until the key is taken out: `json_quote` escapes it, and nothing else holds it."""

_UNSET_SQL = "x'01'"
# SQLite takes 127 arguments at the most.
_MOST_ARGUMENTS = 100
_REMEMBERED = 250
_BARE = (FieldType.INTEGER, FieldType.NUMBER, FieldType.MONEY)


@compiled
def expression(resource: type[Resource], shape: Shape, *, is_open: bool) -> str:
    """The SQL of the text of a row; one that is left open lacks the last brace."""
    pairs = [(_form(field), _value(resource, field)) for field in shape.fields]
    pairs[0] = pairs[0][0].removeprefix(","), pairs[0][1]
    pairs += [("%s", _unless_there(name, empty)) for name, empty in shape.empties.items()]
    starts = range(0, len(pairs), _MOST_ARGUMENTS)
    printed = [_printed(pairs[at : at + _MOST_ARGUMENTS]) for at in starts]
    return " || ".join(("'{'", *printed) if is_open else ("'{'", *printed, "'}'"))


def without_nulls(text: str) -> str:
    """The text of a row without the keys that hold null."""
    while (at := text.find(UNSET)) > 0:
        # Nothing but the key itself is between the comma before it and its value.
        begin = max(text.rfind(",", 0, at), 1)
        end = at + 2 if text[at - 1] == '"' else at + 1
        text = text[:begin] + text[end:]
    return text.replace("{,", "{", 1) if text.startswith("{,") else text


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


def _is_scalar(field: Field) -> bool:
    return field.nested is None and field.type is not FieldType.FLAGS


def _function(resource: type[Resource], field: Field) -> str:
    return f"wire_{resource.__name__}_{field.name}"


def _printed(pairs: Iterable[tuple[str, str]]) -> str:
    forms, values = zip(*pairs, strict=True)
    return f"printf('{''.join(forms)}', {', '.join(values)})"


def _form(field: Field) -> str:
    quote = '"' if field.type in (*_BARE, FieldType.BOOLEAN) else ""
    return f',"{field.name}":{quote}%s{quote}'


def _value(resource: type[Resource], field: Field) -> str:
    name = quoted(column(field))
    if field.type in _BARE:
        return f"ifnull({name}, {_UNSET_SQL})"
    if field.type is FieldType.BOOLEAN:
        return f"CASE {name} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE {_UNSET_SQL} END"
    function = "json_quote" if _is_scalar(field) else _function(resource, field)
    return f"CASE WHEN {name} IS NULL THEN {_UNSET_SQL} ELSE {function}({name}) END"


def _unless_there(name: str, empty: Any) -> str:
    """The key of a list without rows, where the API writes one."""
    text = f',"{name}":{orjson.dumps(empty).decode()}'
    return f"CASE WHEN {quoted(f'@{name}')} IS NULL THEN '{text}' ELSE '' END"
