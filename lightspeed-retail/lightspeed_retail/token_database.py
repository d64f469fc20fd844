"""Tokens in a database, for processes on several machines: a row for each connection, locked while it is replaced."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sql
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.tokens import SPARE, Tokens

# As long as another process may take for a refresh: two tries of a minute each, and saving.
_PATIENCE = 150
_OPTIONS: dict[str, dict[str, Any]] = {
    "sqlite": {"connect_args": {"timeout": _PATIENCE}},
    # What another process has committed must be seen once its lock is gone.
    "postgresql": {"connect_args": {"connect_timeout": 15}, "isolation_level": "READ COMMITTED"},
    "mysql": {"isolation_level": "READ COMMITTED"},
    "mariadb": {"isolation_level": "READ COMMITTED"},
}

_TABLE = sql.Table(
    "lightspeed_retail_tokens",
    sql.MetaData(),
    sql.Column("connection", sql.String(64), primary_key=True),
    sql.Column("tokens", sql.Text),
    sql.Column("spare", sql.Text),
)


class TokenDatabase:
    """The newest tokens of each connection, in one table of any database that SQLAlchemy reaches.

    Connections are known by the same names as in a file. The table is made when needed.

    Args:
        url: Address for SQLAlchemy.

    Raises:
        SettingsError: The address has no sense, or a package for it is not installed.
    """

    def __init__(self, url: str) -> None:
        """Remember the place; nothing is read or written yet."""
        self._url = _understood(url)
        self._place = _shown(self._url)
        self._engine = self._prepared_engine()
        self._lock = threading.Lock()
        self._held: sql.Connection | None = None

    @contextlib.contextmanager
    def locked(self, connection: str = "") -> Iterator[None]:
        """Prove that the table takes new tokens, and hold the lock on a connection's row.

        Raises:
            SettingsError: It does not take any; no token has been spent.
        """
        with self._lock, contextlib.ExitStack() as stack:
            with self._told():
                self._prove(connection)
                self._held = stack.enter_context(self._engine.connect())
                self._held.execute(sql.select(_TABLE).where(_TABLE.c.connection == connection).with_for_update())
            try:
                yield
            finally:
                self._held = None

    def load(self, connection: str) -> Tokens | None:
        """The newest tokens of a connection, if there are any.

        Raises:
            SettingsError: The database cannot be read, or what it holds cannot be understood.
        """
        return self._found(_TABLE.c.connection == connection).get(connection)

    def listed(self) -> dict[str, Tokens]:
        """The tokens of all connections by the connection's name.

        Raises:
            SettingsError: The database cannot be read, or what it holds cannot be understood.
        """
        return self._found(_TABLE.c.tokens.is_not(None))

    def save(self, connection: str, tokens: Tokens) -> None:
        """Put new tokens in the place of old ones; on return they are committed. Call it with the lock held.

        Raises:
            SettingsError: The database failed in between.
        """
        text = msgspec.json.encode(tokens).decode()
        self._change(sql.update(_TABLE).where(_TABLE.c.connection == connection).values(tokens=text))

    def remove(self, connection: str) -> None:
        """Forget a connection's tokens, with its row. Call it with the lock held.

        Raises:
            SettingsError: The database failed in between.
        """
        self._change(sql.delete(_TABLE).where(_TABLE.c.connection == connection))

    def _change(self, statement: sql.Update | sql.Delete) -> None:
        if self._held is None:
            raise RuntimeError("Tokens are changed with the lock held.")
        with self._told():
            self._held.execute(statement)
            self._held.commit()

    def _found(self, condition: sql.ColumnElement[bool]) -> dict[str, Tokens]:
        query = sql.select(_TABLE.c.connection, _TABLE.c.tokens).where(condition)
        with self._told():
            found = self._held.execute(query).all() if self._held is not None else self._asked(query)
        try:
            return {name: msgspec.json.decode(text, type=Tokens) for name, text in found if text}
        except (msgspec.DecodeError, TypeError) as error:
            message = f"The token store {self._place} is damaged. Delete its row and connect the account again."
            raise SettingsError(message) from error

    def _asked(self, query: sql.Select[tuple[str, str]]) -> Sequence[sql.Row[tuple[str, str]]]:
        with self._engine.connect() as connection:
            there = sql.inspect(connection).has_table(_TABLE.name)
            return connection.execute(query).all() if there else []

    def _prove(self, connection: str) -> None:
        """Commit something of the size of new tokens to the connection's row, which is made when needed."""
        self._make_table()
        with contextlib.suppress(IntegrityError), self._engine.begin() as session:
            known = session.execute(sql.select(_TABLE.c.connection).where(_TABLE.c.connection == connection)).first()
            if known is None:
                session.execute(sql.insert(_TABLE).values(connection=connection))
        # A text of chance, for a database would press any other together.
        spare = secrets.token_hex(SPARE // 2)
        with self._engine.begin() as session:
            session.execute(sql.update(_TABLE).where(_TABLE.c.connection == connection).values(spare=spare))

    def _make_table(self) -> None:
        if self._url.get_backend_name() == "sqlite" and self._url.database:
            _make_private(Path(self._url.database))
        if self._has_table():
            return
        try:
            _TABLE.create(self._engine, checkfirst=True)
        except SQLAlchemyError:
            # Another process may have made it at the same moment.
            if not self._has_table():
                raise

    def _has_table(self) -> bool:
        return sql.inspect(self._engine).has_table(_TABLE.name)

    def _prepared_engine(self) -> sql.Engine:
        options = _OPTIONS.get(self._url.get_backend_name(), {})
        try:
            engine = sql.create_engine(self._url, poolclass=sql.NullPool, hide_parameters=True, **options)
        except (ImportError, NoSuchModuleError, ArgumentError):
            message = f"token_store: no driver for {self._url.drivername} is installed."
            raise SettingsError(message) from None
        if engine.dialect.name == "sqlite":
            _lock_from_the_beginning(engine)
        return engine

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What the database has against it, in one line without a password or a token."""
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            message = (
                f"The token store {self._place} cannot be used ({_reason(error, self._url)}). "
                "Set token_store to a database in which you may make and write a table."
            )
            raise SettingsError(message) from None


def _understood(url: str) -> sql.URL:
    """The address; PostgreSQL's own spelling is taken too, with the driver that is installed."""
    try:
        found = sql.make_url(url)
    except (ArgumentError, ValueError):
        message = "token_store must be a path or the URL of a database, as in postgresql://user@host/database."
        raise SettingsError(message) from None
    if found.drivername in {"postgres", "postgresql"}:
        driver = "psycopg" if importlib.util.find_spec("psycopg") else "psycopg2"
        return found.set(drivername=f"postgresql+{driver}")
    return found


def _shown(url: sql.URL) -> str:
    """The address without user, password and options."""
    return f"{url.get_backend_name()}://{url.host or ''}/{url.database or ''}"


def _reason(error: Exception, url: sql.URL) -> str:
    """The first line of what the driver says, without what the address keeps secret."""
    text = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    hidden = [url.password, *(value for name, value in url.query.items() if "pass" in name.lower())]
    for secret in hidden:
        text = text.replace(str(secret), "***") if secret else text
    return text[:300]


def _make_private(path: Path) -> None:
    """Let nobody else read a database that is a file."""
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _lock_from_the_beginning(engine: sql.Engine) -> None:
    """Have SQLite, which knows no row locks, lock the database where a transaction begins.

    Its driver would begin only with the first change. Source: SQLAlchemy, "Serializable isolation, savepoints,
    transactional DDL" of its SQLite dialect.
    """

    @sql.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @sql.event.listens_for(engine, "begin")
    def _begun(connection: sql.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
