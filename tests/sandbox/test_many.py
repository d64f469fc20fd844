"""Many accounts on one host: each has its own rows, tokens, bucket, faults and log, whoever asks at the same time."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from lightspeed_retail.client import Client
from lightspeed_retail.errors import CredentialsError, OutageError
from lightspeed_retail.oauth import FixedToken
from lightspeed_retail.resources import Resource
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.many import Sandboxes
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES
from tests.retailer import WIDE, by_key, table
from tests.sandbox.calling import Api
from tests.tapping import Spoken, Tap, is_refused_in_a_line, selecting

COUNT = 3
FIRST, SECOND, THIRD = 200_001, 200_002, 200_003
SALE = Resource.named("Sale")
SMALL: dict[str, Any] = {"days": 20, "sales_per_day": 4}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nothing but the templates of accounts is made."""
    folder = tmp_path_factory.mktemp("templates")
    Sandboxes(Config(**SMALL, data=folder), COUNT)
    return folder


def hosted(templates: Path, folder: Path, *, most_open: int = 2, **options: Any) -> Sandboxes:
    """Fresh accounts, of which not all can be open at a time."""
    shutil.copytree(templates, folder / "accounts", dirs_exist_ok=True)
    return Sandboxes(Config(**{**SMALL, **WIDE, **options}, data=folder / "accounts"), COUNT, most_open=most_open)


@pytest.fixture
def sandboxes(templates: Path, tmp_path: Path) -> Iterator[Sandboxes]:
    with hosted(templates, tmp_path) as running:
        yield running


def client_of(api: Api, account: int) -> Client:
    """Our own client, with the token that somebody has, for an account."""
    client = Client(FixedToken(api.token), api_url=api.sandbox.url, retry_wait=0.001)
    client.account_id = account
    return client


def load(sandbox: Sandbox, folder: Path) -> Spoken:
    """A first load with everything selected."""
    folder.mkdir()
    return Tap.over(sandbox, folder).run_well(catalog=selecting(everything=True))


def test_taps_that_run_side_by_side_bring_each_account_its_own_rows(sandboxes: Sandboxes, tmp_path: Path) -> None:
    accounts = [FIRST, SECOND, THIRD]
    with ThreadPoolExecutor(COUNT) as pool:
        runs = list(pool.map(lambda account: load(sandboxes.accounts[account], tmp_path / str(account)), accounts))
    for account, spoken in zip(accounts, runs, strict=True):
        assert {message["record"]["accountID"] for message in spoken.of("RECORD")} == {account}
        assert spoken.records(SALE.api.stream)
        for resource in RESOURCES:
            there = table(sandboxes.accounts[account], resource)
            assert by_key(resource, spoken.records(resource.api.stream)) == there, (account, resource.api.stream)


def test_accounts_that_are_copies_of_one_another_can_be_told_apart(sandboxes: Sandboxes) -> None:
    second, third = sandboxes.accounts[SECOND], sandboxes.accounts[THIRD]
    assert sandboxes.accounts.scale(SECOND) == sandboxes.accounts.scale(THIRD)
    for name in ("Account", "Customer", "Item", "Sale"):
        resource = Resource.named(name)
        rows, others = second.rows(resource), third.rows(resource)
        assert len(rows) == len(others) > 0
        assert [row for row in rows if row in others] == []


def test_the_nth_account_sells_an_nth_of_the_first(templates: Path, tmp_path: Path) -> None:
    accounts = hosted(templates, tmp_path).accounts
    assert [accounts.scale(account).sales_per_day for account in accounts] == [4, 2, 2]
    sales = [len(accounts[account].rows(SALE)) for account in accounts]
    assert sales[0] > sales[1] == sales[2] > 0


