"""Pacing by itself: what a pacer makes of answers, refusals and limits, in simulated time."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightspeed_retail.errors import LightspeedError, SpentError
from lightspeed_retail.limits import pause
from lightspeed_retail.pacing import FIRST_DRIP_RATE, FIRST_SIZE, SHARED_FOR, Limits, Pacer
from tests.lightspeed_retail.writers import Naps

ONE = Decimal(1)
EMPTY = Limits(level=0, size=90, drip_rate=1)


class Alone:
    """A pacer with a clock that only moves when it waits."""

    def __init__(self, first: Limits | None = EMPTY) -> None:
        """Begin at nought; the first request has been answered."""
        self.naps = Naps()
        self.pacer = Pacer(clock=lambda: self.naps.now, sleep=self.naps.sleep)
        if first is not None:
            self.ask(Decimal(0), first)

    def ask(self, price: Decimal, limits: Limits | None) -> None:
        """Ask, and be answered at once."""
        self.pacer.acquire(price)
        self.pacer.release(price, limits)


def test_a_pacer_begins_with_the_smallest_bucket_there_is() -> None:
    pacer = Pacer()
    assert (pacer.size, pacer.drip_rate, pacer.level) == (FIRST_SIZE, FIRST_DRIP_RATE, 0)
    assert (pacer.spent, pacer.waited, pacer.refused) == (Decimal(0), 0.0, 0)
    assert pacer.latency is None


def test_the_level_of_the_answer_counts_the_requests_of_others() -> None:
    alone = Alone()
    alone.ask(ONE, Limits(level=88.0, size=90.0, drip_rate=1.0))
    assert alone.pacer.level == pytest.approx(88)
    assert alone.pacer.is_shared
    alone.naps.now += SHARED_FOR + 1
    assert not alone.pacer.is_shared


def test_what_an_earlier_run_left_in_the_bucket_is_nobodys() -> None:
    alone = Alone(None)
    alone.ask(ONE, Limits(level=88, size=90, drip_rate=1))
    assert not alone.pacer.is_shared
    alone.pacer.acquire(Decimal(10))
    assert alone.naps.now == pytest.approx(8, abs=0.1)


def test_answers_without_headers_are_charged_by_their_known_price() -> None:
    alone = Alone(None)
    for _ in range(3):
        alone.ask(Decimal("2.5"), Limits.of({}))
    assert alone.pacer.level == pytest.approx(7.5)
    assert alone.pacer.spent == Decimal("7.5")


def test_a_request_without_an_answer_counts_as_charged() -> None:
    alone = Alone(None)
    alone.ask(Decimal(4), None)
    assert alone.pacer.level == pytest.approx(4)


def test_the_cost_that_the_api_names_is_what_was_spent() -> None:
    alone = Alone()
    alone.ask(ONE, Limits(level=1.8, size=90, drip_rate=1, cost=1.8))
    assert alone.pacer.spent == Decimal("1.8")
    assert not alone.pacer.is_shared, "a price that was known wrongly is nobody else's"


def test_what_was_refused_is_not_spent() -> None:
    alone = Alone()
    alone.ask(ONE, Limits(level=92, size=90, drip_rate=1, cost=1, refused=True))
    assert alone.pacer.spent == 0
    assert alone.pacer.level == pytest.approx(92)


def test_size_and_drip_rate_are_those_of_the_last_answer() -> None:
    alone = Alone()
    alone.ask(Decimal(80), Limits(level=80, size=200, drip_rate=6.5))
    assert (alone.pacer.size, alone.pacer.drip_rate, alone.pacer.is_shared) == (200, 6.5, False)
    alone.pacer.acquire(Decimal(100))
    assert alone.naps.now == 0


def test_a_bucket_that_leaks_more_slowly_than_it_did_is_not_taken_for_a_shared_one() -> None:
    alone = Alone()
    alone.ask(Decimal(80), Limits(level=80, size=90, drip_rate=10, took=0.0))
    alone.naps.now += 4
    alone.ask(ONE, Limits(level=77, size=90, drip_rate=1, took=0.0))
    assert not alone.pacer.is_shared
    assert alone.pacer.level == pytest.approx(77)


def test_a_request_dearer_than_the_bucket_goes_when_it_is_empty() -> None:
    alone = Alone()
    alone.ask(Decimal(50), Limits(level=50, size=90, drip_rate=1, took=0.0))
    alone.pacer.acquire(Decimal(120))
    assert alone.naps.now == pytest.approx(50, abs=0.1)


def test_an_answer_that_comes_late_does_not_lower_the_level() -> None:
    """Of two requests the one counted later is answered first."""
    alone = Alone()
    for price in (60, 20):
        alone.pacer.acquire(Decimal(price))
    alone.pacer.release(Decimal(20), Limits(level=80, size=90, drip_rate=1))
    alone.pacer.release(Decimal(60), Limits(level=60, size=90, drip_rate=1))
    assert alone.pacer.level == pytest.approx(80)
    alone.naps.now += 0.1
    alone.ask(ONE, Limits(level=5, size=90, drip_rate=1, took=0.0))
    assert alone.pacer.level == pytest.approx(5)


def test_rounding_keeps_no_request_waiting_that_needs_the_whole_bucket() -> None:
    alone = Alone()
    for price in ("0.1", "0.2", "0.7"):
        alone.pacer.acquire(Decimal(price))
    for price in ("0.7", "0.2", "0.1"):
        alone.pacer.release(Decimal(price), Limits(level=1, size=90, drip_rate=1))
    alone.pacer.acquire(Decimal(120))
    assert alone.naps.now < 2


def test_the_first_request_goes_alone() -> None:
    pacer = Pacer(clock=lambda: 0.0)
    assert pacer.attempt(ONE) == 0
    assert pacer.attempt(ONE) > 0
    pacer.release(ONE, Limits(level=1, size=90, drip_rate=1))
    assert (pacer.attempt(ONE), pacer.attempt(ONE)) == (0, 0)


def test_a_level_that_surprises_at_first_is_looked_at_twice() -> None:
    """It may be an earlier run's, or another one fills the bucket at this moment."""
    pacer = Pacer(clock=lambda: 0.0)
    for level in (70, 71):
        assert pacer.attempt(ONE) == 0
        assert pacer.attempt(ONE) > 0
        pacer.release(ONE, Limits(level=level, size=90, drip_rate=1))
    assert (pacer.attempt(ONE), pacer.attempt(ONE)) == (0, 0)
    assert not pacer.is_shared


