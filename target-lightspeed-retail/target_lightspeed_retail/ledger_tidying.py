"""How long a ledger keeps what may be personal."""

from __future__ import annotations

import sqlalchemy as sql

from target_lightspeed_retail.ledger_tables import ENTRIES, INDEXED, INDEXES, PARKED, days_ago

_PLACE = ("account", "stream", "field_digest")


def tidy(connection: sql.Connection, account: int, days: float, *, entries: bool) -> None:
    """Delete details of one account that are older than some days.

    Args:
        connection: A transaction.
        account: The account.
        days: How many.
        entries: Whether to forget what was settled before, too.
    """
    cutoff = days_ago(days)
    connection.execute(sql.delete(PARKED).where(PARKED.c.account == account, PARKED.c.parked_at < cutoff))
    intended = sql.update(ENTRIES).where(ENTRIES.c.account == account, ENTRIES.c.intended_at < cutoff)
    connection.execute(intended.values(intent=None))
    old = sql.select(INDEXES.c.stream, INDEXES.c.field_digest)
    for stream, name in connection.execute(old.where(INDEXES.c.account == account, INDEXES.c.as_of < cutoff)).all():
        for table in (INDEXED, INDEXES):
            here = (table.c.account == account, table.c.stream == stream, table.c.field_digest == name)
            connection.execute(sql.delete(table).where(*here))
    kept = sql.select(INDEXES.c.field_digest).where(*(INDEXED.c[name] == INDEXES.c[name] for name in _PLACE))
    connection.execute(sql.delete(INDEXED).where(INDEXED.c.account == account, ~kept.exists()))
    if entries:
        settled = (ENTRIES.c.intended_at.is_(None), ENTRIES.c.settled_at < cutoff)
        connection.execute(sql.delete(ENTRIES).where(ENTRIES.c.account == account, *settled))
