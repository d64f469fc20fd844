"""What a client sees of each fault, over a real connection, and whether its request took effect."""

from __future__ import annotations

import json
import re
import socket
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.kinds import Kind
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import small_sandbox
from tests.sandbox.calling import Api

CUSTOMER = Resource.named("Customer")
README = Path(__file__).parents[2] / "lightspeed-sandbox" / "README.md"
WHOLE, CUT, HALF, BROKEN, PAGE, ERROR, NOTHING = "whole", "cut", "half", "broken", "page", "error", "nothing"

SEEN = [
    ("503", 503, PAGE, False),
    ("503-json", 503, ERROR, False),
    ("503-empty", 503, NOTHING, False),
    ("503-after", 503, PAGE, True),
    ("503-json-after", 503, ERROR, True),
    ("503-empty-after", 503, NOTHING, True),
    ("404", 404, PAGE, False),
    ("429", 429, ERROR, False),
    ("429-bare", 429, NOTHING, False),
    ("429-after", 429, PAGE, True),
    ("429-json-after", 429, ERROR, True),
    ("drop-before", 0, NOTHING, False),
    ("drop-midway", 200, CUT, True),
    ("drop-after", 0, NOTHING, True),
    ("truncate", 200, HALF, True),
    ("invalid", 200, BROKEN, True),
    ("garbage", 200, PAGE, True),
    ("empty", 200, NOTHING, True),
    ("slow-0.05", 200, WHOLE, True),
    ("late-0.05", 200, WHOLE, True),
    ("drip-0.2", 200, WHOLE, True),
    ("silence-0.2", 0, NOTHING, False),
    ("silence-0.2-after", 0, NOTHING, True),
    ("expire", 401, ERROR, False),
    ("revoke", 401, ERROR, False),
]
"""Of each kind: status, body, and whether a POST took effect."""
ON_NO_POST = {"stale", "edit"}


@dataclass
class Seen:
    """What has arrived of an answer.

    Args:
        status: The status; 0 without one.
        body: What came of the body.
        ended: Whether the connection ended before the whole of it.
        headers: The headers, by their names in small letters.
    """

    status: int = 0
    body: bytes = b""
    ended: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def form(self) -> str:
        """What the body is."""
        if not self.body:
            return NOTHING
        if self.body.startswith(b"<html"):
            return PAGE
        try:
            found = json.loads(self.body)
        except ValueError:
            return CUT if self.ended else BROKEN if self.body.endswith(b"}") else HALF
        return ERROR if found.keys() & {"httpCode", "error"} else WHOLE


