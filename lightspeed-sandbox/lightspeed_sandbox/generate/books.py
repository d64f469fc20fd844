"""What has been generated but is not in the store yet, and the keys that were given out."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.generate.values import record
from lightspeed_sandbox.store import Store

_META = "generate.part_keys"


class Books:
    """Rows on their way into a store: written in large lists, read through."""

    def __init__(self, store: Store) -> None:
        """Continue the keys of a store."""
        self.store = store
        self._pending: dict[type[Resource], dict[int, Record]] = defaultdict(dict)
        self._next: dict[type[Resource], int] = {}
        self._part_keys: dict[str, int] = msgspec.json.decode(store.meta.get(_META, "{}"))

    def key(self, resource: type[Resource]) -> int:
        """A key that no row has."""
        found = self.upcoming(resource)
        self._next[resource] = found + 1
        return found

    def upcoming(self, resource: type[Resource]) -> int:
        """The key that the next new row will have."""
        if resource not in self._next:
            self._next[resource] = self.store.next_key(resource)
        return self._next[resource]

    def part_key(self, name: str) -> int:
        """A key for a record that has no list of its own: notes, contacts, charges."""
        self._part_keys[name] = self._part_keys.get(name, 0) + 1
        return self._part_keys[name]

    def add(self, resource: type[Resource], **fields: Any) -> Record:
        """Enter a new row, with the next key unless one is given."""
        row = record(resource, **fields)
        row[resource.api.key] = row[resource.api.key] or self.key(resource)
        return self.put(resource, row)

    def put(self, resource: type[Resource], row: Record) -> Record:
        """Enter a row that has its key, or a changed one."""
        self._pending[resource][row[resource.api.key]] = row
        return row

    def get(self, resource: type[Resource], key: int) -> Record | None:
        """A row by its key, entered or stored."""
        return self._pending[resource].get(key) or self.store.get(resource, key)

    def entered(self, resource: type[Resource]) -> list[Record]:
        """The rows that are not in the store yet, in the order in which they were entered."""
        return list(self._pending[resource].values())

    def flush(self) -> None:
        """Put everything into the store."""
        for resource, rows in self._pending.items():
            self.store.put(resource, rows.values())
        self._pending.clear()
        self.store.meta[_META] = msgspec.json.encode(self._part_keys).decode()
