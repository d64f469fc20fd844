"""A model of the API's leaky bucket, seen from outside.

The bucket belongs to the account and the client together. Its level, size and drip rate come with every answer, and the
price of a request is known before it is sent.

When a request was counted nobody knows: at its leave, at its answer, or in between. So two parts are told apart: what
has been answered leaks, what is in flight does not yet. Their sum is never less than what is in the bucket and on its
way to it, and as long as there is something in the bucket it falls exactly as fast.

Source: page "Rate limits" (section 2 of the API reference).
"""

from __future__ import annotations

import bisect
import math
from collections import deque

from lightspeed_retail.limits import Limits

FIRST_SIZE = 90.0
"""Size of the bucket of an account with one register: the least there is."""

FIRST_DRIP_RATE = 1.0
"""Drips a second of an account with one register: the least there is."""

SHARED_FOR = 180.0
"""Seconds for which a bucket counts as shared after somebody else's drips were last noticed in it."""

LONGEST_LOOK = 1.0
"""Seconds after which a wait is reckoned anew."""

# The part of a shared bucket in which all go slower, the fuller it is; and the least that each takes of the drips then.
_BAND = 0.4
_LEAST_SHARE = 0.125
# Drips by which a level may be higher than expected without anybody else.
_TOLERANCE = 1.0
# Seconds that may pass between a leave and the moment from which the caller reckons.
_SLACK = 0.05
# Changes of the drip rate below this part are rounding.
_ROUNDING = 0.01
_REMEMBERED = 256


