"""How things stand in the middle of a run: how far it has come, and how long it will still take."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record, instant
from tap_lightspeed_retail.costs import Basis, Estimate, Kind, Pace, duration

if TYPE_CHECKING:
    from tap_lightspeed_retail.run import Run
    from tap_lightspeed_retail.streams import ResourceStream

_FEW = 5
"""Rows at the end of a page that are looked at: an open sale has no moment yet."""

_LATELY = 20
"""Pages over which it is taken how much time a page spans."""

_RATE_OVER = 30.0
"""Seconds over which the rate of rows is taken."""


@dataclass(frozen=True)
class Standing:
    """A moment of a run.

    Args:
        stream: The stream whose turn it is.
        stream_rows: Its rows so far.
        reached: How far it has come, as a moment or a key.
        share: Which part of its rows that is, where their number is known.
        rows: Rows of all streams so far.
        rows_a_second: At what rate they come.
        drips: Drips so far.
        level: Drips in the bucket.
        size: Drips that it holds.
        seconds_left: How long it will still take.
        word: Whether that is about it, or at the least.
        streams_done: How many streams have had their turn.
        streams: How many there are.
    """

    stream: str
    stream_rows: int
    reached: str | None
    share: float | None
    rows: int
    rows_a_second: float
    drips: float
    level: float
    size: float
    seconds_left: float
    word: str
    streams_done: int
    streams: int

    @property
    def left(self) -> str:
        """The time left for people."""
        return f"{self.word} {duration(self.seconds_left)} left"

    @property
    def place(self) -> str:
        """How far the stream has come, for people."""
        share = f"{self.share:.0%}" if self.share is not None else ""
        return f"{self.reached} ({share})" if self.reached and share else self.reached or share

    def __str__(self) -> str:
        """The line for people."""
        place = f", as far as {self.place}" if self.place else ""
        return (
            f"Reading {self.stream}: {self.stream_rows:,} rows{place}; in all {self.rows:,} rows, "
            f"{self.rows_a_second:,.0f} a second, for {self.drips:,.1f} drips; "
            f"bucket {self.level:.0f}/{self.size:.0f}; {self.left}."
        )

    def fields(self) -> dict[str, Any]:
        """The line for programs."""
        return {
            "stream_name": self.stream,
            "stream_rows": self.stream_rows,
            "reached": self.reached,
            "share": self.share and round(self.share, 3),
            "rows": self.rows,
            "rows_per_second": round(self.rows_a_second, 1),
            "drips": round(self.drips, 1),
            "bucket_level": round(self.level, 1),
            "bucket_size": self.size,
            "seconds_left": round(self.seconds_left, 1),
        }


class Course:
    """Follows a run: told of each page, it can say at any moment how things stand.

    Args:
        run: The run.
        foreseen: What it was expected to cost.
    """

    def __init__(self, run: Run, foreseen: Estimate) -> None:
        """Begin where no stream has had its turn."""
        self._run = run
        self._foreseen = foreseen
        self._selected = sorted(stream.name for stream in run.streams if stream.selected)
        self._sizes = {
            walk.fed[0]: walk.size.rows for walk in foreseen.walks if walk.fed and walk.size.basis is not Basis.LEAST
        }
        self._loaded = {walk.fed[0] for walk in foreseen.walks if walk.fed and walk.kind is Kind.FIRST_LOAD}
        self._pages: Counter[str] = Counter()
        self._stream: ResourceStream | None = None
        self._events: deque[tuple[datetime, int]] = deque(maxlen=_LATELY)
        self._reached: str | None = None
        self._counts = [(time.monotonic(), 0)]

    def page(self, stream: ResourceStream, rows: Sequence[Record] = ()) -> None:
        """A page of a stream's walk has come, and what came before has left."""
        if stream is not self._stream:
            self._events.clear()
        self._stream = stream
        self._pages[stream.name] += 1
        self._reached = _reached(stream)
        found = _happened(stream.resource, rows) if stream.name in self._loaded else None
        if found is not None:
            self._events.append((found, self._pages[stream.name]))
            self._reached = f"{found:%Y-%m-%d}"

    def standing(self) -> Standing | None:
        """How things stand; None before the first page."""
        stream = self._stream
        if stream is None:
            return None
        pacer = self._run.client.pacer
        share = self._share(stream)
        rows = sum(each.count for each in self._run.streams)
        left, word = self._left(stream.name, share)
        return Standing(
            stream=stream.name,
            stream_rows=stream.count,
            reached=self._reached,
            share=share,
            rows=rows,
            rows_a_second=self._rate(rows),
            drips=float(pacer.spent),
            level=pacer.level,
            size=pacer.size,
            seconds_left=left,
            word=word,
            streams_done=sum(name < stream.name for name in self._selected),
            streams=len(self._selected),
        )

    def _rate(self, rows: int) -> float:
        """Rows a second over the last while."""
        now = time.monotonic()
        self._counts.append((now, rows))
        while len(self._counts) > 2 and self._counts[1][0] < now - _RATE_OVER:  # noqa: PLR2004  two make a rate
            self._counts.pop(0)
        since, before = self._counts[0]
        return (rows - before) / max(now - since, 0.001)

    def _share(self, stream: ResourceStream) -> float | None:
        """Which part of a stream has come: by its rows, or of events in a first load by the pages for a day of late."""
        known = self._sizes.get(stream.name)
        if known:
            return min(1.0, stream.count / known)
        events = list(self._events)
        if len(events) < _LATELY // 2:
            return None
        (before, since), (reached, pages) = events[0], events[-1]
        still = (self._run.narrowing.end or self._run.client.now) - reached
        if reached <= before:
            return None
        left = max(0.0, still / (reached - before) * (pages - since))
        return pages / (pages + left)

    def _left(self, current: str, share: float | None) -> tuple[float, str]:
        """The time for what is still to be read; streams have their turn in the order of their names."""
        coming = self._foreseen.of(name for name in self._selected if name > current)
        walks = self._foreseen.of([current]).walks
        done = walks[0].price * self._pages[current] if walks else Decimal(0)
        foreseen = sum((walk.drips for walk in walks), Decimal(0)) - done
        here = (
            done * Decimal((1 - share) / share) if share and current not in self._sizes else max(Decimal(0), foreseen)
        )
        pacer, client = self._run.client.pacer, self._run.client
        pace = Pace(pacer.size, pacer.drip_rate, pacer.level, pacer.latency or 0.0, client.connections)
        pages = math.ceil(here / walks[0].price) if walks else 0
        return pace.seconds(coming.drips + here, coming.requests + pages), self._foreseen.word


def _reached(stream: ResourceStream) -> str | None:
    """How far a stream has come by its state: the latest stamp that it has read, or else its highest key."""
    state = stream.stream_state
    if not state.get("replication_key_value") and "with" in state:
        state = next(iter(state["with"].values()))
    load = state.get("first_load") or state.get("snapshot") or {}
    reached = load.get("newest") or load.get("key") or state.get("replication_key_value")
    if isinstance(reached, str):
        return reached[: len("2024-01-31T12:00")].replace("T", " ")
    return f"{_key(stream.resource)} {reached}" if reached else None


def _happened(resource: type[Resource], rows: Sequence[Record]) -> datetime | None:
    """The moment of the last event among some rows."""
    event = resource.api.event
    texts = [text for row in rows[-_FEW:] if event and isinstance(text := row.get(event), str) and text]
    try:
        return instant(texts[-1]) if texts else None
    except ValueError:
        return None


def _key(resource: type[Resource]) -> str:
    return resource.api.key
