"""Who may write to an account: one process, told by a lock that ends with it and by a note of its name.

The note also says how the process ended. One that was killed leaves it as it was; one that ended without knowing what
became of a request says when that was. What it had sent may be under way still: that is given its time.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import sqlalchemy as sql
from filelock import FileLock, Timeout
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from target_lightspeed_retail.ledger_tables import RUNS, now_text

SETTLING = 5.0
"""Seconds that a request is given to be done once nobody waits for its answer any more."""

_PAUSE = 0.2
# PostgreSQL's lock_not_available; ER_LOCK_NOWAIT, ER_LOCK_WAIT_TIMEOUT and ER_LOCK_DEADLOCK of MySQL.
_BUSY_STATES = {"55P03"}
_BUSY_CODES = {3572, 1205, 1213}
_POSTGRESQL = (
    # A run may pause longer between two writes than a server lets a transaction rest.
    "SET idle_in_transaction_session_timeout = 0",
    # A machine that is gone keeps its lock until the server has noticed.
    "SET tcp_keepalives_idle = 60",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
)


@dataclass(frozen=True)
class Holder:
    """Who holds the lock.

    Args:
        account: The account that is written to.
        token: Something that no other holder has.
        run_id: What the run is known by.
    """

    account: int
    token: str
    run_id: str

    @classmethod
    def of(cls, account: int, run_id: str) -> Holder:
        """A new holder."""
        return cls(account, secrets.token_hex(16), run_id)

    def sign(self, connection: sql.Connection) -> None:
        """Leave a note, for those who wait and for those who have lost the lock."""
        note = {
            "holder": self.token,
            "run_id": self.run_id[:64],
            "host": socket.gethostname()[:255],
            "process": os.getpid(),
            "since": now_text(),
        }
        changed = connection.execute(sql.update(RUNS).where(RUNS.c.account == self.account).values(note))
        if changed.rowcount == 0:
            connection.execute(sql.insert(RUNS).values(account=self.account, **note))

    def leave(self, connection: sql.Connection, *, certain: bool) -> None:
        """Change the note, unless somebody else has signed: there is nothing to wait for, or it is known since when."""
        note: dict[str, str | None] = {"holder": None} if certain else {"process": None, "since": now_text()}
        mine = sql.and_(RUNS.c.account == self.account, RUNS.c.holder == self.token)
        connection.execute(sql.update(RUNS).where(mine).values(note))


def rest_of(connection: sql.Connection, account: int) -> float:
    """Seconds until all is done that the last holder may have sent: none if it knew how all of that ended."""
    row = connection.execute(sql.select(RUNS).where(RUNS.c.account == account)).first()
    if row is None or row.holder is None:
        return 0.0
    if row.process is not None or not row.since:
        return SETTLING
    gone = (datetime.now(UTC) - datetime.fromisoformat(row.since)).total_seconds()
    return min(max(SETTLING - gone, 0.0), SETTLING)


class Hold(Protocol):
    """The lock on one account.

    Attributes:
        holder: Who wants it.
        rest: Seconds that what the last holder has sent is given still.
    """

    holder: Holder
    rest: float

    def take(self, patience: float) -> bool:
        """Try for some seconds to get the lock."""

    def release(self, *, certain: bool) -> None:
        """Let others have it, and say whether it is certain what became of all that was sent."""


class FileHold:
    """A lock beside an SQLite database, which cannot lock a row.

    Args:
        engine: The database.
        holder: Who wants the lock.
        file: The database's file.
    """

    def __init__(self, engine: sql.Engine, holder: Holder, file: Path) -> None:
        """Remember the place."""
        self.holder = holder
        self.rest = 0.0
        self._engine = engine
        # A lock of each object's own: two in one process keep each other out as two processes do.
        self._lock = FileLock(f"{file}.{holder.account}.lock", mode=0o600, thread_local=False, is_singleton=False)

    def take(self, patience: float) -> bool:
        """Try for some seconds to get the lock."""
        try:
            self._lock.acquire(timeout=patience, poll_interval=_PAUSE)
        except Timeout:
            return False
        try:
            with self._engine.begin() as connection:
                self.rest = rest_of(connection, self.holder.account)
                self.holder.sign(connection)
        except BaseException:
            self._lock.release()
            raise
        return True

    def release(self, *, certain: bool) -> None:
        """Let others have it; a note that cannot be left is one of a process that was killed."""
        try:
            with contextlib.suppress(SQLAlchemyError), self._engine.begin() as connection:
                self.holder.leave(connection, certain=certain)
        finally:
            self._lock.release()


class RowHold:
    """A lock on the account's row, held by a transaction that stays open.

    Args:
        engine: The database.
        holder: Who wants the lock.
    """

    def __init__(self, engine: sql.Engine, holder: Holder) -> None:
        """Remember the place."""
        self.holder = holder
        self.rest = 0.0
        self._engine = engine
        self._keeper: sql.Connection | None = None

    def take(self, patience: float) -> bool:
        """Try for some seconds to get the lock."""
        end = time.monotonic() + patience
        with contextlib.ExitStack() as stack:
            keeper = stack.enter_context(self._engine.connect())
            self._prepare(keeper)
            while not self._try(keeper):
                if time.monotonic() >= end:
                    return False
                time.sleep(_PAUSE)
            stack.pop_all()
            self._keeper = keeper
        return True

    def release(self, *, certain: bool) -> None:
        """Let others have it; a connection that is lost has let go already."""
        if self._keeper is not None:
            with contextlib.suppress(SQLAlchemyError), contextlib.closing(self._keeper) as keeper:
                self.holder.leave(keeper, certain=certain)
                keeper.commit()
            self._keeper = None

    def _prepare(self, keeper: sql.Connection) -> None:
        """Make the row, and a session that may rest."""
        # The session is not given back to the pool as it is then.
        keeper.detach()
        if keeper.dialect.name == "postgresql":
            for statement in _POSTGRESQL:
                keeper.exec_driver_sql(statement)
            keeper.commit()
        known = keeper.execute(sql.select(RUNS.c.account).where(RUNS.c.account == self.holder.account)).first()
        if known is None:
            with contextlib.suppress(IntegrityError):
                keeper.execute(sql.insert(RUNS).values(account=self.holder.account))
        keeper.commit()

    def _try(self, keeper: sql.Connection) -> bool:
        """Lock, sign for others to see, which ends the lock, and lock again: still ours if nobody signed in between."""
        query = sql.select(RUNS.c.holder).where(RUNS.c.account == self.holder.account).with_for_update(nowait=True)
        try:
            keeper.execute(query)
            self.rest = rest_of(keeper, self.holder.account)
            self.holder.sign(keeper)
            keeper.commit()
            if keeper.execute(query).scalar() == self.holder.token:
                return True
        except DBAPIError as error:
            if not _is_busy(error):
                raise
        keeper.rollback()
        return False


def _is_busy(error: DBAPIError) -> bool:
    cause = error.orig
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    code = cause.args[0] if cause is not None and cause.args else None
    return state in _BUSY_STATES or code in _BUSY_CODES