def test_a_bucket_that_is_full_stands_in_nobody_elses_way(templates: Path, tmp_path: Path) -> None:
    with hosted(templates, tmp_path, bucket_size=12.0, drip_rate=0.01) as sandboxes:
        first, second = (Api.of(sandboxes.accounts[account]) for account in (FIRST, SECOND))
        statuses = [first.ask("/Shop.json", "GET", load_relations='["Registers"]').status_code for _ in range(15)]
        assert 429 in statuses
        assert [row["accountID"] for row in client_of(second, SECOND).accounts()] == [str(SECOND)]
        answer = second.ask("/Shop.json")
        assert answer.status_code == 200
        level, _, size = answer.headers["X-LS-API-Bucket-Level"].partition("/")
        assert float(level) <= 2 < float(size)
        assert {entry["status"] for entry in sandboxes.accounts[SECOND].requests} == {200}


def test_a_token_is_good_for_its_own_account_only(sandboxes: Sandboxes) -> None:
    first, second = (Api.of(sandboxes.accounts[account]) for account in (FIRST, SECOND))
    assert first.body("/API/V3/Account.json")["Account"]["accountID"] == str(FIRST)
    assert second.body("/API/V3/Account.json")["Account"]["accountID"] == str(SECOND)
    asked = len(sandboxes.accounts[SECOND].requests)
    for method in ("GET", "POST"):
        answer = first.ask(f"/API/V3/Account/{SECOND}/Customer.json", method)
        assert (answer.status_code, answer.json()["errorClass"]) == (403, "InsufficientRightsException")
    assert len(sandboxes.accounts[SECOND].requests) == asked
    assert sandboxes.accounts[FIRST].requests[-1]["path"] == f"/API/V3/Account/{SECOND}/Customer.json"


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "e30.e30.e30", "a.eyJhY2N0IjoiMjAwMDAyIn0.c"])
@pytest.mark.parametrize(
    "path", ["/API/V3/Account.json", f"/API/V3/Account/{SECOND}/Sale.json", "/API/V3/Account/5.json"]
)
def test_a_token_that_nobody_gave_opens_nothing(sandboxes: Sandboxes, token: str, path: str) -> None:
    answer = Api(sandboxes.accounts[FIRST], token).ask(path)
    assert (answer.status_code, answer.json()["error"]) == (401, "access_denied")


def test_a_refresh_token_of_an_account_that_is_not_here_is_refused(sandboxes: Sandboxes) -> None:
    api = Api(sandboxes.accounts[FIRST])
    good = sandboxes.accounts[FIRST].issue_refresh_token()
    for unknown in ("nonsense", f"def502{999_999:010x}{good[16:]}", f"def502{SECOND:010x}{good[16:]}"):
        answer = api.tokens(unknown)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert api.tokens("nonsense", client_id="stranger").json()["error"] == "invalid_client"
    assert api.tokens(good).status_code == 200


@pytest.mark.parametrize("old", [False, True])
def test_revoking_one_account_leaves_the_others(sandboxes: Sandboxes, tmp_path: Path, *, old: bool) -> None:
    first, second = sandboxes.accounts[FIRST], sandboxes.accounts[SECOND]
    token, other = first.issue_refresh_token(old=old), Api.of(second)
    assert first.revoke(token) == 1
    assert first.revoke(token) == 0
    with pytest.raises(CredentialsError):
        client_of(Api(first, "revoked"), FIRST).accounts()
    tap = Tap.over(first, tmp_path, refresh_token=token)
    is_refused_in_a_line(tap.run(catalog=selecting("shops")), "invalid_grant")
    assert client_of(other, SECOND).accounts()


def test_all_grants_of_an_account_can_end_at_once(sandboxes: Sandboxes) -> None:
    first, second = sandboxes.accounts[FIRST], sandboxes.accounts[SECOND]
    ours, others = [Api.of(first), Api.of(first)], Api.of(second)
    assert first.revoke() == len(ours)
    assert [api.ask("/Shop.json").status_code for api in ours] == [401, 401]
    assert others.ask("/Shop.json").status_code == 200


def test_faults_of_one_account_do_not_touch_another(sandboxes: Sandboxes) -> None:
    apis = [Api.of(sandboxes.accounts[account]) for account in (FIRST, SECOND)]
    sandboxes.accounts[FIRST].inject(["500:1"])
    with pytest.raises(OutageError):
        client_of(apis[0], FIRST).accounts()
    assert client_of(apis[1], SECOND).accounts()
    assert sandboxes.accounts[FIRST].injected["500"] > 0
    assert sandboxes.accounts[SECOND].injected == {}


