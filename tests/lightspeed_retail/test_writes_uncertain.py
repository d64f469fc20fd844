"""Writes against hosts that misbehave: what is uncertain is never sent again, what was not done is."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from lightspeed_retail import errors, writes
from lightspeed_retail.writes import Writes
from tests.lightspeed_retail.faulty import Break, Reply, faulty
from tests.lightspeed_retail.writers import ALL, SECRET, STORED, Naps, Write, client_at, creates, error, writes_at


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "TIMEOUT", (0.3, 0.3))


class Renewed:
    """An authorisation whose first token is refused."""

    token = "old"

    def bearer(self) -> str:
        """The token of the moment."""
        return self.token

    def renew(self, refused: str) -> bool:
        """Get the other one."""
        self.token = "new"
        return refused == "old"


UNCERTAIN: dict[str, Reply | Break] = {
    **{step.value: step for step in Break},
    **{str(status): error(status) for status in (500, 502, 503, 504, 520, 524)},
    "a page": Reply(body=b"<html>We will be back soon</html>"),
    "half of it": Reply(body=b'{"Customer": {"customerID"'),
    "nothing": Reply(body=b""),
    "a list": Reply(body=b"[]"),
    "no text": Reply(body=b"\xff\xfe"),
    "no body": Reply(204, b""),
    "cut off": Reply(body=STORED.body, cut=True),
    "cut off in the head": Reply(body=b"", cut=False, headers={"Content-Length": "90"}, closing=True),
    "no HTTP": Reply(status=20, body=b"x"),
    "compressed, they say": Reply(body=b"{}", headers={"Content-Encoding": "gzip"}),
}


@ALL
@pytest.mark.parametrize("step", UNCERTAIN.values(), ids=UNCERTAIN.keys())
def test_what_may_have_been_done_is_never_sent_again(write: Write, step: Reply | Break) -> None:
    with faulty(step) as host:
        with pytest.raises(errors.UncertainError, match="look it up before") as caught:
            write(writes_at(host.url))
        assert len(host.heard) == host.connections == 1
    assert (caught.value.method, caught.value.path) == (host.heard[0].method, host.heard[0].path)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("step", "is_late"),
    [
        *((error(status), True) for status in (408, 504, 524)),
        *((error(status), False) for status in (500, 502, 503, 520)),
        (Break.SILENCE, True),
        (Break.CLOSE, False),
    ],
    ids=str,
)
def test_where_somebody_has_only_stopped_waiting_it_may_be_done_late(step: Reply | Break, *, is_late: bool) -> None:
    with faulty(step) as host, pytest.raises(errors.UncertainError) as caught:
        creates(writes_at(host.url))
    assert caught.value.is_late is is_late


@pytest.mark.parametrize("body", [{"@attributes": {"count": "0"}}, {"Customer": {}}, {"Customer": {"firstName": "A"}}])
def test_an_answer_without_the_row_is_no_answer(body: dict[str, Any]) -> None:
    with faulty(Reply(body=body)) as host, pytest.raises(errors.UncertainError, match="no Customer with a key"):
        creates(writes_at(host.url))
    assert len(host.heard) == 1


@ALL
def test_a_refusal_for_the_limit_is_sent_again_when_the_api_says_so(write: Write) -> None:
    refused = Reply(429, {"message": "Rate Limit Exceeded"}, {"Retry-After": "7"})
    naps = Naps()
    body = {"Customer": {"customerID": "1"}, "Sale": {"saleID": "1"}, "Image": {"imageID": "1"}}
    with faulty(refused, refused, Reply(body=body)) as host:
        write(Writes(client_at(host.url, naps=naps)))
    assert len(host.heard) == 3
    assert len({heard.body for heard in host.heard if b"PNG" not in heard.body}) <= 1
    assert naps.now == pytest.approx(14, abs=1)


def test_a_limit_that_never_ends_is_an_error_in_the_end() -> None:
    with faulty(Reply(429, {"message": "no"})) as host, pytest.raises(errors.RateLimitedError):
        creates(writes_at(host.url))
    assert len(host.heard) == 8


def test_what_follows_on_a_refusal_may_still_be_uncertain() -> None:
    with faulty(Reply(429, {"message": "no"}), Break.CLOSE) as host, pytest.raises(errors.UncertainError):
        creates(writes_at(host.url))
    assert len(host.heard) == 2


def test_a_refused_token_is_renewed_and_the_write_sent_again_once() -> None:
    with faulty(error(401), STORED) as host:
        creates(writes_at(host.url, Renewed()))
    assert [heard.headers["Authorization"] for heard in host.heard] == ["Bearer old", "Bearer new"]
    assert host.heard[0].body == host.heard[1].body
    with faulty(error(401)) as host, pytest.raises(errors.CredentialsError):
        creates(writes_at(host.url, Renewed()))
    assert len(host.heard) == 2


class Failing(Renewed):
    """An authorisation server that is out of order the first time."""

    asked = 0

    def renew(self, refused: str) -> bool:
        """Fail once."""
        self.asked += 1
        if self.asked == 1:
            raise errors.OutageError("out of order", status=503)
        return super().renew(refused)


def test_a_failure_to_renew_the_token_is_not_uncertain() -> None:
    with faulty(error(401), error(401), STORED) as host:
        assert creates(writes_at(host.url, Failing()))["customerID"] == "12"
    assert len(host.heard) == 3


@ALL
def test_a_host_where_nobody_listens_was_sent_nothing(write: Write) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        to = writes_at(f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(errors.UnreachableError, match="api_url"):
            write(to)


def test_neither_was_a_name_that_nobody_has() -> None:
    with pytest.raises(errors.UnreachableError):
        creates(writes_at("http://nobody.invalid"))


@ALL
def test_neither_was_a_host_that_takes_no_connection(write: Write) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003  the standard library's signature
            each.connect_ex(full.getsockname())
        with pytest.raises(errors.UnreachableError, match=r"ConnectTimeout|ConnectionError"):
            write(writes_at(f"http://127.0.0.1:{full.getsockname()[1]}"))
        for each in waiting:
            each.close()


@ALL
def test_neither_was_a_host_that_speaks_no_tls(write: Write) -> None:
    with faulty(STORED) as host:
        with pytest.raises(errors.UnreachableError, match=r"SSLError|ConnectionError"):
            write(writes_at(host.url.replace("http:", "https:")))
        assert host.heard == []


def test_a_host_that_comes_back_is_sent_the_write_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tries find nobody, the third one finds the host."""
    connect, tries = socket.socket.connect, []

    def refuse(self: socket.socket, address: Any) -> None:
        tries.append(address)
        if len(tries) <= 2:
            raise ConnectionRefusedError
        connect(self, address)

    with faulty(STORED) as host:
        monkeypatch.setattr(socket.socket, "connect", refuse)
        assert creates(writes_at(host.url))["customerID"] == "12"
    assert len(host.heard) == 1
