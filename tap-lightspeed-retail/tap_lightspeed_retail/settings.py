"""The tap's settings: those of the connection, and how to read."""

from __future__ import annotations

from typing import Any

from lightspeed_retail.settings import CONNECTION, setting

READING: dict[str, dict[str, Any]] = {
    "start_date": setting(
        "string",
        "Start date",
        "Events (sales, orders, workorders) last changed before it are left out of the first load. "
        "What they refer to is always read whole. Left out: everything is read.",
        format="date-time",
    ),
    "lookback_seconds": setting(
        "integer",
        "Look-back in seconds",
        "How far before its bookmark a run reads again, for rows that became visible late.",
        default=300,
        minimum=0,
        maximum=31_536_000,
    ),
    "keep_unknown_fields": setting(
        "boolean",
        "Keep unknown fields",
        "Keep fields that this version does not know, in a column unknown_fields.",
        default=False,
    ),
}

SCHEMA: dict[str, Any] = {"type": "object", "properties": {**CONNECTION, **READING}}
"""JSON Schema of all settings of the tap, without those that the SDK adds."""