class Bucket:
    """The most that can be in the bucket if nobody else draws on it, and what the answers say if somebody does.

    Args:
        now: When the model begins, with the smallest bucket that there is, empty.

    Attributes:
        size: Drips that the bucket holds.
        drip_rate: Drips that leak out each second.
        in_flight: Drips of the requests that run.
        running: How many requests run.
        is_surprising: Whether the last answer found drips that may be an earlier run's, or those of another one that
            works now: the next answer will tell.
    """

    def __init__(self, now: float) -> None:
        """Know nothing yet."""
        self.size = FIRST_SIZE
        self.drip_rate = FIRST_DRIP_RATE
        self.in_flight = 0.0
        self.running = 0
        self.is_surprising = False
        self._own = 0.0
        self._seen = 0.0
        self._at = now
        self._is_known = False
        self._busy_since = now
        # When requests ended, and what all before them were charged.
        self._ends: list[float] = []
        self._totals: list[float] = []
        self._total = 0.0
        self._peaks: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)
        self._shared_until = -math.inf
        self._last = (now, 0.0)

    def level(self, now: float) -> float:
        """Drips in the bucket now, with requests in flight."""
        return max(0.0, self._seen - (now - self._at) * self.drip_rate) + self.in_flight

    def is_shared(self, now: float) -> bool:
        """Whether somebody else has drawn on the bucket lately."""
        return now < self._shared_until

    def share(self, now: float) -> None:
        """Take it that somebody else draws on the bucket."""
        self._shared_until = now + SHARED_FOR

    def leave(self, cost: float, now: float) -> None:
        """A request goes."""
        self._leak(now)
        if not self.running:
            self._busy_since = now
        self.running += 1
        self.in_flight += cost
        self._last = (now, cost)
        self._note_peak(now)

    def settle(self, promised: float, limits: Limits, now: float) -> None:
        """A request has ended.

        Args:
            promised: The price that it left with.
            limits: What its answer's headers said.
            now: The time.
        """
        self._leak(now)
        self.running -= 1
        # What rounding leaves would keep a request that needs the whole bucket waiting for ever.
        self.in_flight = max(0.0, self.in_flight - promised) if self.running else 0.0
        charged = 0.0 if limits.refused else promised if limits.cost is None else limits.cost
        self._own += charged
        self._seen += charged
        self._believe(limits)
        if limits.level is not None:
            self._learn(limits.level - max(0.0, charged - promised), limits.took, now)
        self._note_end(charged, now)

    def _leak(self, now: float) -> None:
        leaked = (now - self._at) * self.drip_rate
        self._own = max(0.0, self._own - leaked)
        self._seen = max(0.0, self._seen - leaked)
        self._at = now

    def _believe(self, limits: Limits) -> None:
        """Size and drip rate follow the subscription, and once followed the hour of the day: the API is right."""
        size, rate = limits.size or self.size, limits.drip_rate or self.drip_rate
        if abs(size - self.size) > 0 or abs(rate - self.drip_rate) > self.drip_rate * _ROUNDING:
            self._is_known = False
        self.size, self.drip_rate = size, rate

    def _learn(self, level: float, took: float | None, now: float) -> None:
        """Compare a level that the API has named with the model.

        The level is of some moment since the request left, and of those requests that were counted before.
        """
        since = self._busy_since if took is None else now - took - _SLACK
        most = self._most(level, since)
        self.is_surprising = not self._is_known and level > self._own + _TOLERANCE
        if not self._is_known:
            self._own = most
            self._is_known = True
            self._note_peak(now)
        elif level > self._peak_since(since) + _TOLERANCE:
            self.share(now)
            self._own = most
            self._note_peak(now)
        else:
            self._own = min(self._own, most)
        self._seen = (level + most) / 2 if self.is_shared(now) else self._own

    def _most(self, level: float, since: float) -> float:
        """The most that a level of some moment since can be now: what ended since then may have been counted later."""
        first = bisect.bisect_left(self._ends, since)
        if not first and len(self._ends) >= _REMEMBERED:
            return max(level, self._own)
        return level + self._total - (self._totals[first] if first < len(self._ends) else self._total)

    def _note_end(self, charged: float, now: float) -> None:
        self._ends.append(now)
        self._totals.append(self._total)
        self._total += charged
        if len(self._ends) >= 2 * _REMEMBERED:
            del self._ends[:_REMEMBERED], self._totals[:_REMEMBERED]

    def _note_peak(self, now: float) -> None:
        """Keep the heights of the model that no later one has surpassed."""
        height = self._own + self.in_flight
        peaks = self._peaks
        while peaks and peaks[-1][1] <= height:
            peaks.pop()
        peaks.append((now, height))

    def _peak_since(self, since: float) -> float:
        """The greatest height of the model after a moment."""
        height = 0.0
        for moment, peak in reversed(self._peaks):
            if moment < since:
                return height
            height = peak
        return math.inf if len(self._peaks) == _REMEMBERED else height

    def wait(self, cost: float, now: float) -> float | None:
        """Seconds until a request of this price can go; None if only an answer to one that runs can tell.

        A request dearer than the bucket goes when the bucket is empty: the first over the brim still passes.
        """
        seen = max(0.0, self._seen - (now - self._at) * self.drip_rate)
        over = seen + self.in_flight + cost - max(self.size, cost)
        if over > 0 and not seen:
            return None
        full = min(over, seen) / self.drip_rate
        return max(full, self._turn_wait(now)) if now < self._shared_until else full

    def brim_wait(self, now: float) -> float:
        """Seconds until the bucket is no longer overfull, as far as the last answer tells."""
        return (self._seen - self.size) / self.drip_rate - (now - self._at)

    def _turn_wait(self, now: float) -> float:
        """Seconds until it is this one's turn again in a shared bucket: the last request has to be worth its share.

        Between two answers nobody knows what the others do; half of the drips that leak out is taken to be theirs.
        """
        level = self._seen - (now - self._at) * self.drip_rate / 2
        room = (self.size - level) / (self.size * _BAND)
        went, cost = self._last
        wait = went + cost / (self.drip_rate * max(_LEAST_SHARE, room)) - now
        return 0.0 if room >= 1 else min(wait, LONGEST_LOOK)
