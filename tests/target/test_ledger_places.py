"""Where a ledger lies: closed to others, found again, and told in one line where it cannot be."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lightspeed_retail.errors import SettingsError
from lightspeed_sandbox.warehouse import Warehouse
from target_lightspeed_retail.ledger import Ledger, LedgerError
from tests.target.ledgers import ACCOUNT, FIELDS, Place, fill, held, opened, place, run, server

__all__ = ["place", "server"]


def test_a_file_is_private_with_all_that_lies_beside_it(place: Place) -> None:
    where = place("sqlite")
    before = os.umask(0)
    try:
        with held(where) as ledger:
            ledger.settle("items", "a", "17", FIELDS)
            modes = {path.name: path.stat().st_mode & 0o777 for path in Path(where).parent.glob("ledger*")}
    finally:
        os.umask(before)
    names = {"ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.sqlite.4711.lock"}
    assert modes == dict.fromkeys(names, 0o600)
    assert Path(where).parent.stat().st_mode & 0o777 == 0o700
    assert (Path(where).parent / ".gitignore").read_text() == "*\n"


def test_a_file_that_others_could_read_is_closed_to_them(place: Place) -> None:
    where = Path(place("sqlite"))
    fill(str(where), 1)
    where.chmod(0o644)
    fill(str(where), 1)
    assert where.stat().st_mode & 0o777 == 0o600


def test_the_ledger_lies_in_the_meltano_project(tmp_path: Path) -> None:
    (tmp_path / "meltano.yml").touch()
    with closing(Ledger(None, ACCOUNT, run_id="test")) as ledger, ledger.lock():
        ledger.settle("items", "a", "17", FIELDS)
    assert (tmp_path / ".lightspeed-retail" / "ledger.sqlite").is_file()
    assert (tmp_path / ".lightspeed-retail").stat().st_mode & 0o777 == 0o700


def test_a_relative_path_and_a_url_name_the_same_file(tmp_path: Path) -> None:
    fill("here.sqlite", 1)
    with opened(f"sqlite:///{tmp_path}/here.sqlite") as ledger:
        assert ledger.mapped("items", "0") == "0"


def test_a_file_that_is_no_ledger_stays_as_it_is(place: Place) -> None:
    where = Path(place("sqlite"))
    where.parent.mkdir()
    where.write_bytes(b"no database " * 1000)
    with pytest.raises(LedgerError, match="not a database"), held(str(where)):
        pytest.fail("it is no ledger")
    assert where.read_bytes() == b"no database " * 1000


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with (
        pytest.raises(LedgerError, match=r"cannot be used \(.*Set ledger to a file or a database"),
        held(str(tmp_path)),
    ):
        pytest.fail("it is a folder")


def test_a_file_that_is_read_meanwhile_is_written_all_the_same(place: Place) -> None:
    where = place("sqlite")
    fill(where, 10)
    with closing(sqlite3.connect(where)) as reader:
        cursor = reader.execute("SELECT lightspeed_id FROM lightspeed_retail_ledger")
        cursor.fetchone()
        with held(where) as ledger:
            ledger.settle("items", "a", "17", FIELDS)
        assert len(cursor.fetchall()) == 9


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("nosuch://me:sentinel@host/ledger", "ledger: no driver for nosuch"),
        ("://sentinel", "path or the URL"),
        ("postgresql://me:sentinel@host:port/ledger", "ledger must be a path or the URL"),
        ("sqlite://", "in memory nothing is remembered"),
        ("sqlite:///:memory:", "in memory nothing is remembered"),
        ("~nobody-of-this-name/ledger.sqlite", "ledger must be the path of a file"),
        ("postgresql://me:sentinel@127.0.0.1:1/ledger", r"postgresql://127\.0\.0\.1/ledger cannot be used"),
        ("postgres://me@127.0.0.1:1/ledger?password=sentinel", r"postgresql://127\.0\.0\.1/ledger cannot be used"),
    ],
)
def test_a_place_that_cannot_be_is_told_without_secrets(where: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught, held(where):
        pytest.fail("there is no such place")
    assert len(str(caught.value).splitlines()) == 1
    assert "sentinel" not in str(caught.value)


def test_a_database_that_is_read_only(place: Place) -> None:
    where = place("postgresql")
    with held(where):
        pass
    with (
        pytest.raises(LedgerError, match="read-only transaction"),
        held(where + "%20-c%20default_transaction_read_only%3Don"),
    ):
        pytest.fail("it is read-only")


def test_tables_that_may_not_be_made(place: Place, server: Warehouse) -> None:
    where = place("postgresql").replace("postgres@", "stranger:sentinel@")
    run(server, "DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN")
    with pytest.raises(LedgerError, match="permission denied") as caught, held(where):
        pytest.fail("it may not be written")
    assert "sentinel" not in str(caught.value)
