"""Tokens that end early, and faults of the authorisation server."""

from __future__ import annotations

import pytest
import requests

from lightspeed_sandbox.serve import Sandbox
from tests.sandbox.calling import Api

TOKEN = "/oauth/token"


@pytest.fixture(autouse=True)
def all_goes_well(sandbox: Sandbox) -> None:
    """No fault is left from the test before."""
    sandbox.inject([])


@pytest.mark.parametrize(
    ("kind", "status", "effect"),
    [
        ("500", 500, False),
        ("500-json", 500, False),
        ("500-empty", 500, False),
        ("500-after", 500, True),
        ("429", 429, False),
        ("429-bare", 429, False),
        ("drop-before", 0, False),
        ("drop-midway", 0, True),
        ("drop-after", 0, True),
        ("truncate", 200, True),
        ("invalid", 200, True),
        ("garbage", 200, True),
        ("empty", 200, True),
        ("slow-0.05", 200, True),
        ("late-0.05", 200, True),
        ("drip-0.2", 200, True),
        ("silence-0.2", 0, False),
        ("silence-0.2-after", 0, True),
        ("revoke", 400, False),
    ],
)
def test_a_request_for_tokens_goes_wrong_and_took_effect_or_not(
    sandbox: Sandbox, kind: str, status: int, *, effect: bool
) -> None:
    api = Api(sandbox)
    refresh, other = sandbox.issue_refresh_token(), sandbox.issue_refresh_token()
    before = len(sandbox.server.grants.given)
    sandbox.inject([f"{kind}:#1:{TOKEN}"])
    try:
        answer = api.tokens(refresh).status_code
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        answer = 0
    assert answer == status
    assert len(sandbox.server.grants.given) - before == 2 * effect
    assert sandbox.injected == {kind: 1}
    assert api.tokens(other).status_code == 200


def test_faults_without_a_path_or_with_one_of_the_api_spare_the_authorisation_server(sandbox: Sandbox) -> None:
    sandbox.inject(["500:1", "503:1:/*"])
    assert Api(sandbox).tokens(sandbox.issue_refresh_token()).status_code == 200
    assert sandbox.injected == {}


def test_faults_of_the_authorisation_server_spare_the_api_and_can_be_told_apart(sandbox: Sandbox) -> None:
    api = Api.of(sandbox)
    form = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret, "refresh_token": "unknown"}
    sandbox.inject(["500:1:/oauth/revoke", "503:1:/oauth/*"])
    assert requests.post(f"{sandbox.url}/auth/oauth/revoke", data=form, timeout=30).status_code == 500
    assert api.tokens("unknown").status_code == 503
    assert api.ask("/Shop.json").status_code == 200


def test_a_refusal_of_its_own_is_in_the_words_of_the_authorisation_server(sandbox: Sandbox) -> None:
    api = Api(sandbox)
    sandbox.inject([f"500-json:#1:{TOKEN}", f"429:#2:{TOKEN}"])
    down, limited = (api.tokens("unknown") for _ in range(2))
    assert down.json()["error"] == "server_error"
    assert limited.json()["error"] == "rate_limited"
    assert limited.headers["Retry-After"] == "1"
    assert down.headers["content-type"] == limited.headers["content-type"] == "application/json"


def test_tokens_that_were_given_in_a_lost_answer_can_be_asked_for_again(sandbox: Sandbox) -> None:
    api, refresh = Api(sandbox), sandbox.issue_refresh_token()
    sandbox.inject([f"drop-after:#1:{TOKEN}"])
    with pytest.raises(requests.ConnectionError):
        api.tokens(refresh)
    again = api.tokens(refresh)
    assert again.status_code == 200
    assert Api(sandbox, again.json()["access_token"]).ask("/Shop.json").status_code == 200


def test_an_access_token_that_ends_early_is_renewed_with_its_refresh_token(sandbox: Sandbox) -> None:
    first = Api(sandbox).tokens(sandbox.issue_refresh_token()).json()
    api, other = Api(sandbox, first["access_token"]), Api.of(sandbox)
    sandbox.inject(["expire:#2:/Shop"])
    assert [api.ask("/Shop.json").status_code for _ in range(3)] == [200, 401, 401]
    assert other.ask("/Shop.json").status_code == 200, "other tokens stay good"
    second = api.tokens(first["refresh_token"])
    assert second.status_code == 200
    assert Api(sandbox, second.json()["access_token"]).ask("/Shop.json").status_code == 200
    assert sandbox.injected == {"expire": 1}


def test_an_expired_token_is_answered_like_one_whose_time_is_over(sandbox: Sandbox) -> None:
    over = Api.of(sandbox)
    sandbox.inject(["expire:1"])
    early = over.ask("/Shop.json")
    sandbox.inject([])
    grants = sandbox.server.grants
    life, grants._lifetime = grants._lifetime, 0.0
    ended = Api.of(sandbox)
    grants._lifetime = life
    assert (early.status_code, early.json()) == (401, ended.ask("/Shop.json").json())


def test_a_grant_that_is_revoked_is_good_for_nothing_and_others_stay(sandbox: Sandbox) -> None:
    tokens = Api(sandbox).tokens(sandbox.issue_refresh_token()).json()
    api, other = Api(sandbox, tokens["access_token"]), Api.of(sandbox)
    sandbox.inject(["revoke:#1"])
    refused = api.ask("/Shop.json")
    assert (refused.status_code, refused.json()["error"]) == (401, "access_denied")
    assert api.ask("/Shop.json").status_code == 401
    answer = api.tokens(tokens["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert other.ask("/Shop.json").status_code == 200


def test_a_grant_can_end_at_the_very_moment_at_which_it_is_renewed(sandbox: Sandbox) -> None:
    refresh = sandbox.issue_refresh_token()
    sandbox.inject([f"revoke:#1:POST:{TOKEN}"])
    api = Api(sandbox)
    assert [api.tokens(refresh).json()["error"] for _ in range(2)] == ["invalid_grant"] * 2


def test_only_what_was_in_force_is_ended_and_counted(sandbox: Sandbox) -> None:
    sandbox.inject(["expire:1:/Shop", "revoke:1:/Item"])
    for path in ("/Shop.json", "/Item.json"):
        assert Api(sandbox, "a.b.c").ask(path).status_code == 401
        assert Api(sandbox).ask(path).status_code == 401
    assert sandbox.injected == {}
    api = Api.of(sandbox)
    assert [api.ask("/Shop.json").status_code for _ in range(3)] == [401] * 3
    assert sandbox.injected == {"expire": 1}
