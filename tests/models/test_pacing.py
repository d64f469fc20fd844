"""Any bucket, any requests, any mishaps: a run alone is never refused, and no slower than bucket or latency demand.

`tests/lightspeed_retail/test_pacing_exact.py` knows fewer lives, and measures to a hundredth how fast they pass.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lightspeed_retail.simulated import Process, Server, World
from tests.models.effort import EXAMPLES

MARGIN = 0.02
"""What a wait takes beyond what it has to: the pacer stays a hundredth of a second away from every edge."""

USUAL_PRICES = st.sampled_from([1.0, 1.2, 1.8, 2.6, 5.0, 10.0])
PRICES = USUAL_PRICES | st.just(40.0)
COUNTS = st.sampled_from([1, 2, 20, 100, 300])
LATENCIES = st.sampled_from([0.0, 0.004, 0.05, 0.3, 1.0, 2.5]) | st.floats(0, 4)
USUAL_LATENCIES = st.sampled_from([0.3, 1.0, 2.5]) | st.floats(0.1, 4)
"""What an answer over the internet takes; 0.3 to 2 seconds are seen."""


@dataclass
class Life:
    """A run on a bucket, and what comes between.

    Args:
        server: The bucket and its windows.
        prices: What the requests cost.
        latencies: How long answers take, one after the other, again and again.
        arrivals: At which part of that time requests are counted.
        threads: How many requests can be in flight.
        mishaps: What happens, and when.
    """

    server: Server
    prices: list[float]
    latencies: list[float]
    arrivals: list[float]
    threads: int
    mishaps: list[tuple[float, str, float]]

    def run(self) -> Process:
        """The run, when it has ended."""
        latency, arrival = itertools.cycle(self.latencies), itertools.cycle(self.arrivals)
        process = Process(self.prices, self.threads, latency=lambda: next(latency), arrival=lambda: next(arrival))
        world = Mishappen(self.server)
        for moment, kind, amount in self.mishaps:
            world.at(moment, partial(MISHAPS[kind], world, amount))
        world.run(process)
        return process

    def longest(self, begins: float) -> float:
        """Seconds that it may take at the most: bucket, windows and latency, as if none could pass beside another.

        Args:
            begins: What is in the bucket at first.
        """
        server, count = self.server, len(self.prices)
        leaking = max(0.0, sum(self.prices) + begins + max(self.prices) - server.size) / server.rate
        answers = [latency for latency, _ in zip(itertools.cycle(self.latencies), self.prices, strict=False)]
        # A request that may not have been counted yet keeps its place in the bucket, so no more go than fit into it.
        side_by_side = max(1, min(self.threads, int(server.size // max(self.prices))))
        answering = sum(answers) / side_by_side + 3 * max(answers)
        windows = count * (1 + max(self.latencies)) / server.burst
        slept = sum(amount for _, kind, amount in self.mishaps if kind == "sleep")
        return leaking + answering + windows + slept + MARGIN * count + 2


class Mishappen(World):
    """A world in which machines sleep: what was to happen meanwhile happens when they wake."""

    def at(self, moment: float, happen: Callable[[], None]) -> None:
        """Let something happen at a moment, or now if that has passed."""
        super().at(max(moment, self.now), happen)


def leak(world: World, seconds: float) -> None:
    """The machine sleeps and its clock stands still: only the bucket goes on."""
    world.server.level = max(0.0, world.server.level - seconds * world.server.rate)


def sleep(world: World, seconds: float) -> None:
    """The machine sleeps and its clock goes on: all that was to happen happens late."""
    world._events = [(moment + seconds, number, happen) for moment, number, happen in world._events]


def grow(world: World, factor: float) -> None:
    """A larger subscription: more room, and more drips."""
    world.server.size *= 1 + factor / 100
    world.server.rate *= 1 + factor / 100


def draw_on(world: World, drips: float) -> None:
    """Somebody else sends requests, as far as there is room for them."""
    for _ in range(int(drips)):
        if world.server.level + 1 < world.server.size:
            world.server.level += 1


MISHAPS: dict[str, Callable[[World, float], None]] = {"leak": leak, "sleep": sleep, "grow": grow, "others": draw_on}
HARMLESS = ("leak", "sleep", "grow")


@st.composite
def servers(draw: st.DrawFn) -> Server:
    """A bucket of any size and rate, of which an earlier run has left something."""
    size = draw(st.floats(60, 2000))
    rate = draw(st.floats(0.5, 20))
    level = draw(st.just(0.0) | st.floats(0, size - 1))
    return Server(size, rate, draw(st.floats(0, 1, exclude_max=True)), max(20, math.ceil(size / 4)), level)


@st.composite
def lives(
    draw: st.DrawFn,
    mishaps: tuple[str, ...],
    prices: st.SearchStrategy[float] = PRICES,
    latencies: st.SearchStrategy[float] = LATENCIES,
) -> Life:
    """Any life with some kinds of mishaps."""
    happening = st.tuples(st.floats(0, 200), st.sampled_from(mishaps), st.floats(0, 120))
    return Life(
        draw(servers()),
        list(itertools.islice(itertools.cycle(draw(st.lists(prices, min_size=1, max_size=20))), draw(COUNTS))),
        draw(st.lists(latencies, min_size=1, max_size=20)),
        draw(st.lists(st.floats(0, 1), min_size=1, max_size=20)),
        draw(st.integers(1, 32)),
        draw(st.lists(happening, max_size=4)),
    )


USUAL_LIVES = lives(("leak",), USUAL_PRICES, USUAL_LATENCIES)


@given(life=lives(HARMLESS))
@settings(max_examples=4 * EXAMPLES)
def test_a_run_alone_never_lets_the_bucket_overflow_whatever_happens(life: Life) -> None:
    process = life.run()
    assert life.server.refused == []
    assert sorted(price for _, price in process.answered) == sorted(life.prices)


@given(life=lives(("leak",)))
@settings(max_examples=4 * EXAMPLES)
def test_a_run_alone_is_never_idle_for_longer_than_it_has_to(life: Life) -> None:
    longest = life.longest(life.server.level)
    assert life.run().finished <= longest


@given(life=lives(("others", "leak")))
@settings(max_examples=4 * EXAMPLES)
def test_where_others_draw_on_the_bucket_all_is_answered_in_the_end_and_little_is_refused(life: Life) -> None:
    """Each time at most what is on its way, because a request goes alone after a refusal; then one again, if full."""
    process = life.run()
    assert sorted(price for _, price in process.answered) == sorted(life.prices)
    surprises = sum(kind == "others" for _, kind, _ in life.mishaps)
    assert process.refused <= surprises * (life.threads + 2)


@given(
    lives_=st.lists(lives(("leak",), USUAL_PRICES, USUAL_LATENCIES), min_size=2, max_size=3),
    registers=st.integers(1, 12),
)
@settings(max_examples=EXAMPLES)
def test_runs_that_share_a_bucket_all_come_to_their_end(lives_: list[Life], registers: int) -> None:
    """Each with a pacer of its own that knows nothing of the others."""
    server, began = Server.of(registers), itertools.count(step=3)
    processes = [_process(life, next(began)) for life in lives_]
    World(server).run(*processes)
    for life, process in zip(lives_, processes, strict=True):
        assert sorted(price for _, price in process.answered) == sorted(life.prices)
    requests = sum(len(life.prices) for life in lives_)
    # A bucket that the others have filled refuses what is on its way.
    under_way = sum(min(life.threads, 8) for life in lives_)
    assert len(server.refused) <= max(8 + under_way, requests / 10), "more than a tenth of the requests were refused"


def _process(life: Life, begins: float) -> Process:
    latency, arrival = itertools.cycle(life.latencies), itertools.cycle(life.arrivals)
    few = min(life.threads, 8)
    return Process(life.prices, few, latency=lambda: next(latency), arrival=lambda: next(arrival), begins=begins)
