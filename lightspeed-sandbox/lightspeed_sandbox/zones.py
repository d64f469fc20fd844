"""The time of the shops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Read = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Runs an SQL query and returns its rows."""


@lru_cache
def zone(name: str | None) -> tzinfo:
    """A time zone by its name; UTC where there is none of that name."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def account_zone(read: Read) -> tzinfo:
    """Where times without an offset are meant: at the first shop that says where it is."""
    found = read('SELECT "timeZone" FROM "Shop" WHERE "timeZone" <> \'\' ORDER BY "shopID" LIMIT 1', ())
    return zone(found[0][0]) if found else UTC


def shop_zones(read: Read) -> dict[int, tzinfo]:
    """The time zone of each shop."""
    return {shop: zone(name) for shop, name in read('SELECT "shopID", "timeZone" FROM "Shop"', ())}
