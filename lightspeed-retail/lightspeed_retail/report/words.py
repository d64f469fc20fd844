"""How figures are written: money, counts, shares, days and ages, the same wherever they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

NOTHING = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_AGES = ((timedelta(days=2), timedelta(days=1), "days"), (timedelta(hours=2), timedelta(hours=1), "hours"))
_MINUTE = timedelta(minutes=1)
_LONGEST_SIGN = 8

Number = Decimal | float | int


@dataclass(frozen=True)
class Currency:
    """The currency in which amounts are written.

    Args:
        sign: What stands before an amount; more than one letter is set off by a space.
    """

    sign: str = ""

    @classmethod
    def of(cls, sign: str | None) -> Currency:
        """The currency of a sign or code; one that makes no sense is left out."""
        text = (sign or "").strip()
        return cls(text if len(text) <= _LONGEST_SIGN else "")

    @property
    def unit(self) -> str:
        """What follows the title of a chart whose figures stand for amounts."""
        return f", in\N{NO-BREAK SPACE}{self.sign}" if self.sign else ""

    def amount(self, value: Number | None, decimals: int = 2) -> str:
        """An amount of money, as in $1,234.50 or CAD 1,234.50."""
        if value is None:
            return NOTHING
        space = " " if self.sign[-1:].isalpha() else ""
        digits = f"{abs(value):,.{decimals}f}"
        is_negative = value < 0 and any(digit in "123456789" for digit in digits)
        return f"{_MINUS if is_negative else ''}{self.sign}{space}{digits}"

    def whole(self, value: Number | None) -> str:
        """An amount without its cents."""
        return self.amount(value, 0)


def count(value: Number | None) -> str:
    """A count; of what is sold by weight, with a digit or two."""
    if value is None:
        return NOTHING
    digits = f"{abs(value):,.2f}".rstrip("0").rstrip(".")
    return f"{_MINUS if value < 0 and digits != '0' else ''}{digits}"


def counted(value: int, name: str) -> str:
    """A count with the name of what is counted, which has a plain plural."""
    return f"{count(value)} {name}{'' if value == 1 else 's'}"


def share(value: float | None) -> str:
    """A share of one, as in 12.3%."""
    return NOTHING if value is None else f"{value:.1%}".replace("-", _MINUS)


def change(value: float | None) -> str:
    """By how much something has grown, as in +12.3%."""
    return NOTHING if value is None else f"{value:+.1%}".replace("-", _MINUS)


def one_digit(value: float | None) -> str:
    """A number with one digit after the point."""
    return NOTHING if value is None else f"{value:,.1f}".replace("-", _MINUS)


def day(value: date | None) -> str:
    """A day, as in 21 Nov 2026."""
    return NOTHING if value is None else f"{value.day} {value:%b %Y}"


def moment(value: datetime | None) -> str:
    """A moment, as in 21 Nov 2026 17:05."""
    return NOTHING if value is None else f"{day(value)} {value:%H:%M}"


def age(value: timedelta | None) -> str:
    """How long ago something was, in one word and a number."""
    if value is None:
        return NOTHING
    for least, unit, name in _AGES:
        if value >= least:
            return f"{value // unit} {name}"
    return f"{max(value // _MINUTE, 0)} min"


def seconds(value: float | None) -> str:
    """How long something took."""
    if value is None:
        return NOTHING
    whole = round(value)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60:02d} s"  # noqa: PLR2004  two minutes


def ratio(part: Number, whole: Number) -> float | None:
    """A part of a whole; of nothing there are no parts."""
    return float(part) / float(whole) if whole else None


def growth(now: Number, before: Number) -> float | None:
    """By how much something has grown; from nothing, nothing can be said."""
    return float(now) / float(before) - 1 if before else None


def hundredths(value: float | None) -> str:
    """A number with two digits after the point."""
    return NOTHING if value is None else f"{value:,.2f}".replace("-", _MINUS)


def count_of_days(value: float | None) -> str:
    """A mean of days, without fractions."""
    return NOTHING if value is None else f"{value:,.0f}"
