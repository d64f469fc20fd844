"""Answers that mean harm, or make no sense: each is survived, or one clear error, within bounds of memory and time."""

from __future__ import annotations

import itertools
import json
import time
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from lightspeed_retail import bodies, errors
from lightspeed_retail.query import Query, Version
from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.items import Item
from tests.lightspeed_retail.faulty import Reply, faulty
from tests.lightspeed_retail.hostile import (
    DEEP,
    MEGABYTE,
    PATH,
    TRIES,
    body,
    client_of,
    endless,
    head,
    ids_of,
    listed,
    page,
    peak,
    read_or_refused,
    refused,
    whole,
    wired,
)
from tests.scripted import Answer, Asked, scripted

# Size


def test_a_field_of_ten_megabytes_arrives_whole() -> None:
    text = "x" * 10 * MEGABYTE
    with scripted([page(1, description=text)]) as host:
        (found,) = client_of(host.url).pages(Query(Item))
        assert found.rows[0]["description"] == text


def test_a_page_with_ten_thousand_rows_is_read() -> None:
    with scripted([page(*range(10_000))]) as host:
        assert len(ids_of(client_of(host.url))) == 10_000
    assert len(host.asked) == 1


def test_a_body_without_end_is_cut_off_and_asked_for_in_smaller_pages() -> None:
    before = peak()
    with wired(lambda _path: endless(head(), b'{"Item": "' + b"x" * MEGABYTE)) as host:
        error = refused(client_of(host.url))
    assert isinstance(error, errors.TooLargeError)
    assert "more than 134 MB" in str(error)
    limits = [path.rpartition("limit=")[2] for path in host.asked]
    assert limits == ["100", "50", "25", "12"]
    assert host.sent < len(host.asked) * (bodies.LARGEST + 16 * MEGABYTE)
    assert peak() - before < 4 * bodies.LARGEST


def test_a_bomb_is_measured_by_what_it_unpacks_to() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * MEGABYTE) for _ in range(200)) + packer.flush()
    before = peak()
    with wired(lambda _path: whole(bomb, Content_Encoding="gzip")) as host:
        assert isinstance(refused(client_of(host.url)), errors.TooLargeError)
    assert len(bomb) < 2 * MEGABYTE
    assert peak() - before < 4 * bodies.LARGEST


def test_a_packed_answer_is_read_and_a_torn_one_is_asked_for_again() -> None:
    packed = zlib.compress(body(1), wbits=31)
    answers = [Reply(body=packed, headers={"Content-Encoding": "gzip"})]
    with faulty(Reply(body=packed[:-9], headers={"Content-Encoding": "gzip"}), *answers) as host:
        assert ids_of(client_of(host.url)) == ["1"]
    with faulty(Reply(body=b"no gzip at all", headers={"Content-Encoding": "gzip"}), *answers) as host:
        assert ids_of(client_of(host.url)) == ["1"]


def _trickling(_path: str) -> Iterator[bytes]:
    yield head()
    while True:
        time.sleep(0.01)
        yield b" "


def test_an_answer_that_trickles_is_given_up() -> None:
    with wired(_trickling) as host:
        answer = client_of(host.url).transport.session.get(host.url, stream=True)
        with pytest.raises(OSError, match=r"more than 0 seconds"):
            bodies.read_whole(answer, longest=0.2)


# Forms of JSON


