"""Readers of files, fed with anything: tokens, invitations, settings. What is damaged is said in a line, and kept."""

from __future__ import annotations

import contextlib
import copy
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from cryptography.fernet import Fernet
from hypothesis import example, given
from hypothesis import strategies as st

from lightspeed_retail.commanding import settings_of
from lightspeed_retail.connection import client
from lightspeed_retail.documents import settings
from lightspeed_retail.errors import LightspeedError, SettingsError
from lightspeed_retail.invitations import InvitationBook
from lightspeed_retail.sealed import SealedTokens
from lightspeed_retail.selection import needs
from lightspeed_retail.settings import CONNECTION, check_environment, problems
from lightspeed_retail.token_database import TokenDatabase
from lightspeed_retail.tokens import TokenFile, Tokens, TokenStore
from tap_lightspeed_retail.settings import SCHEMA
from target_lightspeed_retail.settings import WRITING
from tests.anything import ODD, changed, mutations, places, values, without

TAP: dict[str, Any] = copy.deepcopy(SCHEMA)
"""As we declare them: the SDK adds settings of its own to the original, when a tap is made."""

TARGET: dict[str, Any] = {"type": "object", "properties": {**CONNECTION, **WRITING}}
SENTINEL = "sentinel-token"
PAIR = Tokens(SENTINEL, SENTINEL, 1000.0)
STORED = {"version": 1, "connections": {"a": msgspec.to_builtins(PAIR)}}
DEEP = b"[" * 100_000


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


contents = st.binary(max_size=100) | values.map(_dumped) | mutations(STORED).map(_dumped)


@contextlib.contextmanager
def one_clear_line() -> Iterator[None]:
    """A context in which nothing goes wrong, or one error of ours is raised, which shows no token."""
    said = ""
    try:
        yield
    except LightspeedError as error:
        said = str(error)
    assert said.isprintable(), said
    assert SENTINEL not in said
    assert len(said) < 2000


# Tokens


def _used(store: TokenStore) -> None:
    """Everything that is done with a store."""
    with one_clear_line():
        assert store.load("a") is None or isinstance(store.load("a"), Tokens)
    with one_clear_line():
        assert all(isinstance(each, Tokens) for each in store.listed().values())
    with one_clear_line(), store.locked("a"):
        store.load("a")
        store.save("a", PAIR)


@given(contents)
@example(DEEP)
@example(b'{"connections": ' + DEEP)
@example(b'{"connections": [["a", 1]]}')
@example(b'{"connections": {"a": null}}')
@example(b"\xef\xbb\xbf{}")
@example(b"")
def test_a_token_file_of_anything_is_used_or_refused_and_then_left_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("store") / "tokens.json"
    file.write_bytes(content)
    store = TokenFile(file)
    _used(store)
    try:
        kept = store.load("a")
    except SettingsError:
        assert _read(file.read_bytes()) == _read(content)
    else:
        assert kept == PAIR
    assert sorted(each.name for each in file.parent.iterdir() if each.suffix != ".lock") == [file.name]


def _read(content: bytes) -> Any:
    """The connections that a file holds, sound or not; the bytes where it holds none."""
    try:
        return json.loads(content)["connections"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return content


def test_a_token_file_from_the_future_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({**STORED, "version": 2, "more": 1}), encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(SettingsError, match="newer version"):
        TokenFile(file).load("a")
    with pytest.raises(SettingsError, match="newer version"), TokenFile(file).locked():
        pytest.fail("it must not be locked to be replaced")
    assert file.read_bytes() == before


@given(st.text() | values.map(json.dumps) | mutations(msgspec.to_builtins(PAIR)).map(json.dumps))
@example(DEEP.decode())
def test_a_token_database_of_anything_is_used_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: str
) -> None:
    file = tmp_path_factory.mktemp("store") / "tokens.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("create table lightspeed_retail_tokens (connection primary key, tokens, spare)")
        opened.execute("insert into lightspeed_retail_tokens values ('a', ?, null)", (content,))
    _used(TokenDatabase(f"sqlite:///{file}"))


@given(st.binary(max_size=300))
@example(b"SQLite format 3\0" + b"\0" * 200)
def test_a_database_file_of_anything_is_used_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("store") / "tokens.sqlite"
    file.write_bytes(content)
    _used(TokenDatabase(f"sqlite:///{file}"))


@given(st.text(max_size=40), st.integers(0, 200), st.text(max_size=3))
def test_sealed_tokens_with_a_slip_are_refused(
    tmp_path_factory: pytest.TempPathFactory, key: str, at: int, slip: str
) -> None:
    file = TokenFile(tmp_path_factory.mktemp("store") / "tokens.json")
    good = Fernet.generate_key().decode()
    SealedTokens(file, good).save("a", PAIR)
    sealed = file.load("a")
    assert sealed is not None
    text = sealed.access_token
    file.save("a", msgspec.structs.replace(sealed, access_token=text[: 7 + at] + slip + text[8 + at :]))
    for each in (good, key):
        with one_clear_line():
            SealedTokens(file, each).load("a")


