"""Authorisation against the sandbox's authorisation server, and the store that processes share."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lightspeed_retail.client import Client
from lightspeed_retail.connection import authorisation, connect
from lightspeed_retail.errors import CredentialsError, OutageError, SettingsError, UnreachableError
from lightspeed_retail.oauth import RefreshingToken
from lightspeed_retail.resources.account import Account
from lightspeed_retail.token_endpoint import TokenEndpoint
from lightspeed_retail.tokens import TokenFile, connection_name
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.scripted import Answer, scripted

ACCOUNT = 4711


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    store = Store()
    store.put(Account, [{"accountID": ACCOUNT, "name": "Northwind Cycles"}])
    with Sandbox(Config(bucket_size=10_000, drip_rate=1_000), store=store) as running:
        yield running


def settings_of(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    return {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": sandbox.issue_refresh_token(),
        "token_store": str(tmp_path / "tokens.json"),
        "api_url": sandbox.url,
        "auth_url": sandbox.url,
    }


def test_a_connection_finds_its_account(sandbox: Sandbox, tmp_path: Path) -> None:
    assert connect(settings_of(sandbox, tmp_path)).account_id == ACCOUNT


def test_the_new_pair_is_on_the_disk_before_it_is_used(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    bearer = authorisation(settings).bearer()
    name = connection_name(settings["client_id"], settings["refresh_token"])
    stored = TokenFile(tmp_path / "tokens.json").load(name)
    assert stored is not None
    assert stored.access_token == bearer
    assert stored.refresh_token != settings["refresh_token"]


def test_a_single_use_token_from_the_settings_serves_run_after_run(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    found = [connect(settings).account_id for _ in range(3)]
    assert found == [ACCOUNT] * 3


def test_a_token_that_has_not_ended_is_taken_from_the_store(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    assert authorisation(settings).bearer() == authorisation(settings).bearer()


def test_a_newly_configured_token_starts_a_connection_of_its_own(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    first = authorisation(settings).bearer()
    assert authorisation(settings | {"refresh_token": sandbox.issue_refresh_token()}).bearer() != first


def test_a_refused_access_token_is_renewed_once(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    client = connect(settings)
    name = connection_name(settings["client_id"], settings["refresh_token"])
    before = TokenFile(tmp_path / "tokens.json").load(name)
    assert before is not None
    fields = {"grant_type": "refresh_token", "refresh_token": before.refresh_token}
    fields |= {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    requests.post(f"{sandbox.url}/auth/oauth/token", data=fields, timeout=10).raise_for_status()
    assert [row["accountID"] for row in client.accounts()] == [str(ACCOUNT)]
    after = TokenFile(tmp_path / "tokens.json").load(name)
    assert after is not None
    assert after.access_token != before.access_token


def test_a_token_that_stays_refused_is_renewed_no_second_time(sandbox: Sandbox, tmp_path: Path) -> None:
    refusal = Answer(401, {"error": "access_denied", "hint": "Access token could not be verified"})
    with scripted([refusal]) as host:
        client = Client(authorisation(settings_of(sandbox, tmp_path)), api_url=host.url)
        with pytest.raises(CredentialsError, match="refused the access token"):
            client.accounts()
    assert len(host.asked) == 2
    assert len({asked.headers["Authorization"] for asked in host.asked}) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"refresh_token": "sentinel-unknown"}, "invalid_grant.*connect the account again"),
        ({"client_secret": "sentinel-wrong"}, "invalid_client.*check client_id and client_secret"),
        ({"client_id": "sentinel-stranger"}, "invalid_client.*check client_id and client_secret"),
    ],
)
def test_credentials_that_are_refused_say_which_and_what_to_do(
    sandbox: Sandbox, tmp_path: Path, change: dict[str, str], words: str
) -> None:
    with pytest.raises(CredentialsError, match=words) as caught:
        authorisation(settings_of(sandbox, tmp_path) | change).bearer()
    assert "sentinel" not in str(caught.value)


def test_a_spent_token_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    connect(settings)
    elsewhere = settings | {"token_store": str(tmp_path / "elsewhere.json")}
    with pytest.raises(CredentialsError, match="invalid_grant"):
        connect(elsewhere)


def test_a_store_that_cannot_be_written_is_told_before_the_token_is_spent(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(SettingsError, match="token_store"):
        connect(settings | {"token_store": str(tmp_path / "file" / "tokens.json")})
    assert connect(settings).account_id == ACCOUNT


def test_an_answer_that_gets_lost_costs_no_connection(sandbox: Sandbox, tmp_path: Path) -> None:
    """The server has redeemed the token, the client has not heard of it: the same token is tried again."""
    lost: list[int] = []

    class Losing(requests.Session):
        def post(self, *args: object, **kwargs: object) -> requests.Response:
            answer = super().post(*args, **kwargs)  # type: ignore[arg-type]
            if not lost:
                lost.append(answer.status_code)
                raise requests.ConnectionError("the line went dead")
            return answer

    settings = settings_of(sandbox, tmp_path)
    endpoint = TokenEndpoint(settings["client_id"], settings["client_secret"], Losing(), sandbox.url)
    refreshing = RefreshingToken(endpoint, TokenFile(tmp_path / "tokens.json"), "it", seed=settings["refresh_token"])
    assert Client(refreshing, api_url=sandbox.url).accounts()
    assert lost == [200]


def test_threads_that_share_a_connection_redeem_one_token(sandbox: Sandbox, tmp_path: Path) -> None:
    shared = authorisation(settings_of(sandbox, tmp_path))
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(shared.bearer())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


_PROCESS = """
import json, sys
from lightspeed_retail.connection import connect
settings = json.loads(sys.stdin.read())
for _ in range(5):
    client = connect(settings)
    client.transport._authorisation.renew(client.transport._authorisation.bearer())
