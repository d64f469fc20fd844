"""A ledger when things go wrong: killed processes, two at a time, full disks, lost connections, closed doors."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sql

from lightspeed_retail.errors import SettingsError
from lightspeed_sandbox.warehouse import Warehouse
from target_lightspeed_retail.ledger import Entry, Ledger, LedgerError, Settled
from target_lightspeed_retail.ledger_tables import RUNS
from tests.target.ledgers import ACCOUNT, KINDS, Place, held, opened, place, run, server, start

__all__ = ["place", "server"]

NOW = datetime(2024, 12, 6, 15, 23, 49, tzinfo=UTC)
FIELDS = {"firstName": "0123456789abcdef"}

each_kind = pytest.mark.parametrize("kind", KINDS)

# Writes one record after the other, as the target does; says so before each step, waits for a word after it.
_WRITER = """
import json, sys
from datetime import datetime, UTC
from target_lightspeed_retail.ledger import Ledger
where, account = json.loads(sys.argv[1])
ledger = Ledger(where, account, run_id="first", patience=20)
def say(*words):
    print(*words, flush=True)
with ledger.lock():
    say("locked")
    for number in range(1_000_000):
        ledger.intend("sales", str(number), {"n": number}, datetime.now(UTC))
        say("intended", number)
        ledger.settle("sales", str(number), str(number), {"total": "0123456789abcdef"})
        say("settled", number)
"""

_WAITER = """
import json, sys, time
from target_lightspeed_retail.ledger import Ledger
where, account = json.loads(sys.argv[1])
ledger = Ledger(where, account, run_id="first")
with ledger.lock():
    print("locked", flush=True)
    time.sleep(600)
