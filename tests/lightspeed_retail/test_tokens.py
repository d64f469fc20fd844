"""The token file: private, atomic, shared between processes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.tokens import TokenFile, Tokens, connection_name, default_path

PAIR = Tokens("access-1", "refresh-1", 1000.0)
NEXT = Tokens("access-2", "refresh-2", 2000.0)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def save(store: TokenFile, name: str, tokens: Tokens) -> None:
    with store.locked():
        store.save(name, tokens)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    save(TokenFile(tmp_path / "t.json"), "a", PAIR)
    save(TokenFile(tmp_path / "t.json"), "a", NEXT)
    assert TokenFile(tmp_path / "t.json").load("a") == NEXT


def test_connections_live_side_by_side(tmp_path: Path) -> None:
    store = TokenFile(tmp_path / "t.json")
    save(store, "a", PAIR)
    save(store, "b", NEXT)
    assert (store.load("a"), store.load("b"), store.load("c")) == (PAIR, NEXT, None)


def test_the_file_is_private_in_a_private_folder_that_git_ignores(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        save(TokenFile(tmp_path / "new" / "t.json"), "a", PAIR)
    finally:
        os.umask(before)
    assert (mode(tmp_path / "new" / "t.json"), mode(tmp_path / "new")) == (0o600, 0o700)
    assert mode(tmp_path / "new" / "t.json.lock") == 0o600
    assert (tmp_path / "new" / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_file_that_others_could_read_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    save(TokenFile(path), "a", PAIR)
    path.chmod(0o644)
    save(TokenFile(path), "a", NEXT)
    assert mode(path) == 0o600


def test_nothing_but_the_file_and_its_lock_is_left(tmp_path: Path) -> None:
    save(TokenFile(tmp_path / "t.json"), "a", PAIR)
    assert {path.name for path in tmp_path.iterdir()} <= {"t.json", "t.json.lock"}


def test_a_write_that_fails_leaves_the_old_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = TokenFile(tmp_path / "t.json")
    save(store, "a", PAIR)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with store.locked(), monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(SettingsError, match="No space"):
            store.save("a", NEXT)
    assert store.load("a") == PAIR
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".tokens-")] == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b'{"connections": 5}',
        b"\xff\xfe",
        b"{}",
        b'{"connections": {"a": {"access_token": 5}}}',
    ],
)
def test_a_damaged_file_is_one_clear_line_that_names_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"t\.json is damaged"):
        TokenFile(path).load("a")


def test_a_place_that_cannot_be_written_is_told_before_a_token_is_spent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    store = TokenFile(tmp_path / "file" / "t.json")
    with pytest.raises(SettingsError, match="token_store"), store.locked():
        pytest.fail("the lock must not be had")


def test_tokens_do_not_show_in_a_representation() -> None:
    assert "access-1" not in repr(PAIR)
    assert "refresh-1" not in f"{PAIR}"


def test_the_name_of_a_connection_tells_connections_apart_and_gives_nothing_away() -> None:
    names = {connection_name("id", "token"), connection_name("id", "other"), connection_name("other", "token")}
    assert len(names) == 3
    assert not any("token" in name or "id" in name for name in names)


def test_tokens_are_kept_in_the_meltano_project_where_there_is_one(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    assert home in default_path().parents
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", "/project")
    assert default_path() == Path("/project/.lightspeed-retail/tokens.json")
