"""Many accounts driven from outside: the control endpoints, the page of consent, the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.many import Sandboxes
from lightspeed_sandbox.tokens import access_token, account_of_token, authorisation_code, refresh_token
from tests.retailer import WIDE
from tests.sandbox.calling import Api

COMMAND = [sys.executable, "-m", "lightspeed_sandbox.cli"]
SMALL = ["--accounts", "2", "--days", "2", "--sales-per-day", "2"]
LOOK = """
import json, os
print(json.dumps(dict(os.environ)))
print(open(os.environ["LIGHTSPEED_SANDBOX_ACCOUNTS"]).read())
"""
FIRST, SECOND = 300_001, 300_002
SALE = Resource.named("Sale")


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[Sandboxes]:
    with Sandboxes(Config(**WIDE, days=10, sales_per_day=2, account=FIRST)) as running:
        yield running


class Controls:
    """Somebody who drives a host over HTTP alone."""

    def __init__(self, url: str) -> None:
        """Drive the host at an address."""
        self.url = url

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Use a control endpoint."""
        return requests.request(method, f"{self.url}/sandbox/{path}", timeout=60, **options)

    def told(self, method: str, path: str, **options: Any) -> Any:
        """What a control endpoint answers."""
        answer = self.ask(method, path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def controls(sandboxes: Sandboxes) -> Controls:
    return Controls(sandboxes.url)


def test_accounts_are_listed_before_they_are_made() -> None:
    with Sandboxes(Config(days=2, sales_per_day=1), 5) as fresh:
        controls = Controls(fresh.url)
        fresh.accounts[200_002].rows(Resource.named("Shop"))
        listed = controls.told("GET", "accounts")
        assert [entry["account"] for entry in listed] == list(range(200_001, 200_006))
        assert [entry["made"] for entry in listed] == [False, True, False, False, False]
        assert controls.told("GET", "state") == {"accounts": 5, "made": 1, "open": 1, "requests": 0}


def test_each_account_has_the_endpoints_of_a_sandbox_of_its_own(sandboxes: Sandboxes, controls: Controls) -> None:
    other = sandboxes.accounts[SECOND].rows(Resource.named("Customer"))
    row = controls.told("GET", f"accounts/{FIRST}/rows/customers")[0]
    changed = controls.told(
        "POST", f"accounts/{FIRST}/edit/customers/{row['customerID']}", json={"lastName": "Changed"}
    )
    assert changed["lastName"] == "Changed"
    assert controls.told("GET", f"accounts/{FIRST}/rows/customers")[0]["lastName"] == "Changed"
    assert controls.told("DELETE", f"accounts/{FIRST}/rows/customers/{row['customerID']}") == {}
    assert row["customerID"] not in {
        each["customerID"] for each in sandboxes.accounts[FIRST].rows(Resource.named("Customer"))
    }
    assert sandboxes.accounts[SECOND].rows(Resource.named("Customer")) == other
    assert controls.told("GET", f"accounts/{SECOND}/state")["account"] == str(SECOND)


def test_faults_are_given_to_one_account_or_to_all(sandboxes: Sandboxes, controls: Controls) -> None:
    apis = [Api.of(sandboxes.accounts[account]) for account in (FIRST, SECOND)]
    controls.told("POST", f"accounts/{SECOND}/faults", json={"faults": ["500:1"]})
    assert [api.ask("/Shop.json").status_code for api in apis] == [200, 500]
    controls.told("POST", "faults", json={"faults": ["503:1"], "seed": 7})
    assert [api.ask("/Shop.json").status_code for api in apis] == [503, 503]
    told = controls.told("GET", "faults")
    assert (told["faults"], told["seed"]) == (["503:1"], 7)
    assert told["injected"] == {str(FIRST): {"503": 1}, str(SECOND): {"503": 1}}
    assert controls.told("POST", "faults", json={"faults": []}) == {"injected": {"503": 2}}
    assert controls.ask("POST", "faults", json={"faults": ["nonsense"]}).status_code == 400
    assert controls.ask("POST", "faults", data="nonsense").status_code == 400


def test_grants_begin_and_end_over_http(sandboxes: Sandboxes, controls: Controls) -> None:
    tokens = controls.told("POST", "grant", params={"scope": "employee:inventory_read"})["refresh_tokens"]
    assert list(tokens) == [str(FIRST), str(SECOND)]
    apis = [Api(sandbox) for sandbox in sandboxes.accounts.values()]
    for api, token in zip(apis, tokens.values(), strict=True):
        api.token = api.tokens(token).json()["access_token"]
    assert [api.ask("/Item.json").status_code for api in apis] == [200, 200]
    assert [api.ask("/Customer.json").status_code for api in apis] == [403, 403]
    assert controls.told("POST", f"accounts/{FIRST}/revoke", json={"token": apis[0].token}) == {"revoked": 1}
    assert [api.ask("/Item.json").status_code for api in apis] == [401, 200]
    assert controls.told("POST", f"accounts/{SECOND}/revoke")["revoked"] >= 1
    assert [api.ask("/Item.json").status_code for api in apis] == [401, 401]


def test_the_logs_of_all_accounts_are_read_and_begun_anew(sandboxes: Sandboxes, controls: Controls) -> None:
    controls.told("DELETE", "requests")
    for sandbox in sandboxes.accounts.values():
        Api.of(sandbox).ask("/Shop.json")
    assert [(entry["account"], entry["status"]) for entry in controls.told("GET", "requests")] == [
        (FIRST, 200),
        (SECOND, 200),
    ]
    assert len(controls.told("GET", f"accounts/{SECOND}/requests")) == 1


def test_days_pass_in_all_accounts(sandboxes: Sandboxes, controls: Controls) -> None:
    sales = [len(sandbox.rows(SALE)) for sandbox in sandboxes.accounts.values()]
    before = [sandbox.clock.offset for sandbox in sandboxes.accounts.values()]
    controls.told("POST", "advance", params={"days": 2})
    assert [sandbox.clock.offset - then for sandbox, then in zip(sandboxes.accounts.values(), before, strict=True)] == [
        timedelta(days=2)
    ] * 2
    now = [len(sandbox.rows(SALE)) for sandbox in sandboxes.accounts.values()]
    assert all(more > some for more, some in zip(now, sales, strict=True))
    assert controls.ask("POST", "advance", params={"days": "many"}).status_code == 400


@pytest.mark.parametrize("path", ["accounts/5/state", "accounts/5/rows/sales", "accounts/x/state", "nothing"])
def test_what_is_not_there_is_not_found(controls: Controls, path: str) -> None:
    answer = controls.ask("GET", path)
    assert (answer.status_code, answer.json()["httpCode"]) == (404, "404")


@pytest.mark.parametrize("account", [FIRST, SECOND])
def test_consent_is_given_for_the_account_that_the_page_is_about(sandboxes: Sandboxes, account: int) -> None:
    page = f"{sandboxes.url}/auth/oauth/authorize"
    asked = {"response_type": "code", "client_id": sandboxes.client_id, "scope": "employee:all", "state": "s"}
    chosen = {} if account == FIRST else {"account": str(account)}
    text = requests.get(page, params=asked | chosen, timeout=30).text
    assert f"(number {account})" in text
    assert [f'name="{name}" value="{value}"' in text for name, value in chosen.items()] == [True] * len(chosen)
    form = asked | chosen | {"employee": "Somebody", "decision": "authorise"}
    sent = requests.post(page, data=form, allow_redirects=False, timeout=30)
    code = parse_qs(urlsplit(sent.headers["Location"]).query)["code"][0]
    api = Api(sandboxes.accounts[account])
    fields = {"grant_type": "authorization_code", "code": code, "refresh_token": ""}
    api.token = api.tokens("", **fields).json()["access_token"]
    assert api.body("/API/V3/Account.json")["Account"]["accountID"] == str(account)


def test_there_is_no_page_for_an_account_that_is_not_here(sandboxes: Sandboxes) -> None:
    page = f"{sandboxes.url}/auth/oauth/authorize"
    for account in ("5", "nonsense"):
        assert requests.get(page, params={"account": account}, timeout=30).status_code == 404


@given(st.integers(1, 16**10 - 1))
def test_tokens_name_their_account(account: int) -> None:
    texts = [
        refresh_token(str(account)),
        refresh_token(str(account), old=True),
        authorisation_code(str(account)),
        access_token({"acct": str(account)}),
    ]
    assert [account_of_token(text) for text in texts] == [account] * len(texts)
    assert len({*texts, refresh_token(str(account))}) == len(texts) + 1


@given(st.text() | st.text("abc123.=-_", max_size=40))
def test_other_texts_name_none(text: str) -> None:
    assert account_of_token(text) is None


def test_serve_tells_where_and_with_which_token_for_each_account(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "serve", *SMALL, "--port", "0", "--data", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        fields = {"client_id": told["TAP_LIGHTSPEED_RETAIL_CLIENT_ID"], "grant_type": "refresh_token"}
        fields["client_secret"] = told["TAP_LIGHTSPEED_RETAIL_CLIENT_SECRET"]
        for account, token in told["accounts"].items():
            address = f"{told['TAP_LIGHTSPEED_RETAIL_AUTH_URL']}/auth/oauth/token"
            answer = requests.post(address, data=fields | {"refresh_token": token}, timeout=30)
            assert account_of_token(answer.json()["access_token"]) == int(account)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    assert list(told["accounts"]) == ["200001", "200002"]
    assert not [name for name in told if name.endswith("REFRESH_TOKEN")]
    assert {"200001.sqlite", "200002.sqlite"} <= {path.name for path in (tmp_path / "data").iterdir()}


def test_a_server_that_was_killed_has_lost_nothing(tmp_path: Path) -> None:
    arguments = ["serve", *SMALL, "--port", "0", "--data", str(tmp_path / "data")]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        controls = Controls(told["LIGHTSPEED_SANDBOX_URL"])
        controls.told("POST", "accounts/200002/edit/shops/1", json={"name": "Changed"})
        process.kill()
    with Sandboxes(Config(data=tmp_path / "data")) as again:
        assert again.accounts[200_002].rows(Resource.named("Shop"))[0]["name"] == "Changed"
        for account, token in told["accounts"].items():
            assert Api(again.accounts[int(account)]).tokens(token).status_code == 200


def test_run_hands_over_a_file_with_the_tokens_of_all_accounts() -> None:
    done = subprocess.run(
        [*COMMAND, "run", *SMALL, "--account", "7", "--no-warehouse", "--", sys.executable, "-c", LOOK],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    variables, tokens = map(json.loads, done.stdout.splitlines())
    assert [account_of_token(token) for token in tokens.values()] == [int(account) for account in tokens] == [7, 8]
    assert "TAP_LIGHTSPEED_RETAIL_REFRESH_TOKEN" not in variables
    assert not Path(variables["LIGHTSPEED_SANDBOX_ACCOUNTS"]).exists()


def test_a_file_where_a_folder_must_be_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    done = subprocess.run(
        [*COMMAND, "run", *SMALL, "--data", str(tmp_path / "file"), "--", sys.executable, "-c", ""],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "The sandbox cannot start" in done.stderr
    assert "Traceback" not in done.stderr