"""


@each_kind
def test_a_process_that_is_killed_has_said_nothing_that_is_not_known(place: Place, kind: str) -> None:
    where = place(kind)
    chance = random.Random(7)
    for _ in range(6):
        writer = start(_WRITER, where, ACCOUNT)
        timer = threading.Timer(1.5 + chance.random(), os.kill, (writer.pid, signal.SIGKILL))
        timer.start()
        out, errors = writer.communicate(timeout=60)
        assert (writer.returncode, errors) == (-signal.SIGKILL, "")
        said = [line.split() for line in out.splitlines()]
        settled = [number for word, *rest in said for number in rest if word == "settled"]
        intended = [number for word, *rest in said for number in rest if word == "intended"]
        with opened(where) as ledger:
            entries = ledger.entries("sales", intended)
            open_ends = {entry.key for _, entry in ledger.unsettled()}
        assert entries.keys() == set(intended)
        assert {key for key in settled if entries[key].lightspeed_id != key} == set()
        # At most the very last intent is open, and it may not have been said yet.
        assert len(open_ends) <= 1
        assert not open_ends & set(settled)


@each_kind
def test_an_intent_of_a_killed_process_is_found_by_the_next(place: Place, kind: str) -> None:
    where = place(kind)
    writer = start(
        _WRITER.replace("        ledger.settle", "        import os; os._exit(9)\n        ledger.settle"),
        where,
        ACCOUNT,
    )
    out, _ = writer.communicate(timeout=60)
    assert (writer.returncode, out.splitlines()) == (9, ["locked", "intended 0"])
    with held(where) as ledger:
        ((stream, entry),) = ledger.unsettled()
        assert (stream, entry.key, entry.lightspeed_id, entry.intent) == ("sales", "0", None, {"n": 0})


@contextmanager
def another_process(where: str) -> Iterator[None]:
    """One that holds the lock, until it is killed."""
    waiter = start(_WAITER, where, ACCOUNT)
    assert waiter.stdout is not None
    assert waiter.stdout.readline() == "locked\n"
    try:
        yield
    finally:
        waiter.kill()
        waiter.communicate()


@each_kind
def test_a_second_process_is_told_who_is_first(place: Place, kind: str) -> None:
    where = place(kind)
    with another_process(where):
        began = time.monotonic()
        with (
            pytest.raises(LedgerError, match=r"writes to account 4711 .*run first, process \d+ on ") as caught,
            held(where, patience=0.5),
        ):
            pytest.fail("two at a time")
        assert time.monotonic() - began < 5
        assert len(str(caught.value).splitlines()) == 1
        with held(where, 4712, patience=0.5) as other:
            other.settle("items", "a", "17", FIELDS)
        with opened(where) as reader:
            assert reader.entries("items", ["a"]) == {}
    with held(where) as ledger:
        assert ledger.entries("items", ["a"]) == {}


@each_kind
def test_a_second_process_waits_for_the_end_of_the_first(place: Place, kind: str) -> None:
    where = place(kind)
    with ThreadPoolExecutor() as pool:
        with held(where) as first:
            second = pool.submit(settle_one, where)
            time.sleep(0.5)
            first.settle("items", "a", "17", FIELDS)
            assert not second.done()
        assert second.result(20) == {"a": Entry("a", "17", FIELDS)}


def settle_one(where: str) -> dict[str, Entry]:
    with held(where) as ledger:
        return ledger.entries("items", ["a"])


@each_kind
def test_many_processes_at_once_make_the_tables_once(place: Place, kind: str) -> None:
    where = place(kind)
    program = _WRITER.replace("range(1_000_000)", "range(account, account + 20)")
    writers = [start(program, where, account) for account in range(1, 7)]
    assert [writer.communicate(timeout=90)[1] for writer in writers] == [""] * 6
    for account in range(1, 7):
        with opened(where, account) as ledger:
            assert len(ledger.entries("sales", [str(number) for number in range(100)])) == 20


def test_threads_share_a_ledger(place: Place) -> None:
    def write(ledger: Ledger, number: int) -> None:
        for step in range(20):
            ledger.intend("items", f"{number}/{step}", {}, NOW)
            ledger.settle("items", f"{number}/{step}", f"{number}{step}", FIELDS)
            assert ledger.mapped("items", f"{number}/{step}") == f"{number}{step}"

    with held(place("sqlite")) as ledger, ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(write, ledger, number) for number in range(6)]:
            done.result()
        assert len(ledger.entries("items", [f"{n}/{step}" for n in range(6) for step in range(20)])) == 120
        assert list(ledger.unsettled()) == []


@each_kind
def test_nothing_is_changed_without_the_lock(place: Place, kind: str) -> None:
    where = place(kind)
    with held(where) as ledger:
        ledger.settle("items", "a", "17", FIELDS)
    with pytest.raises(RuntimeError, match="lock"):
        ledger.settle("items", "a", "18", FIELDS)
    with opened(where) as ledger:
        with pytest.raises(RuntimeError, match="lock"):
            ledger.intend("items", "a", {}, NOW)
        assert ledger.mapped("items", "a") == "17"


@each_kind
def test_who_has_lost_the_lock_writes_no_more(place: Place, kind: str) -> None:
    with held(place(kind)) as ledger:
        with ledger._database._engine.connect() as keeper:
            if kind == "postgresql":
                run_of(ledger)
            else:
                keeper.execute(sql.update(RUNS).values(holder="another"))
                keeper.commit()
        with pytest.raises(LedgerError, match="Another run has taken over account 4711"):
            ledger.intend("items", "a", {}, NOW)
        assert ledger.entries("items", ["a"]) == {}


def run_of(ledger: Ledger) -> None:
    """End the session that holds the row, as a network does, and have another process take over."""
    with ledger._database._engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%' "
            "AND pid <> pg_backend_pid()"
        )
        connection.commit()
    address = ledger._database._database.url.render_as_string(hide_password=False)
    with held(address):
        pass


def test_a_connection_that_is_lost_between_two_changes_is_replaced(place: Place) -> None:
    with held(place("postgresql")) as ledger:
        ledger.settle("items", "a", "17", FIELDS)
        with closing(sql.create_engine(ledger._database._database.url, poolclass=sql.NullPool).connect()) as other:
            other.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle'")
        ledger.settle("items", "b", "18", FIELDS)
        assert ledger.entries("items", ["a", "b"]).keys() == {"a", "b"}


def test_a_server_that_lets_no_transaction_rest_keeps_the_lock(place: Place) -> None:
    where = place("postgresql") + "%20-c%20idle_in_transaction_session_timeout%3D100"
    with held(where) as ledger:
        time.sleep(0.5)
        with pytest.raises(LedgerError, match="Another run"), held(where, patience=0.3):
            pytest.fail("two at a time")
        ledger.settle("items", "a", "17", FIELDS)


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file can grow beyond a size, meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def fill(where: str, count: int) -> int:
    """Settle some records; how large the file is then."""
    with held(where) as ledger:
        ledger.settle_many("items", [Settled(str(number), str(number), FIELDS) for number in range(count)])
    return Path(where).stat().st_size


@pytest.mark.parametrize("size", [0, 4096, 40_000, 100_000])
def test_a_full_disk_shows_before_anything_is_sent(place: Place, size: int) -> None:
    where = place("sqlite")
    with (
        full_disk(size),
        pytest.raises(LedgerError, match=r"ledger\.sqlite cannot be used \(.*Set ledger to") as caught,
        held(where),
    ):
        pytest.fail("the disk is full")
    assert len(str(caught.value).splitlines()) == 1
    assert fill(where, 10) > 0


@pytest.mark.parametrize("room", [0, 4096, 50_000])
def test_a_disk_that_is_full_later_shows_as_well_and_costs_nothing(place: Place, room: int) -> None:
    where = place("sqlite")
    size = fill(where, 5000)
    with full_disk(room), pytest.raises(LedgerError, match="cannot be used"), held(where):
        pytest.fail("the disk is full")
    assert Path(where).stat().st_size >= size
    with held(where) as ledger:
        assert len(ledger.entries("items", [str(number) for number in range(5000)])) == 5000


def test_a_disk_that_fills_up_while_it_is_written_stops_before_the_next_record_is_sent(place: Place) -> None:
    where = place("sqlite")
    done = 0
    with held(where) as ledger:
        ledger.settle("items", "before", "17", FIELDS)
        with full_disk(300_000), pytest.raises(LedgerError, match="cannot be used"):
            for number in range(100_000):
                ledger.intend("sales", str(number), {"pad": "x" * 2000}, NOW)
                done = number + 1
    assert done > 1
    with held(where) as ledger:
        assert [entry.key for _, entry in ledger.unsettled()] == sorted((str(n) for n in range(done)), key=str) or (
            {entry.key for _, entry in ledger.unsettled()} == {str(number) for number in range(done)}
        )
        assert ledger.mapped("items", "before") == "17"


def test_what_one_write_needs_was_proved_to_be_there(place: Place) -> None:
    """No file can grow at all once the lock is held: what is about to be written has its room."""
    where = place("sqlite")
    with held(where) as ledger:
        files = [path for path in Path(where).parent.iterdir() if path.name.startswith("ledger")]
        with full_disk(max(path.stat().st_size for path in files)):
            ledger.intend("sales", "a", {"referenceNumber": "a"}, NOW)
            ledger.settle("sales", "a", "17", FIELDS)


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
