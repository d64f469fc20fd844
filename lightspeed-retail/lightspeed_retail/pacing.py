"""When the next request may go: within the API's leaky bucket and its one-second windows.

A run that is alone on its bucket is never refused, whatever the number of its threads.

Source: page "Rate limits" (section 2 of the API reference).
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from decimal import Decimal

from lightspeed_retail.bucket import FIRST_DRIP_RATE, FIRST_SIZE, SHARED_FOR, Bucket
from lightspeed_retail.errors import SpentError
from lightspeed_retail.limits import Limits
from lightspeed_retail.windows import FIRST_BURST, WINDOW, Windows

__all__ = ["FIRST_BURST", "FIRST_DRIP_RATE", "FIRST_SIZE", "SHARED_FOR", "WINDOW", "Limits", "Pacer"]

FEWEST_CONNECTIONS = 4

MOST_CONNECTIONS = 32
"""More requests at a time than any account has drips for."""

_MARGIN = 0.01
_NOTHING_SAID = Limits()
# Seconds after which a wait for an answer is looked at again, where nothing wakes it.
_LOOK_AGAIN = 0.1
# By how much fewer requests go in one second where others are counted too.
_SHARED_BURST = 4
# Seconds of a wait after which it is looked at again in any case.
_LONGEST_NAP = 60.0
# Seconds without an answer after which one request goes ahead of the others, to see how full the bucket is.
_STALE = 5.0
# Seconds after which a request goes all the same, whatever the last answer has said.
_LONGEST_WAIT = 7200.0
# Part of a new value in a smoothed one.
_SMOOTHING = 0.1
# Requests in flight beyond those that latency alone asks for: while one is being answered, another is being read.
_RESERVE = 1.25


class Pacer:
    """Gives leave to requests, first come, first served; shared by all threads of a process.

    Alone it uses the bucket to its brim. Where others draw on the same bucket, which shows in levels that its own
    requests do not explain, it goes the slower the fuller the bucket is. All who do so see the same level, so that they
    come to equal shares below the brim, and hardly any of them is refused.

    The first request, the first one after a refusal, and the first one after a pause go alone: the answer tells how
    full the bucket is.

    Args:
        clock: Seconds on a clock that never goes back.
        sleep: How to wait, for tests that simulate time in one thread; without it answers wake who waits.

    Attributes:
        spent: Drips that the requests answered so far were charged.
        waited: Seconds in which at least one request had to wait.
        refused: How many requests the API has refused for its limits.
        latency: Seconds that an answer takes, smoothed; None before the first.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] | None = None
    ) -> None:
        """Start with the smallest bucket that there is, empty."""
        self.spent = Decimal(0)
        self.waited = 0.0
        self.refused = 0
        self.latency: float | None = None
        self._clock = clock
        self._sleep = sleep
        self._bucket = Bucket(clock())
        self._windows = Windows()
        self._promised = Decimal(0)
        self._price = 0.0
        self._not_before = -math.inf
        self._answered_at = clock()
        self._probes = True
        self._probe_runs = False
        self._retries = False
        self._most_drips: Decimal | None = None
        self._deadline: float | None = None
        self._queue: deque[threading.Condition] = deque()
        self._lock = threading.Lock()

    @property
    def size(self) -> float:
        """Drips that the bucket holds."""
        return self._bucket.size

    @property
    def drip_rate(self) -> float:
        """Drips that leak out each second."""
        return self._bucket.drip_rate

    @property
    def level(self) -> float:
        """Drips in the bucket now, by the last answers and the time since, with requests in flight."""
        with self._lock:
            return self._bucket.level(self._clock())

    @property
    def is_shared(self) -> bool:
        """Whether somebody else has drawn on the bucket lately."""
        return self._bucket.is_shared(self._clock())

    @property
    def connections(self) -> int:
        """How many requests should be in flight at the most to use all drips, from 4 to 32.

        As many as the drips of the time of one answer pay for, at the prices of late, and a quarter more.
        """
        paid = self.drip_rate * (self.latency or 0.0) / max(self._price, 1.0)
        return max(FEWEST_CONNECTIONS, min(MOST_CONNECTIONS, math.ceil(paid * _RESERVE) + 1))

    def limit(self, drips: Decimal | None, deadline: float | None) -> None:
        """Let nothing go that would exceed a limit: `acquire` raises then.

        Args:
            drips: The most that may be spent in all, with what is in flight.
            deadline: The latest moment, on the pacer's clock, at which a request may go.
        """
        with self._lock:
            self._most_drips = drips
            self._deadline = deadline
            self._wake()

    def acquire(self, price: Decimal) -> None:
        """Wait until a request of this price can go without overflowing the bucket or the second.

        Every leave has to be given back by `release`.

        Raises:
            SpentError: It would exceed a limit that `limit` has set.
        """
        with self._lock:
            if not self._queue and self._attempt(price) <= 0:
                return
            turn = threading.Condition(self._lock)
            self._queue.append(turn)
            try:
                self._wait_in_line(turn, price)
            finally:
                self._queue.remove(turn)
                self._wake()

    def attempt(self, price: Decimal) -> float:
        """Take leave if the request can go at once; never waits, and knows of no queue.

        Returns:
            Nought if the request has leave, or the seconds after which, or the answer after which, to ask again.

        Raises:
            SpentError: It would exceed a limit that `limit` has set.
        """
        with self._lock:
            return self._attempt(price)

    def release(self, price: Decimal, limits: Limits | None) -> None:
        """Settle a request that `acquire` gave leave to.

        Args:
            price: The price that it was given leave for.
            limits: What the answer's headers said, or None where no answer came.
        """
        with self._lock:
            now = self._clock()
            said = limits or _NOTHING_SAID
            promised = float(price)
            self._bucket.settle(promised, said, now)
            self._windows.settle(now)
            self._promised -= price
            if not said.refused:
                self.spent += price if said.cost in (None, promised) else Decimal(str(said.cost))
            self._follow(said, now)
            self._answered_at = now
            self._probes = self._probes and (not self._probe_runs or self._bucket.is_surprising)
            self._retries = self._retries and self._probes
            self._probe_runs = False
            self._wake()

    def back_off(self, seconds: float) -> None:
        """Let nothing go for a while, and then one request first: the API has refused one."""
        with self._lock:
            now = self._clock()
            self.refused += 1
            self._not_before = max(self._not_before, now + seconds)
            self._bucket.share(now)
            self._probes = self._retries = True
            self._probe_runs = False

    def _wait_in_line(self, turn: threading.Condition, price: Decimal) -> None:
        while self._queue[0] is not turn:
            turn.wait()
        until = self._clock() + _LONGEST_WAIT
        while (wait := self._attempt(price)) > 0:
            began = self._clock()
            if began >= until:
                self._give_leave(price, began)
                return
            self._nap(turn, min(wait, until - began))
            self.waited += self._clock() - began

    def _nap(self, turn: threading.Condition, seconds: float) -> None:
        if self._sleep is None:
            turn.wait(min(seconds, _LONGEST_NAP))
            return
        self._lock.release()
        try:
            self._sleep(seconds)
        finally:
            self._lock.acquire()

    def _wake(self) -> None:
        """Let the first in the queue look again."""
        if self._queue:
            self._queue[0].notify()

    def _attempt(self, price: Decimal) -> float:
        now = self._clock()
        wait = self._wait_for(float(price), now)
        self._check(price, now + wait)
        if wait <= 0:
            self._give_leave(price, now)
        return wait

    def _wait_for(self, cost: float, now: float) -> float:
        bucket, windows = self._bucket, self._windows
        if not bucket.running and now - self._answered_at > _STALE:
            self._probes = True
        burst = windows.burst // _SHARED_BURST if bucket.is_shared(now) else windows.burst
        waits = (
            None if self._probes and bucket.running else self._not_before - now,
            bucket.brim_wait(now) if self._retries else bucket.wait(cost, now),
            windows.wait(now, max(1, burst)),
        )
        wait = max(_LOOK_AGAIN if each is None else each for each in waits)
        return wait + _MARGIN if wait > 0 else 0.0

    def _give_leave(self, price: Decimal, now: float) -> None:
        cost = float(price)
        self._probe_runs = self._probes
        self._bucket.leave(cost, now)
        self._windows.leave()
        self._promised += price
        self._price += (cost - self._price) * (_SMOOTHING if self._price else 1.0)

    def _follow(self, said: Limits, now: float) -> None:
        """Take over what an answer says of latency and of the windows."""
        if said.took is not None:
            self.latency = said.took if self.latency is None else self.latency + (said.took - self.latency) * _SMOOTHING
        if said.burst_size:
            self._windows.burst = max(1, int(said.burst_size))
            if self._bucket.is_shared(now) and (said.burst_level or 0) >= said.burst_size:
                self._not_before = max(self._not_before, now + WINDOW)

    def _check(self, price: Decimal, leaves: float) -> None:
        """Raise if a limit would be exceeded."""
        spent = self.spent + self._promised
        if self._most_drips is not None and spent + price > self._most_drips:
            message = f"{spent} are spent or on their way, and the next request costs {price}."
            raise SpentError(f"The limit of {self._most_drips} drips is reached: {message}")
        if self._deadline is not None and leaves > self._deadline:
            raise SpentError("The limit of time is reached: the next request could not go before it.")
