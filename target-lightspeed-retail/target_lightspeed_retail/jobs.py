"""One record on its way into Lightspeed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lightspeed_retail.errors import is_key
from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from target_lightspeed_retail.ledger import Entry, digest, digests
from target_lightspeed_retail.pictures import beside
from target_lightspeed_retail.records import DELETED, Pointer, RejectedError, Shape, pointers

_MOST_UNKNOWN = 100
"""Fields that Lightspeed does not have, of which so many are told."""

_LONGEST_KEY = 1000
"""Characters of a key as it is; what stands for a longer one tells it apart as well."""


@dataclass
class Job:
    """A record of a stream, and what is known about it.

    Args:
        resource: What it is a record of.
        record: The record as it came in.
        key: By what the ledger knows it.
        wanted: The record, typed, with pointers where it names other rows.
        digests: A digest of each field that may be written.
        source: The account that it comes from, if that is another one than the target's.
        number: The key of the row, if the record names one of the target's account.
        deleted: Whether it is gone at its source.
        entry: What the ledger says.
        origin: The message as it came in, before any mapping; None for a record that waited.
        remark: What the outcome says besides: what was left out, for example.
        was_counted: Whether it counts as a change already.
        looks: How often it had to be looked at what became of a change.
        sent: The fields that were sent as a change so far.
        was_parked: Whether it waited for another record before.
        waits: Whether it waits for another record now.
    """

    resource: type[Resource]
    record: Record
    key: str
    wanted: Record
    digests: dict[str, str]
    source: int | None
    number: int | None
    deleted: bool
    entry: Entry | None = None
    origin: Mapping[str, Any] | None = None
    remark: str | None = None
    was_counted: bool = False
    looks: int = 0
    sent: set[str] = field(default_factory=set)
    was_parked: bool = False
    waits: bool = False

    @property
    def stream(self) -> str:
        """The stream."""
        return self.resource.api.stream


class Reader:
    """Makes jobs of the records of a stream.

    Args:
        resource: What they are records of.
        keys: The stream's key properties.
        account: The target's account.
    """

    def __init__(self, resource: type[Resource], keys: list[str], account: int) -> None:
        """Compile the declaration."""
        self._resource = resource
        self._keys = keys
        self._account = account
        self._shape = Shape(resource)
        self._pointers = pointers(resource, resource)
        self._written = {each.name.casefold() for each in resource.writable()} | {"archived", DELETED}
        self._written |= {name.removesuffix("ID").casefold() for name in self._pointers}
        extra = beside(resource)
        self._written |= {name.casefold() for name in extra}
        # By its key a record is known to ledger and outcome, whether or not Lightspeed has such a field.
        self._unsaid = {*extra, *keys}
        self.unknown: set[str] = set()

    def __call__(self, record: Mapping[str, Any]) -> Job:
        """The job of a record.

        Raises:
            RejectedError: A value does not fit its field.
        """
        if len(self.unknown) < _MOST_UNKNOWN:
            unknown = (name for name in self._shape.unknown(record) if name not in self._unsaid)
            self.unknown.update(itertools.islice(unknown, _MOST_UNKNOWN))
        wanted = self._shape(record)
        source = self._source(record)
        number = wanted.pop(self._resource.api.key, None)
        return Job(
            resource=self._resource,
            record=dict(record),
            key=self._key(record, number),
            wanted=wanted,
            digests=digests({name: value for name, value in record.items() if name.casefold() in self._written}),
            source=source,
            number=number if source is None and isinstance(number, int) and number > 0 else None,
            deleted=bool(record.get(DELETED)),
        )

    def key(self, record: Mapping[str, Any]) -> str:
        """By what a record is known that cannot be read."""
        number, account = (str(record.get(name) or "") for name in (self._resource.api.key, "accountID"))
        is_named = is_key(number) and is_key(account or "0")
        return self._key(record, int(number) if is_named else None)

    def _source(self, record: Mapping[str, Any]) -> int | None:
        account = str(record.get("accountID") or "").strip()
        if account and not is_key(account):
            raise RejectedError("accountID is no number of an account.")
        return int(account) if account and int(account) != self._account else None

    def _key(self, record: Mapping[str, Any], number: Any) -> str:
        """The row's number in its account, or what the stream says to be its key, or all of it."""
        if isinstance(number, int) and number > 0:
            return row_key(int(str(record.get("accountID") or self._account)), number)
        named = {name: record.get(name) for name in self._keys if name != "accountID"}
        if named and all(value not in (None, "") for value in named.values()):
            text = json.dumps(named, sort_keys=True, default=str)
            return text if len(text) <= _LONGEST_KEY else f"key {digest(named)}"
        return f"content {digest({name: value for name, value in record.items() if not name.startswith('_sdc_')})}"


def row_key(account: int, number: int) -> str:
    """By what the ledger knows a row of an account."""
    return f"{account}/{number}"


def pointed_at(value: Any) -> list[Pointer]:
    """All pointers in a typed record, nested ones included."""
    if isinstance(value, Pointer):
        return [value]
    if isinstance(value, Mapping):
        return [found for inner in value.values() for found in pointed_at(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in pointed_at(inner)]
    return []
