"""Very many rows out of a few patterns, by SQL alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.columns import columns, quoted
from lightspeed_sandbox.store import Store

_TURN, _PLACE = "@turn", "@place"
_FORMAT = "'%Y-%m-%dT%H:%M:%S+00:00'"


def spread(
    store: Store, resource: type[Resource], turns: int, patterns: Sequence[Sequence[Record]], varied: Mapping[str, str]
) -> None:
    """Add the rows of one pattern after the other, and begin again, behind the rows that there are; keys are dense.

    Args:
        store: Where the rows go.
        resource: Whose rows.
        turns: How many patterns to add.
        patterns: The rows of each pattern.
        varied: Columns that are SQL over the number of the turn, `n.i`.
    """
    shape = columns(resource)
    each = sum(map(len, patterns))
    key = f'{store.next_key(resource)} + n.i / {len(patterns)} * {each} + "row"."{_PLACE}"'
    varied = {resource.api.key: key, **varied}
    names = ", ".join(map(quoted, shape.names))
    values = ", ".join(varied.get(name, f'"row".{quoted(name)}') for name in shape.names)
    _lay_out(store, resource, patterns)
    store.query(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
        f'INSERT INTO "{resource.__name__}" ({names}) SELECT {values} FROM n CROSS JOIN "pattern" AS "row" '
        f'ON "row"."{_TURN}" = n.i % {len(patterns)} WHERE n.i < ?',
        (turns, turns),
    )
    store.query('DROP TABLE "pattern"')


def _lay_out(store: Store, resource: type[Resource], patterns: Sequence[Sequence[Record]]) -> None:
    """Put the rows of the patterns into a table of their own, each with its turn and its place in a whole round."""
    shape = columns(resource)
    names = ", ".join(map(quoted, shape.names))
    store.query(
        f'CREATE TEMP TABLE "pattern" AS SELECT 0 AS "{_TURN}", 0 AS "{_PLACE}", {names} '
        f'FROM "{resource.__name__}" LIMIT 0'
    )
    store.query(f'CREATE INDEX "pattern turn" ON "pattern" ("{_TURN}", "{_PLACE}")')
    marks = ", ".join("?" for _ in (_TURN, _PLACE, *shape.names))
    rows = [(turn, row) for turn, pattern in enumerate(patterns) for row in pattern]
    for place, (turn, row) in enumerate(rows):
        store.query(f'INSERT INTO "pattern" VALUES ({marks})', (turn, place, *shape.row(row, complete=True)))


def moment(since: datetime, step: float, later: int = 0) -> str:
    """SQL of the moment of a turn.

    Args:
        since: The moment of the first turn.
        step: Seconds from one turn to the next.
        later: Seconds that pass within a turn before it.
    """
    return f"strftime({_FORMAT}, {int(since.timestamp()) + later} + CAST(n.i * {step!r} AS INTEGER), 'unixepoch')"
