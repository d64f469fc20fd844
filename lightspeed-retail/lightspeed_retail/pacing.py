"""When the next request may go: a model of the API's leaky bucket and of its one-second windows.

The bucket belongs to the account and the client together. Its level, size and drip rate come with every answer, and the
price of a request is known before it is sent, so a run that is alone on its bucket is never refused.

Source: page "Rate limits" (section 2 of the API reference).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

FIRST_SIZE = 90.0
"""Size of the bucket of an account with one register: the least there is."""

FIRST_DRIP_RATE = 1.0
"""Drips a second of an account with one register: the least there is."""

FIRST_BURST = 20
"""Requests in one second until the API has named its limit."""

WINDOW = 1.0
"""Seconds in a window of the burst limiter."""

SHARED_FOR = 180.0
"""Seconds for which a bucket counts as shared after somebody else's drips were last noticed in it."""

_MARGIN = 0.05
# The part of a shared bucket in which all go slower, the fuller it is; and the least that each takes of the drips then.
_BAND = 0.4
_LEAST_SHARE = 0.125
# Seconds after which a turn is reckoned anew.
_LONGEST_LOOK = 1.0
# Drips by which a level may be higher than expected without anybody else.
_TOLERANCE = 1.0


@dataclass(frozen=True)
class Limits:
    """What the headers of one answer say about the limits; None where a header is missing.

    Args:
        level: Drips in the bucket when the request was counted.
        size: Drips that the bucket holds.
        drip_rate: Drips that leak out each second.
        burst_level: Requests counted in the running second.
        burst_size: Requests allowed in one second.
        cost: Drips that the request was charged.
        took: Seconds from the leave to the answer.
    """

    level: float | None = None
    size: float | None = None
    drip_rate: float | None = None
    burst_level: float | None = None
    burst_size: float | None = None
    cost: float | None = None
    took: float | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str], took: float | None = None) -> Limits:
        """Read the limits off an answer; errors often carry none of them."""
        level, size = _pair(headers.get("X-LS-API-Bucket-Level"))
        burst_level, burst_size = _pair(headers.get("X-LS-API-Burst-Level"))
        return cls(
            level=level,
            size=size,
            drip_rate=_number(headers.get("X-LS-API-Drip-Rate")),
            burst_level=burst_level,
            burst_size=burst_size,
            cost=_number(headers.get("X-LS-API-Request-Cost")),
            took=took,
        )


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _pair(text: str | None) -> tuple[float | None, float | None]:
    first, _, second = (text or "").partition("/")
    return _number(first), _number(second)


class _OwnDrips:
    """The most that can be in the bucket if nobody else draws on it."""

    def __init__(self) -> None:
        """Know nothing of the bucket yet."""
        self._most: float | None = None
        self._at = 0.0

    def add(self, cost: float, now: float, drip_rate: float) -> None:
        """A request goes."""
        if self._most is not None:
            self._most = self._left(now, drip_rate) + cost
        self._at = now

    def _left(self, now: float, drip_rate: float) -> float:
        return max(0.0, (self._most or 0.0) - (now - self._at) * drip_rate)

    def explain(self, level: float, now: float, drip_rate: float, in_flight: float, took: float) -> bool:
        """Whether a level that the API has named can come of these requests alone.

        Args:
            level: Drips in the bucket when a request was counted.
            now: When its answer came.
            drip_rate: Drips that leak out each second.
            in_flight: Drips of other requests, counted or not.
            took: Seconds from its leave to its answer.
        """
        is_known = self._most is not None
        if is_known and level <= self._left(now, drip_rate) + drip_rate * took + _TOLERANCE:
            return True
        self._most, self._at = level + in_flight, now
        return not is_known