@pytest.mark.parametrize(
    "content",
    [
        b"[" * DEEP + b"]" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b'{"@attributes": {"next": ""}, "Item": ' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"@attributes": {"next": ""}, "Item": [{"itemID": "1", "x": ' + b"[" * DEEP + b"]" * DEEP + b"}]}",
        b'{"@attributes": {"next": ' + b"[" * DEEP + b"]" * DEEP + b'}, "Item": []}',
    ],
    ids=["lists", "objects", "rows", "a field", "the link"],
)
def test_nesting_without_end_is_an_answer_that_is_none(content: bytes) -> None:
    with scripted([Answer(200, content)]) as host:
        error = refused(client_of(host.url))
    assert "broken or no JSON" in str(error)
    assert len(host.asked) == TRIES


@pytest.mark.parametrize("depth", [50, 500, 900, 950, 980, 1000, 1100])
def test_nesting_of_any_depth_is_read_or_refused(depth: int) -> None:
    content = b'{"@attributes": {"next": ""}, "Item": [{"itemID": "1", "x": ' + b"[" * depth + b"]" * depth + b"}]}"
    with scripted([Answer(200, content)]) as host:
        found = read_or_refused(client_of(host.url))
    assert found == ["1"] or depth > 500


@pytest.mark.parametrize(
    "content",
    [
        b'{"@attributes": {"next": ""}, "Item": [{"itemID": NaN}]}',
        b'{"@attributes": {"next": ""}, "Item": [{"itemID": "1", "price": Infinity}]}',
        b'{"@attributes": {"next": ""}, "Item": [{"itemID": "1", "name": "\\ud83d"}]}',
        b'{"@attributes": {"next": ""}, "Item": [{"itemID": "1", "name": "\x00"}]}',
        '{"@attributes": {"next": ""}, "Item": [{"itemID": "1", "name": "Café"}]}'.encode("latin-1"),
        '{"@attributes": {"next": ""}, "Item": []}'.encode("utf-16"),
    ],
    ids=["NaN", "Infinity", "half a character", "a raw null", "latin-1", "utf-16"],
)
def test_what_is_no_json_is_asked_for_again_and_then_refused(content: bytes) -> None:
    with scripted([Answer(200, content)]) as host:
        assert "broken or no JSON" in str(refused(client_of(host.url)))
    assert len(host.asked) == TRIES
    with scripted([Answer(200, content), page(1)]) as host:
        assert ids_of(client_of(host.url)) == ["1"]


def test_of_a_key_that_comes_twice_the_last_one_counts() -> None:
    content = b'{"Item": [], "@attributes": {"next": ""}, "Item": [{"itemID": "1", "itemID": "2"}]}'
    with scripted([Answer(200, content)]) as host:
        assert ids_of(client_of(host.url)) == ["2"]


def test_null_characters_are_left_out_and_what_only_looks_like_one_stays() -> None:
    names = ["a\0b", "\0", "\\u0000", "\\\0", "\\\\u0000", "é\0"]
    with scripted([Answer(body=listed(1, names=names))]) as host:
        (found,) = client_of(host.url).pages(Query(Item))
    assert found.rows[0]["names"] == [name.replace("\0", "") for name in names]


# Rows


@pytest.mark.parametrize(
    "row",
    [
        {"description": "no key"},
        {"itemID": None},
        {"itemID": ""},
        {"itemID": "one"},
        {"itemID": "-1"},
        {"itemID": "1.5"},
        {"itemID": 1.5},
        {"itemID": True},
        {"itemID": ["1"]},
        {"itemID": {"0": "1"}},
        {"itemID": "9" * 19},
        {"itemID": "9" * 5000},
        {"itemID": 10**18},
        [{"itemID": "1"}],
        "text",
        5,
    ],
    ids=lambda row: f"{json.dumps(row):.25}, {len(json.dumps(row))}",
)
@pytest.mark.parametrize("version", Version)
def test_a_row_that_cannot_be_told_apart_is_one_clear_error(row: Any, version: Version) -> None:
    answer = Answer(body={"@attributes": {"next": "", "count": "3"}, "Item": [{"itemID": "1"}, row, {"itemID": "3"}]})
    alone = Answer(body={"@attributes": {"next": "", "count": "1"}, "Item": [row]})
    for each in (answer, alone):
        with scripted([each]) as host:
            client = client_of(host.url)
            client.version = version
            error = refused(client)
        assert isinstance(error, errors.RequestRefusedError)
        assert "no number in itemID" in str(error) or "no object" in str(error)
        assert len(host.asked) == 1


@pytest.mark.parametrize("rows", ["", [], {}, None, [""], [None], [{}], [[]]], ids=str)
def test_what_stands_for_no_rows_is_none(rows: Any) -> None:
    with scripted([Answer(body={"@attributes": {"next": ""}, "Item": rows})]) as host:
        assert ids_of(client_of(host.url)) == []


@pytest.mark.parametrize("answer", [[], 5, "text", {"Session": []}, {"Session": 5}, {"Session": None}], ids=str)
def test_a_single_row_that_is_none_is_one_clear_error(answer: Any) -> None:
    with scripted([Answer(body=answer)]) as host, pytest.raises(errors.LightspeedError) as caught:
        client_of(host.url).single(Resource.named("Session"))
    assert str(caught.value).isprintable()


# Walks


def test_a_walk_in_a_circle_ends_with_an_error() -> None:
    def reply(asked: Asked) -> Answer:
        after = {"": "a", "a": "b", "b": "c", "c": "a"}[
            asked.path.rpartition("after=")[2] if "after" in asked.path else ""
        ]
        return page(ord(after), following=f"{PATH}?after={after}")

    with scripted(reply) as host:
        assert "links a page to itself, or back" in str(refused(client_of(host.url)))
    assert len(host.asked) < 12


@pytest.mark.parametrize("length", [1, 2, 5])
def test_pages_that_come_again_under_new_addresses_end_with_an_error(length: int) -> None:
    numbers = itertools.count()

    def reply(_asked: Asked) -> Answer:
        number = next(numbers)
        return page(number % length, following=f"{PATH}?after={number}")

    with scripted(reply) as host:
        assert "the same page comes again" in str(refused(client_of(host.url)))
    assert len(host.asked) < 20


def test_empty_pages_without_end_end_with_an_error() -> None:
    numbers = itertools.count()
    with wired(lambda _path: whole(body(following=f"{PATH}?after={next(numbers)}"))) as host:
        assert "empty pages follow each other" in str(refused(client_of(host.url)))
    assert len(host.asked) == 101


def test_a_promise_of_a_billion_rows_takes_no_memory_beforehand() -> None:
    numbers = itertools.count()
    before = peak()
    with wired(lambda _path: whole(body(number := next(numbers), following=f"{PATH}?after={number}"))) as host:
        assert len(ids_of(client_of(host.url), 1000)) == 1000
    assert len(host.asked) == 1000
    assert peak() - before < 16 * MEGABYTE


@pytest.mark.parametrize(
    "count", ["1000000000000", 10**12, "9" * 5000, -5, "many", None, ["5"], 1e300], ids=lambda count: f"{count!r:.12}"
)
def test_a_count_that_promises_too_much_ends_with_the_rows(count: Any) -> None:
    def reply(asked: Asked) -> Answer:
        is_first = "itemID=" not in asked.path
        rows = [{"itemID": "1"}, {"itemID": "2"}] if is_first else []
        return Answer(body={"@attributes": {"count": count, "limit": "2"}, "Item": rows})

    with scripted(reply) as host:
        client = client_of(host.url)
        client.version = Version.V2
        assert ids_of(client) == ["1", "2"]
    assert len(host.asked) <= 2


@pytest.mark.parametrize(
    "link",
    [
        "http://[",
        "//[::1",
        5,
        ["x"],
        {"a": "b"},
        "/API/V3/Account/8/Item.json?after=1",
        "/API/V3/Account/7/Customer.json?after=1",
        "https://elsewhere.example/auth/oauth/token?x=1",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
    ids=str,
)
def test_a_link_to_anything_but_the_rest_of_the_list_is_not_followed(link: Any) -> None:
    with scripted([page(1, following=link)]) as host:
        error = refused(client_of(host.url))
    assert isinstance(error, errors.OutageError)
    assert len(host.asked) == 1


@pytest.mark.parametrize("scheme", ["http", "https", "ftp", "gopher", ""])
def test_a_link_to_another_host_is_asked_of_our_own(scheme: str) -> None:
    link = f"{scheme}://elsewhere.example{PATH}?after=x" if scheme else f"//elsewhere.example{PATH}?after=x"
    with scripted([page(1, following=link), page(2)]) as host:
        assert ids_of(client_of(host.url)) == ["1", "2"]
    assert [asked.path for asked in host.asked[1:]] == [f"{PATH}?after=x"]
    assert [asked.headers["Host"] for asked in host.asked] == [host.url.removeprefix("http://")] * 2


@pytest.mark.parametrize(
    "link", [f"{PATH}?limit=abc", f"{PATH}?limit=-1", f"{PATH}?limit=" + "9" * 5000, f"{PATH}?%00"]
)
def test_a_link_with_an_odd_query_is_followed(link: str) -> None:
    with scripted([page(1, following=link), page(2)]) as host:
        assert ids_of(client_of(host.url)) == ["1", "2"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_whatever_its_kind(status: int) -> None:
    with scripted([page(1)]) as stranger:
        moved = Answer(status, {}, {"Location": stranger.url + PATH})
        with scripted([moved]) as host:
            assert "redirects elsewhere; check api_url" in str(refused(client_of(host.url)))
    assert stranger.asked == []
    assert len(host.asked) == 1
