"""Single values off the wire, where every one is a text: what makes an `int`, a `Decimal`, a `bool` of it.

Date-times and dates stay ISO 8601 texts, in one form (`2024-12-06T15:23:49+00:00`, `1990-06-15`). Most texts come again
and again, so what became of the latest ones is remembered.

Source: sections 3.3 and 3.4 of the API reference (recorded answers and the page "Introduction").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import msgspec

from lightspeed_retail.resources import FieldType

Convert = Callable[[Any], Any]

UNFIT = (ValueError, TypeError, ArithmeticError, AttributeError)
"""What converters raise where a value does not fit."""

MOST_REMEMBERED = 2048
"""Texts of a kind of which it is known what became of them; then all are forgotten."""

_LONGEST_NUMBER = 100
"""Characters of a number, and places before and after its point; a text can name one that fills the memory."""

_BEYOND = 2**63
"""What no database keeps as a whole number."""

_UTC_LENGTH = len("2024-12-06T15:23:49+00:00")
_DEEPEST = 32
_HALF_A_DAY = timedelta(hours=12)
_BOTTOMLESS = "[nested too deeply]"
_moment_of = datetime.fromisoformat


class _Memory(dict[Any, Any]):
    """What became of texts, so that the same one costs a look-up; a value that is no text is not remembered.

    Args:
        convert: What makes a value of a text.
        known: What is known of old.
    """

    def __init__(self, convert: Convert, known: Mapping[Any, Any] | None = None) -> None:
        """Begin with what is known."""
        super().__init__(known or {})
        self._convert = convert

    def __missing__(self, text: Any) -> Any:
        """Convert a new text, or what is none; a missing value comes again as well."""
        value = self._convert(text)
        if type(text) is str or text is None:
            if len(self) >= MOST_REMEMBERED:
                self.clear()
            self[text] = value
        return value


def instant(text: str) -> datetime:
    """A moment as the API writes it: `+00:00`, `-0400` and `Z` are accepted; without an offset it is UTC.

    Raises:
        ValueError: The text is no date-time.
    """
    moment = datetime.fromisoformat(text)
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        # The first and the last day of the calendar, elsewhere.
        raise ValueError(text) from None


def stamp(moment: datetime) -> str:
    """A moment in the one form in which this project writes them: UTC, whole seconds, `+00:00`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _integer(value: Any) -> int | None:
    if value == "" or value is None:
        return None
    try:
        found = int(value)
    except ValueError:
        number = _decimal(value)
        if number is None or number != number.to_integral_value():
            raise
        found = int(number)
    if not -_BEYOND <= found < _BEYOND:
        raise ValueError
    return found


def _decimal(value: Any) -> Decimal | None:
    if value == "" or value is None:
        return None
    text = str(value)
    if len(text) > _LONGEST_NUMBER:
        raise ValueError
    number = value if type(value) is Decimal else Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > _LONGEST_NUMBER:
        raise ValueError
    return number


_BOOLEANS = {"true": True, "false": False, "1": True, "0": False, True: True, False: False, "": None, None: None}


def _boolean(value: Any) -> bool | None:
    try:
        return _BOOLEANS[value]
    except (KeyError, TypeError):
        raise ValueError from None


def as_text(value: Any) -> str | None:
    """The text of any value, whatever it holds; the empty text is null."""
    if value is None or type(value) is str:
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return str(value) if isinstance(value, int | float) else msgspec.json.encode(value).decode()
    except RecursionError:
        return _BOTTOMLESS


def shallow(value: Any) -> Any:
    """A value that nobody has declared, as it is; as text where it is nested deeper than others can follow."""
    layer = [value]
    for _ in range(_DEEPEST):
        layer = [inner for each in layer for inner in _within(each)]
        if not layer:
            return value
    return as_text(value)


def _within(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _datetime(value: Any) -> str | None:
    if type(value) is str and len(value) == _UTC_LENGTH and value.endswith("+00:00"):
        _moment_of(value)
        return value
    return None if value == "" or value is None else stamp(instant(value))


def _date_in(zone: tzinfo) -> Convert:
    """Dates arrive as midnight of the shop in UTC. The nearest midnight is meant: summer time may shift it an hour.

    Reports write `01/26/2021`.
    """

    def convert(value: Any) -> str | None:
        if value == "" or value is None:
            return None
        if len(value) == len("1990-06-15"):
            form = "%m/%d/%Y" if "/" in value else "%Y-%m-%d"
            return datetime.strptime(value, form).date().isoformat()  # noqa: DTZ007  only the day is taken
        return (instant(value).astimezone(zone) + _HALF_A_DAY).date().isoformat()

    return convert


def _flags(value: Any) -> dict[str, bool] | None:
    if isinstance(value, list):
        return {str(name): True for name in value} or None
    return {name: bool(_boolean(flag)) for name, flag in value.items()} if value else None


_CONVERTERS: dict[FieldType, Convert] = {
    FieldType.INTEGER: _Memory(_integer).__getitem__,
    FieldType.NUMBER: _Memory(_decimal).__getitem__,
    FieldType.STRING: as_text,
    FieldType.BOOLEAN: _Memory(_boolean, _BOOLEANS).__getitem__,
    FieldType.DATETIME: _datetime,
    FieldType.FLAGS: _flags,
}
_CONVERTERS[FieldType.MONEY] = _CONVERTERS[FieldType.NUMBER]


def converter(kind: FieldType, zone: tzinfo = UTC, *, recurs: bool = True) -> Convert:
    """What makes a typed value of a scalar, off the wire or typed already; it raises where the value does not fit.

    Args:
        kind: What the field holds.
        zone: Time zone of the shops, in which dates are meant.
        recurs: Whether a value may come again; a key does not.
    """
    if kind is FieldType.DATE:
        return _Memory(_date_in(zone)).__getitem__
    return _integer if kind is FieldType.INTEGER and not recurs else _CONVERTERS[kind]
