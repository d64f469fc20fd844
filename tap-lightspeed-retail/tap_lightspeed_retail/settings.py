"""The tap's settings: those of the connection, what to read, and in which form."""

from __future__ import annotations

from typing import Any

from lightspeed_retail.resources import Resource
from lightspeed_retail.settings import CONNECTION, setting


def presets() -> dict[str, list[str]]:
    """The named selections of streams, out of the declarations."""
    found: dict[str, list[str]] = {}
    for resource in Resource.all():
        for preset in resource.api.presets:
            found.setdefault(preset, []).append(resource.api.stream)
    return found


def _choice(title: str, description: str, *values: str, default: str | None = None) -> dict[str, Any]:
    more: dict[str, Any] = {"default": default} if default else {}
    return setting("string", title, description, enum=[*values, None], **more)


_CUSTOM_STREAM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "title": "Name of the stream"},
        "path": {"type": "string", "pattern": "^/", "title": "Path below the account, or from /API on"},
        "envelope": {"type": "string", "title": "Key of the rows in the answer; default: last part of the path"},
        "key": {"type": "string", "title": "Field that identifies a row"},
        "key_type": {"enum": ["integer", "string"], "title": "Type of the key; default: integer"},
        "replication_key": {"type": "string", "title": "Change stamp to filter by; without one the list is read whole"},
        "relations": {"type": "array", "items": {"type": "string"}, "title": "Relations to load, as dotted paths"},
        "archived": {"type": "boolean", "title": "Whether to ask for archived rows too"},
        "fields": {
            "type": "object",
            "additionalProperties": {"enum": ["integer", "number", "string", "boolean", "datetime", "date"]},
            "title": "Types of further fields; all others are kept in unknown_fields",
        },
    },
    "required": ["name", "path", "key"],
    "additionalProperties": False,
}

WHAT: dict[str, dict[str, Any]] = {
    "start_date": setting(
        "string",
        "Start date",
        "Events (sales, orders, workorders) last changed before it are left out of the first load. "
        "What they refer to is always read whole. Left out: everything is read.",
        format="date-time",
    ),
    "end_date": setting(
        "string",
        "End date",
        "Events last changed after it are left out, and the bookmark stays there, so that a later run goes on.",
        format="date-time",
    ),
    "shop_ids": setting(
        "array",
        "Shops",
        "Numbers of the shops whose rows are read, in all streams that name a shop. Left out: all shops.",
        items={"type": "integer"},
    ),
    "filters": setting(
        "object",
        "Filters",
        "Conditions a stream, in the words of the API: "
        '{"sales": {"completed": "true"}, "items": {"archived": "false"}}.',
        additionalProperties={"type": "object", "additionalProperties": {"type": "string"}},
    ),
    "preset": _choice("Preset", "A named selection of streams; others are left out even if selected.", *presets()),
    "reread_from": setting(
        "string",
        "Re-read from",
        "Reads once more what happened from this moment on (sales by completeTime), and nothing else; "
        "bookmarks do not move.",
        format="date-time",
    ),
    "reread_until": setting(
        "string", "Re-read until", "The end of the period that is read once more. Left out: now.", format="date-time"
    ),
    "custom_streams": setting(
        "array",
        "Custom streams",
        "Lists of the API that this version does not know, each with name, path and key.",
        items=_CUSTOM_STREAM,
    ),
}
"""What is read."""

HOW: dict[str, dict[str, Any]] = {
    "lookback_seconds": setting(
        "integer",
        "Look-back in seconds",
        "How far before its bookmark a run reads again, for rows that became visible late.",
        default=300,
        minimum=0,
        maximum=31_536_000,
    ),
    "report_lookback_days": setting(
        "integer",
        "Look-back of reports in days",
        "How many days before its bookmark a report by day is read again, for sales that were edited later.",
        default=3,
        minimum=0,
        maximum=3650,
    ),
    "snapshot_days": setting(
        "integer",
        "Days between snapshots",
        "Large lists without a change stamp are read whole every so many days; in between only their newest rows are.",
        default=7,
        minimum=0,
        maximum=3650,
    ),
    "vanished_check_days": setting(
        "integer",
        "Days between checks for vanished rows",
        "Every so many days the keys of lists that lose rows without a trace are compared with those of the last "
        "check; rows that are gone get a deletion stamp. 0: never.",
        default=0,
        minimum=0,
        maximum=3650,
    ),
    "backfill_new_selections": setting(
        "boolean",
        "Backfill new selections",
        "Reads history again for properties that are selected later, which would be null in older rows.",
        default=False,
    ),
    "max_drips": setting(
        "integer",
        "Most drips",
        "A run that has spent so many drips ends well there, with all that it has fetched; the next run goes on. "
        "Left out: no limit.",
        minimum=1,
    ),
    "max_minutes": setting(
        "number",
        "Most minutes",
        "A run that has taken so many minutes ends well there, with all that it has fetched; the next run goes on. "
        "Left out: no limit.",
        minimum=0.01,
    ),
    "newest_first": setting(
        "boolean",
        "Newest first",
        "A first load of events (sales, orders, workorders) begins with the newest, so that dashboards work while "
        "history follows. A run that goes on reads what is new before older history.",
        default=False,
    ),
    "on_missing_rights": _choice(
        "On missing rights",
        "What happens at the end of a run in which streams were skipped for want of rights: skip ends well, "
        "fail ends with exit code 1. The other streams are read in both cases.",
        "skip",
        "fail",
        default="skip",
    ),
    "bill_path": setting(
        "string",
        "Bill file",
        "File that gets one JSON line for each run: its rows by stream, and what they cost in drips and time. "
        "Left out: no file.",
    ),
}
"""How it is read."""

FORM: dict[str, dict[str, Any]] = {
    "field_names": _choice(
        "Field names",
        "Names as in the API (saleID, calcFIFOCost) or in snake case (sale_id, calc_fifo_cost).",
        "api",
        "snake_case",
        default="api",
    ),
    "personal_data": _choice(
        "Personal data",
        "Whether names, addresses, phones and the like are kept, hashed with personal_data_key (joins still work), "
        "or left out.",
        "keep",
        "hash",
        "drop",
        default="keep",
    ),
    "personal_data_key": setting(
        "string", "Key for hashing", "The secret with which personal data are hashed.", secret=True
    ),
    "keep_unknown_fields": setting(
        "boolean",
        "Keep unknown fields",
        "Keep fields that this version does not know, and values that do not fit their type, in a column "
        "unknown_fields.",
        default=False,
    ),
}
"""The form in which records leave."""

READING: dict[str, dict[str, Any]] = {**WHAT, **HOW, **FORM}
"""All settings of reading."""

SCHEMA: dict[str, Any] = {"type": "object", "properties": {**CONNECTION, **READING}}
"""JSON Schema of all settings of the tap, without those that the SDK adds."""


def value_of(settings: Any, name: str) -> Any:
    """A setting, or its default where it is not set."""
    found = settings.get(name)
    return READING[name].get("default") if found is None else found
