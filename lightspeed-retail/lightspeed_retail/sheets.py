"""Answers that hold a list, looked at just enough to walk on; rows are decoded when they are wanted, and once.

A page that waits to be read is a tenth of its size as long as it is still text.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from lightspeed_retail import errors
from lightspeed_retail.bodies import decoded
from lightspeed_retail.errors import is_key
from lightspeed_retail.query import Query
from lightspeed_retail.resources import FieldType, Resource
from lightspeed_retail.wire import Record, rows

_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_LIST = b"["
_NULL = b"\\u0000"
# Not where the backslash is itself one that is named: an even number of them comes before.
_NULLS = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


class Extent(NamedTuple):
    """How far a page reaches.

    Args:
        rows: How many rows there are.
        first: The key of the first.
        last: The key of the last.
    """

    rows: int
    first: int
    last: int


@dataclass(frozen=True)
class Sheet:
    """The body of an answer.

    Args:
        content: The body as it came.
        attributes: What it says about itself in `@attributes`; None where it says nothing.
        envelope: What stands under the key of the rows, undecoded; nothing where that key is missing.
    """

    content: bytes
    attributes: Any
    envelope: msgspec.Raw

    @classmethod
    def of(cls, resource: type[Resource], content: bytes) -> Sheet | None:
        """The body of a list; None where it is broken, or no JSON object."""
        try:
            if not content.isascii():
                content.decode()
            content = _without_nulls(content)
            outline = _outline(resource.envelope()).decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return cls(content, outline.attributes, outline.rows)

    @property
    def says_nothing(self) -> bool:
        """Whether it has neither rows nor attributes under their names."""
        return self.attributes is None and not self.envelope

    def rows(self, resource: type[Resource]) -> list[Record]:
        """The records, as they stand on the wire.

        Raises:
            RequestRefusedError: One cannot be told apart.
        """
        name, key = resource.envelope(), resource.api.key
        body = {name: decoded(self.envelope)} if self.envelope else decoded(self.content)
        found = rows(body, name, key)
        if not all(isinstance(row, dict) for row in found):
            raise _unfit(resource, "a row is no object")
        if has_number(resource) and not all(is_key(row.get(key)) for row in found):
            raise _unfit(resource, f"a row has no number in {key}, so it cannot be told apart")
        return found

    def extent(self, resource: type[Resource]) -> Extent | None:
        """How far it reaches, None where it has no rows; only the first and the last are decoded.

        Raises:
            RequestRefusedError: A row cannot be told apart.
        """
        key = resource.api.key
        raw = _ROWS.decode(self.envelope) if memoryview(self.envelope)[:1] == _LIST else []
        ends = [decoded(each) for each in (*raw[:1], *raw[-1:])]
        if ends and all(isinstance(row, dict) and is_key(row.get(key)) for row in ends):
            return Extent(len(raw), int(ends[0][key]), int(ends[-1][key]))
        found = self.rows(resource)
        return Extent(len(found), int(found[0][key]), int(found[-1][key])) if found else None


@dataclass(frozen=True)
class Page:
    """A page of a walk.

    Args:
        sheet: The answer.
        query: What was asked.
        next: Address of the following page; None on the last one.
        date: The server's clock when it answered.
    """

    sheet: Sheet
    query: Query
    next: str | None
    date: datetime

    @cached_property
    def rows(self) -> list[Record]:
        """Records as they stand on the wire, none for an empty list.

        Raises:
            RequestRefusedError: One cannot be told apart.
        """
        return self.sheet.rows(self.query.resource)

    @property
    def size(self) -> int:
        """Bytes of the answer."""
        return len(self.sheet.content)


def has_number(resource: type[Resource]) -> bool:
    """Whether rows are told apart by one whole number, so that a list can be walked by it."""
    return not resource.api.dimensions and resource.field(resource.api.key).type is FieldType.INTEGER


def _unfit(resource: type[Resource], reason: str) -> errors.RequestRefusedError:
    return errors.RequestRefusedError(f"{resource.__name__}: {reason}.", status=HTTPStatus.OK)


def _without_nulls(content: bytes) -> bytes:
    """A body without null characters, which JSON can name and no database keeps in a text."""
    if _NULL not in content:
        return content
    return _NULLS.sub(rb"\1", content)


@functools.cache
def _outline(envelope: str) -> msgspec.json.Decoder[Any]:
    fields = [
        ("attributes", Any, msgspec.field(name="@attributes", default=None)),
        ("rows", msgspec.Raw, msgspec.field(name=envelope, default=msgspec.Raw(b""))),
    ]
    return msgspec.json.Decoder(msgspec.defstruct("Outline", fields))
