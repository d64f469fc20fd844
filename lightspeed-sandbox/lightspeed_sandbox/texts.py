"""Pages of rows as the JSON of the API, put together by SQLite: one Python object for each row.

They are, byte for byte, what `answers.Answers` gives as records, which have an object for each value and cost several
times as much. Rows of which SQL cannot say everything are left to the records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.answers import Answers
from lightspeed_sandbox.printed import UNSET, functions, statement, without_nulls
from lightspeed_sandbox.relations import Relations
from lightspeed_sandbox.store import Store


@dataclass(frozen=True)
class Page:
    """The body of an answer to a list request, with rows that are JSON already.

    Args:
        attributes: What stands before the rows.
        name: Their key.
        rows: The rows.
    """

    attributes: Record
    name: str
    rows: Sequence[bytes]

    def content(self) -> bytes:
        """Several rows are a list, one is a bare object, none have no key."""
        head = escaped(orjson.dumps({"@attributes": self.attributes}))
        if not self.rows:
            return head
        begin, end = (b"[", b"]}") if len(self.rows) > 1 else (b"", b"}")
        # One copy of what is most of the answer: each further one would cost as much as all rows in Python.
        pieces = [escaped(row) for row in self.rows]
        pieces[0] = orjson.dumps(self.name) + b":" + begin + pieces[0]
        pieces[-1] += end
        return b",".join((head[:-1], *pieces))


class Texts:
    """Reads rows as the text that the API would send."""

    def __init__(self, store: Store, answers: Answers) -> None:
        """Read from a store; what SQL cannot say comes from the answers."""
        self._store = store
        self._answers = answers
        for name, function in functions():
            store.teach(name, function)

    def rows(
        self, resource: type[Resource], asked: Relations, where: str, params: Sequence[Any], *, order: str
    ) -> list[bytes]:
        """Rows that meet an SQL condition."""
        text = statement(resource, asked.paths)
        if text is None:
            records = self._answers.rows(resource, asked.tree, where, params, order=order)
            return [orjson.dumps(record) for record in records]
        found = self._store.values(resource, (text,), where, params, order)
        return [without_nulls(row) if UNSET in row else row for (row,) in found]


def escaped(text: bytes) -> bytes:
    """JSON as the API's encoder writes it, with every slash escaped."""
    return text.replace(b"/", b"\\/")
