"""A small made-up retailer to test with, and what its rows look like once they are off the wire."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from lightspeed_retail.resources import FieldType, Part, Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox import generate
from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.tapping import Key, key_of

TODAY = datetime(2024, 6, 15, 18, 0, tzinfo=UTC)
WIDE: dict[str, Any] = {"bucket_size": 1_000_000.0, "drip_rate": 10_000.0}
"""Limits so wide that nothing waits: for tests of anything but pacing."""


def small_store(*, days: int = 30, sales_per_day: int = 12, seed: int = 1) -> Store:
    """A month of a small retailer, large enough that every field of the API is filled somewhere."""
    store = Store()
    Clock(store.meta).set(TODAY)
    scale = generate.Scale(seed=seed, days=days, sales_per_day=sales_per_day, customers=120, items=130)
    generate.build(store, scale, TODAY)
    store.commit()
    return store


def small_sandbox(store: Store | None = None, **options: Any) -> Sandbox:
    """A sandbox over a small retailer, with wide limits unless the test is about limits."""
    return Sandbox(Config(**{**WIDE, **options}), store=store or small_store())


def plain(value: Any) -> Any:
    """A value without what is unset, and numbers by their worth: for comparing rows from different sources."""
    if isinstance(value, dict):
        kept = {name: plain(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner not in (None, {}, [])}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value).normalize()
    return None if value == "" else value


def comparable(resource: type[Resource], record: Record) -> Record:
    """The fields of a record that a sandbox's table holds too: all but copies of other tables' rows.

    Dates are left to the tests of the wire form: a table keeps them as the moment that the API writes.
    """
    fields = [field for field in resource.fields() if field.type not in (FieldType.DATE, FieldType.SECRET)]
    own = [field for field in fields if field.nested is None or field.nested.resource is None]
    return {field.name: value for field in own if (value := _own(field.nested, record.get(field.name))) is not None}


def _own(nested: Any, value: Any) -> Any:
    part = nested.part if nested is not None else None
    if part is None or not value:
        return plain(value) if value != [] else None
    if isinstance(value, list):
        return [_part(part, row) for row in value]
    return _part(part, value) or None


def _part(part: type[Part], record: Record) -> Record:
    fields = [field for field in part.fields() if field.nested is None or field.nested.resource is None]
    return {field.name: value for field in fields if (value := _own(field.nested, record.get(field.name))) is not None}


def by_key(resource: type[Resource], records: Iterable[Record]) -> dict[Key, Record]:
    """What of records can be compared with a sandbox's table, by their key; the last one of a key wins."""
    return {key_of(resource, record): comparable(resource, record) for record in records}


def table(sandbox: Sandbox, resource: type[Resource]) -> dict[Key, Record]:
    """All rows of a resource as the sandbox holds them, by their key; those of reports over all days."""
    return by_key(resource, sandbox.rows(resource))


def asked(sandbox: Sandbox, resource: type[Resource], log: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """The requests to the list of a resource, whatever the parent, in their order.

    Args:
        sandbox: Who was asked.
        resource: Whose list.
        log: An earlier log to look into; without it the present one.
    """
    path = re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(resource.api.path))
    if not resource.api.path.startswith("/API/"):
        path = f"/API(/V3)?/Account/{sandbox.account}{path}"
    entries = sandbox.requests if log is None else log
    return [entry for entry in entries if re.fullmatch(path, entry["path"])]
