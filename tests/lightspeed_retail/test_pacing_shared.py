"""Several processes on one bucket, each with a pacer of its own, in simulated time."""

from __future__ import annotations

import heapq
import itertools
import math
import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightspeed_retail.pacing import Limits, Pacer
from tests.lightspeed_retail.test_pacing import REQUESTS, SERVERS, Server, World


class Time:
    """A clock for threads that goes on when all of them are asleep; one runs at a time."""

    def __init__(self, threads: int) -> None:
        """Begin at nought, with so many threads awake."""
        self.now = 0.0
        self._awake = threads
        self._turn: tuple[float, int] | None = None
        self._sleepers: list[tuple[float, int]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()

    def sleep(self, seconds: float) -> None:
        """Let the others go on for so long."""
        with self._changed:
            mine = (self.now + max(seconds, 0.0), next(self._numbers))
            heapq.heappush(self._sleepers, mine)
            self.leave()
            self._changed.wait_for(lambda: self._turn == mine)

    def leave(self) -> None:
        """Count as asleep."""
        with self._changed:
            self._awake -= 1
            if not self._awake and self._sleepers:
                self._turn = heapq.heappop(self._sleepers)
                self.now = self._turn[0]
                self._awake = 1
                self._changed.notify_all()


@dataclass
class Process:
    """A process that always has something to ask, from a moment on.

    Args:
        prices: What its requests cost, at random.
        begins: When it begins.
        ends: When it has done its work.
        latency: Seconds that an answer takes.
        pause: Seconds between its requests.
    """

    prices: tuple[float, ...] = (1.8,)
    begins: float = 0.0
    ends: float = 1200.0
    latency: float = 0.3
    pause: float = 0.0
    refused: int = 0
    answered: list[tuple[float, float]] = field(default_factory=list)

    def drips(self, since: float = 0.0) -> float:
        """What it got from a moment on."""
        return sum(price for moment, price in self.answered if moment >= since)

    @property
    def longest_wait(self) -> float:
        """The most seconds between two of its answers."""
        moments = [self.begins, *(moment for moment, _ in self.answered)]
        return max(later - earlier for earlier, later in itertools.pairwise(moments))


def run(server: Server, processes: Iterable[Process]) -> None:
    processes = list(processes)
    time = Time(len(processes))

    def live(process: Process, chance: random.Random) -> None:
        time.sleep(process.begins)
        pacer = Pacer(clock=lambda: time.now, sleep=time.sleep)
        while time.now < process.ends:
            price = chance.choice(process.prices)
            while not _asks(server, time, pacer, process, price):
                process.refused += 1
            process.answered.append((time.now, price))
            time.sleep(process.pause)
        time.leave()

    threads = [
        threading.Thread(target=live, args=(process, random.Random(number)), daemon=True)  # noqa: S311  no secret
        for number, process in enumerate(processes)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def _asks(server: Server, time: Time, pacer: Pacer, process: Process, price: float) -> bool:
    pacer.acquire(Decimal(str(price)))
    time.sleep(process.latency / 2)
    before = len(server.refused)
    limits = replace(server.charge(time.now, price), took=process.latency)
    is_refused = len(server.refused) > before
    if is_refused:
        server.level -= price
        limits = Limits(server.level, server.size, server.rate, took=process.latency)
    retry_after = max(1, math.ceil((server.level - server.size) / server.rate))
    time.sleep(process.latency / 2)
    pacer.release(Decimal(str(price)), limits)
    if is_refused:
        pacer.back_off(retry_after)
    return not is_refused


class Punctual(World):
    """A world in which it is known how long each request took."""

    def ask(self, price: float, latency: float) -> None:
        """Send a request; its answer names the seconds."""
        charge = self.server.charge
        self.server.charge = lambda now, cost: replace(charge(now, cost), took=latency)  # type: ignore[method-assign]
        super().ask(price, latency)
        self.server.charge = charge  # type: ignore[method-assign]


def smallest() -> Server:
    return Server(90, 1, 0.0, 23)


SALES = (1.0, 2.5, 5.5)

PAIRS: dict[str, Callable[[], list[Process]]] = {
    "two that read": lambda: [Process(), Process(begins=5)],
    "sales written from the beginning": lambda: [Process(), Process(SALES, begins=5)],
    "sales written later": lambda: [Process(), Process(SALES, begins=200)],
    "categories written later": lambda: [Process(), Process((10.0,), begins=200)],
    "a dear reader and a cheap one": lambda: [Process((5.4,)), Process((1.0,), begins=200)],
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_two_processes_share_a_bucket_evenly_and_are_refused_once_at_the_most(
    pair: Callable[[], list[Process]],
) -> None:
    """One refusal may come where the other begins at a full bucket: nobody can know of it before."""
    processes = pair()
    run(smallest(), processes)
    shares = [process.drips(since=260) for process in processes]
    assert sum(process.refused for process in processes) <= 1
    assert min(shares) > 0.4 * sum(shares)
    assert sum(shares) > 0.97 * (1200 - 260)
    assert max(process.longest_wait for process in processes) < 40


def test_four_processes_are_all_served() -> None:
    processes = [Process(), Process(begins=5), Process(SALES, begins=50), Process((1.0,), begins=300)]
    run(smallest(), processes)
    shares = [process.drips(since=400) for process in processes]
    assert sum(process.refused for process in processes) <= 3
    assert min(shares) > 0.15 * sum(shares)


def test_who_writes_now_and_then_need_not_wait_for_who_reads_all_the_time() -> None:
    reader, writer = Process(), Process((2.5,), begins=200, pause=10)
    run(smallest(), [reader, writer])
    assert (reader.refused, writer.refused) <= (1, 0)
    assert len(writer.answered) > 85
    assert reader.drips() + writer.drips() > 0.96 * (1200 + 90)


def test_who_stays_behind_has_the_bucket_to_itself_again() -> None:
    stays, leaves = Process(), Process(begins=5, ends=500)
    run(smallest(), [stays, leaves])
    assert stays.drips(since=500) > 0.99 * 700


@given(server=SERVERS, requests=REQUESTS, connections=st.integers(1, 8))
def test_ones_own_requests_are_never_taken_for_those_of_others(
    server: Server, requests: list[tuple[float, float]], connections: int
) -> None:
    world = Punctual(server)
    for price, latency in requests:
        world.settle(connections - 1)
        world.ask(price, latency)
        assert not world.pacer.is_shared


def test_what_an_earlier_run_left_in_the_bucket_is_nobodys() -> None:
    world = Punctual(Server(90, 1, 0.0, 23, level=60))
    for _ in range(30):
        world.ask(1.8, 0.3)
        world.settle(0)
    assert not world.pacer.is_shared
    assert world.server.refused == []


def test_a_refusal_tells_of_others() -> None:
    world = World(smallest())
    world.pacer.back_off(2)
    assert world.pacer.is_shared
    world.now += 200
    assert not world.pacer.is_shared


def test_an_answer_that_comes_late_does_not_lower_the_level() -> None:
    """Of two requests the one counted later is answered first."""
    world = World(smallest())
    for price in (60, 20):
        world.pacer.acquire(Decimal(price))
    world.pacer.release(Decimal(20), Limits(level=80, size=90, drip_rate=1))
    world.pacer.release(Decimal(60), Limits(level=60, size=90, drip_rate=1))
    assert world.pacer.level == pytest.approx(80)
    world.pacer.acquire(Decimal(1))
    world.pacer.release(Decimal(1), Limits(level=5, size=90, drip_rate=1))
    assert world.pacer.level == pytest.approx(5)


def test_rounding_keeps_no_request_waiting_that_needs_the_whole_bucket() -> None:
    world = World(smallest())
    for price in ("0.1", "0.2", "0.7"):
        world.pacer.acquire(Decimal(price))
    for price in ("0.7", "0.2", "0.1"):
        world.pacer.release(Decimal(price), Limits(level=1, size=90, drip_rate=1))
    world.pacer.acquire(Decimal(120))
    assert world.now < 2
