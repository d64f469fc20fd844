"""The target's settings: those of the connection, and how to write."""

from __future__ import annotations

from typing import Any

from lightspeed_retail.settings import CONNECTION, setting

WRITING: dict[str, dict[str, Any]] = {
    "mode": setting(
        "object",
        "Mode for each stream",
        "What to do with a stream's records: create, update or upsert. Not said: upsert.",
        additionalProperties={"enum": ["create", "update", "upsert"]},
    ),
    "match_keys": setting(
        "object",
        "Match keys for each stream",
        "Fields by which a stream's records are found in Lightspeed when they carry no key of this account.",
        additionalProperties={"type": "array", "items": {"type": "string"}},
    ),
    "create_missing": setting(
        "array",
        "Create what is missing",
        "Resources that may be created by name when a record refers to one that does not exist.",
        items={"type": "string"},
    ),
    "dry_run": setting("boolean", "Dry run", "Plan the writes without sending them.", default=False),
    "ledger": setting("string", "Ledger", "File or database address of what was sent before; keep it between runs."),
    "outcome_path": setting("string", "Outcome file", "File that gets one JSON line for each record."),
    "rejects_path": setting(
        "string", "Rejects file", "File that gets the records that were rejected, with the reason."
    ),
    "max_rejects": setting("integer", "Most rejects", "Stop after this many rejected records.", minimum=0),
    "max_changes": setting("integer", "Most changes", "Stop before changing more records than this.", minimum=0),
    "max_archives": setting("integer", "Most archived", "Stop before archiving more records than this.", minimum=0),
    "on_conflict": setting(
        "string",
        "On conflict",
        "Which side wins when a record has changed in Lightspeed as well: source, lightspeed, or reject.",
        enum=["source", "lightspeed", "reject", None],
    ),
    "write_stock": setting("boolean", "Write stock", "Whether quantities on hand may be written.", default=False),
}

SCHEMA: dict[str, Any] = {"type": "object", "properties": {**CONNECTION, **WRITING}}
"""JSON Schema of all settings of the target, without those that the SDK adds."""
