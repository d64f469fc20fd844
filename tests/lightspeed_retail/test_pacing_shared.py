"""Several processes on one bucket, each with a pacer of its own, in simulated time."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from lightspeed_retail.pacing import SHARED_FOR
from tests.lightspeed_retail.simulated import Process, Server, World, chosen

ENDS = 1200.0
READS = (1.8,)
SALES = (1.0, 2.5, 5.5)
CATEGORIES = (10.0,)


def works(
    prices: tuple[float, ...], threads: int, begins: float = 0.0, *, latency: float = 0.3, greedy: bool = False
) -> Process:
    """A process that always has something to ask."""
    chance = random.Random(begins)
    return Process(
        chosen(prices),
        threads,
        latency=lambda: chance.uniform(0.5, 1.5) * latency,
        arrival=chance.random,
        begins=begins,
        ends=ENDS,
        is_greedy=greedy,
    )


def refusals(processes: list[Process]) -> int:
    """How often they were refused, all together."""
    return sum(process.refused for process in processes)


PAIRS: dict[str, Callable[[int], list[Process]]] = {
    "two that read": lambda threads: [works(READS, threads), works(READS, threads, 5)],
    "two at the same time": lambda threads: [works(READS, threads), works(READS, threads, 0.1)],
    "sales written from the beginning": lambda threads: [works(READS, threads), works(SALES, threads, 5)],
    "sales written later": lambda threads: [works(READS, threads), works(SALES, threads, 200)],
    "categories written later": lambda threads: [works(READS, threads), works(CATEGORIES, threads, 200)],
    "a dear reader and a cheap one": lambda threads: [works((5.4,), threads), works((1.0,), threads, 200)],
    "one thread and many": lambda threads: [works(READS, 1), works(READS, threads, 200)],
}


@pytest.mark.parametrize("registers", [1, 12])
@pytest.mark.parametrize("threads", [1, 3, 8])
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_two_processes_share_a_bucket_evenly_and_are_hardly_refused(
    pair: Callable[[int], list[Process]], threads: int, registers: int
) -> None:
    """Where the other begins at a full bucket nobody can know of it before, nor call back what is on its way."""
    server, processes = Server.of(registers), pair(threads)
    World(server).run(*processes)
    drips = [process.drips(since=260) for process in processes]
    shares = [each / sum(drips) for each in drips]
    possible = (ENDS - 260) * server.rate
    assert refusals(processes) <= 4
    assert sum(drips) > 0.97 * possible
    assert min(shares) > 0.4, shares
    assert max(process.longest_wait for process in processes) < 40


@pytest.mark.parametrize("registers", [1, 4, 12])
@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("latency", [0.02, 0.3, 1.0])
def test_three_processes_are_all_served(registers: int, threads: int, latency: float) -> None:
    server = Server.of(registers)
    processes = [
        works(READS, threads, latency=latency),
        works(SALES, threads, 5, latency=latency),
        works(READS, threads, 100, latency=latency),
    ]
    World(server).run(*processes)
    assert refusals(processes) <= 6
    drips = [process.drips(since=400) for process in processes]
    assert min(drips) > 0.22 * sum(drips)


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.6])
def test_three_that_begin_at_the_same_moment_do_not_burst_together_for_long(phase: float) -> None:
    """What 24 threads have on their way when the first answers come cannot be called back."""
    server = Server.of(4, phase)
    processes = [works(READS, 8, begins, latency=0.02) for begins in (0.0, 0.001, 0.002)]
    World(server).run(*processes)
    assert refusals(processes) <= 10, server.refused


def test_four_processes_are_all_served() -> None:
    processes = [works(READS, 1), works(READS, 1, 5), works(SALES, 1, 50), works((1.0,), 1, 300)]
    World(Server.of(1)).run(*processes)
    shares = [process.drips(since=400) for process in processes]
    assert refusals(processes) <= 3
    assert min(shares) > 0.15 * sum(shares)


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("registers", [1, 4])
def test_a_greedy_program_cannot_starve_a_run(threads: int, registers: int) -> None:
    """It sends until it is refused, all the time: what is left is taken as it comes, at the price of some refusals."""
    run, greedy = works(READS, threads), works(READS, 1, 100, greedy=True)
    server = Server.of(registers)
    World(server).run(run, greedy)
    assert run.drips(since=200) > 0.08 * (ENDS - 200) * server.rate
    assert run.longest_wait < 60
    assert run.refused < 0.25 * greedy.refused


def test_a_request_of_nearly_the_whole_bucket_is_not_starved_by_cheap_ones() -> None:
    cheap, dear = works(READS, 4), works((80.0,), 1, 100)
    World(Server.of(1)).run(cheap, dear)
    assert len(dear.answered) >= 3


def test_who_writes_now_and_then_need_not_wait_for_who_reads_all_the_time() -> None:
    reader, writer = works(READS, 4), works((2.5,), 1, 200)
    writer.pause = 10
    World(Server.of(1)).run(reader, writer)
    assert refusals([reader, writer]) <= 1
    assert len(writer.answered) > 85
    assert reader.drips() + writer.drips() > 0.96 * (ENDS + 90)


def test_who_stays_behind_has_the_bucket_to_itself_again() -> None:
    stays, leaves = works(READS, 4), works(READS, 4, 5)
    leaves.ends = 500
    world = World(Server.of(1))
    world.run(stays, leaves)
    assert stays.drips(since=500) > 0.99 * 700
    assert not world.pacers[0].is_shared


def test_what_an_earlier_run_left_in_the_bucket_is_nobodys() -> None:
    server = Server.of(1)
    server.level = 60
    process, world = works(READS, 4), World(server)
    process.ends = SHARED_FOR
    world.run(process)
    assert not world.pacers[0].is_shared
    assert server.refused == []