def look(api: Api, method: str, path: str, body: Any = None) -> Seen:
    """Send one request on a connection of its own."""
    connection = HTTPConnection(urlsplit(api.sandbox.url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    connection.request(method, urlsplit(api.address(path)).path, None if body is None else json.dumps(body), headers)
    seen = Seen()
    try:
        answer = connection.getresponse()
        seen.status, seen.headers = answer.status, {name.lower(): value for name, value in answer.getheaders()}
        seen.body = answer.read()
    except IncompleteRead as error:
        seen.body, seen.ended = error.partial, True
    except ConnectionError:
        seen.ended = True
    finally:
        connection.close()
    return seen


@pytest.fixture(autouse=True)
def all_goes_well(sandbox: Sandbox) -> None:
    """No fault is left from the test before."""
    sandbox.inject([])


@pytest.mark.parametrize(("kind", "status", "form", "effect"), SEEN, ids=[kind for kind, *_ in SEEN])
def test_a_client_sees_a_fault_and_it_took_effect_or_not(
    sandbox: Sandbox, kind: str, status: int, form: str, *, effect: bool
) -> None:
    api = Api.of(sandbox)
    before = sandbox.store.count(CUSTOMER)
    sandbox.inject([f"{kind}:#1:POST"])
    seen = look(api, "POST", "/Customer.json", {"firstName": "Ada", "lastName": "Lovelace"})
    assert (seen.status, seen.form) == (status, form)
    assert sandbox.store.count(CUSTOMER) - before == effect
    assert sandbox.injected == {kind: 1}
    entry = sandbox.requests[-1]
    assert (entry["status"], entry["effect"], entry["fault"]) == (status, effect, kind)
    assert Api.of(sandbox).ask("/Shop.json").status_code == 200, "the server goes on"


@pytest.mark.parametrize(("kind", "form"), [("504-late-0.3", PAGE), ("504-json-late-0.3", ERROR)])
def test_what_a_gateway_no_longer_waits_for_is_done_all_the_same(sandbox: Sandbox, kind: str, form: str) -> None:
    api = Api.of(sandbox)
    before = sandbox.store.count(CUSTOMER)
    sandbox.inject([f"{kind}:#1:POST"])
    seen = look(api, "POST", "/Customer.json", {"firstName": "Ada", "lastName": "Lovelace"})
    assert (seen.status, seen.form, sandbox.store.count(CUSTOMER) - before) == (504, form, 0)
    for _ in range(100):
        if sandbox.store.count(CUSTOMER) > before:
            break
        time.sleep(0.05)
    assert sandbox.store.count(CUSTOMER) - before == 1
    entry = sandbox.requests[-1]
    assert (entry["status"], entry["effect"], entry["fault"]) == (504, True, kind)


def test_every_kind_that_is_documented_exists_and_the_other_way_round() -> None:
    table = README.read_text(encoding="utf-8").partition("| Kind |")[2].partition("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`([^`]+)`", row.split("|")[1])}
    assert [name for name in named if Kind.parse(name) is None] == []
    known = {Kind.parse(name) for name in (*(kind for kind, *_ in SEEN), *ON_NO_POST)}
    assert {kind.name for kind in map(Kind.parse, named) if kind} == {kind.name for kind in known if kind}


def test_half_of_an_answer_has_a_length_that_says_it_is_all_or_one_that_says_it_is_not(sandbox: Sandbox) -> None:
    api = Api.of(sandbox)
    whole = look(api, "GET", "/Item.json").body
    sandbox.inject(["truncate:#1", "drop-midway:#2"])
    truncated, dropped = (look(api, "GET", "/Item.json") for _ in range(2))
    assert truncated.body == dropped.body == whole[: len(whole) // 2]
    assert [int(seen.headers["content-length"]) for seen in (truncated, dropped)] == [len(truncated.body), len(whole)]
    assert (truncated.ended, dropped.ended) == (False, True)


def test_a_refusal_of_its_own_is_in_the_words_of_the_api(sandbox: Sandbox) -> None:
    api = Api.of(sandbox)
    sandbox.inject(["503-json:#1", "429:#2", "429-bare:#3"])
    down, limited, bare = (look(api, "GET", "/Item.json") for _ in range(3))
    recorded = look(api, "GET", "/Item/999999.json")
    assert down.headers["content-type"] == recorded.headers["content-type"]
    assert json.loads(down.body).keys() == json.loads(recorded.body).keys()
    assert json.loads(down.body)["httpCode"] == "503"
    assert json.loads(limited.body)["errorClass"] == "RateLimitException"
    assert limited.headers["retry-after"] == "1"
    assert not {name for name in bare.headers if name == "retry-after" or name.startswith("x-ls-")}


def test_garbage_is_told_to_be_a_page_and_invalid_json_to_be_json(sandbox: Sandbox) -> None:
    api = Api.of(sandbox)
    sandbox.inject(["garbage:1:/Item", "invalid:1:/Sale"])
    assert look(api, "GET", "/Item.json").headers["content-type"].startswith("text/html")
    answer = api.ask("/Sale.json")
    assert answer.headers["content-type"] == "application/json"
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_no_common_client_takes_half_an_answer_for_a_whole_one(sandbox: Sandbox) -> None:
    api = Api.of(sandbox)
    sandbox.inject(["drop-midway:#1"])
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        api.ask("/Item.json")
    assert api.ask("/Item.json").status_code == 200


def test_a_drip_comes_in_pieces_for_as_long_as_it_says(sandbox: Sandbox) -> None:
    api = Api.of(sandbox)
    whole = look(api, "GET", "/Item.json").body
    sandbox.inject(["drip-0.6:#1"])
    pieces: list[bytes] = []
    began = time.monotonic()
    with _asked(api, "/Item.json") as connection:
        while sum(map(len, pieces)) < len(whole):
            pieces.append(connection.recv(2**20))
    assert time.monotonic() - began >= 0.5
    assert len(pieces) > 4
    assert b"".join(pieces).partition(b"\r\n\r\n")[2] == whole


@pytest.mark.parametrize("kind", ["drip-60", "silence-60", "slow-60", "late-60"])
def test_what_one_waits_for_holds_nobody_else_up(kind: str) -> None:
    with small_sandbox(fault=[f"{kind}:#1:/Item"]) as sandbox:
        api = Api.of(sandbox)
        with _asked(api, "/Item.json") as connection:
            _until(lambda: sandbox.injected)
            assert [api.ask("/Item.json").status_code for _ in range(20)] == [200] * 20
            assert not _is_done(connection)


@pytest.mark.parametrize("kind", ["slow-60", "drip-60", "silence-60", "silence-60-after", "drop-before", "drop-midway"])
def test_nobody_waits_for_a_fault_when_the_sandbox_stops(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with small_sandbox(fault=[f"{kind}:1"]) as sandbox, _asked(Api.of(sandbox), "/Item.json"):
        _until(lambda: sandbox.injected)
        sandbox.stop()
    assert caplog.records == []


def test_a_client_that_leaves_in_the_middle_of_a_drip_leaves_no_trace(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    api = Api.of(sandbox)
    sandbox.inject(["drip-2:#1", "silence-2:#2"])
    for number in (1, 2):
        with _asked(api, "/Item.json"):
            _until(lambda number=number: sum(sandbox.injected.values()) == number)
    assert api.ask("/Item.json").status_code == 200
    assert caplog.records == []


def _asked(api: Api, path: str) -> socket.socket:
    """A connection on which something is asked for."""
    parts = urlsplit(api.address(path))
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)
    head = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {api.token}\r\n\r\n"
    connection.sendall(head.encode())
    return connection


def _is_done(connection: socket.socket) -> bool:
    """Whether an answer has come in full, or the connection has ended; a page has many pieces to come."""
    connection.settimeout(0.01)
    arrived = b""
    try:
        while piece := connection.recv(2**20):
            arrived += piece
    except TimeoutError:
        return arrived.endswith(b"}")
    return True


def _until(met: Any) -> None:
    deadline = time.monotonic() + 30
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.005)
