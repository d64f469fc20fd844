"""Records that wait, on disk, for one they refer to: this run tries them again at its end, or the next run does."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sql
from singer_sdk.singerlib.json import deserialize_json, serialize_json

from target_lightspeed_retail.ledger_database import LedgerDatabase
from target_lightspeed_retail.ledger_digest import name_digest
from target_lightspeed_retail.ledger_tables import CHUNK, PARKED, json_text, now_text, select_chunks


class Parked(NamedTuple):
    """A record that waits."""

    stream: str
    key: str
    record: dict[str, Any]
    reason: str


class ParkedRecords:
    """The records of one account that wait.

    Args:
        database: Where they are.
    """

    def __init__(self, database: LedgerDatabase) -> None:
        """Remember the place."""
        self._database = database
        self._mine = sql.and_(PARKED.c.account == database.account, PARKED.c.stream != "")
        self._last = 0

    def park(self, stream: str, key: str, record: Mapping[str, Any], reason: str) -> None:
        """Let a record wait; fields of one that waits under the same key already stay where this one says nothing."""
        one = self._one(stream, key)
        with self._database.changing() as connection:
            before = connection.execute(sql.select(PARKED.c.record).where(one)).scalar()
            whole = {**(deserialize_json(before) if before else {}), **record}
            values = {"record": serialize_json(whole), "reason": json_text(reason), "parked_at": now_text()}
            if before is not None:
                connection.execute(sql.update(PARKED).where(one).values(values))
                return
            place = {"account": self._database.account, "stream": stream, "key_digest": name_digest(key)}
            named = {"key": json_text(key), "position": self._next_position()}
            connection.execute(sql.insert(PARKED).values(**place, **named, **values))

    def among(self, stream: str, keys: Collection[str]) -> set[str]:
        """Which of some keys have a record that waits."""
        query = sql.select(PARKED.c.key_digest).where(self._mine, PARKED.c.stream == stream)
        by_digest = {name_digest(key): key for key in keys}
        with self._database.reading() as connection:
            return {by_digest[row[0]] for row in select_chunks(connection, query, PARKED.c.key_digest, by_digest)}

    def unpark(self, stream: str, key: str) -> None:
        """A record waits no longer."""
        with self._database.changing() as connection:
            connection.execute(sql.delete(PARKED).where(self._one(stream, key)))

    def listed(self) -> Iterator[Parked]:
        """All that wait, in the order in which they came; it may be changed meanwhile, what is added does not show."""
        with self._database.reading() as connection:
            last = connection.execute(sql.select(sql.func.max(PARKED.c.position)).where(self._mine)).scalar() or 0
        done = 0
        while done < last:
            query = sql.select(PARKED).where(self._mine, PARKED.c.position > done, PARKED.c.position <= last)
            with self._database.reading() as connection:
                rows = connection.execute(query.order_by(PARKED.c.position).limit(CHUNK)).all()
            for row in rows:
                yield Parked(row.stream, text_of(row.key), deserialize_json(row.record), text_of(row.reason))
            done = rows[-1].position if rows else last

    def _one(self, stream: str, key: str) -> sql.ColumnElement[bool]:
        return sql.and_(self._mine, PARKED.c.stream == stream, PARKED.c.key_digest == name_digest(key))

    def _next_position(self) -> int:
        self._last = max(self._last + 1, time.time_ns())
        return self._last


def text_of(text: str) -> str:
    """A text out of its column."""
    return str(deserialize_json(text))
