"""Every resource of the API, declared once."""

from __future__ import annotations

from lightspeed_retail.resources import account, customers, items, purchasing, sales, workorders
from lightspeed_retail.resources.declaration import (
    Endpoint,
    Field,
    FieldType,
    Nested,
    Part,
    Resource,
    Snapshot,
    Stamp,
    Tail,
)

__all__ = [
    "Endpoint",
    "Field",
    "FieldType",
    "Nested",
    "Part",
    "Resource",
    "Snapshot",
    "Stamp",
    "Tail",
    "account",
    "customers",
    "items",
    "purchasing",
    "sales",
    "workorders",
]
