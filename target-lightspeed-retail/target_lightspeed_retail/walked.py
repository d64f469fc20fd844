"""What the API cannot be asked for: the list is read whole once, and later runs read what has changed since."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Protocol

from lightspeed_retail.errors import RequestRefusedError
from lightspeed_retail.query import Filter
from lightspeed_retail.resources import Match, Resource, Stamp
from lightspeed_retail.wire import Record, stamp
from target_lightspeed_retail.ledger import Index, Ledger
from target_lightspeed_retail.telling import Value, values

_LOOK_BACK = timedelta(minutes=5)
"""A row may show later than its stamp says, as the tap's setting `lookback_seconds` has it."""

_WHOLE_AGAIN = timedelta(days=30)
"""What a stamp has not told is found at the latest then."""

_AT_A_TIME = 1_000
_log = logging.getLogger(__name__)


class Rows(Protocol):
    """Reads the rows of a resource that meet conditions, with some relations."""

    def __call__(
        self, resource: type[Resource], filters: tuple[Filter, ...], relations: Collection[str]
    ) -> Iterator[Record]:
        """The rows, typed."""


class Walked:
    """Which rows hold which values.

    Args:
        rows: Reads them.
        clock: The server's clock.
        ledger: Keeps what was read for later runs; None where each run reads it anew.
    """

    def __init__(self, rows: Rows, clock: Callable[[], datetime], ledger: Ledger | None) -> None:
        """Prepare; nothing is read yet."""
        self._rows = rows
        self._clock = clock
        self._ledger = ledger
        self._kept: dict[tuple[type[Resource], Match], Index] = {}
        self._remembered: dict[tuple[type[Resource], Match], dict[Value, set[int]]] = {}

    def keys(self, resource: type[Resource], match: Match, wanted: Collection[Value]) -> dict[Value, set[int]]:
        """The keys of the rows that have held each of some values; they may hold another one by now.

        Raises:
            ApiError: The API refused to list the rows.
            LedgerError: The ledger cannot be written.
        """
        if (resource, match) not in self._remembered:
            self._read(resource, match)
        seen = self._remembered[resource, match]
        found = {value: set(seen.get(value, ())) for value in wanted}
        index = self._kept.get((resource, match))
        if index is not None:
            kept = index.find([_text(value) for value in wanted])
            for value in wanted:
                found[value].update(map(int, kept.get(_text(value), ())))
        return {value: keys for value, keys in found.items() if keys}

    def learn(self, resource: type[Resource], row: Record) -> None:
        """Take in a row that was written since."""
        for (read, match), seen in self._remembered.items():
            if read is resource:
                self._note(resource, match, row, seen)

    def _read(self, resource: type[Resource], match: Match) -> None:
        """Read the list, or what has changed in it since the last run that read it."""
        seen: dict[Value, set[int]] = defaultdict(set)
        bookmark = resource.api.bookmark
        if self._ledger is not None and match.stamped and isinstance(bookmark, Stamp):
            self._kept[resource, match] = self._bring_up_to_date(resource, match, self._ledger, bookmark.field)
        else:
            self._tell(resource, match, ())
            for row in self._rows(resource, (), _relations(match)):
                self._note(resource, match, row, seen)
        self._remembered[resource, match] = seen

    @staticmethod
    def _note(resource: type[Resource], match: Match, row: Record, seen: dict[Value, set[int]]) -> None:
        for value in values(match, row):
            seen[value].add(row[resource.api.key])

    def _bring_up_to_date(self, resource: type[Resource], match: Match, ledger: Ledger, field: str) -> Index:
        """What the ledger keeps, with what has changed since; all is read now and then."""
        index, whole = (ledger.index(resource.api.stream, name) for name in (match.name, f"{match.name}, whole"))
        since, last = index.as_of, whole.as_of
        now = None
        if since is not None and last is not None and since - last < _WHOLE_AGAIN:
            now = self._changes_taken_in(resource, match, index, field, since)
        if now is None:
            now = self._take_in(resource, match, index, ())
            whole.fill((), now, whole=True)
        index.fill((), now, whole=False)
        return index

    def _changes_taken_in(
        self, resource: type[Resource], match: Match, index: Index, field: str, since: datetime
    ) -> datetime | None:
        """Read what has changed since a moment; None where all has to be read."""
        try:
            now = self._take_in(resource, match, index, (Filter(field, ">=", stamp(since - _LOOK_BACK)),))
        except RequestRefusedError:
            return None
        # Where a clock was wrong, what has changed before that moment was not asked for.
        return now if since <= now else None

    def _take_in(self, resource: type[Resource], match: Match, index: Index, filters: tuple[Filter, ...]) -> datetime:
        """Read the rows that meet conditions, or all; the moment at which that began."""
        self._tell(resource, match, filters)
        held = _held(resource, match, self._rows(resource, filters, _relations(match)))
        # With the first answer the server's clock is known; what changed while it came is looked back for. One of the
        # clocks may be ahead: then the other one counts.
        some = list(islice(held, 1))
        now = min(self._clock(), datetime.now(UTC))
        index.fill(some, None, whole=not filters)
        while some := list(islice(held, _AT_A_TIME)):
            index.fill(some, None, whole=False)
        return now

    @staticmethod
    def _tell(resource: type[Resource], match: Match, filters: tuple[Filter, ...]) -> None:
        which = "what has changed in" if filters else "all"
        _log.info("Reading %s %s once: they cannot be looked up by %s.", which, resource.api.stream, match.name)


def _held(resource: type[Resource], match: Match, rows: Iterable[Record]) -> Iterator[tuple[str | None, str]]:
    """What each row holds, as the ledger keeps it."""
    for row in rows:
        key = str(row[resource.api.key])
        yield next((_text(value) for value in values(match, row)), None), key


def _relations(match: Match) -> set[str]:
    return {match.relation} if match.relation else set()


def _text(value: Value) -> str:
    return "\n".join(value)