print(connect(settings).account_id)
"""


def test_processes_that_share_a_store_never_spend_a_token_twice(sandbox: Sandbox, tmp_path: Path) -> None:
    """Four processes renew the one connection again and again: each takes what another has just got, or waits."""
    document = str(settings_of(sandbox, tmp_path)).replace("'", '"')
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    results = [process.communicate(document, timeout=120) for process in running]
    assert [(out.strip(), error[-500:]) for out, error in results] == [(str(ACCOUNT), "")] * 4


def test_an_authorisation_server_that_is_down_is_unreachable(sandbox: Sandbox, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings = settings_of(sandbox, tmp_path) | {"auth_url": f"http://127.0.0.1:{taken.getsockname()[1]}"}
        with pytest.raises(UnreachableError, match="auth_url"):
            authorisation(settings).bearer()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(503, b"<html>down</html>"), OutageError),
        (Answer(200, b"<html>portal</html>"), OutageError),
        (Answer(200, {"token_type": "Bearer"}), CredentialsError),
        (Answer(302, {}, {"Location": "http://127.0.0.1:9/"}), UnreachableError),
    ],
)
def test_an_answer_that_holds_no_token_is_an_error(
    sandbox: Sandbox, tmp_path: Path, answer: Answer, kind: type[Exception]
) -> None:
    with scripted([answer]) as host, pytest.raises(kind) as caught:
        authorisation(settings_of(sandbox, tmp_path) | {"auth_url": host.url}).bearer()
    assert "<html>" not in str(caught.value)


def test_the_token_request_holds_four_fields_and_no_scope(sandbox: Sandbox, tmp_path: Path) -> None:
    tokens = {"access_token": "a", "refresh_token": "b", "expires_in": 3600}
    with scripted([Answer(200, tokens)]) as host:
        authorisation(settings_of(sandbox, tmp_path) | {"auth_url": host.url}).bearer()
    names = sorted(pair.partition(b"=")[0].decode() for pair in host.asked[0].body.split(b"&"))
    assert names == ["client_id", "client_secret", "grant_type", "refresh_token"]
    assert host.asked[0].headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_an_account_that_the_token_does_not_read_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"account_id 9.*reads {ACCOUNT}"):
        connect(settings_of(sandbox, tmp_path) | {"account_id": "9"})


def test_of_several_accounts_one_has_to_be_chosen() -> None:
    body = {"Account": [{"accountID": "1"}, {"accountID": "2"}]}
    with scripted([Answer(200, body)]) as host:
        settings = {"access_token": "t", "api_url": host.url}
        with pytest.raises(SettingsError, match="1, 2: set account_id"):
            connect(settings)
        assert connect(settings | {"account_id": "2"}).account_id == 2


def test_where_accounts_cannot_be_listed_the_configured_one_is_taken() -> None:
    refusal = Answer(403, {"httpCode": "403", "message": "no", "errorClass": "InsufficientRightsException"})
    with scripted([refusal]) as host:
        assert connect({"access_token": "t", "api_url": host.url, "account_id": "5"}).account_id == 5
