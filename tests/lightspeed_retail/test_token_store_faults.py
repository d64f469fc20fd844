"""Token stores that take no tokens: one clear line before a token is spent, and nothing is lost."""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from lightspeed_retail.connection import authorisation, token_store
from lightspeed_retail.errors import SettingsError
from lightspeed_retail.tokens import Tokens, connection_name
from lightspeed_sandbox import warehouse
from lightspeed_sandbox.warehouse import Warehouse
from tests.scripted import Answer, scripted

NOBODY = 65534
# A pair that has ended, so that the next bearer would have to be bought.
ENDED = Tokens("access-1", "refresh-1", 1000.0)
SEED = {"client_id": "id", "refresh_token": "seed"}
NAME = connection_name("id", "seed")
BOUGHT = {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 3600}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with warehouse.running(tmp_path_factory.mktemp("postgresql")) as running:
        yield running
    shutil.rmtree(running.directory)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of a user who is not root, whoever runs the tests: root may write anywhere."""
    path = Path(tempfile.mkdtemp())
    with unprivileged(path):
        yield path
    path.chmod(0o700)
    shutil.rmtree(path)


@contextmanager
def unprivileged(path: Path) -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    # What is imported late could not be read later, where the programs lie in root's own folder.
    token_store({"token_store": "sqlite://"})
    os.chown(path, NOBODY, -1)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file can grow beyond a size, meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def fill(place: object) -> None:
    store = token_store({"token_store": str(place)})
    with store.locked(NAME):
        store.save(NAME, ENDED)


def holds(place: object) -> Tokens | None:
    return token_store({"token_store": str(place)}).load(NAME)


def refuses(place: object, words: str) -> None:
    """A bearer is refused in one line that gives no secret away, and the authorisation server is not asked."""
    with scripted([Answer(200, BOUGHT)]) as host:
        with pytest.raises(SettingsError, match=words) as caught:
            authorisation(SEED | {"token_store": str(place), "auth_url": host.url}).bearer()
        assert host.asked == []
    assert len(str(caught.value).splitlines()) == 1
    assert "sentinel" not in str(caught.value)


def serves(place: object) -> None:
    """A bearer is bought with the stored token, which was not lost."""
    with scripted([Answer(200, BOUGHT)]) as host:
        assert authorisation(SEED | {"token_store": str(place), "auth_url": host.url}).bearer() == "access-2"
        assert b"refresh_token=refresh-1" in host.asked[0].body


def test_a_folder_that_is_read_only(folder: Path) -> None:
    fill(folder / "t.json")
    folder.chmod(0o500)
    refuses(folder / "t.json", r"t\.json cannot be written: Permission denied.*token_store")
    folder.chmod(0o700)
    serves(folder / "t.json")


def test_a_file_that_is_read_only(folder: Path) -> None:
    fill(folder / "t.json")
    (folder / "t.json").chmod(0o400)
    refuses(folder / "t.json", r"t\.json cannot be written: Permission denied")
    (folder / "t.json").chmod(0o600)
    serves(folder / "t.json")


def test_a_file_that_cannot_be_read(folder: Path) -> None:
    fill(folder / "t.json")
    (folder / "t.json").chmod(0)
    refuses(folder / "t.json", r"t\.json cannot be written: Permission denied")


def test_a_database_file_that_is_read_only(folder: Path) -> None:
    fill(f"sqlite:///{folder}/t.sqlite")
    (folder / "t.sqlite").chmod(0o400)
    refuses(f"sqlite:///{folder}/t.sqlite", r"t\.sqlite cannot be used .*readonly")
    (folder / "t.sqlite").chmod(0o600)
    serves(f"sqlite:///{folder}/t.sqlite")


def test_a_file_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "t.json")
    content = (tmp_path / "t.json").read_bytes()
    with monkeypatch.context() as patch:
        stranger = os.geteuid() + 1
        patch.setattr(os, "geteuid", lambda: stranger)
        refuses(tmp_path / "t.json", "belongs to another user: run as that user")
    assert (tmp_path / "t.json").read_bytes() == content
    serves(tmp_path / "t.json")


@pytest.mark.parametrize("size", [0, 200, 10_000])
def test_a_disk_that_is_full(tmp_path: Path, size: int) -> None:
    fill(tmp_path / "t.json")
    with full_disk(size):
        refuses(tmp_path / "t.json", r"t\.json cannot be written: File too large")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".tokens-")] == []
    serves(tmp_path / "t.json")


def test_a_database_on_a_disk_that_is_full(tmp_path: Path) -> None:
    place = f"sqlite:///{tmp_path}/t.sqlite"
    fill(place)
    with full_disk(8192):
        refuses(place, r"t\.sqlite cannot be used")
    serves(place)


def test_a_disk_that_fills_up_in_the_middle_leaves_the_old_tokens(tmp_path: Path) -> None:
    fill(tmp_path / "t.json")
    store = token_store({"token_store": str(tmp_path / "t.json")})
    with store.locked(NAME), full_disk(200), pytest.raises(SettingsError, match="cannot be written"):
        store.save(NAME, Tokens("access-2", "refresh-2", 2000.0))
    serves(tmp_path / "t.json")


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[]", b"\xff"])
def test_a_file_that_is_damaged_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.json").write_bytes(content)
    refuses(tmp_path / "t.json", r"t\.json is damaged")
    assert (tmp_path / "t.json").read_bytes() == content


def test_a_database_file_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "t.sqlite").write_bytes(b"no database " * 1000)
    refuses(f"sqlite:///{tmp_path}/t.sqlite", r"t\.sqlite cannot be used .*not a database")
    assert (tmp_path / "t.sqlite").read_bytes() == b"no database " * 1000


def test_a_row_that_is_damaged(server: Warehouse) -> None:
    fill(server.url)
    run(server, "UPDATE lightspeed_retail_tokens SET tokens = '{}'")
    refuses(server.url, "is damaged")
    run(server, "DROP TABLE lightspeed_retail_tokens")


def test_a_database_that_is_a_file_is_private(tmp_path: Path) -> None:
    fill(f"sqlite:///{tmp_path}/new/t.sqlite")
    assert (tmp_path / "new" / "t.sqlite").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:sentinel@127.0.0.1:1/tokens",
        "postgres://me:sentinel@127.0.0.1:1/tokens",
        "postgresql://me@127.0.0.1:1/tokens?password=sentinel",
        "postgresql://me@/tokens?host=/nowhere&password=sentinel",
    ],
)
def test_a_database_that_is_down(url: str) -> None:
    refuses(url, "postgresql://.*/tokens cannot be used .*token_store")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nosuch://me:sentinel@host/tokens", "no driver for nosuch"),
        ("://sentinel", "path or the URL"),
        ("postgresql://me:sentinel@host:port/tokens", "path or the URL"),
        ("oracle+nosuch://me:sentinel@host/tokens", "no driver"),
    ],
)
def test_an_address_that_makes_no_sense(url: str, words: str) -> None:
    refuses(url, words)


def run(server: Warehouse, *statements: str) -> None:
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_a_table_that_may_not_be_made(server: Warehouse) -> None:
    run(server, "DROP TABLE IF EXISTS lightspeed_retail_tokens", "CREATE ROLE reader LOGIN")
    refuses(server.url.replace("postgres@", "reader:sentinel@"), "permission denied for schema public")


def test_a_database_that_is_read_only(server: Warehouse) -> None:
    fill(server.url)
    refuses(server.url + "%20-c%20default_transaction_read_only%3Don", "read-only transaction")
    assert holds(server.url) == ENDED
    serves(server.url)
    run(server, "DROP TABLE lightspeed_retail_tokens")
