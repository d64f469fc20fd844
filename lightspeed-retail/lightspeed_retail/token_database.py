"""Tokens in a database, for processes on several machines: a row for each connection, locked while it is replaced."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError

from lightspeed_retail.databases import Database
from lightspeed_retail.errors import SettingsError
from lightspeed_retail.tokens import SPARE, Tokens

# As long as another process may take for a refresh: two tries of a minute each, and saving.
_PATIENCE = 150

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
        self._database = Database(
            url,
            setting="token_store",
            title="token store",
            wanted="a database in which you may make and write a table",
            patience=_PATIENCE,
            options={"poolclass": sql.NullPool},
        )
        self._engine = self._database.engine
        self._lock = threading.Lock()
        self._held: sql.Connection | None = None

    @contextlib.contextmanager
    def locked(self, connection: str = "") -> Iterator[None]:
        """Prove that the table takes new tokens, and hold the lock on a connection's row.

        Raises:
            SettingsError: It does not take any; no token has been spent.
        """
        with self._lock, contextlib.ExitStack() as stack:
            with self._database.told():
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
        with self._database.told():
            self._held.execute(statement)
            self._held.commit()

    def _found(self, condition: sql.ColumnElement[bool]) -> dict[str, Tokens]:
        query = sql.select(_TABLE.c.connection, _TABLE.c.tokens).where(condition)
        with self._database.told():
            found = self._held.execute(query).all() if self._held is not None else self._asked(query)
        try:
            return {name: msgspec.json.decode(text, type=Tokens) for name, text in found if text}
        except (msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
            message = (
                f"The token store {self._database.place} is damaged. Delete its row and connect the account again."
            )
            raise SettingsError(message) from error

    def _asked(self, query: sql.Select[tuple[str, str]]) -> Sequence[sql.Row[tuple[str, str]]]:
        with self._engine.connect() as connection:
            there = sql.inspect(connection).has_table(_TABLE.name)
            return connection.execute(query).all() if there else []

    def _prove(self, connection: str) -> None:
        """Commit something of the size of new tokens to the connection's row, which is made when needed."""
        self._database.make(_TABLE.metadata)
        with contextlib.suppress(IntegrityError), self._engine.begin() as session:
            known = session.execute(sql.select(_TABLE.c.connection).where(_TABLE.c.connection == connection)).first()
            if known is None:
                session.execute(sql.insert(_TABLE).values(connection=connection))
        # A text of chance, for a database would press any other together.
        spare = secrets.token_hex(SPARE // 2)
        with self._engine.begin() as session:
            session.execute(sql.update(_TABLE).where(_TABLE.c.connection == connection).values(spare=spare))
