"""Files that hold secrets or personal data: for their owner alone, whatever the umask; links are no trap."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.connection import token_store
from lightspeed_retail.errors import SettingsError
from lightspeed_retail.invitations import InvitationBook
from lightspeed_retail.tokens import Tokens
from lightspeed_sandbox.serve import Sandbox
from tests import targeting
from tests.retailer import small_sandbox, small_store
from tests.tapping import Tap, selecting
from tests.targeting import messages

PAIR = Tokens("access-1", "refresh-1", 1000.0)
OTHERS = 0o077
UMASKS = [0o000, 0o022, 0o077, 0o027]


@pytest.fixture(params=UMASKS, ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def open_to_others(folder: Path, *, but: tuple[str, ...] = ()) -> list[str]:
    """The files and folders that somebody else could read or change."""
    found = [each for each in folder.rglob("*") if each.name not in but]
    return [f"{each.name} {oct(each.stat().st_mode)}" for each in found if stat.S_IMODE(each.stat().st_mode) & OTHERS]


def _save(place: str) -> None:
    store = token_store({"token_store": place})
    with store.locked("a"):
        store.save("a", PAIR)


MAKERS: dict[str, Callable[[Path], object]] = {
    "token file": lambda folder: _save(str(folder / "tokens.json")),
    "token database": lambda folder: _save(f"sqlite:///{folder}/tokens.sqlite"),
    "invitations": lambda folder: InvitationBook(folder / "invitations.json").add("somebody"),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_what_holds_secrets_is_its_owners_alone(tmp_path: Path, umask: int, kind: str) -> None:
    folder = tmp_path / "state"
    MAKERS[kind](folder)
    MAKERS[kind](folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert open_to_others(folder, but=(".gitignore",)) == []
    assert len(list(folder.iterdir())) >= 1


@pytest.mark.parametrize("kind", MAKERS)
def test_what_was_open_to_others_is_closed_when_it_is_written(tmp_path: Path, kind: str) -> None:
    MAKERS[kind](tmp_path)
    for each in tmp_path.iterdir():
        each.chmod(0o666)
    MAKERS[kind](tmp_path)
    assert [line for line in open_to_others(tmp_path) if ".lock" not in line] == []


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=2, sales_per_day=3)) as running:
        yield running


def test_what_the_commands_leave_is_their_users_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    state = tmp_path / "state"
    before = os.umask(0)
    try:
        Tap.over(sandbox, tmp_path, token_store=str(state / "tokens.json")).run_well(catalog=selecting("shops"))
        paths = {
            "ledger": state / "ledger.sqlite",
            "rejects_path": state / "rejects.jsonl",
            "outcome_path": state / "o.jsonl",
        }
        rows: list[dict[str, Any]] = [{"ref": "1", "name": "A"}, {"ref": "2", "name": ["no", "text"]}]
        said = messages("manufacturers", rows, "ref")
        targeting.run(sandbox, said, tmp_path, **{name: str(path) for name, path in paths.items()})
    finally:
        os.umask(before)
    assert {each.name for each in paths.values()} | {"tokens.json"} <= {each.name for each in state.iterdir()}
    assert open_to_others(state, but=(".gitignore",)) == []


# Links


def test_a_token_file_behind_a_link_is_replaced_where_it_is(tmp_path: Path) -> None:
    real = tmp_path / "volume" / "tokens.json"
    real.parent.mkdir()
    _save(str(real))
    link = tmp_path / "tokens.json"
    link.symlink_to(real)
    store = token_store({"token_store": str(link)})
    with store.locked("a"):
        store.save("a", Tokens("access-2", "refresh-2", 1000.0))
    assert link.is_symlink()
    assert json.loads(real.read_bytes())["connections"]["a"]["access_token"] == "access-2"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


SOMETHING_ELSE = [b"export PATH=/bin\n", b"[]", b"{}", b'{"connections": 5}']


@pytest.mark.parametrize(
    ("kind", "content"),
    # An empty file is an empty database.
    [("tokens.json", each) for each in (*SOMETHING_ELSE, b"")]
    + [("sqlite:///tokens.sqlite", each) for each in SOMETHING_ELSE],
)
def test_a_link_to_something_else_leaves_it_as_it_is(tmp_path: Path, kind: str, content: bytes) -> None:
    other = tmp_path / "profile"
    other.write_bytes(content)
    (tmp_path / kind.rpartition("/")[2]).symlink_to(other)
    with pytest.raises(SettingsError):
        _save(kind)
    assert other.read_bytes() == content


def test_a_link_in_a_circle_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").symlink_to(tmp_path / "tokens.json")
    with pytest.raises(SettingsError, match="token"):
        _save("tokens.json")


@pytest.mark.parametrize("name", [".tokens-guessed", "tokens.json.lock"])
def test_a_link_where_a_passing_file_may_be_does_not_lead_away(tmp_path: Path, name: str) -> None:
    other = tmp_path / "other"
    other.write_text("mine", encoding="utf-8")
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / name).symlink_to(other)
    try:
        _save(str(folder / "tokens.json"))
    except SettingsError as error:
        assert str(error).isprintable()  # noqa: PT017  both ends are good
    assert other.read_text(encoding="utf-8") == "mine"
