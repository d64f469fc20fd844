"""Every resource of the API, declared once."""

from __future__ import annotations

from lightspeed_retail.resources import (
    account,
    company,
    customers,
    items,
    labels,
    payments,
    purchasing,
    receiving,
    reports,
    sales,
    stock,
    tills,
    workorders,
)
from lightspeed_retail.resources.declaration import Field, FieldType, Nested, Part, Resource
from lightspeed_retail.resources.endpoint import Bookmark, Days, Endpoint, Snapshot, Stamp, Tail, Vanishing

__all__ = [
    "Bookmark",
    "Days",
    "Endpoint",
    "Field",
    "FieldType",
    "Nested",
    "Part",
    "Resource",
    "Snapshot",
    "Stamp",
    "Tail",
    "Vanishing",
    "account",
    "company",
    "customers",
    "items",
    "labels",
    "payments",
    "purchasing",
    "receiving",
    "reports",
    "sales",
    "stock",
    "tills",
    "workorders",
]
