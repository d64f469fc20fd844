"""The database of a ledger: opened when first used, changed by one process for each account."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from lightspeed_retail.databases import Database
from lightspeed_retail.errors import SettingsError
from lightspeed_retail.tokens import default_path
from target_lightspeed_retail.ledger_lock import FileHold, Hold, Holder, RowHold
from target_lightspeed_retail.ledger_tables import METADATA, PARKED, RUNS

_BUSY_SECONDS = 60.0
_SPARE = 65_536


class LedgerError(SettingsError):
    """The ledger cannot be used; without it nothing may be written, so the run ends."""


class LedgerDatabase:
    """The tables of a ledger, as one process uses them for one account.

    Args:
        place: A path or the URL of a database; None for a file in the Meltano project or the user's state folder.
        account: The account that is written to.
        run_id: What the run is known by.
        patience: Seconds to wait for another process that writes to the account.

    Attributes:
        rest: Seconds that what the last process has sent is given to be done, counted from when the lock was taken.
        certain: Whether it is known what became of all that was sent, by this process and by the last.
    """

    def __init__(self, place: str | Path | None, account: int, *, run_id: str, patience: float) -> None:
        """Understand the address; nothing is opened yet."""
        self.account = account
        self.run_id = run_id
        self._patience = patience
        self._database = Database(
            _address(place),
            setting="ledger",
            title="ledger",
            wanted="a file or a database in which you may make and write tables",
            patience=_BUSY_SECONDS,
            error=LedgerError,
            # A connection that a firewall has dropped meanwhile is replaced before it is used.
            options={"pool_pre_ping": True},
        )
        self.place = self._database.place
        self.rest = 0.0
        self.certain = True
        self._engine = self._database.engine
        self._mutex = threading.RLock()
        self._holder: Holder | None = None
        self._made = False
        if self._engine.dialect.name == "sqlite":
            self._see_that_it_lasts()
            _write_ahead(self._engine)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sql.Connection]:
        """A transaction that only reads.

        Raises:
            LedgerError: The database cannot be read.
        """
        with self._mutex, self._database.told():
            self._make()
            with self._engine.begin() as connection:
                yield connection

    @contextlib.contextmanager
    def changing(self, *, durable: bool = True) -> Iterator[sql.Connection]:
        """A transaction that changes what belongs to the account, with the lock held.

        Args:
            durable: Whether it must outlast a power cut; else it may be lost as a whole.

        Raises:
            LedgerError: The database cannot be written, or another process has taken over.
        """
        if self._holder is None:
            raise RuntimeError("A ledger is changed with its lock held.")
        with self._mutex, self._database.told(), self._engine.connect() as connection:
            self._set_durability(connection, durable=durable)
            with connection.begin():
                self._see_that_it_is_ours(connection, self._holder)
                yield connection

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only process that writes to the account through this ledger, and prove that it takes what is written.

        Raises:
            LedgerError: Another process writes to the account, or the ledger cannot be written.
        """
        hold = self._new_hold()
        with contextlib.ExitStack() as stack:
            with self._database.told():
                self._make()
                if not hold.take(self._patience):
                    raise LedgerError(self._taken())
                stack.callback(lambda: hold.release(certain=self.certain))
            self._holder, self.rest, self.certain = hold.holder, hold.rest, hold.rest <= 0
            stack.callback(self._let_go)
            self.prove()
            yield

    def prove(self) -> None:
        """Write and sync something larger than any one change, and take it away; the room stays for what follows.

        Raises:
            LedgerError: The ledger cannot be written.
        """
        here = {"account": self.account, "stream": "", "key_digest": ""}
        mine = sql.and_(*(PARKED.c[name] == value for name, value in here.items()))
        # A text of chance, for a database would press any other together.
        spare = {"key": "", "position": 0, "record": secrets.token_hex(_SPARE // 2), "reason": "", "parked_at": ""}
        with self.changing() as connection:
            connection.execute(sql.delete(PARKED).where(mine))
            connection.execute(sql.insert(PARKED).values(**here, **spare))
        self._move_into_the_file()
        with self.changing(durable=False) as connection:
            connection.execute(sql.delete(PARKED).where(mine))

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _let_go(self) -> None:
        self._holder = None

    def _make(self) -> None:
        if not self._made:
            self._database.make(METADATA)
            self._made = True

    def _new_hold(self) -> Hold:
        holder = Holder.of(self.account, self.run_id)
        file = self._database.file
        return RowHold(self._engine, holder) if file is None else FileHold(self._engine, holder, file)

    def _taken(self) -> str:
        query = sql.select(RUNS).where(RUNS.c.account == self.account)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        who = f"run {row.run_id}, process {row.process} on {row.host}, since {row.since[:19]} UTC" if row else "?"
        return (
            f"Another run writes to account {self.account} through the ledger {self.place} ({who}). "
            "Start this one when that has ended: two at a time could write a record twice."
        )

    def _see_that_it_is_ours(self, connection: sql.Connection, holder: Holder) -> None:
        """A lock ends with its connection, and that may be lost; whoever got it then has left a note."""
        query = sql.select(RUNS.c.holder).where(RUNS.c.account == self.account)
        if connection.execute(query).scalar() != holder.token:
            message = f"Another run has taken over account {self.account} in the ledger {self.place}: this one ends."
            raise LedgerError(message)

    def _set_durability(self, connection: sql.Connection, *, durable: bool) -> None:
        # Source: sqlite.org, "PRAGMA synchronous": it is not heard within a transaction.
        if self._engine.dialect.name == "sqlite":
            level = "FULL" if durable else "NORMAL"
            _driver(connection).execute(f"PRAGMA synchronous={level}")

    def _move_into_the_file(self) -> None:
        """Have SQLite's file grow now, without waiting for readers; its journal keeps its size and begins anew."""
        if self._engine.dialect.name == "sqlite":
            with self._mutex, self._database.told(), self._engine.connect() as connection:
                _driver(connection).execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _see_that_it_lasts(self) -> None:
        if self._database.file is None:
            raise SettingsError("ledger must be a file or a database that lasts: in memory nothing is remembered.")


def _address(place: str | Path | None) -> str | sql.URL:
    if isinstance(place, str) and "://" in place:
        return place
    try:
        path = Path(place).expanduser() if place else default_path().with_name("ledger.sqlite")
    except RuntimeError:
        message = f"ledger must be the path of a file or the URL of a database, and {str(place)!r} is neither."
        raise SettingsError(message) from None
    return sql.URL.create("sqlite", database=str(path.absolute()))


def _driver(connection: sql.Connection) -> Any:
    return connection.connection.driver_connection


def _write_ahead(engine: sql.Engine) -> None:
    """Have SQLite append changes to a journal: quick, whole after any crash, and read while it is written."""

    @sql.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
        # On macOS the disk's own memory is not written without it. Source: sqlite.org, "PRAGMA fullfsync".
        connection.execute("PRAGMA fullfsync=1")