def test_one_request_goes_ahead_after_a_pause() -> None:
    alone = Alone()
    alone.naps.now += 60
    assert alone.pacer.attempt(ONE) == 0
    assert alone.pacer.attempt(ONE) > 0


def test_an_answer_that_takes_long_keeps_no_other_request_waiting() -> None:
    alone = Alone()
    alone.pacer.acquire(ONE)
    alone.naps.now += 60
    assert (alone.pacer.attempt(ONE), alone.pacer.attempt(ONE)) == (0, 0)


def test_the_time_in_which_a_request_had_to_wait_is_counted() -> None:
    alone = Alone()
    alone.naps.now += 100
    alone.ask(Decimal(89), Limits(level=89, size=90, drip_rate=1, took=0.0))
    assert alone.pacer.waited == 0
    for _ in range(2):
        alone.naps.now += 100 - 89
        alone.ask(Decimal(12), Limits(level=90, size=90, drip_rate=1, took=0.0))
    assert alone.pacer.waited == pytest.approx(alone.naps.now - 100 - 22)
    assert alone.pacer.waited == pytest.approx(1, abs=0.1)


def test_a_wait_of_any_length_ends_with_leave() -> None:
    alone = Alone(Limits(level=0, size=90, drip_rate=10))
    for _ in range(3):
        alone.ask(Decimal(90), Limits(level=90, size=90, drip_rate=10, took=0.0))
        began = alone.naps.now
        alone.pacer.acquire(Decimal(5))
        assert alone.naps.now - began == pytest.approx(0.5, abs=0.1)
        assert alone.pacer.level == pytest.approx(90, abs=0.2)
        alone.pacer.release(Decimal(5), None)


def test_where_others_fill_the_window_too_one_that_is_full_is_left_to_them() -> None:
    full = Limits(level=60, size=90, drip_rate=10, burst_level=20, burst_size=20)
    shared, alone = Alone(), Alone()
    shared.ask(ONE, Limits(level=60, size=90, drip_rate=1))
    assert shared.pacer.is_shared
    for each in (shared, alone):
        each.naps.now += 20
        each.ask(ONE, full if each is shared else Limits(level=1, size=90, burst_level=20, burst_size=20))
    assert shared.pacer.attempt(ONE) >= 1
    assert alone.pacer.attempt(ONE) == 0


