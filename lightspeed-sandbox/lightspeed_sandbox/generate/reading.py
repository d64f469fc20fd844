"""Rows out of a store, as the people in the shops find them when a day begins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.generate.values import completed
from lightspeed_sandbox.store import Store


def read(store: Store, resource: type[Resource], where: str = "1", **options: Any) -> list[Record]:
    """Rows that meet an SQL condition, without nulls where the API has none."""
    return [completed(resource, row) for row in store.select(resource, where, **options)]


def rows_of(store: Store, resource: type[Resource], column: str, keys: Iterable[int]) -> list[Record]:
    """All rows of a resource that point to one of some keys."""
    listed = ", ".join(str(int(key)) for key in keys)
    return read(store, resource, f'"{column}" IN ({listed})') if listed else []


def grouped(store: Store, resource: type[Resource], column: str, keys: Iterable[int]) -> dict[int, list[Record]]:
    """The same rows by what they point to."""
    groups: dict[int, list[Record]] = {}
    for row in rows_of(store, resource, column, keys):
        groups.setdefault(row[column], []).append(row)
    return groups
