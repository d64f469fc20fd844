"""The warehouse: its tables, how many rows of an account are in them, and these rows in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sql

from lightspeed_retail.databases import Database
from lightspeed_retail.errors import SettingsError
from lightspeed_retail.resources import Resource
from lightspeed_retail.verify.entries import Entry, Reading, created, moment_text, stamps
from lightspeed_retail.wire import stamp

_ACCOUNT, _DELETED = "accountID", "_sdc_deleted_at"
_AT_A_TIME = 1_000


@dataclass(frozen=True)
class Extent:
    """What a table holds of an account.

    Args:
        rows: How many rows that count: none that are marked as deleted or older than what is compared.
        last: The highest key of all rows, old ones too; None where there is no row.
        newest: Their latest change stamp; None where there is none.
    """

    rows: int
    last: int | None
    newest: str | None


class Table:
    """The table of a stream, whatever its fields are called there: `saleID`, `sale_id` or `saleid`.

    Args:
        resource: Whose rows it holds.
        table: The table.
        columns: Its columns by their folded names.
    """

    def __init__(
        self, resource: type[Resource], table: sql.TableClause, columns: Mapping[str, sql.Column[Any]]
    ) -> None:
        """Find the columns of the declared fields.

        Raises:
            SettingsError: One is missing without which rows cannot be told apart.
        """
        self.resource = resource
        self._table = table
        self._columns = columns
        for name in (_ACCOUNT, resource.api.key):
            if _folded(name) not in columns:
                raise SettingsError(f"The table {table.fullname} has no column {name}, so its rows cannot be compared.")
        self.reading = Reading(resource, [each.name for each in resource.fields() if _folded(each.name) in columns])

    @property
    def created(self) -> str | None:
        """The field by which rows can be narrowed to those since a day; None where that is not known or not loaded."""
        name = created(self.resource)
        return name if name and _folded(name) in self._columns else None

    def extent(self, connection: sql.Connection, account: int, since: datetime | None) -> Extent:
        """How much of an account there is."""
        named = [self._column(name) for name in stamps(self.resource) if _folded(name) in self._columns]
        newest = sql.func.max(sql.func.coalesce(*named, sql.null())) if named else sql.null()
        counted = sql.func.count(sql.case((sql.and_(sql.true(), *self._counts(since)), 1)))
        figures = sql.select(counted, sql.func.max(self._column(self.resource.api.key)), newest)
        mine = self._column(_ACCOUNT) == account
        rows, last, latest = connection.execute(figures.select_from(self._table).where(mine)).one()
        return Extent(rows, None if last is None else int(last), moment_text(latest))

    def entries(self, connection: sql.Connection, account: int, since: datetime | None) -> Iterator[Entry]:
        """The rows of an account in the order of their keys; only a few are in memory at a time."""
        columns = [self._column(field.name).label(field.name) for field in self.reading.fields]
        mine = self._column(_ACCOUNT) == account
        query = sql.select(*columns).select_from(self._table).where(mine, *self._counts(since))
        query = query.order_by(self._column(self.resource.api.key))
        # An option of the connection would hold for the questions after it as well.
        found = connection.execute(query.execution_options(stream_results=True, yield_per=_AT_A_TIME))
        names = [field.name for field in self.reading.fields]
        for row in found:
            yield self.reading.entry(dict(zip(names, row, strict=True)))

    def _counts(self, since: datetime | None) -> Iterator[sql.ColumnElement[bool]]:
        """The conditions on the rows of an account that count."""
        if _folded(_DELETED) in self._columns:
            yield self._column(_DELETED).is_(None)
        if since is not None and self.created is not None:
            column = self._column(self.created)
            yield column >= _as_in(column.type, since)

    def _column(self, name: str) -> sql.Column[Any]:
        return self._columns[_folded(name)]


class Tables:
    """The tables of a schema.

    Args:
        address: The database, as people write addresses.
        schema: Where the loader has put its tables.

    Raises:
        SettingsError: The address makes no sense, or a package for it is not installed.
    """

    def __init__(self, address: str | sql.URL, schema: str) -> None:
        """Understand the address; nothing is opened yet."""
        self.schema = schema
        self.database = Database(
            address,
            setting="--database",
            title="warehouse",
            wanted="the address of the database that the loader writes to",
            patience=60,
            options={},
        )

    def names(self, connection: sql.Connection) -> set[str]:
        """The names of the tables."""
        return set(sql.inspect(connection).get_table_names(schema=self.schema))

    def table(self, connection: sql.Connection, resource: type[Resource]) -> Table:
        """The table of a stream."""
        name = resource.api.stream
        found = sql.inspect(connection).get_columns(name, schema=self.schema)
        columns = [sql.Column(each["name"], each["type"]) for each in found]
        table = sql.table(name, *columns, schema=self.schema)
        return Table(resource, table, {_folded(column.name): column for column in columns})


def _folded(name: str) -> str:
    """A name as it is in every notation: `saleID`, `sale_id` and `SALEID` are one."""
    return name.replace("_", "").casefold()


def _as_in(kind: sql.types.TypeEngine[Any], moment: datetime) -> datetime | str:
    """A moment in UTC as a column of some type holds it."""
    if not isinstance(kind, sql.DateTime):
        return stamp(moment)
    return moment if kind.timezone else moment.replace(tzinfo=None)
