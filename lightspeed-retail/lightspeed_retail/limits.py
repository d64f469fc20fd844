"""What the headers of an answer say about the limits.

Source: page "Rate limits" (section 2.3 of the API reference).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_PAUSE = 3600.0
"""Seconds that a run waits where the API asks for a pause; the bucket is empty long before."""

_SHORTEST_PAUSE = 1.0
"""Seconds of a window of the burst limiter."""

_LEAST_RATE = 1e-6
_MOST = 1e7
_DEAREST = 1e4


@dataclass(frozen=True)
class Limits:
    """What the headers of one answer say about the limits; None where a header is missing or makes no sense.

    Args:
        level: Drips in the bucket when the request was counted.
        size: Drips that the bucket holds.
        drip_rate: Drips that leak out each second.
        burst_level: Requests counted in the running second.
        burst_size: Requests allowed in one second.
        cost: Drips that the request was charged.
        took: Seconds from the leave to the answer.
        refused: Whether the request was refused for a limit, and hence not charged.
    """

    level: float | None = None
    size: float | None = None
    drip_rate: float | None = None
    burst_level: float | None = None
    burst_size: float | None = None
    cost: float | None = None
    took: float | None = None
    refused: bool = False

    @classmethod
    def of(cls, headers: Mapping[str, str], took: float | None = None) -> Limits:
        """Read the limits off an answer; errors often carry none of them."""
        level, size = _pair(headers.get("X-LS-API-Bucket-Level"))
        burst_level, burst_size = _pair(headers.get("X-LS-API-Burst-Level"))
        return cls(
            level=level,
            size=size or None,
            drip_rate=_number(headers.get("X-LS-API-Drip-Rate"), least=_LEAST_RATE),
            burst_level=burst_level,
            burst_size=burst_size or None,
            cost=_number(headers.get("X-LS-API-Request-Cost"), most=_DEAREST),
            took=took,
            refused="X-LS-API-RateLimit-Type" in headers,
        )


def pause(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds that a refusal asks to wait, in either form of `Retry-After`; a second where it makes no sense.

    Args:
        headers: The headers of the refusal.
        now: The server's clock.
    """
    text = headers.get("Retry-After", "")
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text, now)
    return max(_SHORTEST_PAUSE, seconds)


def _seconds_until(text: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _number(text: str | None, *, least: float = 0.0, most: float = _MOST) -> float | None:
    """A number within reason, as far as the header holds one."""
    try:
        number = float(text) if text else math.nan
    except ValueError:
        return None
    return number if least <= number <= most else None


def _pair(text: str | None) -> tuple[float | None, float | None]:
    first, _, second = (text or "").partition("/")
    return _number(first), _number(second)