def test_faults_for_all_are_counted_by_each_account_even_by_one_that_is_made_later(sandboxes: Sandboxes) -> None:
    first = Api.of(sandboxes.accounts[FIRST])
    sandboxes.inject(["503:#2"])
    second = Api.of(sandboxes.accounts[SECOND])
    for api in (first, second):
        assert [api.ask("/Shop.json").status_code for _ in range(3)] == [200, 503, 200]
    assert sandboxes.inject([]) == {"503": 2}
    with pytest.raises(ValueError, match="A fault is written like"):
        sandboxes.inject(["nonsense"])


def test_an_account_that_is_silent_keeps_nobody_waiting(sandboxes: Sandboxes) -> None:
    first, second = (Api.of(sandboxes.accounts[account]) for account in (FIRST, SECOND))
    sandboxes.accounts[FIRST].inject(["silence-60:1"])
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(first.ask, "/Shop.json")
        assert [second.ask("/Shop.json").status_code for _ in range(5)] == [200] * 5
        assert not hanging.done()
        sandboxes.stop()
        with pytest.raises(requests.ConnectionError):
            hanging.result(timeout=30)


def test_what_is_written_to_one_account_is_in_no_other(sandboxes: Sandboxes) -> None:
    first, second = sandboxes.accounts[FIRST], sandboxes.accounts[SECOND]
    before = second.rows(Resource.named("Customer"))
    api = Api.of(first)
    answer = api.session.post(
        api.address("/Customer.json"),
        json={"firstName": "Only", "lastName": "Here"},
        headers={"Authorization": f"Bearer {api.token}"},
        timeout=30,
    )
    assert answer.status_code == 200
    assert "Only" in {row["firstName"] for row in first.rows(Resource.named("Customer"))}
    assert second.rows(Resource.named("Customer")) == before


def test_rows_and_grants_outlive_the_server(templates: Path, tmp_path: Path) -> None:
    with hosted(templates, tmp_path) as sandboxes:
        sandboxes.accounts[FIRST].edit(SALE, 1, {"referenceNumber": "changed"})
        rows = {
            account: {each: sandbox.rows(each) for each in RESOURCES} for account, sandbox in sandboxes.accounts.items()
        }
        tokens = sandboxes.refresh_tokens()
    with hosted(templates, tmp_path, days=1) as again:
        for account, sandbox in again.accounts.items():
            assert Api(sandbox).tokens(tokens[account]).status_code == 200
            assert {each: sandbox.rows(each) for each in RESOURCES} == rows[account]


def test_days_pass_in_one_account_only(sandboxes: Sandboxes) -> None:
    first, second = sandboxes.accounts[FIRST], sandboxes.accounts[SECOND]
    sales = [len(sandbox.rows(SALE)) for sandbox in (first, second)]
    now = second.clock.now()
    first.advance(2)
    assert len(first.rows(SALE)) > sales[0]
    assert len(second.rows(SALE)) == sales[1]
    assert (first.clock.now() - now).days >= 2 > (second.clock.now() - now).days


def test_rows_that_change_within_a_second_are_those_of_the_first_account(templates: Path, tmp_path: Path) -> None:
    accounts = hosted(templates, tmp_path, tie=["sales:60"]).accounts
    ties = [Counter(row["updateTime"] for row in accounts[account].rows(SALE)) for account in (FIRST, SECOND)]
    assert max(ties[0].values()) == 60
    assert max(ties[1].values()) < 60


def test_a_log_can_be_short_or_none(templates: Path, tmp_path: Path) -> None:
    for most in (2, 0):
        with hosted(templates, tmp_path, log=most) as sandboxes:
            api = Api.of(sandboxes.accounts[FIRST])
            for _ in range(3):
                assert api.ask("/Shop.json").status_code == 200
            assert len(sandboxes.accounts[FIRST].requests) == most
