"""What was sent, what is about to be, and what waits: kept between runs, so that nothing is written twice.

A key is what the input knows a record by. The intent is written before a record is created and the id after it; an
intent without an id says that a run ended in between, and that the record is to be looked up before it is sent again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from singer_sdk.singerlib.json import serialize_json

from target_lightspeed_retail.ledger_database import LedgerDatabase, LedgerError
from target_lightspeed_retail.ledger_digest import digest, digests, name_digest
from target_lightspeed_retail.ledger_entries import Entry, Rows, Settled
from target_lightspeed_retail.ledger_index import Index
from target_lightspeed_retail.ledger_parked import Parked, ParkedRecords, text_of
from target_lightspeed_retail.ledger_tables import ENTRIES, moment_text, select_chunks
from target_lightspeed_retail.ledger_tidying import tidy

__all__ = ["Entry", "Index", "Ledger", "LedgerError", "Parked", "Settled", "digest", "digests"]

_REMEMBERED = 10_000
_PATIENCE = 10.0


class Ledger:
    """What is known of the records that were sent to one account.

    Changes are made with the lock held; without it nothing but reading is possible.

    Args:
        place: A path or the URL of a database; None for a file in the Meltano project or the user's state folder.
        account: The account that is written to.
        run_id: What the run is known by.
        patience: Seconds to wait for another process that writes to the account.

    Raises:
        SettingsError: The place makes no sense. Everything else raises LedgerError, at any time.
    """

    def __init__(self, place: str | Path | None, account: int, *, run_id: str, patience: float = _PATIENCE) -> None:
        """Understand the place; nothing is opened yet."""
        self._database = LedgerDatabase(place, account, run_id=run_id, patience=patience)
        self._parked = ParkedRecords(self._database)
        self._recent: OrderedDict[tuple[str, str], str | None] = OrderedDict()

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self._database.place

    def lock(self) -> AbstractContextManager[None]:
        """Be the only process that writes to the account through this ledger, which is proved to take changes.

        Raises:
            LedgerError: Another process writes to the account, or the ledger cannot be written.
        """
        return self._database.locked()

    def prove(self) -> None:
        """See that the ledger takes changes, before something is sent that it could not remember.

        Raises:
            LedgerError: It does not.
        """
        self._database.prove()

    @property
    def rest(self) -> float:
        """Seconds that what the last run has sent is given, from when the lock was taken; 0 if its end is known."""
        return self._database.rest

    def rested(self) -> None:
        """Note that this time has passed."""
        self._database.rest, self._database.certain = 0.0, True

    def leave_open(self) -> None:
        """Note that this run ends without knowing what became of a request: the next one waits for that."""
        self._database.certain = False

    def close(self) -> None:
        """Give connections back."""
        self._database.close()

    def entries(self, stream: str, keys: Collection[str]) -> dict[str, Entry]:
        """What is known of some keys; a key of which nothing is known is missing."""
        by_digest = {name_digest(key): key for key in keys}
        with self._database.reading() as connection:
            rows = list(select_chunks(connection, self._of(stream), ENTRIES.c.key_digest, by_digest))
        entries = {by_digest[row.key_digest]: Entry.of(row) for row in rows}
        for key in by_digest.values():
            self._remember(stream, key, entries[key].lightspeed_id if key in entries else None)
        return entries

    def owners(self, stream: str, ids: Collection[str]) -> dict[str, str]:
        """The key that each of some ids belongs to; an id that belongs to none is missing."""
        columns = (ENTRIES.c.lightspeed_id, ENTRIES.c.key)
        query = self._of(stream).with_only_columns(*columns).order_by(ENTRIES.c.key_digest.desc())
        with self._database.reading() as connection:
            rows = list(select_chunks(connection, query, ENTRIES.c.lightspeed_id, ids))
        return {lightspeed_id: text_of(key) for lightspeed_id, key in rows}

    def mapped(self, stream: str, key: str) -> str | None:
        """The id of a key, remembered for the keys that were last in use."""
        if (stream, key) not in self._recent:
            self.entries(stream, [key])
        self._recent.move_to_end((stream, key))
        return self._recent[stream, key]

    def intend(self, stream: str, key: str, intent: Mapping[str, Any], at: datetime) -> None:
        """Note that a record is about to be created; on return that outlasts a power cut.

        Args:
            stream: The stream.
            key: The record's key.
            intent: What it takes to look the record up.
            at: The moment by Lightspeed's clock.
        """
        noted = {"intent": serialize_json(intent), "intended_at": moment_text(at), "run_id": self._run_id}
        with self._database.changing() as connection:
            Rows(connection, self._database.account, stream).intend(key, noted)

    def settle(self, stream: str, key: str, lightspeed_id: str, fields: Mapping[str, str]) -> None:
        """Note that a record is in Lightspeed as it was sent; on return that outlasts a power cut.

        Fields that are not named keep their fingerprints, as long as the id is the same.
        """
        self._settle(stream, [Settled(key, lightspeed_id, fields)], durable=True)

    def settle_many(self, stream: str, rows: Iterable[Settled]) -> None:
        """Note what was found in Lightspeed without a write: lost in a power cut, it is found again."""
        self._settle(stream, list(rows), durable=False)

    def withdraw(self, stream: str, key: str) -> None:
        """Note that Lightspeed has certainly not created the record."""
        one = self._one(stream, key)
        with self._database.changing(durable=False) as connection:
            connection.execute(sql.delete(ENTRIES).where(one, ENTRIES.c.lightspeed_id.is_(None)))
            connection.execute(sql.update(ENTRIES).where(one).values(intent=None, intended_at=None))

    def forget(self, stream: str, key: str) -> None:
        """Note that the record is gone from Lightspeed."""
        with self._database.changing() as connection:
            connection.execute(sql.delete(ENTRIES).where(self._one(stream, key)))
        self._remember(stream, key, None)

    def unsettled(self) -> Iterator[tuple[str, Entry]]:
        """The stream and the entry of each intent that was neither settled nor withdrawn."""
        query = sql.select(ENTRIES).where(self._mine, ENTRIES.c.intended_at.is_not(None))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(ENTRIES.c.intended_at, ENTRIES.c.key_digest)).all()
        yield from ((row.stream, Entry.of(row)) for row in rows)

    def park(self, stream: str, key: str, record: Mapping[str, Any], reason: str) -> None:
        """Let a record wait for one it refers to; fields of one that waits under the same key are kept below it."""
        self._parked.park(stream, key, record, reason)

    def parked(self) -> Iterator[Parked]:
        """The records that wait, in the order in which they came; they may be unparked or parked again meanwhile."""
        return self._parked.listed()

    def parked_among(self, stream: str, keys: Collection[str]) -> set[str]:
        """Which of some keys have a record that waits: a later one must not overtake it."""
        return self._parked.among(stream, keys)

    def unpark(self, stream: str, key: str) -> None:
        """Note that a record waits no longer."""
        self._parked.unpark(stream, key)

    def index(self, stream: str, field: str) -> Index:
        """Which records hold which value of a field; its `as_of` is None if the list was never walked."""
        return Index(self._database, stream, field)

    def tidy(self, days: float, *, entries: bool = False) -> None:
        """Delete details that may be personal and are older than some days.

        Those are records that wait, what an intent says of the record, and indexes. That there was an intent stays
        known, as does which key has which id: without them a record could be written twice.

        Args:
            days: How many.
            entries: Whether to forget what was settled before, too.
        """
        with self._database.changing() as connection:
            tidy(connection, self._database.account, days, entries=entries)
        if entries:
            self._recent.clear()

    @property
    def _run_id(self) -> str:
        return self._database.run_id[:64]

    @property
    def _mine(self) -> sql.ColumnElement[bool]:
        return ENTRIES.c.account == self._database.account

    def _of(self, stream: str) -> sql.Select[Any]:
        return sql.select(ENTRIES).where(self._mine, ENTRIES.c.stream == stream)

    def _one(self, stream: str, key: str) -> sql.ColumnElement[bool]:
        return sql.and_(self._mine, ENTRIES.c.stream == stream, ENTRIES.c.key_digest == name_digest(key))

    def _settle(self, stream: str, rows: list[Settled], *, durable: bool) -> None:
        with self._database.changing(durable=durable) as connection:
            Rows(connection, self._database.account, stream).settle(rows, self._run_id)
        for key, lightspeed_id, _ in rows:
            self._remember(stream, key, str(lightspeed_id))

    def _remember(self, stream: str, key: str, lightspeed_id: str | None) -> None:
        self._recent[stream, key] = lightspeed_id
        self._recent.move_to_end((stream, key))
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
