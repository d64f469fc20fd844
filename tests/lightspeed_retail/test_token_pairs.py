"""A pair of tokens by itself: when it is renewed, what is known of its holder, and where it may lie."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from lightspeed_retail.errors import CredentialsError, OutageError
from lightspeed_retail.oauth import RefreshingToken
from lightspeed_retail.token_endpoint import TokenEndpoint, claims
from lightspeed_retail.tokens import Holder, TokenFile, Tokens
from tests.scripted import Answer, scripted


def jwt(**claimed: Any) -> str:
    """A token that says something, as Lightspeed writes it: without padding."""
    payload = base64.urlsafe_b64encode(json.dumps(claimed, separators=(",", ":")).encode()).decode().rstrip("=")
    return f"e30.{payload}.x"


@pytest.mark.parametrize(
    ("left", "lifetime", "is_ending"),
    [
        (65, 3600, False),
        (55, 3600, True),
        (-1, 3600, True),
        (3600, 3600, False),
        (12, 100, False),
        (8, 100, True),
        (1, 2, False),
        (0, 2, True),
    ],
)
def test_a_pair_is_renewed_a_minute_before_its_end_or_a_tenth_of_its_life(
    left: float, lifetime: float, *, is_ending: bool
) -> None:
    assert Tokens("a", "b", time.time() + left, lifetime).is_ending() is is_ending


@pytest.mark.parametrize("length", range(8))
def test_what_a_token_claims_is_read_whatever_its_length(length: int) -> None:
    assert claims(jwt(name="x" * length)) == {"name": "x" * length}


@pytest.mark.parametrize(
    ("claimed", "account", "scopes"),
    [
        ({}, 7, "employee:all"),
        ({"acct": 8}, 8, "employee:all"),
        ({"scope": "employee:register"}, 7, "employee:register"),
        ({"acct": "8", "scope": "employee:register"}, 8, "employee:register"),
    ],
)
def test_what_was_known_of_the_holder_stays_true_where_a_new_pair_says_nothing_else(
    tmp_path: Path, claimed: dict[str, Any], account: int, scopes: str
) -> None:
    store = TokenFile(tmp_path / "not" / "there" / "yet" / "tokens.json")
    known = Holder("old client", 7, "The shop", "employee:all", 5.0)
    with store.locked():
        store.save("x", Tokens("a", "spent", 0.0, holder=known))
    answer = Answer(body={"access_token": jwt(**claimed), "refresh_token": "next", "expires_in": 1})
    with scripted([answer]) as host, requests.Session() as session:
        endpoint = TokenEndpoint("client", None, session, auth_url=host.url)
        assert RefreshingToken(endpoint, store, "x").bearer() == jwt(**claimed)
    saved = store.load("x")
    assert saved is not None
    assert saved.holder == Holder("client", account, "The shop", scopes, 5.0)
    assert (saved.refresh_token, saved.lifetime) == ("next", 1.0)
    assert saved.expires_at == pytest.approx(time.time() + 1, abs=5)


def test_an_answer_without_an_access_token_is_a_refusal() -> None:
    with scripted([Answer(body={"refresh_token": "next"})]) as host, requests.Session() as session:
        endpoint = TokenEndpoint("client", None, session, auth_url=host.url)
        with pytest.raises(CredentialsError, match="refused the credentials"):
            endpoint.refresh("spent")


def test_a_token_is_revoked_at_the_same_server() -> None:
    with scripted([Answer(body={})]) as host, requests.Session() as session:
        TokenEndpoint("client", None, session, auth_url=host.url + "/").revoke("spent")
    (asked,) = host.asked
    assert (asked.method, asked.path) == ("POST", "/auth/oauth/revoke")
    assert b"refresh_token=spent" in asked.body
    assert b"client_id=client" in asked.body


def test_a_refused_token_that_has_been_replaced_since_costs_no_other(tmp_path: Path) -> None:
    store = TokenFile(tmp_path / "tokens.json")
    with store.locked():
        store.save("x", Tokens("m", "next", time.time() + 3600))
    with scripted([Answer(body={})]) as host, requests.Session() as session:
        token = RefreshingToken(TokenEndpoint("client", None, session, auth_url=host.url), store, "x")
        assert token.bearer() == "m"
        assert [token.renew(refused) for refused in ("a", "z")] == [True, True]
        assert token.bearer() == "m"
    assert host.asked == []


@pytest.mark.parametrize(("status", "error"), [(400, CredentialsError), (399, OutageError), (200, OutageError)])
def test_a_refusal_that_says_nothing_is_one_and_no_outage(status: int, error: type[Exception]) -> None:
    with scripted([Answer(status, b"<html>")]) as host, requests.Session() as session, pytest.raises(error):
        TokenEndpoint("client", None, session, auth_url=host.url).refresh("spent")
