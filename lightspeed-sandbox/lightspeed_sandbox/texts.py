"""Pages of rows as the JSON of the API, put together by SQLite: one text for each row.

They are, byte for byte, what `answers.Answers` gives as records, at a fraction of the cost: one Python object for each
row, where a record has one for each value. Rows of which SQL cannot say everything are left to the records.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

import orjson

from lightspeed_retail.resources import Days, Nested, Resource
from lightspeed_sandbox.answers import Answers, has_relations, shape_of
from lightspeed_sandbox.columns import quoted
from lightspeed_sandbox.links import Link, link
from lightspeed_sandbox.memo import compiled
from lightspeed_sandbox.printed import UNSET, expression, functions, without_nulls
from lightspeed_sandbox.relations import Tree
from lightspeed_sandbox.store import Store

_NOTHING = (None, "", 0, "0")

Row = tuple[Any, ...]
"""The text of a row, and the values of some columns."""


class Joined:
    """A relation that comes along with rows.

    Args:
        name: Its key.
        nested: What it is.
        tie: How its rows are found.
    """

    def __init__(self, name: str, nested: Nested, tie: Link) -> None:
        """Find out what stands around its rows."""
        self.name = name
        self.tie = tie
        wrapper = nested.element if nested.many else nested.wrapper
        self._before, self._behind = (f',"{name}":{{"{wrapper}":', "}") if wrapper else (f',"{name}":', "")
        self._without = f',"{name}":{_json(nested.empty)}' if nested.many and nested.empty is not None else ""
        self._fewest_listed = (2 if wrapper else 1) if nested.many else None

    def text(self, rows: Sequence[str]) -> str:
        """The key with what it holds, behind a comma."""
        if not rows:
            return self._without
        fewest = self._fewest_listed
        inner = rows[0] if fewest is None or len(rows) < fewest else f"[{','.join(rows)}]"
        return self._before + inner + self._behind


class Texts:
    """Reads rows as the text that the API would send."""

    def __init__(self, store: Store, answers: Answers) -> None:
        """Read from a store; what SQL cannot say comes from the answers."""
        self._store = store
        self._answers = answers
        for name, function in functions():
            store.teach(name, function)

    def rows(
        self, resource: type[Resource], tree: Tree, where: str, params: Sequence[Any], *, order: str
    ) -> list[orjson.Fragment]:
        """Rows that meet an SQL condition; they stand in a body like records."""
        return [orjson.Fragment(text) for text, *_ in self._rows(resource, tree, where, params, order)]

    def _rows(
        self,
        resource: type[Resource],
        tree: Tree,
        where: str,
        params: Sequence[Any],
        order: str,
        names: Sequence[str] = (),
    ) -> list[Row]:
        """Texts of rows with the values of some columns."""
        joined = _joined(resource, frozenset(tree))
        if joined is None:
            wires = self._answers.rows(resource, tree, where, params, order=order)
            return [(_json(wire), *(wire.get(name) for name in names)) for wire in wires]
        text = expression(resource, shape_of(resource, tree), is_open=bool(joined))
        columns = map(quoted, (*names, *(each.tie.here for each in joined)))
        found = self._store.values(resource, (text, *columns), where, params, order)
        rows: list[Row] = [row if UNSET not in row[0] else (without_nulls(row[0]), *row[1:]) for row in found]
        return self._complete(rows, joined, tree, 1 + len(names)) if joined else rows

    def _complete(self, rows: Sequence[Row], joined: Sequence[Joined], tree: Tree, place: int) -> list[Row]:
        """Rows with their relations, whose values begin at a place; without these values."""
        pieces = [[row[0] for row in rows]]
        for at, each in enumerate(joined, start=place):
            groups = self._groups(each, tree.get(each.name, {}), {row[at] for row in rows})
            pieces.append([each.text(groups.get(str(row[at]), ())) for row in rows])
        texts = map("".join, zip(*pieces, itertools.repeat("}")))
        return [(text, *row[1:place]) for text, row in zip(texts, rows, strict=True)]

    def _groups(self, each: Joined, below: Tree, values: Collection[Any]) -> Mapping[str, list[str]]:
        """The rows of a relation, by the value that they share with the row around them."""
        tie = each.tie
        keys = [value for value in values if value not in _NOTHING]
        if not keys:
            return {}
        # One parameter for all keys: the statement stays the same, and SQLite need not understand it again.
        where = f"{quoted(tie.there)} IN (SELECT json_each.value FROM json_each(?))"  # noqa: S608  names come from the declarations
        order = ", ".join(map(quoted, dict.fromkeys((tie.there, *tie.target.api.keys))))
        rows = self._rows(tie.target, below, where, (_json(keys),), order, (tie.there,))
        return {str(key): [row[0] for row in group] for key, group in itertools.groupby(rows, itemgetter(1))}


@compiled
def _joined(resource: type[Resource], asked: frozenset[str]) -> tuple[Joined, ...] | None:
    """The relations that come along with rows; None where SQL cannot say all of the rows."""
    if isinstance(resource.api.bookmark, Days):
        return None
    found = []
    for field in resource.fields():
        nested, tie = field.nested, link(resource, field)
        if nested is None or (nested.asked and field.name not in asked):
            continue
        if tie is not None:
            found.append(Joined(field.name, nested, tie))
        elif nested.part is not None and nested.resource is None and has_relations(nested.part):
            return None
    return tuple(found)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
