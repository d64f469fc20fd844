"""Writes against hosts that misbehave: what is uncertain is never sent again, what was not done is."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from lightspeed_retail import errors, writes
from lightspeed_retail.client import Client
from lightspeed_retail.oauth import FixedToken
from lightspeed_retail.pacing import Pacer
from lightspeed_retail.query import Query
from lightspeed_retail.resources import Resource
from lightspeed_retail.writes import Writes
from tests.lightspeed_retail.faulty import Break, Faulty, Reply, faulty

CUSTOMER, ITEM, SALE = (Resource.named(name) for name in ("Customer", "Item", "Sale"))
STORED = Reply(body={"@attributes": {"count": "1"}, "Customer": {"customerID": "12", "firstName": "Ada"}})
SECRET = "sentinel-token"


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


def error(status: int, message: str = "it is so", **extra: str) -> Reply:
    return Reply(status, {"httpCode": str(status), "message": message, "errorClass": "SomeError", **extra})


class Naps:
    """A clock that only moves when somebody sleeps."""

    now = 0.0

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.now += seconds


def client_at(url: str, authorisation: Any = None, naps: Naps | None = None) -> Client:
    naps = naps or Naps()
    pacer = Pacer(clock=lambda: naps.now, sleep=naps.sleep)
    client = Client(authorisation or FixedToken(SECRET), api_url=url, pacer=pacer, retry_wait=0.001)
    client.account_id = 7
    return client


def writes_at(url: str, authorisation: Any = None) -> Writes:
    return Writes(client_at(url, authorisation))


def creates(to: Writes) -> Any:
    return to.create(CUSTOMER, {"firstName": "Ada"})


def updates(to: Writes) -> Any:
    return to.update(CUSTOMER, "12", {"firstName": "Ada"})


def removes(to: Writes) -> Any:
    return to.remove(CUSTOMER, "12")


def acts(to: Writes) -> Any:
    return to.act(SALE, "refund", {"saleID": "3"}, {"employeeID": "1"})


def uploads(to: Writes) -> Any:
    return to.upload({"itemID": "3"}, {"description": "front"}, b"\x89PNG", "front.png")


def sends(to: Writes) -> Any:
    return to.send("POST", "/Thing.json", {"name": "x"})


ALL = pytest.mark.parametrize("write", [creates, updates, removes, acts, uploads, sends])
Write = Callable[[Writes], Any]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "TIMEOUT", (0.3, 0.3))


@pytest.fixture
def stored() -> Iterator[Faulty]:
    with faulty(STORED) as host:
        yield host


def test_a_row_is_made_by_a_post_of_its_fields_without_an_envelope(stored: Faulty) -> None:
    row = writes_at(stored.url).create(CUSTOMER, {"firstName": "Ada", "Tags": {"tag": ["a", "b"]}})
    assert row == {"customerID": "12", "firstName": "Ada"}
    (heard,) = stored.heard
    assert (heard.method, heard.path) == ("POST", "/API/V3/Account/7/Customer.json")
    assert json.loads(heard.body) == {"firstName": "Ada", "Tags": {"tag": ["a", "b"]}}
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.headers["Accept"] == "application/json"
    assert heard.headers["Authorization"] == f"Bearer {SECRET}"
    assert heard.headers["Content-Length"] == str(len(heard.body))
    assert "Transfer-Encoding" not in heard.headers


def test_a_row_is_changed_at_its_own_path(stored: Faulty) -> None:
    assert updates(writes_at(stored.url))["customerID"] == "12"
    assert (stored.heard[0].method, stored.heard[0].path) == ("PUT", "/API/V3/Account/7/Customer/12.json")


def test_a_row_is_removed_without_a_body(stored: Faulty) -> None:
    assert removes(writes_at(stored.url)) == {"customerID": "12", "firstName": "Ada"}
    heard = stored.heard[0]
    assert (heard.method, heard.path, heard.body) == ("DELETE", "/API/V3/Account/7/Customer/12.json", b"")
    assert heard.headers["Content-Length"] == "0"
    assert "Transfer-Encoding" not in heard.headers


def test_an_answer_that_only_says_that_a_row_is_gone_is_none() -> None:
    with faulty(Reply(body={"name": "EmployeeHours", "primaryID": "10"})) as host:
        assert writes_at(host.url).remove(Resource.named("EmployeeHours"), "10") is None


@pytest.mark.parametrize(
    ("resource", "parent", "path"),
    [
        ("SaleLine", None, "/SaleLine.json"),
        ("SaleLine", "5", "/Sale/5/SaleLine.json"),
        ("ItemCustomFieldChoice", "5", "/Item/CustomField/5/CustomFieldChoice.json"),
        ("ItemCustomFieldChoice", "a/b", "/Item/CustomField/a%2Fb/CustomFieldChoice.json"),
    ],
)
def test_rows_below_a_parent_are_made_there(resource: str, parent: str | None, path: str) -> None:
    made = Resource.named(resource)
    with faulty(Reply(body={made.envelope(): {made.api.key: "1"}})) as host:
        writes_at(host.url).create(made, {}, parent)
        writes_at(host.url).update(made, "1", {}, parent)
    row = path.replace(".json", "/1.json")
    assert [heard.path for heard in host.heard] == [f"/API/V3/Account/7{path}", f"/API/V3/Account/7{row}"]


def test_an_action_goes_to_a_path_of_its_own() -> None:
    with faulty(Reply(body={"Sale": {"saleID": "9"}}), Reply(body={"done": "true"})) as host:
        to = writes_at(host.url)
        assert acts(to) == {"saleID": "9"}
        assert to.act(SALE, "receipt", {"saleID": "3"}, {"emailAddress": "ada@example.com"}) == {"done": "true"}
        to.act(CUSTOMER, "anonymize", {"customerID": "3"})
    asked = [(heard.method, heard.path.removeprefix("/API/V3/Account/7")) for heard in host.heard]
    assert asked == [
        ("POST", "/Sale/3/refund.json"),
        ("POST", "/Sale/3/EmailReceipt.json"),
        ("DELETE", "/Customer/3/Anonymize.json"),
    ]


@pytest.mark.parametrize(
    ("keys", "path"), [({"itemID": "3"}, "/Item/3/Image.json"), ({}, "/Image.json")], ids=["below", "alone"]
)
def test_an_image_is_sent_as_a_form_of_its_data_and_its_file(keys: dict[str, str], path: str) -> None:
    with faulty(Reply(body={"Image": {"imageID": "4"}})) as host:
        assert writes_at(host.url).upload(keys, {"description": "é"}, b"\x89PNG\r\n", 'a"b.png')["imageID"] == "4"
    heard = host.heard[0]
    assert heard.path == f"/API/V3/Account/7{path}"
    assert heard.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="data"\r\n\r\n{"description":"\xc3\xa9"}\r\n' in heard.body
    assert b'name="image"; filename="a%22b.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\r\n' in heard.body


def test_any_path_below_the_account_can_be_written_to() -> None:
    with faulty(Reply(body={"Thing": {"thingID": "1"}})) as host:
        assert sends(writes_at(host.url)) == {"Thing": {"thingID": "1"}}
    assert host.heard[0].path == "/API/V3/Account/7/Thing.json"


@pytest.mark.parametrize(("method", "path"), [("GET", "/A.json"), ("POST", "A.json"), ("PUT", "/../8/A.json")])
def test_but_no_other_path(stored: Faulty, method: str, path: str) -> None:
    with pytest.raises(ValueError, match="below the account"):
        writes_at(stored.url).send(method, path)
    assert stored.heard == []


def test_what_the_api_does_not_offer_is_not_sent(stored: Faulty) -> None:
    to = writes_at(stored.url)
    with pytest.raises(errors.RequestRefusedError, match="does not offer"):
        to.create(Resource.named("ItemShop"), {"qoh": "1"})
    with pytest.raises(errors.RequestRefusedError, match="does not offer"):
        to.remove(Resource.named("Shop"), "1")
    for wrong in (
        lambda: to.act(SALE, "refund", {"itemID": "3"}),
        lambda: to.act(SALE, "explode", {"saleID": "3"}),
        lambda: to.create(Resource.named("ItemCustomFieldChoice"), {}),
        lambda: to.create(CUSTOMER, {}, "3"),
        lambda: to.upload({"saleID": "3"}, {}, b"", "x.png"),
    ):
        with pytest.raises(ValueError, match=r"needs|has no"):
            wrong()
    assert stored.heard == []


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


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.RequestRefusedError),
        (403, errors.RightsError),
        (404, errors.NotFoundError),
        (405, errors.RequestRefusedError),
        (409, errors.RequestRefusedError),
        (422, errors.RequestRefusedError),
    ],
)
def test_a_refusal_is_told_with_the_apis_own_words(status: int, kind: type[errors.ApiError]) -> None:
    with faulty(error(status, "not like that")) as host, pytest.raises(kind, match="not like that") as caught:
        creates(writes_at(host.url))
    assert (caught.value.status, caught.value.error_class) == (status, "SomeError")
    assert len(host.heard) == 1


def test_a_sale_out_of_balance_says_which_sale_was_stored() -> None:
    refusal = error(400, "Cannot complete an out of balance sale.", saleID="77", balance="3.5", shopID="no", note="4")
    with faulty(refusal) as host, pytest.raises(errors.RequestRefusedError) as caught:
        writes_at(host.url).create(SALE, {})
    assert caught.value.details == {"saleID": "77"}


def test_a_redirect_is_not_followed() -> None:
    with faulty(STORED) as stranger, faulty(Reply(302, {}, {"Location": stranger.url + "/"})) as host:
        with pytest.raises(errors.UnreachableError, match="redirects"):
            creates(writes_at(host.url))
        assert (len(host.heard), stranger.heard) == (1, [])


def test_writes_that_follow_each_other_share_a_connection(stored: Faulty) -> None:
    to = writes_at(stored.url)
    for _ in range(5):
        creates(to)
    assert ({heard.connection for heard in stored.heard}, len(stored.heard)) == ({1}, 5)


def test_a_connection_that_was_idle_for_long_is_not_trusted_with_a_write(
    stored: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writes, "LONGEST_IDLE", -1.0)
    to = writes_at(stored.url)
    creates(to)
    creates(to)
    assert [heard.connection for heard in stored.heard] == [1, 2]


def test_nor_is_one_that_reads_have_used(stored: Faulty) -> None:
    client = client_at(stored.url)
    list(client.pages(Query(CUSTOMER)))
    creates(Writes(client))
    assert [heard.connection for heard in stored.heard] == [1, 2]


def test_a_connection_that_the_host_has_closed_meanwhile_costs_nothing() -> None:
    with faulty(Reply(body=STORED.body, closing=True), STORED) as host:
        to = writes_at(host.url)
        creates(to)
        time.sleep(0.1)
        creates(to)
    assert [heard.connection for heard in host.heard] == [1, 2]


def test_reads_and_writes_are_counted_together() -> None:
    dear = {"X-LS-API-Bucket-Level": "6/90", "X-LS-API-Request-Cost": "5.5"}
    sale = Reply(body={"Sale": {"saleID": "1"}})
    with faulty(STORED, Reply(body=sale.body, headers=dear), sale) as host:
        client = client_at(host.url)
        list(client.pages(Query(CUSTOMER)))
        to = Writes(client)
        to.create(SALE, {"completed": "true", "SaleLines": {"SaleLine": {"itemID": "1"}}})
        to.create(SALE, {"completed": "true", "SaleLines": {"SaleLine": {"itemID": "1"}}})
    assert (client.spent, client.requests) == (Decimal(1) + Decimal("5.5") * 2, 3)


def test_the_pacer_is_asked_with_the_price_before_a_write_goes() -> None:
    naps = Naps()
    full = Reply(body={"Category": {"categoryID": "1"}}, headers={"X-LS-API-Bucket-Level": "85/90"})
    with faulty(full) as host:
        to = Writes(client_at(host.url, naps=naps))
        category = Resource.named("Category")
        to.create(category, {"name": "x"})
        to.create(category, {"name": "y"})
    assert naps.now == pytest.approx(5, abs=0.2)


def test_a_client_alone_only_reads() -> None:
    offered = {name for name in (*dir(Client), *dir(Client(FixedToken("x")).transport)) if not name.startswith("_")}
    assert offered.isdisjoint({"post", "put", "delete", "create", "update", "remove", "act", "upload", "send"})
