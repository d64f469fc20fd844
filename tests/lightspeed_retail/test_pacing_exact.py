"""A run alone on its bucket: never refused, and as fast as bucket or latency allow, with any number of threads."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lightspeed_retail.simulated import Process, Server, World

SERVERS = st.builds(Server.of, st.integers(1, 20), st.floats(0, 1, exclude_max=True))
PRICES = st.lists(st.sampled_from([1.0, 1.2, 1.8, 2.6, 5.0, 10.0, 40.0, 120.0]), min_size=1, max_size=150)
LATENCIES = st.lists(st.sampled_from([0.0, 0.01, 0.05, 0.3, 1.0, 2.5]), min_size=1, max_size=20)
ARRIVALS = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@given(server=SERVERS, prices=PRICES, latencies=LATENCIES, arrivals=ARRIVALS, threads=st.integers(1, 16))
def test_a_run_alone_on_its_bucket_is_never_refused(
    server: Server, prices: list[float], latencies: list[float], arrivals: list[float], threads: int
) -> None:
    """Whenever requests are counted between leave and answer, and in whatever order the answers come."""
    latency, arrival = itertools.cycle(latencies), itertools.cycle(arrivals)
    process = Process(prices, threads, latency=lambda: next(latency), arrival=lambda: next(arrival))
    world = World(server)
    world.run(process)
    assert server.refused == []
    assert len(process.answered) == len(prices)
    assert not world.pacers[0].is_shared, "its own requests were taken for those of others"


@given(
    phase=st.floats(0, 1, exclude_max=True),
    latency=st.sampled_from([0.0, 0.001, 0.02, 0.4, 2.0]),
    arrivals=ARRIVALS,
    threads=st.integers(1, 32),
    tells_burst=st.booleans(),
)
def test_cheap_requests_stay_within_every_window(
    phase: float, latency: float, arrivals: list[float], threads: int, *, tells_burst: bool
) -> None:
    server = Server(100_000, 1000, phase, 20, tells_burst=tells_burst)
    arrival = itertools.cycle(arrivals)
    process = Process([1.0] * 200, threads, latency=lambda: latency, arrival=lambda: next(arrival))
    World(server).run(process)
    assert server.refused == []
    assert len(process.answered) == 200


SECONDS = 200


def excess(registers: int, price: float, latency: float, threads: int, chance: random.Random) -> float:
    """Seconds that a run takes beyond two hundredths more than what bucket or latency demand."""
    server = Server.of(registers, chance.random())
    count = math.ceil((server.size + SECONDS * server.rate) / price)
    process = Process([price] * count, threads, latency=lambda: latency, arrival=chance.random)
    World(server).run(process)
    assert server.refused == []
    least = max((count * price - server.size) / server.rate, count * latency / threads)
    return process.finished - 1.02 * least


@pytest.mark.parametrize("registers", [1, 4, 12])
@pytest.mark.parametrize("latency", [0.0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("threads", [1, 3, 16])
def test_no_drip_is_wasted(registers: int, latency: float, threads: int) -> None:
    chance = random.Random(registers)
    for price in (1.0, 1.8, 6.4, 10.0):
        assert excess(registers, price, latency, threads, chance) < 2


def test_threads_that_are_always_busy_waste_nothing_in_the_long_run() -> None:
    chance = random.Random(1)
    server = Server.of(12)
    count = math.ceil((server.size + 2000 * server.rate) / 1.8)
    process = Process([1.8] * count, 16, latency=lambda: chance.uniform(0, 2), arrival=chance.random)
    World(server).run(process)
    assert server.refused == []
    assert process.finished == pytest.approx(2000, abs=5)


def test_a_bucket_is_used_to_its_brim_before_anything_waits() -> None:
    server = Server(90, 1, 0.0, 1000)
    process = Process([1.0] * 89, latency=lambda: 0.0)
    World(server).run(process)
    assert process.finished < 0.1


@pytest.mark.parametrize("rates", [(1.0, 2.0), (2.0, 1.0), (6.5, 3.0)])
def test_another_drip_rate_is_followed_at_once(rates: tuple[float, float]) -> None:
    """As it was by day and by night."""
    server = Server(90, rates[0], 0.0, 23)
    process = Process(itertools.repeat(1.8), 4, ends=600)
    world = World(server)
    world.at(300, lambda: setattr(server, "rate", rates[1]))
    world.run(process)
    assert len(server.refused) <= 1
    assert process.drips(since=330) == pytest.approx(270 * rates[1], rel=0.05)


def test_a_bucket_that_grows_is_filled() -> None:
    server = Server(90, 1, 0.0, 23)
    process = Process(itertools.repeat(1.8), 4, ends=600)
    world = World(server)
    world.at(300, lambda: setattr(server, "size", 200.0))
    world.run(process)
    assert server.refused == []
    assert process.drips() == pytest.approx(600 + 200, rel=0.01)
