"""The rows of a ledger: what is known of each key of one account."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sql
from singer_sdk.singerlib.json import deserialize_json

from target_lightspeed_retail.ledger_digest import name_digest
from target_lightspeed_retail.ledger_tables import ENTRIES, json_text, now_text, select_chunks


@dataclass(frozen=True)
class Entry:
    """What is known of a key.

    Args:
        key: The key.
        lightspeed_id: The record's id in Lightspeed, once known.
        fields: The fingerprint of what was last sent in each field.
        intended_at: When it was about to be created, if nobody knows how that ended.
        intent: What it takes to look the record up; None if there was no intent, or its body was tidied away.
    """

    key: str
    lightspeed_id: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    intended_at: datetime | None = None
    intent: dict[str, Any] | None = None

    @classmethod
    def of(cls, row: sql.Row[Any]) -> Entry:
        """The entry that a row holds."""
        return cls(
            key=json.loads(row.key),
            lightspeed_id=row.lightspeed_id,
            fields=json.loads(row.fields) if row.fields else {},
            intended_at=datetime.fromisoformat(row.intended_at) if row.intended_at else None,
            intent=deserialize_json(row.intent) if row.intent else None,
        )


class Settled(NamedTuple):
    """A key whose record is known to be in Lightspeed.

    Args:
        key: The key.
        lightspeed_id: Its id.
        fields: The fingerprint of what each field holds.
    """

    key: str
    lightspeed_id: str
    fields: Mapping[str, str]


class Rows:
    """The rows of one stream, within a transaction.

    Args:
        connection: The transaction.
        account: The account.
        stream: The stream.
    """

    def __init__(self, connection: sql.Connection, account: int, stream: str) -> None:
        """Remember the place."""
        self._connection = connection
        self._place = {"account": account, "stream": stream}
        self._here = sql.and_(ENTRIES.c.account == account, ENTRIES.c.stream == stream)

    def intend(self, key: str, values: Mapping[str, Any]) -> None:
        """Note an intent beside what is known of the key."""
        known = sql.select(ENTRIES.c.key_digest).where(self._here, ENTRIES.c.key_digest == name_digest(key))
        there = {name_digest(key)} if self._connection.execute(known).first() else set()
        self._put([{"key_digest": name_digest(key), "key": json_text(key), **values}], there)

    def settle(self, rows: Iterable[Settled], run_id: str) -> None:
        """Note what is in Lightspeed. Fingerprints of fields that are not named stay as long as the id does."""
        by_digest: dict[str, Settled] = {}
        for row in rows:
            one = Settled(*row)
            by_digest[name_digest(one.key)] = _above(by_digest.get(name_digest(one.key)), one)
        columns = (ENTRIES.c.key_digest, ENTRIES.c.lightspeed_id, ENTRIES.c.fields)
        query = sql.select(*columns).where(self._here)
        known = {row[0]: row for row in select_chunks(self._connection, query, ENTRIES.c.key_digest, by_digest)}
        same = {"settled_at": now_text(), "intended_at": None, "intent": None, "run_id": run_id}
        values = [
            {"key_digest": name, **same, **_columns(row, known.get(name)), "key": json_text(row.key)}
            for name, row in by_digest.items()
        ]
        self._put(values, known.keys())

    def _put(self, values: list[dict[str, Any]], known: Iterable[str]) -> None:
        """Change the rows that are known, insert the others; no other process does, so neither gets in the way."""
        there = set(known)
        old = [{**row, "at_digest": row["key_digest"]} for row in values if row["key_digest"] in there]
        new = [{**row, **self._place} for row in values if row["key_digest"] not in there]
        if old:
            changes = sql.update(ENTRIES).where(self._here, ENTRIES.c.key_digest == sql.bindparam("at_digest"))
            self._connection.execute(changes, old)
        if new:
            self._connection.execute(sql.insert(ENTRIES), new)


def _above(before: Settled | None, row: Settled) -> Settled:
    if before is None or before.lightspeed_id != row.lightspeed_id:
        return row
    return row._replace(fields={**before.fields, **row.fields})


def _columns(row: Settled, known: sql.Row[Any] | None) -> dict[str, Any]:
    lightspeed_id = str(row.lightspeed_id)
    keeps = known is not None and known.lightspeed_id == lightspeed_id and known.fields
    fields = {**json.loads(known.fields), **row.fields} if known is not None and keeps else dict(row.fields)
    return {"lightspeed_id": lightspeed_id, "fields": json.dumps(fields)}