# Invitations


@given(
    contents
    | mutations({"invitations": [{"digest": "d", "label": "x", "expires": "2024-01-01T00:00:00Z"}]}).map(_dumped)
)
@example(DEEP)
@example(b'{"invitations": ["\xff"]}')
def test_invitations_of_anything_are_used_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("book") / "invitations.json"
    file.write_bytes(content)
    with one_clear_line():
        InvitationBook(file).find("token")


# Settings

GIVEN: dict[str, Any] = {
    "client_id": "c",
    "client_secret": SENTINEL,
    "refresh_token": SENTINEL,
    "account_id": "7",
    "filters": {"sales": {"completed": "true"}},
    "shop_ids": [1],
    "custom_streams": [{"name": "a", "path": "/A.json", "key": "aID"}],
}


@given(st.binary(max_size=100) | values.map(_dumped) | mutations(GIVEN).map(_dumped))
@example(DEEP)
@example(b"\xef\xbb\xbf" + _dumped(GIVEN))
@example(_dumped(GIVEN).decode().encode("utf-16"))
@example(b'{"client_id": "a", "client_id": "b"}')
def test_a_settings_file_of_anything_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("settings") / "settings.json"
    file.write_bytes(content)
    with one_clear_line():
        assert isinstance(settings([str(file)]).config, dict)
    with one_clear_line():
        needs(settings_of("", file), "", "")


def test_a_mark_before_the_settings_is_no_harm_and_of_a_name_given_twice_the_last_counts(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(b"\xef\xbb\xbf" + _dumped(GIVEN))
    assert settings([str(file)]).config == GIVEN
    file.write_bytes(b'{"client_id": "a", "client_id": "b"}')
    assert settings([str(file)]).config == {"client_id": "b"}


def test_a_settings_file_of_fifty_megabytes_is_read_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(b'{"client_id": "' + b"x" * 50_000_000 + b'"}')
    assert len(settings([str(file)]).config["client_id"]) == 50_000_000
    file.write_bytes(b"x" * 50_000_000)
    with pytest.raises(SettingsError, match="must hold a JSON object"):
        settings([str(file)])


@pytest.mark.parametrize("place", [".", "nothing.json", "settings.json/x", "/proc/self/mem", "x" * 5000])
def test_what_is_no_file_is_one_clear_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "settings.json").touch()
    with pytest.raises(SettingsError, match=r"--config .* cannot be read"):
        settings([str(tmp_path / place)])


@pytest.mark.parametrize("schema", [TAP, TARGET], ids=["tap", "target"])
@given(document=values | mutations(GIVEN))
def test_settings_of_anything_have_problems_that_show_no_value(schema: dict[str, Any], document: Any) -> None:
    if not isinstance(document, dict):
        return
    found = problems(document, schema)
    assert SENTINEL not in " ".join(found)
    assert all(line.isprintable() for line in found)
    if not found:
        jsonschema.validate({name: value for name, value in document.items() if name != "account_id"}, schema)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in sorted(CONNECTION) for value in (*ODD, "x\n", "x" * 100_000)]
)
def test_a_text_that_passes_as_a_setting_of_the_connection_makes_a_client_or_one_clear_line(
    tmp_path: Path, name: str, value: str
) -> None:
    given_ = {"client_id": "c", "refresh_token": "r", "token_store": str(tmp_path / "t.json"), name: value}
    if problems(given_, TAP):
        return
    with one_clear_line():
        client(given_)


@pytest.mark.parametrize("schema", [TAP, TARGET], ids=["tap", "target"])
@pytest.mark.parametrize("value", [*ODD, "[" * 100_000, '{"a": NaN}'], ids=lambda value: f"{value!r:.29}, {len(value)}")
def test_variables_of_anything_are_read_or_refused(
    schema: dict[str, Any], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "\0" in value:
        return
    for name in schema["properties"]:
        monkeypatch.setenv("X_" + name.upper(), value)
    with one_clear_line():
        check_environment("X_", schema)


def test_mutations_reach_every_place() -> None:
    """The strategy's own parts do what they say."""
    found = list(places(GIVEN))
    assert ("custom_streams", 0, "key") in found
    assert changed(GIVEN, ("shop_ids", 0), None)["shop_ids"] == [None]
    assert "filters" not in without(GIVEN, ("filters",))
    assert GIVEN["shop_ids"] == [1]
