"""The authorisation server: tokens rotate, end, and are refused in the words of OAuth."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES
from tests.retailer import small_sandbox, small_store
from tests.sandbox.calling import Api

SCOPED = [resource for resource in RESOURCES if resource.api.read_scopes]


def test_an_answer_has_a_pair_of_tokens_and_how_long_they_last(api: Api, sandbox: Sandbox) -> None:
    body = api.tokens(sandbox.issue_refresh_token()).json()
    assert body.keys() == {"token_type", "expires_in", "access_token", "refresh_token"}
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 3600
    claims = body["access_token"].split(".")[1]
    told = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert told["acct"] == sandbox.account
    assert told["exp"] - told["iat"] == 3600


@pytest.mark.parametrize("form", ["data", "json", "files"])
def test_all_three_encodings_are_taken(api: Api, sandbox: Sandbox, form: str) -> None:
    fields = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": sandbox.issue_refresh_token(),
    }
    sent = {name: (None, value) for name, value in fields.items()} if form == "files" else fields
    answer = api.session.post(f"{sandbox.url}/auth/oauth/token", timeout=30, **{form: sent})  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert answer.json()["access_token"]


def test_the_old_refresh_token_works_until_the_new_access_token_is_used(api: Api, sandbox: Sandbox) -> None:
    old = sandbox.issue_refresh_token()
    first = api.tokens(old).json()
    assert api.tokens(old).status_code == 200, "the answer may have been lost on its way"
    new = api.tokens(old).json()

    assert Api(sandbox, new["access_token"]).ask("/Shop.json").status_code == 200

    assert api.tokens(old).json()["error"] == "invalid_grant"
    assert api.tokens(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert Api(sandbox, first["access_token"]).ask("/Shop.json").status_code == 401
    assert api.tokens(new["refresh_token"]).status_code == 200


def test_both_old_tokens_end_with_a_rotation(api: Api, sandbox: Sandbox) -> None:
    first = api.tokens(sandbox.issue_refresh_token()).json()
    holder = Api(sandbox, first["access_token"])
    assert holder.ask("/Shop.json").status_code == 200
    api.tokens(first["refresh_token"])
    assert holder.ask("/Shop.json").status_code == 401


def test_one_refresh_token_can_be_tried_five_times_a_minute(api: Api, sandbox: Sandbox) -> None:
    token = sandbox.issue_refresh_token()
    assert [api.tokens(token).status_code for _ in range(6)] == [200] * 5 + [429]


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "wrong"}, 400, "invalid_grant"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_bad_requests_for_tokens_are_told_apart(
    api: Api, sandbox: Sandbox, changes: dict[str, str], status: int, error: str
) -> None:
    answer = api.tokens(changes.get("refresh_token", sandbox.issue_refresh_token()), **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_an_access_token_ends_by_the_clock_of_the_sandbox(api: Api, sandbox: Sandbox) -> None:
    holder = Api.of(sandbox)
    assert holder.ask("/Shop.json").status_code == 200
    sandbox.clock.advance(timedelta(seconds=3601))
    refused = holder.ask("/Shop.json")
    sandbox.clock.advance(timedelta(seconds=-3601))
    assert refused.status_code == 401
    assert refused.json() == {
        "error": "access_denied",
        "error_description": "The resource owner or authorization server denied the request.",
        "hint": "Access token could not be verified",
    }


def test_a_revoked_grant_is_over(api: Api, sandbox: Sandbox) -> None:
    tokens = api.tokens(sandbox.issue_refresh_token()).json()
    fields = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": tokens["refresh_token"],
    }
    assert api.session.post(f"{sandbox.url}/auth/oauth/revoke", data=fields, timeout=30).status_code == 200
    assert Api(sandbox, tokens["access_token"]).ask("/Shop.json").json()["hint"] == "Access token has been revoked"
    assert api.tokens(tokens["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("resource", SCOPED, ids=lambda resource: resource.__name__)
def test_a_scope_opens_its_lists_and_no_others(api: Api, sandbox: Sandbox, resource: type[Resource]) -> None:
    path, params = api.walks(resource)[0]
    assert Api.of(sandbox, resource.api.read_scopes[0]).ask(path, **params).status_code == 200
    refused = Api.of(sandbox, "employee:nothing").ask(path, **params)
    assert refused.status_code == 403
    assert refused.json()["errorClass"] == "InsufficientRightsException"


def test_what_is_denied_is_refused_whatever_the_scope() -> None:
    with small_sandbox(small_store(days=1), deny=["price_levels", "Customer"]) as sandbox:
        api = Api.of(sandbox)
        for path in ("/PriceLevel.json", "/PriceLevel/1.json", "/Customer.json"):
            assert api.ask(path).json()["errorClass"] == "InsufficientRightsException"
            assert api.ask(path).status_code == 403
        assert api.ask("/Sale.json").status_code == 200


def test_only_streams_that_there_are_can_be_denied() -> None:
    with pytest.raises(ValueError, match="There is no stream unicorns"):
        small_sandbox(small_store(days=1), deny=["unicorns"])
