"""All rows of one account in SQLite: a table a resource, derived from the declarations."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from binascii import crc32
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lightspeed_retail.resources import Days, FieldType, Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox import reports
from lightspeed_sandbox.columns import columns, quoted
from lightspeed_sandbox.links import indexed_columns
from lightspeed_sandbox.memo import compiled
from lightspeed_sandbox.pool import Pool

Key = int | str

_LAST_KEY = "last_key."


class Store:
    """All rows of one account.

    Records are typed as `lightspeed_retail.wire.Decoder` gives them. Nested parts (Contact, Note, Prices, Tags ...)
    are kept with their row; nested rows of other resources (SaleLines, Customer ...) are rows of their own tables.
    Reports are worked out when they are read, into temporary tables that are never written to the file.
    """

    def __init__(self, path: Path | None = None, pool: Pool | None = None, *, durable: bool = True) -> None:
        """Open a file, or keep everything in memory.

        Args:
            path: The file; None: memory.
            pool: Shares its few open files between stores.
            durable: Whether the file is to outlive a crash of the machine.
        """
        self._lock = threading.RLock()
        self._path = path
        self._pool = pool if path is not None else None
        self._synchronous = "NORMAL" if durable else "OFF"
        self._functions: dict[str, Callable[[Any], Any]] = {}
        self._live: sqlite3.Connection | None = None
        self._aside = 0
        self._reported: dict[type[Resource], int] = {}
        self.meta: MutableMapping[str, str] = Meta(self)

    def put(self, resource: type[Resource], rows: Iterable[Record], *, complete: bool = True) -> None:
        """Insert rows, or replace those with the same key.

        Args:
            resource: Whose rows.
            rows: Typed records; fields that they lack are null.
            complete: Whether null texts are empty, as the API writes them; without it they stay null.
        """
        shape = columns(resource)
        self._insert(resource, (shape.row(row, complete=complete) for row in rows))

    def get(self, resource: type[Resource], key: Key) -> Record | None:
        """The typed record with this key, with its parts."""
        return next(iter(self.select(resource, f'"{resource.api.key}" = ?', (key,))), None)

    def select(
        self,
        resource: type[Resource],
        where: str = "1",
        params: Sequence[Any] = (),
        order: str | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        """Typed records that meet an SQL condition, by default in the order of their keys."""
        shape = columns(resource)
        found = self.rows(resource, shape.names, where, params, order, limit)
        return [shape.record(row) for row in found]

    def rows(
        self,
        resource: type[Resource],
        names: Sequence[str],
        where: str = "1",
        params: Sequence[Any] = (),
        order: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[tuple[Any, ...]]:
        """The bare columns of rows that meet an SQL condition."""
        return self.values(resource, tuple(map(quoted, names)), where, params, order, limit, offset)

    def values(
        self,
        resource: type[Resource],
        expressions: Sequence[str],
        where: str = "1",
        params: Sequence[Any] = (),
        order: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[tuple[Any, ...]]:
        """The values of SQL expressions for rows that meet an SQL condition."""
        self._bring_up_to_date(resource)
        by = order or ", ".join(map(quoted, resource.api.keys))
        sql = f'SELECT {", ".join(expressions)} FROM "{resource.__name__}" WHERE {where} ORDER BY {by}'
        return self.query(sql if limit is None else f"{sql} LIMIT {int(limit)} OFFSET {int(offset)}", params)

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of any SQL statement."""
        with self._lock:
            return self._connection.execute(sql, params).fetchall()

    def teach(self, name: str, function: Callable[[Any], Any]) -> None:
        """Let SQL call a function of one argument."""
        with self._lock:
            self._functions[name] = function
            self._connection.create_function(name, 1, function, deterministic=True)

    def delete(self, resource: type[Resource], key: Key) -> None:
        """Remove a row for good; no later row gets its key."""
        if resource.field(resource.api.key).type is FieldType.INTEGER:
            self.meta[f"{_LAST_KEY}{resource.__name__}"] = str(self.next_key(resource) - 1)
        self.query(f'DELETE FROM "{resource.__name__}" WHERE "{resource.api.key}" = ?', (key,))

    def next_key(self, resource: type[Resource]) -> int:
        """The highest key that there has been, plus one."""
        ((highest,),) = self.query(f'SELECT max("{resource.api.key}") FROM "{resource.__name__}"')
        return max(int(highest or 0), int(self.meta.get(f"{_LAST_KEY}{resource.__name__}", "0"))) + 1

    def count(self, resource: type[Resource], where: str = "1", params: Sequence[Any] = ()) -> int:
        """How many rows there are, or how many meet an SQL condition."""
        self._bring_up_to_date(resource)
        ((number,),) = self.query(f'SELECT count(*) FROM "{resource.__name__}" WHERE {where}', params)
        return int(number)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything that is written meanwhile becomes durable at the end, or none of it if it ends with an error."""
        with self._lock:
            self._connection.commit()
            try:
                yield
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    def commit(self) -> None:
        """Make everything durable."""
        with self._lock:
            self._connection.commit()

    def close(self) -> None:
        """Make everything durable and let go of the file."""
        with self._lock:
            self._connection.commit()
            self._closing()
            if self._pool is not None:
                self._pool.forget(self)

    def rest(self) -> bool:
        """Let go of the file until it is needed again; False while another thread is at it."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if self._live is not None:
                self._live.commit()
                self._closing()
                self._live = None
            return True
        finally:
            self._lock.release()

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._pool is not None:
            self._pool.use(self)
        return self._open() if self._live is None else self._live

    def _open(self) -> sqlite3.Connection:
        self._live = connection = sqlite3.connect(self._path or ":memory:", check_same_thread=False)
        connection.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = {self._synchronous};")
        # Closes the file when the store is forgotten, and at the end of the process at the latest.
        self._closing = weakref.finalize(self, connection.close)
        for name, function in self._functions.items():
            connection.create_function(name, 1, function, deterministic=True)
        self._aside, self._reported = 0, {}
        resources = tuple(Resource.all())
        ((version,),) = connection.execute("PRAGMA user_version")
        fresh = version == _version(resources)
        for resource in _reports(resources) if fresh else resources:
            self._create(resource)
        if not fresh:
            connection.execute(f"PRAGMA user_version = {_version(resources)}")
        return connection

    def _create(self, resource: type[Resource]) -> None:
        table, *indices = _statements(resource)
        self.query(table)
        if not _is_report(resource):
            self._complete(resource)
        for index in indices:
            self.query(index)

    def _complete(self, resource: type[Resource]) -> None:
        """Add the columns that an older table lacks."""
        known = {name for _, name, *_ in self.query(f'PRAGMA table_info("{resource.__name__}")')}
        for definition in columns(resource).definitions(without=known):
            self.query(f'ALTER TABLE "{resource.__name__}" ADD COLUMN {definition}')

    def _bring_up_to_date(self, resource: type[Resource]) -> None:
        """Work out a report, unless nothing has been written since it was last worked out."""
        if not _is_report(resource):
            return
        with self._lock:
            version = self._connection.total_changes - self._aside
            if self._reported.get(resource) != version:
                with self.aside():
                    self.query(f'DELETE FROM "{resource.__name__}"')
                    self._insert(resource, reports.rows(resource, self.query))
                self._reported[resource] = version

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is written meanwhile is no row of the account: no report has to be worked out anew for it."""
        with self._lock:
            before = self._connection.total_changes
            try:
                yield
            finally:
                self._aside += self._connection.total_changes - before

    def _insert(self, resource: type[Resource], rows: Iterable[Sequence[Any]]) -> None:
        shape = columns(resource)
        names, marks = ", ".join(map(quoted, shape.names)), ", ".join("?" for _ in shape.names)
        sql = f'INSERT OR REPLACE INTO "{resource.__name__}" ({names}) VALUES ({marks})'
        with self._lock:
            self._connection.executemany(sql, rows)


def _is_report(resource: type[Resource]) -> bool:
    return isinstance(resource.api.bookmark, Days)


@compiled
def _reports(resources: tuple[type[Resource], ...]) -> list[type[Resource]]:
    return [resource for resource in resources if _is_report(resource)]


@compiled
def _statements(resource: type[Resource]) -> list[str]:
    """The statements that make the table of a resource, and its indices."""
    shape, table = columns(resource), resource.__name__
    definitions = shape.definitions()
    if resource.api.dimensions:
        definitions.append(shape.primary_key())
    kind = "TEMP TABLE" if _is_report(resource) else "TABLE"
    names = (*shape.stamps(), *indexed_columns(resource), *resource.api.unique)
    indices = [f'CREATE INDEX IF NOT EXISTS "{table} {name}" ON "{table}" ("{name}")' for name in names]
    return [f'CREATE {kind} IF NOT EXISTS "{table}" ({", ".join(definitions)})', *indices]


@compiled
def _version(resources: tuple[type[Resource], ...]) -> int:
    """A number for the tables of these declarations; a file that has it needs no more tables."""
    text = "".join(statement for resource in resources for statement in _statements(resource))
    return crc32(text.encode()) >> 1 | 1


class Meta(MutableMapping[str, str]):
    """What is remembered about the account besides its rows: seed, clock, tokens."""

    def __init__(self, store: Store) -> None:
        """Keep it in a table of the store."""
        self._query = store.query
        self._aside = store.aside
        self._query('CREATE TABLE IF NOT EXISTS "meta" ("name" TEXT PRIMARY KEY, "value" TEXT NOT NULL)')

    def __getitem__(self, name: str) -> str:
        """The value of a name."""
        for (value,) in self._query('SELECT "value" FROM "meta" WHERE "name" = ?', (name,)):
            return str(value)
        raise KeyError(name)

    def __setitem__(self, name: str, value: str) -> None:
        """Remember a value."""
        with self._aside():
            self._query('INSERT OR REPLACE INTO "meta" VALUES (?, ?)', (name, value))

    def __delitem__(self, name: str) -> None:
        """Forget a value."""
        if name not in self:
            raise KeyError(name)
        with self._aside():
            self._query('DELETE FROM "meta" WHERE "name" = ?', (name,))

    def __iter__(self) -> Iterator[str]:
        """All names in alphabetical order."""
        return iter([str(name) for (name,) in self._query('SELECT "name" FROM "meta" ORDER BY "name"')])

    def __len__(self) -> int:
        """How many values are remembered."""
        ((number,),) = self._query('SELECT count(*) FROM "meta"')
        return int(number)
