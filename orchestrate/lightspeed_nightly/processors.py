"""Processes that share the cores of a machine, as a simulation: what is computed, what is waited for, and when it ends.

A process is a generator of steps. Whoever computes gets a core, or, where more compute than there are cores, an equal
share of them all; whoever waits takes none. Nothing is random here, and no time passes but the simulated.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias


@dataclass(frozen=True)
class Compute:
    """So many seconds of one core."""

    seconds: float


@dataclass(frozen=True)
class Wait:
    """So many seconds in which nothing is computed: an answer that is on its way, drips that are awaited."""

    seconds: float


@dataclass(frozen=True)
class Until:
    """Nothing is computed before this moment; none at all if it is past."""

    moment: float


@dataclass(frozen=True)
class Together:
    """Processes side by side; the step ends with the last of them."""

    processes: tuple[Process, ...]


Step: TypeAlias = Compute | Wait | Until | Together
Process: TypeAlias = Iterator[Step]
Continuation: TypeAlias = Callable[[], None]


@dataclass
class Machine:
    """Cores, and the processes on them.

    Args:
        cores: How many; a part of one is allowed, for a machine that has other work as well.
        now: Seconds since the beginning.
        used: Seconds of a core that have been computed.
    """

    cores: float
    now: float = 0.0
    used: float = 0.0
    _served: float = 0.0
    _computing: list[tuple[float, int, Continuation]] = field(default_factory=list)
    _waiting: list[tuple[float, int, Continuation]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        """Refuse a machine that would never come to an end."""
        if not self.cores > 0:
            raise ValueError("A machine needs a part of a core at the least.")

    def start(self, process: Process, then: Continuation = lambda: None) -> None:
        """Begin a process now; what comes when it has ended can begin others."""
        step = next(process, None)
        if step is None:
            then()
        else:
            self._take(step, lambda: self.start(process, then))

    def run(self) -> float:
        """Go on until every process has ended; the moment of it."""
        while self._computing or self._waiting:
            self._next()()
        return self.now

    def _take(self, step: Step, then: Continuation) -> None:
        """Put a step where it belongs."""
        match step:
            case Compute(seconds):
                heapq.heappush(self._computing, (self._served + max(seconds, 0.0), next(self._numbers), then))
            case Wait(seconds):
                self._wait(self.now + max(seconds, 0.0), then)
            case Until(moment):
                self._wait(max(moment, self.now), then)
            case Together(processes):
                self._together(processes, then)

    def _wait(self, moment: float, then: Continuation) -> None:
        heapq.heappush(self._waiting, (moment, next(self._numbers), then))

    def _together(self, processes: tuple[Process, ...], then: Continuation) -> None:
        """Begin all, and go on when the last has ended."""
        left = len(processes)

        def ended() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                then()

        for process in processes:
            self.start(process, ended)
        if not processes:
            then()

    def _next(self) -> Continuation:
        """Let time pass until the next step ends; what comes then."""
        moment = self._computed()
        if self._waiting and self._waiting[0][0] <= moment:
            self._pass(self._waiting[0][0] - self.now)
            self.now, _, then = heapq.heappop(self._waiting)
            return then
        self._pass(moment - self.now)
        self._served, _, then = heapq.heappop(self._computing)
        return then

    def _computed(self) -> float:
        """When the first of those that compute is ready, if nobody joins or leaves them."""
        if not self._computing:
            return float("inf")
        return self.now + max(self._computing[0][0] - self._served, 0.0) / self._share()

    def _share(self) -> float:
        """What part of a core each of those has that compute."""
        return min(1.0, self.cores / len(self._computing)) if self._computing else 0.0

    def _pass(self, seconds: float) -> None:
        served = seconds * self._share()
        self.now += seconds
        self._served += served
        self.used += served * len(self._computing)
