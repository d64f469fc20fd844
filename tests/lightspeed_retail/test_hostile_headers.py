"""Headers and refusals that mean harm, or make no sense: each is survived, or one clear error in one line."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import pytest

from lightspeed_retail import errors
from tests.lightspeed_retail.faulty import Reply, faulty
from tests.lightspeed_retail.hostile import (
    DATE,
    DEEP,
    MEGABYTE,
    PATH,
    SECRET,
    TRIES,
    Naps,
    body,
    client_of,
    endless,
    head,
    ids_of,
    page,
    read_or_refused,
    refused,
    wired,
)
from tests.scripted import Answer, scripted


@pytest.mark.parametrize("length", ["5", "0", "999999", "-1", "abc", "5, 5", ""])
def test_a_length_that_is_wrong_is_an_answer_that_is_none(length: str) -> None:
    lying = Reply(body=body(1), headers={"Content-Length": length}, closing=True)
    with faulty(lying) as host:
        assert read_or_refused(client_of(host.url)) in (["1"], None)
    assert len(host.heard) <= TRIES
    with faulty(lying, Reply(body=body(1), closing=True)) as host:
        assert ids_of(client_of(host.url)) == ["1"]


def test_a_second_answer_behind_the_first_is_not_taken_for_the_next_ones() -> None:
    following = body(1, following=f"{PATH}?after=x")
    forged = head(len(body(666))) + body(666)
    with faulty(
        Reply(body=following + forged, headers={"Content-Length": str(len(following))}), Reply(body=body(2))
    ) as host:
        assert ids_of(client_of(host.url)) == ["1", "2"]


@pytest.mark.parametrize(
    "beginning",
    [
        b"HTTP/1.1 200 X\r\nX-Long: " + b"x" * 100_000,
        b"HTTP/1.1 200 X\r\n",
        b"HTTP/1.1 200 " + b"x" * 100_000,
        b"",
        b"\0",
    ],
    ids=["one line", "many lines", "the first line", "from the start", "nulls"],
)
def test_headers_without_end_are_cut_off(beginning: bytes) -> None:
    with wired(lambda _path: endless(beginning, b"x-more: y\r\n" * 100)) as host:
        assert "Cannot reach" in str(refused(client_of(host.url)))
    assert len(host.asked) == TRIES
    assert host.sent < 64 * MEGABYTE


NONSENSE = [
    "",
    "abc",
    "nan",
    "inf",
    "-inf",
    "-1",
    "1e308",
    "1e-308",
    "0",
    "0/0",
    "nan/nan",
    "1/0",
    "90/-90",
    "9" * 400,
    "1,5",
    "٣",
]
LIMITS = ["X-LS-API-Bucket-Level", "X-LS-API-Drip-Rate", "X-LS-API-Request-Cost", "X-LS-API-Burst-Level"]


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("value", [*NONSENSE, "1e7/1e7", "1e308/1e308", "1e7/1", "90/1e-308"])
def test_limits_that_make_no_sense_stop_nobody(name: str, value: str) -> None:
    naps = Naps()
    usual = {"X-LS-API-Bucket-Level": "1/90", "X-LS-API-Drip-Rate": "1"}
    answers = [
        page(
            number,
            following=f"{PATH}?after={number}" if number < 5 else "",
            headers={**usual, name: value.encode().decode("latin-1")},
        )
        for number in range(1, 6)
    ]
    with scripted(answers) as host:
        assert ids_of(client_of(host.url, naps)) == ["1", "2", "3", "4", "5"]
    assert naps.now <= 5 * 7200 + 1
    assert naps.now == naps.now


@pytest.mark.parametrize(
    ("pause", "least", "most"),
    [
        ("30", 29, 32),
        ("0", 1, 2),
        ("-5", 1, 2),
        ("nan", 1, 2),
        ("soon", 1, 2),
        ("", 1, 2),
        ("2.5", 2, 4),
        ("3600", 3599, 3602),
        ("Sat, 06 Jan 2024 10:00:40 GMT", 39, 42),
        ("Sat, 06 Jan 2024 09:00:00 GMT", 1, 2),
        ("Sat, 99 Jan 2024 09:00:00 GMT", 1, 2),
        ("Fri, 31 Dec 0000 23:59:59 GMT", 1, 2),
    ],
)
def test_a_pause_is_kept_to_in_either_form(pause: str, least: float, most: float) -> None:
    naps = Naps()
    with scripted([Answer(429, {}, {"Retry-After": pause, "Date": DATE}), page(1)]) as host:
        assert ids_of(client_of(host.url, naps)) == ["1"]
    assert least <= naps.now <= most


@pytest.mark.parametrize("pause", ["3601", "1000000000", "inf", "1e308", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_pause_beyond_all_measure_is_one_clear_error_at_once(pause: str) -> None:
    naps = Naps()
    with scripted([Answer(429, {}, {"Retry-After": pause, "Date": DATE})]) as host:
        error = refused(client_of(host.url, naps))
    assert isinstance(error, errors.RateLimitedError)
    assert "run again later" in str(error)
    assert (len(host.asked), naps.now) == (1, 0.0)


@pytest.mark.parametrize(
    "date",
    [
        "",
        "soon",
        "Mon, 01 Jan 0000 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "9" * 400,
    ],
)
def test_a_clock_that_makes_no_sense_stops_nobody(date: str) -> None:
    with scripted([page(1, headers={"Date": date})]) as host:
        client = client_of(host.url)
        assert ids_of(client) == ["1"]
    assert client.now.tzinfo is not None


# What is said


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 500])
@pytest.mark.parametrize(
    "said",
    [
        "two\nlines\r\n\x1b[31mred\x1b[0m \u202e backwards \0",
        "x" * 100_000,
        ["a", "list"],
        {"an": "object"},
        {"deep": json.loads("[" * 400 + "]" * 400)},
        5,
        None,
        SECRET,
    ],
    ids=lambda said: f"{said!r:.12}",
)
def test_a_reason_is_one_printable_line_whatever_was_said(status: int, said: Any) -> None:
    answer = Answer(status, {"message": said, "errorClass": said, "hint": said, "error": said, "itemID": said})
    with scripted([answer]) as host:
        error = refused(client_of(host.url))
    assert "answered" in str(error) or status == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("content", [b"", b"<html>", b"[" * DEEP, b"\xff\xfe", b"null", b"[]", b'"text"', b"5"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_a_refusal_of_any_form_is_understood(status: int, content: bytes) -> None:
    naps = Naps()
    with scripted([Answer(status, content)]) as host:
        refused(client_of(host.url, naps))
    assert len(host.asked) <= 20
    assert naps.now < 60
