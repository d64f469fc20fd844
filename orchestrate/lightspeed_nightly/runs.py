"""What became of each run, in a table of PostgreSQL that all workers share; and a lock for each account."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import SQLAlchemyError

from lightspeed_nightly.outcome import Kind, Run
from lightspeed_nightly.settings import SettingsError, variable

TABLE = sql.Table(
    "lightspeed_nightly_runs",
    sql.MetaData(),
    sql.Column("account_id", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("run_id", sql.String(36), primary_key=True),
    sql.Column("night", sql.Text, nullable=False, index=True),
    sql.Column("attempt", sql.Integer, nullable=False),
    sql.Column("worker", sql.Text, nullable=False),
    sql.Column("began", sql.DateTime(timezone=True), nullable=False),
    sql.Column("ended", sql.DateTime(timezone=True), nullable=False),
    sql.Column("kind", sql.Text, nullable=False),
    sql.Column("reason", sql.Text, nullable=False),
    sql.Column("rows", sql.BigInteger, nullable=False),
    sql.Column("requests", sql.BigInteger, nullable=False),
    sql.Column("drips", sql.Float, nullable=False),
    sql.Column("waited", sql.Float, nullable=False),
    sql.Column("refused", sql.BigInteger, nullable=False),
    sql.Column("received", sql.BigInteger, nullable=False),
    sql.Column("rejects", sql.BigInteger, nullable=False),
)
_ASKED_AGAIN = 1.0
_KEEPALIVE = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
"""Frees the lock of a machine that has gone without a word; on a socket of this machine it means nothing."""


class Runs:
    """The table of runs.

    Args:
        url: Address of the PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        """Open nothing yet."""
        # Tasks are short and many: none keeps a connection that it does not use.
        address = sql.make_url(url).set(drivername="postgresql+psycopg")
        self._engine = sql.create_engine(address, poolclass=sql.NullPool, hide_parameters=True)

    def make(self) -> None:
        """Make the table where there is none.

        Raises:
            SettingsError: The database cannot be reached, or does not take it.
        """
        try:
            TABLE.create(self._engine, checkfirst=True)
        except SQLAlchemyError as error:
            if not self._exists():
                said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
                message = f"The database of {variable('database')} cannot be used: {said}"
                raise SettingsError(message) from None

    def _exists(self) -> bool:
        try:
            return sql.inspect(self._engine).has_table(TABLE.name)
        except SQLAlchemyError:
            return False

    @contextmanager
    def alone(self, account_id: int, patience: float = 0.0) -> Iterator[bool]:
        """A context in which no other worker runs the account; False where another one does.

        The lock belongs to the connection: whatever ends the process, or the machine, frees it.

        Args:
            account_id: The account's number.
            patience: Seconds to wait for another one to end.
        """
        last = time.monotonic() + patience
        asked = sql.select(sql.func.pg_try_advisory_lock(_lock_number(account_id)))
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(_KEEPALIVE)
            while not (is_alone := bool(connection.scalar(asked))) and time.monotonic() < last:
                time.sleep(_ASKED_AGAIN)
            yield is_alone

    def add(self, run: Run) -> None:
        """Keep what became of a run."""
        with self._engine.begin() as connection:
            connection.execute(sql.insert(TABLE).values(**asdict(run)))

    def of(self, night: str) -> list[Run]:
        """The last run of each account in a night."""
        query = (
            sql.select(TABLE)
            .where(TABLE.c.night == night)
            .distinct(TABLE.c.account_id)
            .order_by(TABLE.c.account_id, TABLE.c.ended.desc())
        )
        with self._engine.connect() as connection:
            return [Run.of(dict(row)) for row in connection.execute(query).mappings()]

    def seconds(self) -> dict[int, float]:
        """How long the last good run of each account took."""
        length = sql.extract("epoch", TABLE.c.ended - TABLE.c.began)
        return {account: float(value) for account, value in self._last_good(length)}

    def last_good(self) -> dict[int, datetime]:
        """When the last good run of each account began: its rows are as fresh as that."""
        return dict(self._last_good(TABLE.c.began))

    def _last_good(self, value: sql.ColumnElement[Any]) -> list[tuple[int, Any]]:
        query = (
            sql.select(TABLE.c.account_id, value)
            .where(TABLE.c.kind.in_([each.value for each in Kind if each.is_good]))
            .distinct(TABLE.c.account_id)
            .order_by(TABLE.c.account_id, TABLE.c.ended.desc())
        )
        with self._engine.connect() as connection:
            return [(row[0], row[1]) for row in connection.execute(query)]

    def listed(self, name: str) -> list[dict[str, object]]:
        """The rows of a table or view that lists accounts; `schema.name` is understood.

        Raises:
            SettingsError: It cannot be read.
        """
        schema, _, table = name.rpartition(".")
        query = sql.select(sql.text("*")).select_from(sql.table(table, schema=schema or None))
        try:
            with self._engine.connect() as connection:
                return [dict(row) for row in connection.execute(query).mappings()]
        except SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
            message = f"{variable('accounts')}: the table {name} cannot be read: {said}"
            raise SettingsError(message) from None


def _lock_number(account_id: int) -> int:
    """The number of an account's lock, which is no other program's."""
    digest = hashlib.sha256(f"lightspeed-nightly/{account_id}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
