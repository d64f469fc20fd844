"""Tokens of the authorisation server before 2024-07-31: exchanged once, without anybody noticing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.connection import authorisation, connect
from lightspeed_retail.errors import CredentialsError
from lightspeed_retail.resources.account import Account
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.forwarding import forwarding
from tests.retailer import WIDE
from tests.sandbox.calling import Api
from tests.scripted import Answer, Asked
from tests.tapping import Tap, selecting

ACCOUNT = 4711
OLD_FORM = re.compile(r"[0-9a-f]{40}")
NEW_FORM = re.compile(r"def50[0-9a-f]{60,}")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running() as found:
        yield found


def running(data: Path | None = None, **options: Any) -> Sandbox:
    store = Store(data)
    store.put(Account, [{"accountID": ACCOUNT, "name": "Northwind Cycles"}])
    return Sandbox(Config(**WIDE, **options), store=store)


def tap_with_an_old_token(sandbox: Sandbox, folder: Path) -> Tap:
    return Tap.over(sandbox, folder, refresh_token=sandbox.server.grants.issue(old=True))


def stored(tap: Tap) -> list[dict[str, Any]]:
    document = json.loads(Path(tap.settings["token_store"]).read_text(encoding="utf-8"))
    return list(document["connections"].values())


def test_the_sandbox_gives_tokens_of_the_old_form_and_takes_them_once(tmp_path: Path) -> None:
    with running(tmp_path / "data.sqlite") as sandbox:
        old, other = (sandbox.server.grants.issue(old=True) for _ in range(2))
        assert OLD_FORM.fullmatch(old)
        answer = Api(sandbox).tokens(old).json()
        assert NEW_FORM.fullmatch(answer["refresh_token"])
        assert answer["access_token"].count(".") == 2
        again = Api(sandbox).tokens(old)
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    # What is spent stays spent, and what is old stays old.
    with running(tmp_path / "data.sqlite") as sandbox:
        assert [Api(sandbox).tokens(old).status_code for _ in range(2)] == [400, 400]
        assert [Api(sandbox).tokens(other).status_code for _ in range(2)] == [200, 400]
        assert Api(sandbox, answer["access_token"]).ask("/API/V3/Account.json").status_code == 200


def test_the_tap_exchanges_an_old_token_and_goes_on_with_the_new_one(sandbox: Sandbox, tmp_path: Path) -> None:
    tap, kept = tap_with_an_old_token(sandbox, tmp_path), []
    for _ in range(3):
        tap.run_well(catalog=selecting("accounts"))
        (pair,) = stored(tap)
        assert NEW_FORM.fullmatch(pair["refresh_token"])
        kept.append(pair["refresh_token"])
        # The access token ends.
        sandbox.clock.advance(timedelta(hours=2))
    assert len(set(kept)) == 3, "each run has bought a pair"
    spent = Api(sandbox).tokens(tap.settings["refresh_token"])
    assert (spent.status_code, spent.json()["error"]) == (400, "invalid_grant")
    assert [entry["status"] for entry in sandbox.requests].count(401) == 2


_KILLED = """
import json, os, sys
from lightspeed_retail.connection import authorisation
settings, fatal = json.loads(sys.argv[1])
authorisation(settings, step=lambda name: os._exit(7) if name == fatal else None).bearer()
"""


def kill(tap: Tap, step: str) -> None:
    """Kill a process at a step of the exchange."""
    command = [sys.executable, "-c", _KILLED, json.dumps([tap.settings, step])]
    killed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (killed.returncode, killed.stderr) == (7, "")


@pytest.mark.parametrize("step", ["request", "saved", "use"])
def test_a_process_that_is_killed_before_the_exchange_or_after_the_save_loses_nothing(
    sandbox: Sandbox, tmp_path: Path, step: str
) -> None:
    tap = tap_with_an_old_token(sandbox, tmp_path)
    kill(tap, step)
    assert connect(tap.settings).account_id == ACCOUNT
    token = authorisation(tap.settings)
    assert token.renew(token.bearer())
    assert connect(tap.settings).account_id == ACCOUNT


@pytest.mark.parametrize("step", ["answer", "save"])
def test_between_the_answer_and_the_save_the_one_exchange_is_lost_and_said_to_be(
    sandbox: Sandbox, tmp_path: Path, step: str
) -> None:
    tap = tap_with_an_old_token(sandbox, tmp_path)
    kill(tap, step)
    with pytest.raises(CredentialsError, match=r"invalid_grant.*connect the account again"):
        connect(tap.settings)
    # A newly configured token is all that it takes.
    tap.settings["refresh_token"] = sandbox.issue_refresh_token()
    assert connect(tap.settings).account_id == ACCOUNT


REFUSALS = {
    "ended": {
        "error": "access_denied",
        "error_description": "The resource owner or authorization server denied the request.",
        "hint": "Access token could not be verified",
    },
    "revoked": {
        "error": "access_denied",
        "error_description": "The resource owner or authorization server denied the request.",
        "hint": "Access token has been revoked",
    },
    "old server": {
        "httpCode": "401",
        "httpMessage": "Unauthorized",
        "message": "Invalid username/password or API key.",
        "errorClass": "BadAuthenticationRequestError",
    },
    "old server, 2018": {
        "httpCode": "401",
        "httpMessage": "Unauthorized",
        "message": "Invalid access token.",
        "errorClass": "BadAuthenticationRequestError",
    },
    "no body": b"",
}


@pytest.mark.parametrize("body", REFUSALS.values(), ids=list(REFUSALS))
def test_an_access_token_that_is_refused_in_whatever_words_is_renewed(
    sandbox: Sandbox, tmp_path: Path, body: Any
) -> None:
    refused: list[str] = []

    def refuse_the_first(asked: Asked, answer: Answer) -> Answer:
        bearer = asked.headers["Authorization"]
        if not refused or bearer in refused:
            refused.append(bearer)
            return Answer(401, body)
        return answer

    with forwarding(sandbox, refuse_the_first) as host:
        tap = Tap.over(sandbox, tmp_path, api_url=host.url)
        tap.run_well(catalog=selecting("accounts"))
    assert len(refused) == 1
    (pair,) = stored(tap)
    assert f"Bearer {pair['access_token']}" not in refused


@pytest.mark.parametrize("body", REFUSALS.values(), ids=list(REFUSALS))
def test_a_renewed_token_that_is_refused_too_ends_the_run_in_a_line(
    sandbox: Sandbox, tmp_path: Path, body: Any
) -> None:
    with forwarding(sandbox, lambda _asked, _answer: Answer(401, body)) as host:
        spoken = Tap.over(sandbox, tmp_path, api_url=host.url).run(catalog=selecting("accounts"))
    assert spoken.code == 1
    assert len(host.asked) == 2
    (line,) = spoken.errors()
    assert "refused the access token" in line
