"""Mistakes: one clear line that names the setting, an exit code, no stack trace, no secret."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources.account import Account
from lightspeed_retail.resources.company import Session
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.retailer import WIDE
from tests.tapping import Spoken, Tap

SENTINEL = "sentinel5ecret"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    store = Store()
    store.put(Account, [{"accountID": 4711, "name": "Northwind Cycles"}])
    store.put(Session, [{"systemUserID": 1}])
    with Sandbox(Config(**WIDE), store=store) as running:
        yield running


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def is_one_clear_line(spoken: Spoken, words: str, tap: Tap) -> None:
    """A single ERROR line with these words, nothing on stdout, no trace, no secret."""
    assert spoken.code == 1, spoken.stderr[-2000:]
    assert len(spoken.errors()) == 1, spoken.stderr[-2000:]
    assert re.search(words, spoken.errors()[0]), spoken.errors()[0]
    said = spoken.stderr + "\n".join(spoken.lines)
    assert "Traceback" not in said
    assert SENTINEL not in said
    for secret in ("client_secret", "refresh_token"):
        assert not tap.settings.get(secret) or str(tap.settings[secret]) not in said
    assert [line for line in spoken.lines if '"RECORD"' in line] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"account_id": f"no-{SENTINEL}"}, "account_id"),
        ({"lookback_seconds": -1}, "lookback_seconds must be at least 0"),
        ({"lookback_seconds": SENTINEL}, "lookback_seconds must be of type integer"),
        ({"start_date": "yesterday"}, "start_date"),
        ({"api_url": f"ftp://{SENTINEL}"}, "api_url"),
        ({"api_url": "https://"}, "api_url"),
        ({"keep_unknown_fields": SENTINEL}, "keep_unknown_fields must be of type boolean"),
        ({"client_secrt": SENTINEL}, "no setting client_secrt: did you mean client_secret"),
        ({"refresh_token": None}, "refresh_token"),
        ({"client_id": "", "refresh_token": ""}, "Set client_id and connect the account"),
        ({"ca_bundle": "/nowhere/bundle.pem"}, "ca_bundle"),
        ({"refresh_token": SENTINEL}, "refresh token.*connect the account again"),
        ({"client_secret": SENTINEL}, "client_id and client_secret"),
        ({"client_id": SENTINEL}, "client_id and client_secret"),
        ({"account_id": "999"}, "account_id 999 is not an account of this token; it reads 4711"),
        ({"start_date": "2099-01-01T00:00:00Z"}, "start_date.*lies in the future"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_one_clear_line(
    sandbox: Sandbox, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    tap = Tap.over(sandbox, tmp_path, **change)
    is_one_clear_line(tap.run(), words, tap)


@pytest.mark.parametrize("name", ["api_url", "auth_url"])
def test_a_host_where_nobody_listens_is_one_clear_line(
    sandbox: Sandbox, tmp_path: Path, closed_port: int, name: str
) -> None:
    tap = Tap.over(sandbox, tmp_path, **{name: f"http://127.0.0.1:{closed_port}"})
    is_one_clear_line(tap.run(), name, tap)


def test_an_access_token_that_is_refused_is_one_clear_line(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, access_token=SENTINEL)
    is_one_clear_line(tap.run(), "refused the access token", tap)


@pytest.mark.parametrize("content", ["{", '{"connections": 1}'])
def test_a_damaged_token_store_is_one_clear_line(sandbox: Sandbox, tmp_path: Path, content: str) -> None:
    tap = Tap.over(sandbox, tmp_path)
    (tmp_path / "tokens.json").write_text(content, encoding="utf-8")
    is_one_clear_line(tap.run(), "token store .* is damaged", tap)


def test_a_place_for_tokens_that_cannot_be_written_is_one_clear_line(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    tap = Tap.over(sandbox, tmp_path, token_store=str(tmp_path / "file" / "tokens.json"))
    is_one_clear_line(tap.run(), "token_store", tap)


def test_several_mistakes_are_told_together(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, lookback_seconds=-1, account_id="x")
    spoken = tap.run()
    is_one_clear_line(spoken, "lookback_seconds", tap)
    assert "account_id" in spoken.errors()[0]


def test_a_good_run_shows_no_secret_either(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    spoken = tap.run_well()
    said = spoken.stderr + "\n".join(spoken.lines)
    stored = (tmp_path / "tokens.json").read_text(encoding="utf-8")
    tokens = re.findall(r'_token":"([^"]+)"', stored)
    assert len(tokens) == 2
    assert [
        secret for secret in (*tokens, tap.settings["refresh_token"], sandbox.client_secret) if secret in said
    ] == []