def test_in_a_full_bucket_that_others_draw_on_an_eighth_of_the_drips_is_taken() -> None:
    alone = Alone(Limits(level=0, size=90, drip_rate=10))
    alone.ask(ONE, Limits(level=90, size=90, drip_rate=10))
    assert alone.pacer.is_shared
    assert alone.pacer.attempt(ONE) == pytest.approx(0.8, abs=0.02)


def test_after_hundreds_of_requests_a_lower_level_is_still_believed() -> None:
    alone = Alone()
    for _ in range(600):
        alone.naps.now += 1
        alone.ask(ONE, Limits(level=1, size=90, drip_rate=1, took=0.0))
    alone.naps.now += 1
    alone.ask(Decimal(50), Limits(level=50, size=90, drip_rate=1, took=0.0))
    alone.naps.now += 1
    alone.ask(ONE, Limits(level=20, size=90, drip_rate=1, took=0.0))
    assert alone.pacer.level == pytest.approx(20)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("13", 13), ("0", 1), ("-5", 1), ("0.2", 1), ("soon", 1), ("", 1), ("Sat, 06 Jan 2024 10:00:07 GMT", 7)],
)
def test_a_refusal_asks_for_a_second_at_the_least(said: str, seconds: float) -> None:
    assert pause({"Retry-After": said}, datetime(2024, 1, 6, 10, tzinfo=UTC)) == seconds


def test_after_a_refusal_nothing_goes_for_as_long_as_was_asked() -> None:
    alone = Alone()
    alone.pacer.back_off(7)
    alone.pacer.back_off(3)
    alone.pacer.acquire(ONE)
    assert alone.naps.now == pytest.approx(7, abs=0.2)
    assert alone.pacer.refused == 2
    assert alone.pacer.is_shared


def test_then_one_goes_first_and_the_others_follow_its_answer() -> None:
    alone = Alone()
    alone.pacer.acquire(ONE)
    alone.pacer.back_off(2)
    alone.pacer.release(ONE, Limits(level=1, size=90, drip_rate=1))
    alone.naps.now += 3
    assert alone.pacer.attempt(ONE) == 0
    assert alone.pacer.attempt(ONE) > 0, "the answer of one that left before the refusal tells nothing"
    alone.pacer.release(ONE, Limits(level=1, size=90, drip_rate=1))
    assert (alone.pacer.attempt(ONE), alone.pacer.attempt(ONE)) == (0, 0)


def test_however_many_answers_of_before_a_refusal_come_one_goes_first() -> None:
    alone = Alone()
    for _ in range(3):
        alone.pacer.acquire(ONE)
    alone.pacer.back_off(2)
    for _ in range(3):
        alone.pacer.release(ONE, Limits(level=3, size=90, drip_rate=1))
    alone.naps.now += 3
    assert alone.pacer.attempt(ONE) == 0
    assert alone.pacer.attempt(ONE) > 0


def test_a_refusal_without_a_time_to_wait_waits_for_the_brim() -> None:
    alone = Alone()
    alone.ask(ONE, Limits(level=100, size=90, drip_rate=1, refused=True))
    alone.pacer.back_off(1)
    alone.pacer.acquire(ONE)
    assert alone.naps.now == pytest.approx(10, abs=0.2)


def test_a_limit_of_drips_counts_what_is_in_flight() -> None:
    alone = Alone()
    alone.pacer.limit(Decimal("3.5"), None)
    alone.pacer.acquire(Decimal("1.8"))
    with pytest.raises(SpentError, match=r"limit of 3\.5 drips"):
        alone.pacer.acquire(Decimal("1.8"))
    alone.pacer.acquire(Decimal("1.7"))
    alone.pacer.release(Decimal("1.8"), Limits(cost=1.8, refused=True))
    alone.pacer.acquire(Decimal("1.8"))
    assert issubclass(SpentError, LightspeedError)


