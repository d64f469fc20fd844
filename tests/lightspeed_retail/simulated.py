"""A simulated API with its own bucket and windows, and processes with many threads that ask it: no real time passes."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial

from lightspeed_retail.pacing import Limits, Pacer


@dataclass
class Server:
    """The limits as the API keeps them, by a clock of its own phase.

    Args:
        size: Drips that the bucket holds.
        rate: Drips that leak out each second.
        phase: Where its windows begin.
        burst: Requests allowed in a window.
        level: Drips in the bucket at first.
        tells_burst: Whether its answers name the limit of the windows.
    """

    size: float
    rate: float
    phase: float
    burst: int
    level: float = 0.0
    tells_burst: bool = True
    at: float = 0.0
    window: int = -1
    in_window: int = 0
    refused: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, registers: int, phase: float = 0.0) -> Server:
        """The limits of a subscription with so many registers."""
        size = 80.0 + 10 * registers
        return cls(size, 0.5 + 0.5 * registers, phase, math.ceil(size / 4))

    def charge(self, now: float, cost: float) -> Limits:
        """Count a request that arrives now, or refuse it."""
        window = math.floor(now + self.phase)
        self.in_window = self.in_window + 1 if window == self.window else 1
        self.window = window
        self.level = max(0.0, self.level - (now - self.at) * self.rate)
        self.at = now
        is_refused = True
        if self.in_window > self.burst:
            self.refused.append(f"burst at {now}")
        elif self.level >= self.size:
            self.refused.append(f"bucket at {now}: {self.level}")
        else:
            is_refused = False
            self.level += cost
        limits = Limits(self.level, self.size, self.rate, cost=cost, refused=is_refused)
        return replace(limits, burst_level=self.in_window, burst_size=self.burst) if self.tells_burst else limits

    @property
    def retry_after(self) -> float:
        """Seconds, whole ones, after which a refused request may be sent again."""
        return max(1, math.ceil((self.level - self.size) / self.rate))


@dataclass
class Process:
    """A process whose threads have always something to ask, as long as there are prices.

    Args:
        prices: What its requests cost; without an end, or as many as there are.
        threads: How many requests it can have in flight.
        latency: How long an answer takes.
        arrival: At which part of that time the request is counted.
        begins: When it begins.
        ends: When it has done its work.
        pause: Seconds between an answer and the next request of a thread.
        is_greedy: Whether it has no pacer, but sends until it is refused.
    """

    prices: Iterable[float]
    threads: int = 1
    latency: Callable[[], float] = lambda: 0.3
    arrival: Callable[[], float] = lambda: 0.5
    begins: float = 0.0
    ends: float = math.inf
    pause: float = 0.0
    is_greedy: bool = False
    refused: int = 0
    answered: list[tuple[float, float]] = field(default_factory=list)

    def drips(self, since: float = 0.0) -> float:
        """What it got from a moment on."""
        return sum(price for moment, price in self.answered if moment >= since)

    @property
    def finished(self) -> float:
        """When its last answer came."""
        return self.answered[-1][0]

    @property
    def longest_wait(self) -> float:
        """The most seconds between two of its answers."""
        moments = [self.begins, *(moment for moment, _ in self.answered)]
        return max((later - earlier for earlier, later in itertools.pairwise(moments)), default=math.inf)


class World:
    """Lets processes work on one bucket, event by event."""

    def __init__(self, server: Server) -> None:
        """Begin at nought."""
        self.now = 0.0
        self.server = server
        self.pacers: list[Pacer] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, moment: float, happen: Callable[[], None]) -> None:
        """Let something happen at a moment."""
        heapq.heappush(self._events, (moment, next(self._numbers), happen))

    def run(self, *processes: Process) -> None:
        """Let all of them do their work."""
        for process in processes:
            running = _Running(self, process)
            self.at(process.begins, running.begin)
        while self._events:
            self.now, _, happen = heapq.heappop(self._events)
            happen()


class _Running:
    """A process at work: its queue and its pacer."""

    def __init__(self, world: World, process: Process) -> None:
        self.world = world
        self.process = process
        self.pacer = Pacer(clock=lambda: world.now)
        world.pacers.append(self.pacer)
        self._prices: Iterator[float] = iter(process.prices)
        self._queue: deque[float] = deque()
        self._looks_at = math.inf

    def begin(self) -> None:
        for _ in range(self.process.threads):
            self._next()

    def _next(self) -> None:
        price = next(self._prices, None) if self.world.now < self.process.ends else None
        if price is not None:
            self._queue.append(price)
            self._look()

    def _look(self) -> None:
        """Whoever is first in the queue goes, if it may."""
        while self._queue:
            price = self._queue[0]
            wait = 0.0 if self.process.is_greedy else self.pacer.attempt(Decimal(str(price)))
            if wait > 0:
                self._look_again(self.world.now + wait)
                return
            self._queue.popleft()
            self._send(price)

    def _look_again(self, moment: float) -> None:
        def look() -> None:
            if self._looks_at == moment:
                self._looks_at = math.inf
                self._look()

        self._looks_at = moment
        self.world.at(moment, look)

    def _send(self, price: float) -> None:
        latency = self.process.latency()
        sent = self.world.now
        arrives = partial(self._arrive, price, sent, sent + latency)
        self.world.at(self.world.now + latency * self.process.arrival(), arrives)

    def _arrive(self, price: float, sent: float, answered: float) -> None:
        limits = self.world.server.charge(self.world.now, price)
        self.world.at(answered, partial(self._end, price, sent, limits, self.world.server.retry_after))

    def _end(self, price: float, sent: float, limits: Limits, retry_after: float) -> None:
        # Who asks measures it by a clock that goes on while the machine sleeps.
        limits = replace(limits, took=self.world.now - sent)
        if self.process.is_greedy:
            self._end_greedily(price, limits, retry_after)
            return
        self.pacer.release(Decimal(str(price)), limits)
        if limits.refused:
            self.process.refused += 1
            self.pacer.back_off(retry_after)
            self._queue.append(price)
            self._look()
            return
        self._done(price)

    def _end_greedily(self, price: float, limits: Limits, retry_after: float) -> None:
        if limits.refused:
            self.process.refused += 1
            self.world.at(self.world.now + retry_after, partial(self._send, price))
        else:
            self._done(price)

    def _done(self, price: float) -> None:
        self.process.answered.append((self.world.now, price))
        self.world.at(self.world.now + self.process.pause, self._next)
        self._look()


def chosen(prices: tuple[float, ...], seed: int = 0) -> Iterator[float]:
    """Prices at random, without an end."""
    chance = random.Random(seed)
    while True:
        yield chance.choice(prices)
