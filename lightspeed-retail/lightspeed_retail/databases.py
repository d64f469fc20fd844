"""What stores in databases share: addresses as people write them, and errors told in one line."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.private_files import make_private

_OPTIONS: dict[str, dict[str, Any]] = {
    # What another process has committed must be seen once its lock is gone.
    "postgresql": {"connect_args": {"connect_timeout": 15}, "isolation_level": "READ COMMITTED"},
    "mysql": {"isolation_level": "READ COMMITTED"},
    "mariadb": {"isolation_level": "READ COMMITTED"},
}
_LOGGING_NAME = "lightspeed_retail"


class Database:
    """Any database that SQLAlchemy reaches, for tables of our own.

    Args:
        url: Its address; PostgreSQL's own spelling is taken too.
        setting: The setting that names it, for messages.
        title: What it is to people.
        wanted: What the setting must name, as the end of a sentence that begins "Set it to".
        patience: Seconds that SQLite waits for another process.
        error: What is raised.
        options: Further options of the engine.

    Raises:
        SettingsError: The address makes no sense, or a package for it is not installed.
    """

    def __init__(
        self,
        url: str | sql.URL,
        *,
        setting: str,
        title: str,
        wanted: str,
        patience: float,
        error: type[SettingsError] = SettingsError,
        options: Mapping[str, Any],
    ) -> None:
        """Understand the address; nothing is opened yet."""
        self.url = _understood(url, setting)
        self.place = _shown(self.url)
        self._setting = setting
        self._title = title
        self._wanted = wanted
        self._error = error
        self.engine = self._prepared_engine(patience, options)

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database; None for another kind, and in memory."""
        name = self.url.database
        is_file = self.url.get_backend_name() == "sqlite" and name not in {None, "", ":memory:"}
        return Path(str(name)) if is_file else None

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """What the database has against it, in one line without a password or a value.

        Raises:
            SettingsError: Something failed within; it is of the kind that was asked for.
        """
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            message = (
                f"The {self._title} {self.place} cannot be used ({_reason(error, self.url)}). "
                f"Set {self._setting} to {self._wanted}."
            )
            raise self._error(message) from None

    def make(self, metadata: sql.MetaData) -> None:
        """Make the tables that are missing; an SQLite database is made as a file that nobody else can read."""
        if self.file is not None:
            make_private(self.file)
        for table in metadata.sorted_tables:
            if not self._has(table):
                self._make(table)

    def _make(self, table: sql.Table) -> None:
        try:
            table.create(self.engine, checkfirst=True)
        except SQLAlchemyError:
            # Another process may have made it at the same moment.
            if not self._has(table):
                raise

    def _has(self, table: sql.Table) -> bool:
        return sql.inspect(self.engine).has_table(table.name)

    def _prepared_engine(self, patience: float, options: Mapping[str, Any]) -> sql.Engine:
        kind = self.url.get_backend_name()
        known = {"connect_args": {"timeout": patience}} if kind == "sqlite" else _OPTIONS.get(kind, {})
        # At level DEBUG it would log rows, and those hold tokens and customers.
        logging.getLogger(f"sqlalchemy.engine.Engine.{_LOGGING_NAME}").setLevel(logging.WARNING)
        try:
            engine = sql.create_engine(self.url, hide_parameters=True, logging_name=_LOGGING_NAME, **known, **options)
        except (ImportError, NoSuchModuleError, ArgumentError):
            message = f"{self._setting}: no driver for {self.url.drivername} is installed."
            raise SettingsError(message) from None
        if engine.dialect.name == "sqlite":
            _lock_from_the_beginning(engine)
        return engine


def _understood(url: str | sql.URL, setting: str) -> sql.URL:
    """The address; PostgreSQL's own spelling is taken too, with the driver that is installed."""
    try:
        found = sql.make_url(url)
    except (ArgumentError, ValueError):
        message = f"{setting} must be a path or the URL of a database, as in postgresql://user@host/database."
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
