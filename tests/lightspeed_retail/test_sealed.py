"""Tokens that are encrypted where they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from lightspeed_retail.connection import token_store
from lightspeed_retail.errors import SettingsError
from lightspeed_retail.sealed import KEY_VARIABLE
from lightspeed_retail.tokens import Tokens, TokenStore

PAIR = Tokens("access-1", "refresh-1", 1000.0, 1800.0)


@pytest.fixture(params=["t.json", "sqlite:///t.sqlite"])
def place(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    found = Fernet.generate_key().decode()
    monkeypatch.setenv(KEY_VARIABLE, found)
    return found


def store(place: str) -> TokenStore:
    return token_store({"token_store": place})


def save(place: str) -> None:
    opened = store(place)
    with opened.locked("a"):
        opened.save("a", PAIR)


def content() -> bytes:
    return b"".join(path.read_bytes() for path in Path().iterdir() if path.is_file())


def test_sealed_tokens_are_read_with_the_key_and_nowhere_plain(place: str, key: str) -> None:
    save(place)
    assert store(place).load("a") == PAIR
    assert b"fernet:" in content()
    assert b"access-1" not in content()
    assert b"refresh-1" not in content()


def test_without_the_key_sealed_tokens_are_refused(place: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    save(place)
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(SettingsError, match=f"are encrypted: set {KEY_VARIABLE}"):
        store(place).load("a")


def test_another_key_is_told(place: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    save(place)
    monkeypatch.setenv(KEY_VARIABLE, Fernet.generate_key().decode())
    with pytest.raises(SettingsError, match=f"{KEY_VARIABLE} is not the key"):
        store(place).load("a")


def test_what_is_no_key_is_told_without_showing_it(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "sentinel")
    with pytest.raises(SettingsError, match="is no key") as caught:
        store(place)
    assert "sentinel" not in str(caught.value)


def test_tokens_from_before_the_key_are_read_and_sealed_with_the_next_save(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(place)
    monkeypatch.setenv(KEY_VARIABLE, Fernet.generate_key().decode())
    assert store(place).load("a") == PAIR
    save(place)
    assert store(place).load("a") == PAIR
    assert b"fernet:" in content()
