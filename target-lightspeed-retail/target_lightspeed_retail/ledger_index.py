"""What a walk through a list has found: which records hold a value that Lightspeed cannot be asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import islice

import sqlalchemy as sql

from target_lightspeed_retail.ledger_database import LedgerDatabase
from target_lightspeed_retail.ledger_digest import name_digest
from target_lightspeed_retail.ledger_tables import CHUNK, INDEXED, INDEXES, chunks, moment_text, select_chunks


class Index:
    """Which records of a stream hold which value of a field.

    Args:
        database: Where it is.
        stream: The stream.
        field: The field, as the settings name it.
    """

    def __init__(self, database: LedgerDatabase, stream: str, field: str) -> None:
        """Remember the place."""
        self._database = database
        self._place = {"account": database.account, "stream": stream, "field_digest": name_digest(field)}

    @property
    def as_of(self) -> datetime | None:
        """The moment up to which Lightspeed's changes are in it; None if the list was never walked to its end."""
        with self._database.reading() as connection:
            text = connection.execute(sql.select(INDEXES.c.as_of).where(self._in(INDEXES))).scalar()
        return datetime.fromisoformat(text) if text else None

    def find(self, values: Collection[str]) -> dict[str, list[str]]:
        """The ids of the records that hold each of some values; a value that none holds is missing."""
        by_digest = {name_digest(value): value for value in values}
        query = sql.select(INDEXED.c.value_digest, INDEXED.c.lightspeed_id).where(self._in(INDEXED))
        found: dict[str, list[str]] = {}
        with self._database.reading() as connection:
            for value, lightspeed_id in select_chunks(connection, query, INDEXED.c.value_digest, by_digest):
                found.setdefault(by_digest[value], []).append(lightspeed_id)
        return found

    def fill(self, pairs: Iterable[tuple[str | None, str]], as_of: datetime | None, *, whole: bool) -> None:
        """Take in what a walk has found, all of it or nothing.

        Args:
            pairs: Value and id of each record; None where a record holds no value.
            as_of: The moment at which the walk began; None while rows are still to come.
            whole: Whether all that was kept is forgotten first, its moment too; else only what these records held.
        """
        with self._database.changing(durable=False) as connection:
            if whole:
                for table in (INDEXED, INDEXES):
                    connection.execute(sql.delete(table).where(self._in(table)))
            rest = iter(pairs)
            while some := list(islice(rest, CHUNK)):
                self._replace(connection, some)
            if as_of is not None:
                connection.execute(sql.delete(INDEXES).where(self._in(INDEXES)))
                connection.execute(sql.insert(INDEXES).values(**self._place, as_of=moment_text(as_of)))

    def _replace(self, connection: sql.Connection, pairs: list[tuple[str | None, str]]) -> None:
        newest = {lightspeed_id: value for value, lightspeed_id in pairs}
        for chunk in chunks(newest):
            connection.execute(sql.delete(INDEXED).where(self._in(INDEXED), INDEXED.c.lightspeed_id.in_(chunk)))
        rows = [
            {**self._place, "value_digest": name_digest(value), "lightspeed_id": lightspeed_id}
            for lightspeed_id, value in newest.items()
            if value is not None
        ]
        if rows:
            connection.execute(sql.insert(INDEXED), rows)

    def _in(self, table: sql.Table) -> sql.ColumnElement[bool]:
        return sql.and_(*(table.c[name] == value for name, value in self._place.items()))