class Pacer:
    """Gives leave to requests, shared by all threads of a process.

    Alone it uses the bucket to its brim. Where others draw on the same bucket, which shows in levels that its own
    requests do not explain, it goes the slower the fuller the bucket is. All who do so see the same level, so that they
    come to equal shares below the brim, and none of them is refused.

    Args:
        clock: Seconds on a clock that never goes back.
        sleep: How to wait; injected by tests that simulate time.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        """Start with the smallest bucket that there is, empty."""
        self.size = FIRST_SIZE
        self.drip_rate = FIRST_DRIP_RATE
        self.spent = Decimal(0)
        self.waited = 0.0
        self._clock = clock
        self._sleep = sleep
        self._level = 0.0
        self._level_at = clock()
        self._in_flight = 0.0
        self._burst = FIRST_BURST
        self._running = 0
        self._overlap = False
        self._ends: deque[float] = deque()
        self._not_before = 0.0
        self._own = _OwnDrips()
        self._shared_until = 0.0
        self._last = (self._clock(), 0.0)
        self._lock = threading.Lock()

    @property
    def level(self) -> float:
        """Drips in the bucket now, by the last answer and the time since, with requests in flight."""
        leaked = (self._clock() - self._level_at) * self.drip_rate
        return max(0.0, self._level - leaked) + self._in_flight

    @property
    def is_shared(self) -> bool:
        """Whether somebody else has drawn on the bucket lately."""
        return self._clock() < self._shared_until

    def acquire(self, price: Decimal) -> None:
        """Wait until a request of this price can go without overflowing the bucket or the second."""
        cost = float(price)
        while True:
            with self._lock:
                wait = self._wait_for(cost)
                if wait <= 0:
                    self._give_leave(cost)
                    return
            self.waited += wait
            self._sleep(wait)

    def _give_leave(self, cost: float) -> None:
        now = self._clock()
        self._last = (now, cost)
        self._own.add(cost, now, self.drip_rate)
        self._in_flight += cost
        self._running += 1
        self._overlap = self._running > 1 or self._overlap

    def _turn_wait(self, now: float) -> float:
        """Seconds until it is this one's turn again in a shared bucket: the last request has to be worth its share.

        Between two answers nobody knows what the others do; half of the drips that leak out is taken to be theirs.
        """
        if not self.is_shared:
            return 0.0
        level = self._level - (now - self._level_at) * self.drip_rate / 2
        room = (self.size - level) / (self.size * _BAND)
        went, cost = self._last
        wait = went + cost / (self.drip_rate * max(_LEAST_SHARE, room)) - now
        return 0.0 if room >= 1 else min(wait, _LONGEST_LOOK)

    def release(self, price: Decimal, limits: Limits | None) -> None:
        """Settle a request that `acquire` gave leave to.

        Args:
            price: The price that it was given leave for.
            limits: What the answer's headers said, or None where no answer came.
        """
        with self._lock:
            leaked = (self._clock() - self._level_at) * self.drip_rate
            self._level = max(0.0, self._level - leaked)
            self._level_at = self._clock()
            self._running -= 1
            # What rounding leaves would keep a request that needs the whole bucket waiting for ever.
            self._in_flight = max(0.0, self._in_flight - float(price)) if self._running else 0.0
            self._ends.append(self._clock())
            if limits is None or limits.level is None:
                self._level += float(price)
            else:
                self._correct(limits)
                self._notice_others(limits.level, limits.took)
            self._overlap = self._overlap and self._running > 0
            cost = limits.cost if limits is not None and limits.cost is not None else float(price)
            self.spent += Decimal(str(cost))

    def back_off(self, seconds: float) -> None:
        """Let nothing go for a while: the API has refused a request."""
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)
            self._shared_until = self._clock() + SHARED_FOR

    def _notice_others(self, level: float, took: float | None) -> None:
        """The level is of the moment when the request was counted, which may be as long ago as it took."""
        if took is None:
            return
        now = self._clock()
        if not self._own.explain(level, now, self.drip_rate, self._in_flight, took):
            self._shared_until = now + SHARED_FOR

    def _correct(self, limits: Limits) -> None:
        """Believe the API: its level counts requests of other processes too.

        Answers to requests that overlap may come in another order than that in which they were counted; then the one
        that names the higher level is the later one.
        """
        self.size = limits.size or self.size
        self.drip_rate = limits.drip_rate or self.drip_rate
        level = limits.level or 0.0
        self._level = max(self._level, level) if self._overlap else level
        if limits.burst_size:
            self._burst = max(1, int(limits.burst_size))
            if limits.burst_level is not None and limits.burst_level >= limits.burst_size:
                self._not_before = max(self._not_before, self._clock() + WINDOW)

    def _wait_for(self, cost: float) -> float:
        now = self._clock()
        # A request dearer than the bucket goes when the bucket is empty: the first over the brim still passes.
        over = self.level + cost - max(self.size, cost)
        full = over / self.drip_rate if over > 0 else 0.0
        waits = (self._not_before - now, full, self._window_wait(now), self._turn_wait(now))
        return max(waits) + (_MARGIN if max(waits) > 0 else 0.0)

    def _window_wait(self, now: float) -> float:
        """Seconds until another start is safe in any window of the server, wherever its windows begin.

        A request was counted at the latest when it ended, so one that ended a second ago is in no window with this one.
        """
        while self._ends and self._ends[0] <= now - WINDOW:
            self._ends.popleft()
        excess = self._running + len(self._ends) - self._burst
        if excess < 0:
            return 0.0
        return self._ends[excess] + WINDOW - now if excess < len(self._ends) else WINDOW / 10
