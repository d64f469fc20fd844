"""The target's settings: those of the connection, and how to write."""

from __future__ import annotations

from typing import Any

from lightspeed_retail.settings import CONNECTION, setting
from target_lightspeed_retail.custom import METHODS, UNKNOWN
from target_lightspeed_retail.options import Conflict, Mode

RETENTION_DAYS = 90

_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_CUSTOM_SINK: dict[str, Any] = {
    "type": "object",
    "properties": {
        "stream": _TEXT,
        "path": {"type": "string", "pattern": "^/"},
        "method": {"enum": [*METHODS, None]},
        "key": {"type": "array", "items": _TEXT, "minItems": 1},
        "body": {"type": ["object", "null"], "additionalProperties": _TEXT},
        "lookup": {
            "type": ["object", "null"],
            "properties": {"path": {"type": ["string", "null"], "pattern": "^/"}, "field": _TEXT, "value": _TEXT},
            "required": ["field"],
            "additionalProperties": False,
        },
        "unknown": {"enum": [*UNKNOWN, None]},
    },
    "required": ["stream", "path", "key"],
    "additionalProperties": False,
}

WRITING: dict[str, dict[str, Any]] = {
    "mode": setting(
        "object",
        "Mode for each stream",
        'What to do with a stream\'s records, as in {"items": "update"}: upsert (create or update), create (leave what '
        "exists alone), update (reject what does not exist), archive (archive or delete the rows that records name), "
        "or for customers anonymize. Not said: upsert.",
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
        "What to do with a record whose timeStamp is older than that of its row in Lightspeed: reject it, or overwrite "
        "the row.",
        default=str(Conflict.REJECT),
        enum=[*map(str, Conflict), None],
    ),
    "retention_days": setting(
        "number",
        "Days that details are kept",
        "Days after which the ledger forgets what may be personal: records that wait, what a request held whose end is "
        "not known, and indexes of match keys. Which record became which row, and fingerprints of fields, are kept.",
        default=RETENTION_DAYS,
        minimum=1,
    ),
    "custom_sinks": setting(
        "array",
        "Custom sinks",
        "Streams to send to paths below the account that the target does not know, each with stream, path, key and "
        "maybe method, body, lookup and unknown: see docs/target.md.",
        items=_CUSTOM_SINK,
    ),
    "write_stock": setting("boolean", "Write stock", "Whether quantities on hand may be written.", default=False),
}

SCHEMA: dict[str, Any] = {"type": "object", "properties": {**CONNECTION, **WRITING}}
"""JSON Schema of all settings of the target, without those that the SDK adds."""
