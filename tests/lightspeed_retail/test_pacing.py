"""Pacing against a simulated server: its own bucket, its own one-second windows, no real time."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightspeed_retail.pacing import FIRST_BURST, FIRST_DRIP_RATE, FIRST_SIZE, Limits, Pacer


@dataclass
class Server:
    """The limits as the API keeps them, by a clock of its own phase."""

    size: float
    rate: float
    phase: float
    burst: int
    level: float = 0.0
    at: float = 0.0
    window: int = -1
    in_window: int = 0
    tells_burst: bool = True
    refused: list[str] = field(default_factory=list)

    def charge(self, now: float, cost: float) -> Limits:
        """Count a request that arrives now."""
        window = math.floor(now + self.phase)
        self.in_window = self.in_window + 1 if window == self.window else 1
        self.window = window
        self.level = max(0.0, self.level - (now - self.at) * self.rate)
        self.at = now
        if self.in_window > self.burst:
            self.refused.append(f"burst at {now}")
        if self.level >= self.size:
            self.refused.append(f"bucket at {now}: {self.level}")
        self.level += cost
        limits = Limits(self.level, self.size, self.rate, cost=cost)
        return replace(limits, burst_level=self.in_window, burst_size=self.burst) if self.tells_burst else limits


class World:
    """Simulated time, in which requests arrive and are answered while the pacer sleeps."""

    def __init__(self, server: Server) -> None:
        """Begin at nought, with a fresh pacer."""
        self.now = 0.0
        self.server = server
        self.pacer = Pacer(clock=lambda: self.now, sleep=self.pass_time)
        self._events: list[tuple[float, int, float, Limits | None]] = []
        self._count = 0

    @property
    def in_flight(self) -> int:
        """Requests without an answer yet."""
        return len(self._events)

    def pass_time(self, seconds: float) -> None:
        """Let everything happen that happens in the meantime."""
        until = self.now + seconds
        while self._events and self._events[0][0] <= until:
            self._step()
        self.now = max(self.now, until)

    def _step(self) -> None:
        moment, _, price, limits = heapq.heappop(self._events)
        self.now = max(self.now, moment)
        self.pacer.release(Decimal(str(price)), limits)

    def ask(self, price: float, latency: float) -> None:
        """Send a request: it arrives at once and is answered after the latency."""
        self.pacer.acquire(Decimal(str(price)))
        limits = self.server.charge(self.now, price)
        self._count += 1
        heapq.heappush(self._events, (self.now + latency, self._count, price, limits))

    def settle(self, allowed: int) -> None:
        """Wait until no more than so many requests are in flight."""
        while len(self._events) > allowed:
            self._step()


PRICES = st.sampled_from([1.0, 1.2, 1.8, 2.6, 5.0, 10.0, 40.0, 120.0])
LATENCIES = st.sampled_from([0.0, 0.01, 0.05, 0.3, 1.0, 2.5])
REQUESTS = st.lists(st.tuples(PRICES, LATENCIES), min_size=1, max_size=150)
SERVERS = st.builds(
    lambda registers, phase: Server(
        80.0 + 10 * registers, 0.5 + 0.5 * registers, phase, math.ceil((80 + 10 * registers) / 4)
    ),
    st.integers(1, 20),
    st.floats(0, 1, exclude_max=True),
)


@given(server=SERVERS, requests=REQUESTS)
def test_a_run_alone_on_its_bucket_is_never_refused(server: Server, requests: list[tuple[float, float]]) -> None:
    world = World(server)
    for price, latency in requests:
        world.ask(price, latency)
        world.settle(0)
    assert server.refused == []


@given(server=SERVERS, requests=REQUESTS, connections=st.integers(2, 8))
def test_neither_are_several_connections_that_share_a_pacer(
    server: Server, requests: list[tuple[float, float]], connections: int
) -> None:
    world = World(server)
    for price, latency in requests:
        world.settle(connections - 1)
        world.ask(price, latency)
    assert server.refused == []


@given(phase=st.floats(0, 1, exclude_max=True), latency=st.sampled_from([0.0, 0.001, 0.02]), tells_burst=st.booleans())
def test_cheap_requests_without_delay_stay_within_every_window(
    phase: float, latency: float, *, tells_burst: bool
) -> None:
    server = Server(100_000, 1000, phase, 20, tells_burst=tells_burst)
    world = World(server)
    for _ in range(120):
        world.ask(1.0, latency)
        world.settle(0)
    assert server.refused == []
    assert server.in_window > 0


def test_a_bucket_is_used_to_its_brim_before_anything_waits() -> None:
    server = Server(90, 1, 0.0, 1000)
    world = World(server)
    for _ in range(89):
        world.ask(1.0, 0.0)
        world.settle(0)
    assert world.pacer.waited < 90 / FIRST_BURST + 1


def test_a_request_dearer_than_the_bucket_goes_when_it_is_empty() -> None:
    server = Server(90, 1, 0.0, 23)
    world = World(server)
    for price in (50.0, 120.0):
        world.ask(price, 0.0)
        world.settle(0)
    assert server.refused == []
    assert world.now == pytest.approx(50, abs=1)


def test_the_rate_that_the_bucket_allows_is_reached() -> None:
    """1,000 drips through a bucket of 90 and one drip a second: (1000 - 90) seconds, and hardly more."""
    server = Server(90, 1, 0.0, 23)
    world = World(server)
    for _ in range(500):
        world.ask(2.0, 0.05)
        world.settle(0)
    assert server.refused == []
    assert 905 <= world.now <= 930


def test_the_level_of_the_answer_counts_the_requests_of_others() -> None:
    world = World(Server(90, 1, 0.0, 23))
    world.pacer.acquire(Decimal(1))
    world.pacer.release(Decimal(1), Limits(level=88.0, size=90.0, drip_rate=1.0))
    assert world.pacer.level == pytest.approx(88)
    world.pacer.acquire(Decimal(10))
    assert world.now == pytest.approx(8, abs=0.5)


def test_answers_without_headers_are_charged_by_their_known_price() -> None:
    world = World(Server(90, 1, 0.0, 23))
    for _ in range(3):
        world.pacer.acquire(Decimal("2.5"))
        world.pacer.release(Decimal("2.5"), Limits.of({}))
    assert world.pacer.level == pytest.approx(7.5)
    assert world.pacer.spent == Decimal("7.5")


def test_a_request_without_an_answer_counts_as_charged() -> None:
    world = World(Server(90, 1, 0.0, 23))
    world.pacer.acquire(Decimal(4))
    world.pacer.release(Decimal(4), None)
    assert world.pacer.level == pytest.approx(4)


def test_the_cost_that_the_api_names_is_what_was_spent() -> None:
    world = World(Server(90, 1, 0.0, 23))
    world.pacer.acquire(Decimal(1))
    world.pacer.release(Decimal(1), Limits(level=1.8, size=90, drip_rate=1, cost=1.8))
    assert world.pacer.spent == Decimal("1.8")


def test_after_a_refusal_nothing_goes_for_as_long_as_was_asked() -> None:
    world = World(Server(90, 1, 0.0, 23))
    world.pacer.back_off(7)
    world.pacer.back_off(3)
    world.pacer.acquire(Decimal(1))
    assert world.now == pytest.approx(7, abs=0.2)


def test_a_pacer_begins_with_the_smallest_bucket_there_is() -> None:
    pacer = Pacer()
    assert (pacer.size, pacer.drip_rate, pacer.level) == (FIRST_SIZE, FIRST_DRIP_RATE, 0)


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        (
            {
                "X-LS-API-Bucket-Level": "63.510714054107/90",
                "X-LS-API-Burst-Level": "1/20",
                "X-LS-API-Drip-Rate": "1",
                "X-LS-API-Request-Cost": "1.8",
            },
            Limits(63.510714054107, 90, 1, 1, 20, 1.8),
        ),
        ({}, Limits()),
        ({"X-LS-API-Bucket-Level": "", "X-LS-API-Drip-Rate": "fast"}, Limits()),
        ({"X-LS-API-Bucket-Level": "5"}, Limits(level=5)),
    ],
)
def test_limits_are_read_off_an_answer(headers: dict[str, str], limits: Limits) -> None:
    assert Limits.of(headers) == limits
