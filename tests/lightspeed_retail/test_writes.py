"""Writes: what is sent where, what comes of it, and on which connection."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from lightspeed_retail import errors, writes
from lightspeed_retail.client import Client
from lightspeed_retail.oauth import FixedToken
from lightspeed_retail.query import Query
from lightspeed_retail.resources import Resource
from lightspeed_retail.writes import Writes
from tests.lightspeed_retail.faulty import Faulty, Reply, faulty
from tests.lightspeed_retail.writers import (
    CUSTOMER,
    SALE,
    SECRET,
    STORED,
    Naps,
    acts,
    client_at,
    creates,
    error,
    removes,
    sends,
    updates,
    writes_at,
)


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
    wrong: list[Callable[[], Any]] = [
        lambda: to.act(SALE, "refund", {"itemID": "3"}),
        lambda: to.act(SALE, "explode", {"saleID": "3"}),
        lambda: to.create(Resource.named("ItemCustomFieldChoice"), {}),
        lambda: to.create(CUSTOMER, {}, "3"),
        lambda: to.upload({"saleID": "3"}, {}, b"", "x.png"),
    ]
    for write in wrong:
        with pytest.raises(ValueError, match=r"needs|has no"):
            write()
    assert stored.heard == []


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
