"""When people buy: opening hours, weekdays and seasons, in the time of the shops."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from math import cos, tau
from random import Random
from zoneinfo import ZoneInfo

TIME_ZONE = "US/Pacific"
ZONE = ZoneInfo(TIME_ZONE)
DAY = timedelta(days=1)

_HOUR = timedelta(hours=1)
_ROOM = timedelta(minutes=20)
"""Nothing begins later than this before the end of a day, so that everything also ends in it."""

_FIRST_HOUR = 9
_OPENING = {5: (_FIRST_HOUR, 19), 6: (11, 17)}
_WEEKDAY_OPENING = (10, 19)
_BUSY = (0.5, 0.7, 1.0, 1.25, 1.1, 0.9, 0.95, 1.2, 1.3, 0.8)
_BY_WEEKDAY = (0.80, 0.80, 0.85, 0.95, 1.10, 1.55, 0.95)
_BY_MONTH = (0.70, 0.75, 0.90, 1.05, 1.20, 1.25, 1.25, 1.15, 0.95, 0.85, 0.90, 1.05)


def is_open(local: datetime) -> bool:
    """Whether the shops are open in an hour of local time."""
    opens, closes = _OPENING.get(local.weekday(), _WEEKDAY_OPENING)
    return opens <= local.hour < closes


def sales_on(rng: Random, start: datetime, average: int) -> int:
    """How many tickets the day that begins at `start` brings."""
    local = (start + DAY / 2).astimezone(ZONE)
    expected = average * _BY_WEEKDAY[local.weekday()] * _BY_MONTH[local.month - 1]
    return max(1, round(expected * rng.uniform(0.8, 1.2)))


def moments(rng: Random, start: datetime, count: int) -> list[datetime]:
    """Moments in the opening hours of the 24 hours after `start`, in order; an hour more or less busy than another."""
    slots = _slots(start)
    chosen = rng.choices(slots, weights=[weight for _, _, weight in slots], k=count)
    return sorted(begin + timedelta(seconds=rng.randint(1, seconds)) for begin, seconds, _ in chosen)


def morning(before: datetime) -> datetime:
    """The last opening of the shops before a moment."""
    hour = before.replace(minute=0, second=0, microsecond=0)
    while not is_open(hour.astimezone(ZONE)) or is_open((hour - _HOUR).astimezone(ZONE)):
        hour -= _HOUR
    return hour


def turns(start: datetime) -> Iterator[tuple[datetime, bool]]:
    """When the shops open (true) and close (false) in the 24 hours after `start`."""
    hour = start.replace(minute=0, second=0, microsecond=0) + _HOUR
    while hour < start + DAY - _ROOM:
        opens = is_open(hour.astimezone(ZONE))
        if opens != is_open((hour - _HOUR).astimezone(ZONE)):
            yield hour, opens
        hour += _HOUR


def demand(month: int, peak: int, swing: float) -> float:
    """How much a kind of goods is asked for in a month, against its average; `peak` is its best month."""
    return 1 + swing * cos(tau * (month - peak) / 12)


@lru_cache(maxsize=2)
def _slots(start: datetime) -> tuple[tuple[datetime, int, float], ...]:
    return tuple(_open_hours(start))


def _open_hours(start: datetime) -> Iterator[tuple[datetime, int, float]]:
    last = start + DAY - _ROOM
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < last:
        begin, end = max(hour, start), min(hour + _HOUR, last)
        seconds = int((end - begin).total_seconds())
        local = hour.astimezone(ZONE)
        if seconds > 0 and is_open(local):
            yield begin, seconds, _BUSY[local.hour - _FIRST_HOUR] * seconds
        hour += _HOUR
