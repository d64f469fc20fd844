"""The client against hosts that misbehave; how it does with a well-behaved one is shown with the sandbox."""

from __future__ import annotations

import socket
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from lightspeed_retail import errors
from lightspeed_retail.client import Client
from lightspeed_retail.oauth import FixedToken
from lightspeed_retail.pacing import Pacer
from lightspeed_retail.query import Query, Version
from lightspeed_retail.resources.company import Locale, Option
from lightspeed_retail.resources.items import Item
from tests.lightspeed_retail.hostile import Naps
from tests.scripted import Answer, Asked, Host, scripted

SECRET = "sentinel-token"
DATE = "Sat, 06 Jan 2024 10:00:00 GMT"
REST = "http://x/API/V3/Account/7/Item.json?after=b"


def client_of(host: Host, naps: Naps | None = None) -> Client:
    naps = naps or Naps()
    pacer = Pacer(clock=lambda: naps.now, sleep=naps.sleep)
    client = Client(FixedToken(SECRET), api_url=host.url, pacer=pacer, retry_wait=0.001)
    client.account_id = 7
    return client


def page(*ids: int, following: str = "") -> Answer:
    rows = [{"itemID": str(number)} for number in ids]
    return Answer(body={"@attributes": {"next": following, "previous": ""}, "Item": rows}, headers={"Date": DATE})


def ids_of(client: Client) -> list[str]:
    return [row["itemID"] for each in client.pages(Query(Item)) for row in each.rows]


def error(status: int, message: str = "it is so", **headers: str) -> Answer:
    body = {"httpCode": str(status), "httpMessage": "x", "message": message, "errorClass": "SomeError"}
    return Answer(status, body, headers)


def test_a_walk_follows_next_to_the_end() -> None:
    with scripted([page(1, 2, following="http://elsewhere/API/V3/Account/7/Item.json?after=b"), page(3)]) as host:
        assert ids_of(client_of(host)) == ["1", "2", "3"]
    assert [asked.path for asked in host.asked] == [
        "/API/V3/Account/7/Item.json?archived=true&limit=100",
        "/API/V3/Account/7/Item.json?after=b",
    ]


def test_a_link_to_another_host_is_not_followed_there() -> None:
    with scripted([page()]) as stranger:
        link = f"{stranger.url}/API/V3/Account/7/Item.json?after=x"
        with scripted([page(1, following=link), page(2)]) as host:
            assert ids_of(client_of(host)) == ["1", "2"]
    assert stranger.asked == []


def test_a_link_of_a_page_to_itself_ends_the_walk_with_an_error() -> None:
    def reply(asked: Asked) -> Answer:
        return page(1, following="http://x" + asked.path)

    with scripted(reply) as host, pytest.raises(errors.OutageError, match="links a page to itself"):
        ids_of(client_of(host))


def test_a_redirect_is_not_followed_and_the_token_goes_nowhere_else() -> None:
    with scripted([page(1)]) as stranger:
        moved = Answer(302, {}, {"Location": stranger.url + "/"})
        with scripted([moved]) as host, pytest.raises(errors.UnreachableError, match="api_url"):
            ids_of(client_of(host))
    assert stranger.asked == []


def test_requests_carry_the_bearer_and_the_name_of_the_program() -> None:
    with scripted([page(1)]) as host:
        ids_of(client_of(host))
    assert host.asked[0].headers["Authorization"] == f"Bearer {SECRET}"
    assert host.asked[0].headers["User-Agent"] == "lightspeed-retail"


def test_a_wait_that_the_api_asks_for_is_kept_to() -> None:
    naps = Naps()
    refusal = error(429, "Rate Limit Exceeded", **{"Retry-After": "13", "X-LS-API-RateLimit-Type": "api-leaky-bucket"})
    with scripted([refusal, page(1)]) as host:
        assert ids_of(client_of(host, naps)) == ["1"]
    assert sum(naps.taken) == pytest.approx(13, abs=0.5)


@pytest.mark.parametrize(
    "bad",
    [
        error(500),
        error(502),
        error(503),
        error(504),
        Answer(200, b"<html>We will be back soon</html>"),
        Answer(200, b'{"@attributes": {"next"'),
        Answer(200, b""),
        Answer(200, b"[]"),
        Answer(200, b"\xff\xfe"),
        Answer(200, {"Item": [{"itemID": "9"}] * 50}, cut=True),
    ],
    ids=["500", "502", "503", "504", "html", "half of it", "nothing", "a list", "no text", "cut off"],
)
def test_a_read_is_repeated_after_an_answer_that_is_none(bad: Answer) -> None:
    with scripted([page(1, following="http://x/API/V3/Account/7/Item.json?after=b"), bad, page(2)]) as host:
        assert ids_of(client_of(host)) == ["1", "2"]
    assert len(host.asked) == 3


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
def test_a_refusal_is_told_at_once_with_the_apis_own_words(status: int, kind: type[errors.ApiError]) -> None:
    with scripted([error(status, "not like that")]) as host, pytest.raises(kind, match="not like that") as caught:
        ids_of(client_of(host))
    assert (caught.value.status, caught.value.error_class) == (status, "SomeError")
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, errors.RequestRefusedError), (403, errors.RightsError), (404, errors.NotFoundError), (410, errors.ApiError)],
)
@pytest.mark.parametrize("body", [b"<html>no</html>", b"", b"[]", b'"no"'])
def test_a_refusal_that_may_be_a_gateways_is_believed_the_third_time(
    status: int, kind: type[errors.ApiError], body: bytes
) -> None:
    with scripted([page(1, following=REST), Answer(status, body)]) as host, pytest.raises(kind) as caught:
        ids_of(client_of(host))
    assert (caught.value.status, len(host.asked)) == (status, 4)
    assert "<html>" not in str(caught.value)
    refusals = [Answer(status, body)] * 2
    with scripted([page(1, following=REST), *refusals, page(2)]) as host:
        assert ids_of(client_of(host)) == ["1", "2"]