def test_a_deadline_ends_what_could_not_go_before_it() -> None:
    alone = Alone()
    alone.ask(Decimal(89), Limits(level=89, size=90, drip_rate=1, took=0.0))
    alone.pacer.limit(None, 5.0)
    alone.pacer.acquire(Decimal(3))
    with pytest.raises(SpentError, match="limit of time"):
        alone.pacer.acquire(Decimal(10))
    assert alone.naps.now < 5, "it is known before the deadline that it cannot be kept"
    alone.pacer.limit(None, None)
    alone.pacer.release(Decimal(3), None)
    alone.pacer.acquire(Decimal(10))


def test_the_latency_is_smoothed() -> None:
    alone = Alone()
    for took in (1.0, 1.0, 3.0):
        alone.ask(ONE, Limits(took=took))
    assert alone.pacer.latency == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("rate", "took", "connections"), [(1, 0.3, 4), (6.5, 2.0, 11), (6.5, 1.0, 6), (1000, 0.5, 32), (1, None, 4)]
)
def test_as_many_connections_are_of_use_as_the_drips_of_an_answer_pay_for(
    rate: float, took: float | None, connections: int
) -> None:
    alone = Alone()
    for _ in range(20):
        alone.ask(Decimal("1.8"), Limits(drip_rate=rate, took=took))
    assert alone.pacer.connections == connections


def test_connections_follow_a_change_of_prices_little_by_little() -> None:
    alone = Alone(None)
    for price, connections in ((1, 10), (10, 6)):
        alone.ask(Decimal(price), Limits(level=0, size=90, drip_rate=7, took=1.0))
        assert alone.pacer.connections == connections


@pytest.mark.parametrize("said", [0.5, 1.0])
def test_a_window_for_a_single_request_takes_one_at_a_time(said: float) -> None:
    alone = Alone(Limits(level=0, size=90, drip_rate=1, burst_level=1, burst_size=said))
    alone.naps.now += 1
    began = alone.naps.now
    for number in range(3):
        alone.ask(ONE, Limits(level=number + 1, size=90, drip_rate=1, burst_level=1, burst_size=said))
    assert alone.naps.now == pytest.approx(began + 2, abs=0.1)


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
        ({"X-LS-API-Bucket-Level": "0.5/0.75", "X-LS-API-Request-Cost": "0.2"}, Limits(0.5, 0.75, cost=0.2)),
        (
            {"X-LS-API-Bucket-Level": "5/0", "X-LS-API-Burst-Level": "1/0", "X-LS-API-Drip-Rate": "0"},
            Limits(5, None, None, 1),
        ),
        ({"X-LS-API-Bucket-Level": "-5/-90", "X-LS-API-Drip-Rate": "-1", "X-LS-API-Request-Cost": "nan"}, Limits()),
        (
            {"X-LS-API-Bucket-Level": "1e7/1.1e7", "X-LS-API-Drip-Rate": "1e-7", "X-LS-API-Request-Cost": "1e5"},
            Limits(level=1e7),
        ),
        (
            {"X-LS-API-Bucket-Level": "92.57/90", "X-LS-API-RateLimit-Type": "api-leaky-bucket"},
            Limits(92.57, 90, refused=True),
        ),
    ],
)
def test_limits_are_read_off_an_answer(headers: dict[str, str], limits: Limits) -> None:
    assert Limits.of(headers) == limits


NUMBERS = st.sampled_from(["", "0", "-1", "1", "1.8", "89.99", "1e400", "nan", "inf", "x", "1,5", "1e-9"])
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "X-LS-API-Bucket-Level": st.builds("{}/{}".format, NUMBERS, st.sampled_from(["90", "0", "-3", "", "200", "x"])),
        "X-LS-API-Burst-Level": st.builds("{}/{}".format, NUMBERS, NUMBERS),
        "X-LS-API-Drip-Rate": st.sampled_from(["", "0", "-1", "1", "1.5", "1e6", "nan", "inf", "x"]),
        "X-LS-API-Request-Cost": NUMBERS,
    },
)


@given(answers=st.lists(HEADERS, max_size=40))
def test_whatever_headers_say_every_request_goes_in_the_end(answers: list[dict[str, str]]) -> None:
    alone = Alone(None)
    for headers in answers:
        alone.ask(ONE, Limits.of(headers, 0.1))
    assert alone.naps.now < 90 * (len(answers) + 1) + SHARED_FOR
