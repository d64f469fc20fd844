"""What a run costs, in numbers: walks with their pages and drips, and the time that the bucket takes for them."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lightspeed_retail.pacing import FIRST_DRIP_RATE, FIRST_SIZE
from lightspeed_retail.query import PAGE_SIZE


class Kind(enum.StrEnum):
    """What a walk is made for."""

    CONNECTION = "connection"
    ZONE = "time zone of the shops"
    BEGINNING = "first day of reports"
    RECORD = "single record"
    FIRST_LOAD = "first load"
    CHANGES = "changes"
    OWN_CHANGES = "changes without the parent"
    HISTORY = "history again"
    PERIOD = "period once more"
    WHOLE = "whole list"
    NEW_ROWS = "new rows"
    BY_PARENT = "by parent"
    BY_DAY = "by day"
    ARCHIVED = "archived rows again"
    CHECK = "check for vanished rows"


class Basis(enum.StrEnum):
    """How well the size of a walk is known, best first."""

    KNOWN = "known"
    KEYS = "by its keys"
    SAMPLE = "by a sample"
    GUESS = "a guess"
    LEAST = "at least"


@dataclass(frozen=True)
class Size:
    """How many rows a walk brings.

    Args:
        rows: As many as are known of; None where nothing is.
        basis: How well that is known.
    """

    rows: int | None = None
    basis: Basis = Basis.LEAST

    @property
    def pages(self) -> int:
        """The requests that it takes; an empty list takes one."""
        return max(1, math.ceil((self.rows or 0) / PAGE_SIZE))


ONE = Size(1, Basis.KNOWN)
"""A single answer."""


@dataclass(frozen=True)
class Walk:
    """One walk of a run, or one question that it asks besides.

    Args:
        kind: What it is made for.
        fed: The streams that it brings rows for; none for a question.
        price: Drips for each request.
        size: How many rows it brings.
        requests: How many requests that takes.
    """

    kind: Kind
    fed: tuple[str, ...]
    price: Decimal
    size: Size
    requests: int

    @classmethod
    def of(cls, kind: Kind, fed: tuple[str, ...], price: Decimal, size: Size) -> Walk:
        """A walk page by page."""
        return cls(kind, fed, price, size, size.pages)

    @property
    def drips(self) -> Decimal:
        """What it costs."""
        return self.price * self.requests

    def summary(self) -> dict[str, Any]:
        """The walk for programs."""
        return {
            "streams": list(self.fed),
            "kind": str(self.kind),
            "rows": self.size.rows,
            "requests": self.requests,
            "price": float(self.price),
            "drips": float(self.drips),
            "basis": str(self.size.basis),
        }


@dataclass(frozen=True)
class Pace:
    """How fast the API lets one read.

    Args:
        size: Drips that the bucket holds.
        drip_rate: Drips that leak out each second.
        level: Drips in the bucket now.
        latency: Seconds that an answer takes.
        connections: Requests on their way at a time.
    """

    size: float = FIRST_SIZE
    drip_rate: float = FIRST_DRIP_RATE
    level: float = 0.0
    latency: float = 0.0
    connections: int = 1

    def seconds(self, drips: Decimal, requests: int = 0) -> float:
        """The least time for so many drips: what the bucket does not hold has to leak out first."""
        leaking = (float(drips) - (self.size - self.level)) / self.drip_rate
        return max(0.0, leaking, requests * self.latency / max(1, self.connections))


@dataclass(frozen=True)
class Estimate:
    """What a run costs before it is made.

    Args:
        walks: All of its walks, in the order in which they are made.
    """

    walks: tuple[Walk, ...]

    @property
    def drips(self) -> Decimal:
        """Drips in all."""
        return sum((walk.drips for walk in self.walks), Decimal(0))

    @property
    def requests(self) -> int:
        """Requests in all."""
        return sum(walk.requests for walk in self.walks)

    @property
    def least(self) -> Decimal:
        """Drips for a request of each walk: no run over this selection takes less."""
        return sum((walk.price for walk in self.walks), Decimal(0))

    @property
    def unknown(self) -> tuple[Walk, ...]:
        """The walks that may take many more requests than are counted."""
        return tuple(walk for walk in self.walks if walk.size.basis is Basis.LEAST and walk.kind in _UNBOUNDED)

    @property
    def word(self) -> str:
        """How to say the sum: it is a lower limit where the size of a list is unknown."""
        return "at least" if self.unknown else "about"

    def of(self, streams: Iterable[str]) -> Estimate:
        """The part of it that some streams lead."""
        wanted = set(streams)
        return Estimate(tuple(walk for walk in self.walks if walk.fed and walk.fed[0] in wanted))


_UNBOUNDED = (Kind.FIRST_LOAD, Kind.WHOLE, Kind.PERIOD, Kind.BY_PARENT, Kind.BY_DAY, Kind.HISTORY)


def duration(seconds: float) -> str:
    """A time for people: 12 s, 4 min, 2 h 10 min."""
    minutes = round(seconds / 60)
    if seconds < _MINUTES_FROM:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < _HOUR else f"{minutes // _HOUR} h {minutes % _HOUR} min"


_MINUTES_FROM = 120
_HOUR = 60
