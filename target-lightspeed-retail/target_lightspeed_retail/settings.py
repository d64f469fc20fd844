"""The target's settings: those of the connection, and how to write."""

from __future__ import annotations

from typing import Any

from lightspeed_retail.settings import CONNECTION, setting
from target_lightspeed_retail.options import Conflict, Mode

WRITING: dict[str, dict[str, Any]] = {
    "mode": setting(
        "object",
        "Mode for each stream",
        "What to do with a stream's records: upsert, create, update or archive. Not said: upsert.",
        additionalProperties={"enum": [*map(str, Mode)]},
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
    "ledger": setting(
        "string",
        "Ledger",
        "File or database address of what was sent before; keep it between runs. Default: "
        ".lightspeed-retail/ledger.sqlite in the Meltano project, or the user's state folder.",
        secret=True,
    ),
    "outcome_path": setting("string", "Outcome file", "File that gets one JSON line for each record."),
    "rejects_path": setting(
        "string", "Rejects file", "File that gets the records that were rejected, with the reason."
    ),
    "max_rejects": setting(
        "string",
        "Most rejects",
        "Stop when more records are rejected than this: a number, as in 20, or a share, as in 5%.",
        pattern=r"^\s*[0-9]+(\.[0-9]+)?\s*%?\s*$",
    ),
    "max_changes": setting("integer", "Most changes", "Stop before changing more records than this.", minimum=0),
    "max_archives": setting("integer", "Most archived", "Stop before archiving more records than this.", minimum=0),
    "on_conflict": setting(
        "string",
        "On conflict",
        "What to do with a record whose timeStamp is older than that of its row in Lightspeed: reject or overwrite.",
        default=str(Conflict.REJECT),
        enum=[*map(str, Conflict), None],
    ),
    "write_stock": setting("boolean", "Write stock", "Whether quantities on hand may be written.", default=False),
}

SCHEMA: dict[str, Any] = {"type": "object", "properties": {**CONNECTION, **WRITING}}
"""JSON Schema of all settings of the target, without those that the SDK adds."""
