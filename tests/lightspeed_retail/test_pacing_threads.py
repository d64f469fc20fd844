"""One pacer for many threads, and several processes on one bucket, in real time."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from lightspeed_retail.errors import SpentError
from lightspeed_retail.pacing import Limits, Pacer
from tests.retailer import small_sandbox, small_store
from tests.sandbox.calling import Api

ONE = Decimal(1)
WIDE = Limits(level=0, size=1000, drip_rate=1000, burst_size=1000, took=0.0)
FULL = Limits(level=90, size=90, drip_rate=0.001, burst_size=1000, took=0.0)


def pacer_with(limits: Limits) -> Pacer:
    """A pacer that has had an answer."""
    pacer = Pacer()
    pacer.acquire(ONE)
    pacer.release(ONE, limits)
    return pacer


class Line:
    """Threads that wait for leave, one behind the other."""

    def __init__(self, pacer: Pacer) -> None:
        """Nobody waits yet."""
        self.pacer = pacer
        self.went: list[str] = []
        self.threads: list[threading.Thread] = []

    def join(self, name: str, price: Decimal) -> None:
        """Let a thread ask, and go on when it waits."""

        def ask() -> None:
            try:
                self.pacer.acquire(price)
            except SpentError:
                self.went.append(f"{name} failed")
            else:
                self.went.append(name)

        thread = threading.Thread(target=ask, daemon=True)
        self.threads.append(thread)
        thread.start()
        until(lambda: len(self.pacer._queue) == len(self.threads) - len(self.went))

    def until_all_went(self) -> None:
        """Wait for the last one."""
        for thread in self.threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in self.threads)


def until(happened: Callable[[], bool]) -> None:
    """Wait for what is about to happen."""
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_first_come_first_served_whatever_the_price() -> None:
    """A dear request is not overtaken by cheap ones that would fit in."""
    pacer = pacer_with(FULL)
    pacer.acquire(Decimal("0.0001"))
    line = Line(pacer)
    for name, price in [("dear", Decimal(50)), ("cheap", ONE), ("cheaper", Decimal("0.1"))]:
        line.join(name, price)
    pacer.release(Decimal("0.0001"), Limits(level=30, size=90, drip_rate=1000, took=0.0))
    line.until_all_went()
    assert line.went == ["dear", "cheap", "cheaper"]


def test_a_request_that_could_go_at_once_waits_behind_one_that_cannot() -> None:
    room = Limits(level=60, size=90, drip_rate=0.001, burst_size=1000, took=0.0)
    pacer = pacer_with(room)
    for _ in range(2):
        pacer.acquire(Decimal("0.0001"))
        pacer.release(Decimal("0.0001"), room)
    pacer.acquire(Decimal("0.0001"))
    line = Line(pacer)
    line.join("dear", Decimal(50))
    line.join("cheap", ONE)
    pacer.release(Decimal("0.0001"), Limits(level=60, size=90, drip_rate=1000, took=0.0))
    line.until_all_went()
    assert line.went == ["dear", "cheap"]


def test_an_answer_wakes_who_can_go() -> None:
    """Without it the wait would take hours."""
    pacer = pacer_with(FULL)
    pacer.acquire(Decimal("0.0001"))
    line = Line(pacer)
    for name in ("first", "second"):
        line.join(name, ONE)
    pacer.release(Decimal("0.0001"), Limits(level=1, size=90, drip_rate=2, took=0.0))
    line.until_all_went()
    assert line.went == ["first", "second"]
    assert pacer.waited > 0


def test_a_thread_that_fails_keeps_nobody_waiting() -> None:
    pacer = pacer_with(WIDE)

    def work(number: int) -> None:
        pacer.acquire(ONE)
        try:
            if number % 3 == 0:
                raise ConnectionError
        finally:
            pacer.release(ONE, None if number % 3 == 0 else WIDE)

    with ThreadPoolExecutor(16) as pool:
        answers = [pool.submit(work, number) for number in range(600)]
        failed = sum(isinstance(answer.exception(30), ConnectionError) for answer in answers)
    assert failed == 200
    assert pacer.spent == 601
    assert (pacer._bucket.running, pacer._windows.running) == (0, 0)
    assert (pacer._bucket.in_flight, pacer._promised) == (0.0, Decimal(0))


def test_a_limit_ends_everyone_who_waits() -> None:
    pacer = pacer_with(FULL)
    line = Line(pacer)
    for name in ("one", "two", "three"):
        line.join(name, ONE)
    pacer.limit(Decimal(1), None)
    line.until_all_went()
    assert line.went == ["one failed", "two failed", "three failed"]


def test_threads_are_served_in_equal_parts() -> None:
    pacer = pacer_with(Limits(level=0, size=2, drip_rate=500, burst_size=100_000, took=0.0))
    counts = [0] * 8
    end = time.monotonic() + 0.5

    def work(number: int) -> None:
        while time.monotonic() < end:
            pacer.acquire(ONE)
            pacer.release(ONE, None)
            counts[number] += 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert min(counts) > 0.5 * max(counts)


CLIENT = """
import itertools, json, sys, threading, time
from decimal import Decimal
import requests
from lightspeed_retail.pacing import Limits, Pacer

url, token, threads, seconds, delay = sys.argv[1], sys.argv[2], *map(float, sys.argv[3:])
pacer, price, counts = Pacer(), Decimal("1.8"), []
time.sleep(delay)
ends = time.monotonic() + seconds

def ask(session):
    pacer.acquire(price)
    began, limits, answer = time.monotonic(), None, None
    try:
        answer = session.get(url, headers={"Authorization": "Bearer " + token}, timeout=30)
        limits = Limits.of(answer.headers, time.monotonic() - began)
    finally:
        pacer.release(price, limits)
    if answer.status_code == 429:
        pacer.back_off(float(answer.headers["Retry-After"]))
    else:
        counts.append(answer.status_code)

def work():
    with requests.Session() as session:
        while time.monotonic() < ends:
            ask(session)

workers = [threading.Thread(target=work) for _ in range(int(threads))]
[worker.start() for worker in workers]
[worker.join() for worker in workers]
print(json.dumps({"answered": len(counts), "refused": pacer.refused}))
"""


@pytest.mark.parametrize(("registers", "scale", "threads"), [(1, 20.0, 1), (1, 20.0, 4), (12, 4.0, 4)])
def test_two_processes_on_one_bucket_are_both_served(registers: int, scale: float, threads: int) -> None:
    """Both of them know only what the headers say."""
    options = {"registers": registers, "bucket_size": None, "drip_rate": None, "latency": 0.2, "time_scale": scale}
    with small_sandbox(small_store(days=1), **options) as sandbox:
        url = (
            f"{sandbox.url}/API/V3/Account/{sandbox.account}/Sale.json?load_relations=" + '["SaleLines","SalePayments"]'
        )
        started = [_start(url, Api.of(sandbox).token, threads, delay) for delay in (0.0, 1.5)]
        ended = [json.loads(process.communicate(timeout=60)[0]) for process in started]
    answered = [each["answered"] for each in ended]
    assert sum(each["refused"] for each in ended) <= 4
    assert min(answered) > 0.2 * sum(answered)


def _start(url: str, token: str, threads: int, delay: float) -> subprocess.Popen[str]:
    arguments = [url, token, str(threads), "5", str(delay)]
    return subprocess.Popen([sys.executable, "-c", CLIENT, *arguments], stdout=subprocess.PIPE, text=True)