@pytest.mark.parametrize("status", [408, 425])
@pytest.mark.parametrize("body", [b"<html>later</html>", {"message": "later"}], ids=["a page", "an object"])
def test_what_asks_for_patience_is_an_outage(status: int, body: Any) -> None:
    with scripted([page(1, following=REST), *[Answer(status, body)] * 4, page(2)]) as host:
        assert ids_of(client_of(host)) == ["1", "2"]


def test_a_fixed_token_that_is_refused_is_an_error_of_the_credentials() -> None:
    body = {"error": "access_denied", "hint": "Access token could not be verified"}
    with scripted([Answer(401, body)]) as host, pytest.raises(errors.CredentialsError, match="connect again") as caught:
        ids_of(client_of(host))
    assert SECRET not in str(caught.value)
    assert len(host.asked) == 1


def test_pages_get_smaller_when_the_api_runs_out_of_memory() -> None:
    def reply(asked: Asked) -> Answer:
        return page(1) if "limit=25" in asked.path else error(500, "memory")

    with scripted(reply) as host:
        assert ids_of(client_of(host)) == ["1"]
    limits = [asked.path.rpartition("limit=")[2] for asked in host.asked]
    assert list(dict.fromkeys(limits)) == ["100", "50", "25"]


@pytest.mark.parametrize("ask", [ids_of, Client.accounts], ids=["list", "account"])
def test_an_outage_that_lasts_is_an_error_in_the_end(ask: Callable[[Client], Any]) -> None:
    with scripted([error(503)]) as host, pytest.raises(errors.OutageError, match="503"):
        ask(client_of(host))
    assert len(host.asked) > 1


def test_a_host_where_nobody_listens_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = Host(f"http://127.0.0.1:{taken.getsockname()[1]}", [])
        with pytest.raises(errors.UnreachableError, match="api_url"):
            ids_of(client_of(host))


def test_now_is_the_servers_clock_at_the_first_answer(caplog: pytest.LogCaptureFixture) -> None:
    with scripted([page(1)]) as host:
        client = client_of(host)
        ids_of(client)
    assert client.now.isoformat() == "2024-01-06T10:00:00+00:00"
    assert "clocks differ" in caplog.text


def test_drips_are_counted_as_the_api_charges_them() -> None:
    answer = page(1)
    answer.headers.update({"X-LS-API-Bucket-Level": "1.6/90", "X-LS-API-Request-Cost": "1.6"})
    with scripted([answer]) as host:
        client = client_of(host)
        ids_of(client)
    assert (client.pacer.spent, client.requests) == (Decimal("1.6"), 1)


def test_a_size_that_the_api_can_manage_is_kept_for_the_rest_of_the_run() -> None:
    def answers(asked: Asked) -> Answer:
        return error(500, "Allowed memory size exhausted") if "limit=100" in asked.path else page(1)

    with scripted(answers) as host:
        client = client_of(host)
        assert [ids_of(client), ids_of(client)] == [["1"], ["1"]]
    limits = [asked.path.rpartition("limit=")[2] for asked in host.asked]
    assert limits == ["100", "100", "100", "50", "50"]


@pytest.mark.parametrize("row", [{"name": "x"}, {"itemID": ""}, {"itemID": "a1"}])
def test_a_row_without_a_number_to_tell_it_by_is_an_error(row: dict[str, str]) -> None:
    body = {"@attributes": {"next": "", "previous": ""}, "Item": [row]}
    with scripted([Answer(body=body)]) as host, pytest.raises(errors.RequestRefusedError, match="no number in itemID"):
        ids_of(client_of(host))


def test_a_full_page_without_links_is_told(caplog: pytest.LogCaptureFixture) -> None:
    rows = [{"name": f"option {number}", "value": "1"} for number in range(100)]
    with scripted([Answer(body={"Option": rows})]) as host:
        found = [row for each in client_of(host).pages(Query(Option)) for row in each.rows]
    assert len(found) == 100
    assert "no link to more" in caplog.text


def test_a_list_at_its_second_address_is_found_there() -> None:
    def answers(asked: Asked) -> Answer:
        if asked.path.startswith("/API/Locale.json"):
            return Answer(body={"Locale": {"countryCode": "CA", "name": "Canada"}})
        return error(404)

    with scripted(answers) as host:
        found = [row["countryCode"] for each in client_of(host).pages(Query(Locale)) for row in each.rows]
    assert found == ["CA"]


def test_an_answer_under_another_name_than_documented_is_understood() -> None:
    body = {"@attributes": {"next": "", "previous": ""}, "Items": [{"itemID": "3"}]}
    with scripted([Answer(body=body)]) as host:
        assert ids_of(client_of(host)) == ["3"]


def test_v2_stops_where_the_filter_on_the_key_is_ignored() -> None:
    rows = [{"itemID": "1"}, {"itemID": "2"}]
    body = {"@attributes": {"count": "5", "offset": "0", "limit": "2"}, "Item": rows}
    with scripted(lambda _: Answer(body=body)) as host:
        client = client_of(host)
        client.version = Version.V2
        with pytest.raises(errors.OutageError, match="ignores the filter on itemID"):
            ids_of(client)
