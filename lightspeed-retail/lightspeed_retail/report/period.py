"""The days that a report is about, and those that they are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

_LEAP = (2, 29)


@dataclass(frozen=True)
class Period:
    """Days, both ends included.

    Args:
        first: The first day.
        last: The last day.
    """

    first: date
    last: date

    @classmethod
    def ending(cls, last: date, days: int) -> Period:
        """So many days up to a last one."""
        return cls(last - timedelta(days=days - 1), last)

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """As many days right before."""
        return Period.ending(self.first - timedelta(days=1), self.days)

    @property
    def this_year(self) -> Period:
        """The year of the last day, up to that day."""
        return Period(date(self.last.year, 1, 1), self.last)

    @property
    def last_year(self) -> Period:
        """The same days of the year before."""
        return Period(date(self.last.year - 1, 1, 1), _year_before(self.last))

    @property
    def earliest(self) -> date:
        """The first day that any comparison reaches back to."""
        return min(self.before.first, self.last_year.first)


def _year_before(day: date) -> date:
    is_leap = (day.month, day.day) == _LEAP
    return day.replace(year=day.year - 1, day=28 if is_leap else day.day)
