"""Why a later run sends a row: it is new, or it lies in what runs read again on purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from lightspeed_retail.resources import Days, Resource, Snapshot, Stamp, Tail
from lightspeed_retail.wire import Record, instant, stamp
from tests.comparing import above

Rows = Mapping[type[Resource], list[Record]]

OVERLAP = 50
"""So many of the last keys are read again in a list that only grows and does not say when its rows were made."""

DAYS = timedelta(days=3 + 1)
"""Days before the last one of a report that are read again: the look-back, and the day that it may be in UTC."""


@dataclass
class LaterRun:
    """A run after the first.

    Args:
        before: The rows of each resource as earlier runs left them.
        sent: The rows that it sent.
        again: How far before the newest stamp it may read again.
    """

    before: Rows
    sent: Rows
    again: timedelta

    def sent_for_no_reason(self, resource: type[Resource]) -> list[Record]:
        """The rows that have neither changed nor lie in what is read again, nor come with one that has or does."""
        parent, is_new = above(resource), self._is_new(resource)
        changed = self._changed(parent) if parent else set()
        key = parent.api.key if parent else ""
        return [row for row in self.sent[resource] if not is_new(row) and row.get(key) not in changed]

    def _changed(self, resource: type[Resource]) -> set[object]:
        for_no_reason = [id(row) for row in self.sent_for_no_reason(resource)]
        return {row[resource.api.key] for row in self.sent[resource] if id(row) not in for_no_reason}

    def _is_new(self, resource: type[Resource]) -> Callable[[Record], bool]:
        bookmark, before = resource.api.bookmark, self.before[resource]
        if not before or isinstance(bookmark, Snapshot):
            return lambda _row: True
        if isinstance(bookmark, Stamp):
            return self._is_late(bookmark.field, before)
        if isinstance(bookmark, Days):
            first = max(date.fromisoformat(row[bookmark.field]) for row in before) - DAYS
            return lambda row: date.fromisoformat(row[bookmark.field]) >= first
        return self._is_added(resource.api.key, bookmark, before)

    def _is_added(self, key: str, bookmark: Tail, before: list[Record]) -> Callable[[Record], bool]:
        highest = max(row[key] for row in before)
        if bookmark.created is None:
            return lambda row: bool(row[key] > highest - OVERLAP)
        is_late = self._is_late(bookmark.created, before)
        return lambda row: bool(row[key] > highest) or is_late(row)

    def _is_late(self, field: str, before: list[Record]) -> Callable[[Record], bool]:
        newest = max((row[field] for row in before if row[field]), default="")
        since = stamp(instant(newest) - self.again) if newest else ""
        return lambda row: bool((row[field] or "~") >= since)
