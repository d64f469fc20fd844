"""Requests side by side: nobody waits for another's answer, and all are counted when they arrive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TypeVar

import pytest
import requests

from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.limits import Limits
from tests.retailer import small_sandbox, small_store
from tests.sandbox.calling import Api

SLOW = {"drip_rate": 1e-9}
SIDE_BY_SIDE = 16
T = TypeVar("T")


def at_once(number: int, act: Callable[[Api], T], api: Api) -> list[T]:
    """What several clients find that all begin at one moment, each on a connection of its own."""
    begin = threading.Barrier(number)

    def one(_number: int) -> T:
        mine = Api(api.sandbox, api.token)
        begin.wait()
        return act(mine)

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(one, range(number)))


def level(answer: requests.Response) -> float:
    """The bucket's level in the headers of an answer."""
    return float(answer.headers["X-LS-API-Bucket-Level"].partition("/")[0])


def test_requests_with_latency_are_under_way_together_and_counted_at_arrival() -> None:
    with small_sandbox(small_store(days=1), bucket_size=90.0, latency=2.0, **SLOW) as sandbox:

        def seen(api: Api) -> tuple[int, float, float]:
            began = time.monotonic()
            answer = api.ask("/Shop.json")
            assert answer.status_code == 200
            return len(sandbox.requests), time.monotonic() - began, level(answer)

        found = at_once(SIDE_BY_SIDE, seen, Api.of(sandbox))
    assert min(number for number, *_ in found) == SIDE_BY_SIDE, "all had arrived before the first was answered"
    assert min(seconds for _, seconds, _ in found) >= 2.0
    levels = sorted(level for *_, level in found)
    assert levels == pytest.approx([float(number) for number in range(1, SIDE_BY_SIDE + 1)])


def test_latency_runs_with_the_time_scale() -> None:
    with small_sandbox(small_store(days=1), latency=600.0, time_scale=2000.0) as sandbox:
        began = time.monotonic()
        assert Api.of(sandbox).ask("/Shop.json").status_code == 200
        assert 0.3 <= time.monotonic() - began < 30


def test_a_slow_request_does_not_hold_up_others() -> None:
    with small_sandbox(small_store(days=1), fault=["slow-20:1:PUT"]) as sandbox:
        api = Api.of(sandbox)
        slow = threading.Thread(target=_put_and_give_up, args=(Api(sandbox, api.token),))
        slow.start()
        while not sandbox.requests:
            time.sleep(0.01)
        assert [api.ask("/Sale.json").status_code for _ in range(5)] == [200] * 5
        assert slow.is_alive()
        slow.join()


def _put_and_give_up(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}
    with pytest.raises(requests.ReadTimeout):
        api.session.put(api.address("/Shop/1.json"), json={"name": "Slow"}, headers=headers, timeout=5)


def test_the_burst_window_counts_parallel_requests_exactly() -> None:
    # A window that is as long as the test and more.
    with small_sandbox(small_store(days=1), bucket_size=90.0, time_scale=0.001, latency=0.0002) as sandbox:
        answers = at_once(40, lambda api: api.ask("/Shop.json"), Api.of(sandbox))
    assert sorted(answer.status_code for answer in answers) == [200] * 23 + [429] * 17
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.headers["X-LS-API-RateLimit-Type"] for answer in refused} == {"api-burst-limiter"}
    numbers = sorted(int(answer.headers["X-LS-API-Burst-Level"].partition("/")[0]) for answer in answers)
    assert numbers == list(range(1, 41))


def test_the_bucket_fills_exactly_under_parallel_requests() -> None:
    with small_sandbox(small_store(days=1), bucket_size=85.0, latency=0.2, **SLOW) as sandbox:
        sandbox.server.limits.burst = 1000
        answers = at_once(12, lambda api: api.ask("/Sale.json", count="1"), Api.of(sandbox))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [429] * 3
    assert max(level(answer) for answer in answers) == pytest.approx(90.0)


@pytest.mark.parametrize("scale", [1.0, 7.0, 20.0])
def test_headers_hold_for_a_client_that_takes_them_at_face_value(scale: float) -> None:
    now = [100.0]
    limits = Limits(20.0, 1.5, scale, clock=lambda: now[0])
    limits.burst = 1000
    refusals, before, at = 0, 0.0, now[0]
    for number in range(400):
        try:
            headers = limits.charge(Decimal("1.8"))
        except ApiError as error:
            refusals += 1
            now[0] += float(error.headers["Retry-After"])
            headers = limits.charge(Decimal("1.8"))
        found = float(headers["X-LS-API-Bucket-Level"].partition("/")[0])
        leaked = (now[0] - at) * float(headers["X-LS-API-Drip-Rate"])
        assert found == pytest.approx(max(0.0, before - leaked) + 1.8, abs=1e-6)
        before, at = found, now[0]
        now[0] += 0.001 * (number % 7)
    assert refusals > 5
