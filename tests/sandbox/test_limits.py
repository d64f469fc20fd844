"""Limits: headers that tell the truth, and refusals that say how long to wait."""

from __future__ import annotations

from decimal import Decimal

import pytest
import requests

from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.limits import Limits
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import small_sandbox, small_store
from tests.sandbox.calling import Api, relations

# A leak so slow that a test never sees any of it.
SLOW = {"drip_rate": 1e-9}


def level(answer: requests.Response) -> float:
    """The bucket's level in the headers of an answer."""
    return float(answer.headers["X-LS-API-Bucket-Level"].partition("/")[0])


@pytest.mark.parametrize(("registers", "size", "rate"), [(1, "90", "1"), (2, "100", "1.5"), (12, "200", "6.5")])
def test_the_subscription_sets_size_and_drip_rate(registers: int, size: str, rate: str) -> None:
    options = {"registers": registers, "bucket_size": None, "drip_rate": None}
    with small_sandbox(small_store(days=1), **options) as sandbox:
        headers = Api.of(sandbox).ask("/Shop.json").headers
    assert headers["X-LS-API-Bucket-Level"] == f"1/{size}"
    assert headers["X-LS-API-Drip-Rate"] == rate
    assert headers["X-LS-API-Request-Cost"] == "1"
    assert headers["X-LS-API-Burst-Level"] == f"1/{-(-int(size) // 4)}"


def test_the_bucket_holds_what_the_requests_cost() -> None:
    with small_sandbox(small_store(days=1), bucket_size=90.0, **SLOW) as sandbox:
        api = Api.of(sandbox)
        assert level(api.ask("/Sale.json")) == pytest.approx(1)
        assert level(api.ask("/Sale.json", load_relations=relations("SaleLines", "Customer"))) == pytest.approx(2.6)
        assert level(api.ask("/Sale.json", count="1")) == pytest.approx(12.6)
        assert level(api.ask("/NoSuchThing.json")) == pytest.approx(13.6), "a refused question costs as well"
        assert sandbox.state()["bucket"]["level"] == pytest.approx(13.6)


def test_a_full_bucket_refuses_after_one_request_over_the_brim() -> None:
    with small_sandbox(small_store(days=1), bucket_size=12.0, drip_rate=0.5, time_scale=0.001) as sandbox:
        sandbox.server.limits.burst = 1000
        api = Api.of(sandbox)
        statuses = [api.ask("/Sale.json", count="1").status_code for _ in range(2)]
        refused = api.ask("/Sale.json")
    assert statuses == [200, 200]
    assert refused.status_code == 429
    assert refused.headers["X-LS-API-RateLimit-Type"] == "api-leaky-bucket"
    assert level(refused) > 12
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.json()["httpCode"] == "429"


def test_waiting_as_long_as_the_refusal_says_is_enough() -> None:
    now = [0.0]
    limits = Limits(10.0, 0.5, clock=lambda: now[0])
    limits.burst = 1000
    refusals = 0
    for _ in range(200):
        try:
            limits.charge(Decimal(3))
        except ApiError as error:
            refusals += 1
            # An answer is on its way for a moment.
            now[0] += float(error.headers["Retry-After"]) + 0.001
            limits.charge(Decimal(3))
    assert refusals > 50


def test_too_many_requests_of_one_second_are_refused_as_a_burst() -> None:
    # A window that is as long as the test and more.
    with small_sandbox(small_store(days=1), bucket_size=90.0, time_scale=0.001) as sandbox:
        api = Api.of(sandbox)
        answers = [api.ask("/Shop.json") for _ in range(24)]
    assert [answer.status_code for answer in answers] == [200] * 23 + [429]
    assert answers[-1].headers["X-LS-API-RateLimit-Type"] == "api-burst-limiter"
    assert "burst rate limit exceeded" in answers[-1].json()["message"]
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_a_bad_token_is_refused_without_limit_headers(sandbox: Sandbox) -> None:
    answer = Api(sandbox, "no.such.token").ask("/Shop.json")
    assert answer.status_code == 401
    assert not any("bucket" in name.lower() for name in answer.headers)


def test_every_request_is_in_the_log_with_its_price(api: Api, sandbox: Sandbox) -> None:
    api.control("DELETE", "requests")
    api.ask("/Sale.json", load_relations=relations("SaleLines"), limit="3")
    api.ask("/NoSuchThing.json")
    first, second = api.control("GET", "requests").json()
    assert first["path"] == f"/API/V3/Account/{sandbox.account}/Sale.json"
    assert first["query"] == {"load_relations": '["SaleLines"]', "limit": "3"}
    assert (first["status"], first["cost"]) == (200, 1.4)
    assert (second["status"], second["cost"]) == (404, 1)
