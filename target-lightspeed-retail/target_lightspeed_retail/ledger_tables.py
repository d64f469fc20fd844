"""The ledger's tables. Everything in them belongs to one account; texts are told apart by their fingerprints."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sql
from sqlalchemy.dialects.mysql import MEDIUMTEXT

CHUNK = 500
"""Rows that one statement asks for."""

METADATA = sql.MetaData()

_LONG = sql.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")


def _account() -> sql.Column[int]:
    return sql.Column("account", sql.BigInteger, nullable=False)


def _stream() -> sql.Column[str]:
    return sql.Column("stream", sql.String(128), nullable=False)


def _digest(name: str) -> sql.Column[str]:
    return sql.Column(name, sql.String(32), nullable=False)


def _primary_key(*names: str) -> sql.PrimaryKeyConstraint:
    """What tells rows apart comes first, as in every index: PostgreSQL takes any index that begins with the account.

    It knows nothing of a table that was filled a moment ago, so that all seem equally good to it.
    """
    return sql.PrimaryKeyConstraint(*names, "stream", "account")


ENTRIES = sql.Table(
    "lightspeed_retail_ledger",
    METADATA,
    _account(),
    _stream(),
    _digest("key_digest"),
    sql.Column("key", _LONG, nullable=False),
    sql.Column("lightspeed_id", sql.String(64)),
    sql.Column("fields", _LONG),
    sql.Column("settled_at", sql.String(32)),
    sql.Column("intended_at", sql.String(32)),
    sql.Column("intent", _LONG),
    sql.Column("run_id", sql.String(64)),
    _primary_key("key_digest"),
    sql.Index("lightspeed_retail_ledger_ids", "lightspeed_id", "stream", "account"),
    sql.Index("lightspeed_retail_ledger_intents", "intended_at", "account"),
)
"""What was sent under which key, and what is about to be."""

PARKED = sql.Table(
    "lightspeed_retail_ledger_parked",
    METADATA,
    _account(),
    _stream(),
    _digest("key_digest"),
    sql.Column("key", _LONG, nullable=False),
    sql.Column("position", sql.BigInteger, nullable=False),
    sql.Column("record", _LONG, nullable=False),
    sql.Column("reason", _LONG, nullable=False),
    sql.Column("parked_at", sql.String(32), nullable=False),
    _primary_key("key_digest"),
    sql.Index("lightspeed_retail_ledger_positions", "position", "account"),
)
"""Records that wait for one they refer to."""

INDEXES = sql.Table(
    "lightspeed_retail_ledger_indexes",
    METADATA,
    _account(),
    _stream(),
    _digest("field_digest"),
    sql.Column("as_of", sql.String(32), nullable=False),
    _primary_key("field_digest"),
)
"""Which fields that Lightspeed cannot be asked for have been walked, and when."""

INDEXED = sql.Table(
    "lightspeed_retail_ledger_indexed",
    METADATA,
    _account(),
    _stream(),
    _digest("field_digest"),
    _digest("value_digest"),
    sql.Column("lightspeed_id", sql.String(64), nullable=False),
    _primary_key("value_digest", "lightspeed_id", "field_digest"),
    sql.Index("lightspeed_retail_ledger_indexed_ids", "lightspeed_id", "field_digest", "stream", "account"),
)
"""Which records hold which value; of the value only its fingerprint, for it may be personal."""

RUNS = sql.Table(
    "lightspeed_retail_ledger_runs",
    METADATA,
    sql.Column("account", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("holder", sql.String(32)),
    sql.Column("run_id", sql.String(64)),
    sql.Column("host", sql.String(255)),
    sql.Column("process", sql.BigInteger),
    sql.Column("since", sql.String(32)),
)
"""Who writes to an account, or did so last."""


def now_text() -> str:
    """The present moment as it stands in a column; texts sort as moments do."""
    return moment_text(datetime.now(UTC))


def moment_text(moment: datetime) -> str:
    """A moment as it stands in a column."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def days_ago(days: float) -> str:
    """A moment in the past as it stands in a column."""
    return moment_text(datetime.now(UTC) - timedelta(days=days))


def json_text(text: str) -> str:
    """A text as it stands in a column: in ASCII, whatever the database can hold."""
    return json.dumps(text)


def chunks(values: Collection[str]) -> Iterator[Sequence[str]]:
    """Distinct values, as many at a time as one statement asks for."""
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), CHUNK):
        yield distinct[start : start + CHUNK]


def select_chunks(
    connection: sql.Connection, query: sql.Select[Any], column: sql.Column[str], values: Collection[str]
) -> Iterator[sql.Row[Any]]:
    """The rows of a query in which a column has one of many values."""
    for chunk in chunks(values):
        yield from connection.execute(query.where(column.in_(chunk)))
