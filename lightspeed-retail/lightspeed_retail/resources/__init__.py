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
from lightspeed_retail.resources.endpoint import (
    Action,
    Bookmark,
    Days,
    Endpoint,
    Match,
    Snapshot,
    Stamp,
    Tail,
    Vanishing,
)

__all__ = [
    "Action",
    "Bookmark",
    "Days",
    "Endpoint",
    "Field",
    "FieldType",
    "Match",
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
