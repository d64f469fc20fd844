"""Rows out of recorded answers of the API.

A recording is a JSON file with `request`, `status` and `body`. Every row in it, nested ones included, becomes a row of
its own table. Where two recordings of one row differ, the one with the later stamp wins; without stamps, the answer
that is a single record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from lightspeed_retail.resources import FieldType, Part, Resource, Stamp
from lightspeed_retail.wire import Decoder, Decoding, Record, as_list, rows
from lightspeed_sandbox.answers import inner_rows
from lightspeed_sandbox.store import Key, Store

_GOOD = range(200, 300)
_ACCOUNT = re.compile(r"/Account/(\d+)")


class Silent:
    """Tells nobody: recordings are older than the declarations."""

    def unknown(self, field: str) -> None:
        """Pass over a key that no declaration knows."""

    def misfit(self, field: str, value: object, *, personal: bool) -> None:
        """Pass over a value that does not fit."""


@dataclass(frozen=True)
class Found:
    """One copy of a row.

    Args:
        resource: Whose row.
        row: As it was recorded.
        alone: Whether it was found in an answer of a single record.
        nested: Whether it was found inside another row.
    """

    resource: type[Resource]
    row: Record
    alone: bool
    nested: bool

    @property
    def rank(self) -> tuple[str, bool, bool, bool]:
        """The later stamp wins, then the answer that is a single record, be it the row itself or one around it."""
        return self.stamp, self.alone and not self.nested, self.alone, not self.nested

    @property
    def stamp(self) -> str:
        """The change stamp, "" where the row has none."""
        bookmark = self.resource.api.bookmark
        names = (bookmark.field, bookmark.fallback) if isinstance(bookmark, Stamp) else ()
        return next((str(self.row[name]) for name in names if name in self.row), "")


def fill(store: Store, folder: Path) -> None:
    """Put every row of the recordings in a folder into the store.

    Raises:
        FileNotFoundError: The folder has no recordings.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        message = f"There are no recordings (*.json) in {folder}."
        raise FileNotFoundError(message)
    copies: dict[tuple[type[Resource], Key], list[Found]] = {}
    for file in files:
        for found in _rows_of(orjson.loads(file.read_bytes())):
            key = found.row.get(found.resource.api.key)
            if key is not None:
                copies.setdefault((found.resource, str(key)), []).append(found)
    for (resource, _), same in copies.items():
        store.put(resource, [_typed(resource, _merged(same))], complete=False)


def _rows_of(recording: Mapping[str, Any]) -> Iterator[Found]:
    body = recording.get("body")
    if recording.get("status") not in _GOOD or not isinstance(body, dict):
        return
    account = _ACCOUNT.search(str((recording.get("request") or {}).get("url")))
    if account is not None:
        yield Found(Resource.named("Account"), {"accountID": account[1]}, alone=False, nested=True)
    for name in body:
        listed = rows(body, name)
        for row in listed:
            yield from _walk(row, _resource(name), alone=len(listed) == 1)


def _walk(value: Any, part: type[Part] | None, *, alone: bool, nested: bool = False) -> Iterator[Found]:
    """The row itself if it is one of a resource, and all rows within it."""
    if isinstance(value, list):
        for element in value:
            yield from _walk(element, part, alone=alone, nested=nested)
    elif isinstance(value, dict):
        if part is not None and issubclass(part, Resource):
            yield Found(part, value, alone, nested)
        for name, inner in value.items():
            yield from _walk(inner, _nested_part(part, name), alone=alone, nested=True)


def _nested_part(part: type[Part] | None, name: str) -> type[Part] | None:
    """What a key holds: what the declaration says, or else the resource of that name (`Shop` in a sale)."""
    declared = next((field.nested for field in part.fields() if field.name == name), None) if part else None
    if declared is None:
        return _resource(name)
    return None if declared.many else declared.part


def _resource(name: str) -> type[Resource] | None:
    return next((resource for resource in Resource.all() if resource.__name__ == name), None)


def _merged(copies: list[Found]) -> Record:
    """The best copy, completed from others of the same stamp."""
    best = max(copies, key=lambda found: found.rank)
    row: Record = {}
    for found in sorted((copy for copy in copies if copy.stamp == best.stamp), key=lambda copy: copy.rank):
        row |= found.row
    return row | best.row


def _typed(resource: type[Resource], wire: Record) -> Record:
    """The typed record of a recorded row; dates stay the moments that the API writes."""
    record = Decoder(resource, Decoding(report=Silent()))(wire)
    dates = [field.name for field in resource.fields() if field.type is FieldType.DATE]
    record |= {name: wire[name] for name in dates if name in wire}
    _as_written(resource, record, wire)
    return record


def _as_written(part: type[Part], record: Record, wire: Record) -> None:
    """Leave out what the recording lacks, and keep its empty texts apart from that."""
    written = {name.casefold() for name in wire}
    for field in part.fields():
        value = wire.get(field.name)
        if field.name.casefold() not in written:
            record.pop(field.name, None)
        elif field.type is FieldType.STRING and value == "":
            record[field.name] = ""
        elif field.nested is not None and field.nested.part is not None and field.nested.resource is None:
            rows_within = zip(as_list(record.get(field.name)), inner_rows(value, field.nested), strict=True)
            for inner, inner_wire in rows_within:
                _as_written(field.nested.part, inner, inner_wire)
