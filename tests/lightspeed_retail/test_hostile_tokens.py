"""The authorisation server's answers in every wrong shape: one clear error, and the tokens that are kept stay."""

from __future__ import annotations

import base64
import itertools
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail import connection
from lightspeed_retail.errors import CredentialsError, LightspeedError, OutageError, UnreachableError
from lightspeed_retail.token_endpoint import claims
from tests.lightspeed_retail.hostile import MEGABYTE, head, peak, whole, wired
from tests.scripted import Answer, scripted

SECRET, SEED = "sentinel-secret", "sentinel-seed"
DEEP = 100_000
PLACE = "tokens.json"


def given(url: str, folder: Path) -> dict[str, Any]:
    """Settings that refresh."""
    store = {"token_store": str(folder / PLACE), "refresh_token": SEED}
    return {"client_id": "c", "client_secret": SECRET, "auth_url": url, **store}


def refused(url: str, folder: Path) -> LightspeedError:
    """The one clear error of a refresh, after which nothing of the answer is kept."""
    with pytest.raises(LightspeedError) as caught:
        connection.authorisation(given(url, folder)).bearer()
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 1000
    assert SECRET not in text
    assert SEED not in text
    assert json.loads((folder / PLACE).read_bytes())["connections"] == {}
    return caught.value


WRONG = [None, 5, 5.5, True, [], ["a"], {}, {"a": "b"}, "", "two words", "line\nline", "\0", "é", "\x1b[31m"]


@pytest.mark.parametrize(
    ("name", "value"),
    # An answer may leave out the refresh token; then the old one stays.
    [("access_token", value) for value in WRONG] + [("refresh_token", value) for value in WRONG if value],
    ids=repr,
)
def test_a_token_of_another_kind_is_refused_and_not_kept(tmp_path: Path, name: str, value: Any) -> None:
    body = {"access_token": "a", "refresh_token": "r", "expires_in": 1800, name: value}
    with scripted([Answer(body=body)]) as host:
        assert isinstance(refused(host.url, tmp_path), CredentialsError)
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"5",
        b'"text"',
        b"{}",
        b"[" * DEEP,
        b'{"a":' * DEEP,
        b"\xff\xfe",
        b'{"access_token": NaN}',
    ],
    ids=lambda content: f"{content!r:.20}",
)
@pytest.mark.parametrize("status", [200, 201, 301, 400, 401, 404, 429, 500, 503])
def test_an_answer_of_any_form_is_one_clear_error(tmp_path: Path, content: bytes, status: int) -> None:
    with scripted([Answer(status, content, {"Location": "http://elsewhere.example/"})]) as host:
        refused(host.url, tmp_path)
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    "lifetime", [None, "soon", -5, 0, 1e308, 10**400, [], {}, True, "1e999", "nan", "1800"], ids=repr
)
def test_a_lifetime_of_any_form_does_no_harm(tmp_path: Path, lifetime: Any) -> None:
    body = {"access_token": "a", "refresh_token": "r", "expires_in": lifetime}
    with scripted([Answer(body=body)]) as host:
        assert connection.authorisation(given(host.url, tmp_path)).bearer() == "a"
    kept = json.loads((tmp_path / PLACE).read_bytes())["connections"]
    assert all(0 < entry["lifetime"] <= 366 * 86_400 for entry in kept.values())


@pytest.mark.parametrize(
    "claimed",
    [
        {"acct": "9" * 5000},
        {"acct": 10**30},
        {"acct": ["1"]},
        {"acct": -1},
        {"scope": ["a"]},
        {"scope": 5},
        [],
        5,
        "x",
        {"acct": "٣"},
    ],
    ids=lambda claimed: f"{claimed!r:.25}",
)
def test_a_token_that_claims_nonsense_is_a_token(tmp_path: Path, claimed: Any) -> None:
    token = "h." + base64.urlsafe_b64encode(json.dumps(claimed).encode()).decode().rstrip("=") + ".s"
    with scripted([Answer(body={"access_token": token, "refresh_token": "r"})]) as host:
        assert connection.authorisation(given(host.url, tmp_path)).bearer() == token


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "a." + "[" * DEEP, "a.é.c", "a.W1tb.c", "\0"])
def test_what_is_no_token_claims_nothing(token: str) -> None:
    assert claims(token) == {}


def test_a_token_that_is_nested_without_end_claims_nothing() -> None:
    payload = base64.urlsafe_b64encode(b"[" * DEEP + b"]" * DEEP).decode()
    assert claims(f"a.{payload}.c") == {}


def test_an_answer_without_end_or_one_that_unpacks_to_much_is_given_up(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * MEGABYTE) for _ in range(50)) + packer.flush()
    before = peak()
    with wired(lambda _path: itertools.chain([head()], itertools.repeat(b"x" * 65_536))) as host:
        assert isinstance(refused(host.url, tmp_path), UnreachableError)
    assert host.sent < 16 * MEGABYTE
    with wired(lambda _path: whole(bomb, Content_Encoding="gzip")) as host:
        assert isinstance(refused(host.url, tmp_path), UnreachableError)
    assert peak() - before < 32 * MEGABYTE


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_credentials_follow_no_redirect(tmp_path: Path, status: int) -> None:
    with scripted([Answer(body={"access_token": "a", "refresh_token": "r"})]) as stranger:
        moved = Answer(status, {}, {"Location": f"{stranger.url}/auth/oauth/token"})
        with scripted([moved]) as host:
            assert "redirects elsewhere" in str(refused(host.url, tmp_path))
    assert stranger.asked == []


def test_an_answer_that_repeats_the_question_does_not_bring_it_into_the_error(tmp_path: Path) -> None:
    def repeating(asked: Any) -> Answer:
        return Answer(400, {"error": "invalid_request", "error_description": asked.body.decode()})

    with scripted(repeating) as host:
        assert "***" in str(refused(host.url, tmp_path))


def test_the_tokens_that_are_kept_survive_an_answer_that_is_none(tmp_path: Path) -> None:
    good = Answer(body={"access_token": "a", "refresh_token": "second", "expires_in": 1800})
    bad = [Answer(200, b"<html>"), Answer(503, b""), Answer(body={"access_token": ["b"]})]
    with scripted([good, *bad, Answer(body={"access_token": "c", "refresh_token": "third"})]) as host:
        settings = given(host.url, tmp_path)
        assert connection.authorisation(settings).bearer() == "a"
        kept = (tmp_path / PLACE).read_bytes()
        for kind in (OutageError, OutageError, CredentialsError):
            with pytest.raises(kind):
                connection.authorisation(settings).renew("a")
            assert (tmp_path / PLACE).read_bytes() == kept
        renewed = connection.authorisation(settings)
        assert renewed.renew("a")
        assert renewed.bearer() == "c"
    assert all(b"refresh_token=second" in asked.body for asked in host.asked[1:])
