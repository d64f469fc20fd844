"""A ledger when things go wrong: killed processes, two at a time, full disks, lost connections, closed doors."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sql

from target_lightspeed_retail.ledger import Entry, Ledger, LedgerError
from target_lightspeed_retail.ledger_tables import RUNS
from tests.target.ledgers import ACCOUNT, FIELDS, KINDS, Place, fill, held, opened, place, server, start

__all__ = ["place", "server"]

NOW = datetime(2024, 12, 6, 15, 23, 49, tzinfo=UTC)

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
    for delay in (1.2, 1.57, 1.93):
        writer = start(_WRITER, where, ACCOUNT)
        timer = threading.Timer(delay, os.kill, (writer.pid, signal.SIGKILL))
        timer.start()
        out, errors = writer.communicate(timeout=60)
        assert (writer.returncode, errors) == (-signal.SIGKILL, "")
        said = [line.split() for line in out.splitlines()]
        settled = [number for word, *rest in said for number in rest if word == "settled"]
        intended = [number for word, *rest in said for number in rest if word == "intended"]
        with held(where) as ledger:
            entries = ledger.entries("sales", intended)
            open_ends = {entry.key for _, entry in ledger.unsettled()}
            for key in open_ends:
                ledger.withdraw("sales", key)
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
    intended: list[str] = []
    with held(where) as ledger:
        ledger.settle("items", "before", "17", FIELDS)
        with full_disk(300_000), pytest.raises(LedgerError, match="cannot be used"):
            intend_until_it_fails(ledger, intended)
    assert len(intended) > 1
    with held(where) as ledger:
        assert {entry.key for _, entry in ledger.unsettled()} == set(intended)
        assert ledger.mapped("items", "before") == "17"


def intend_until_it_fails(ledger: Ledger, intended: list[str]) -> None:
    for number in range(100_000):
        ledger.intend("sales", str(number), {"pad": "x" * 2000}, NOW)
        intended.append(str(number))


def test_what_one_write_needs_was_proved_to_be_there(place: Place) -> None:
    """No file can grow at all once the lock is held: what is about to be written has its room."""
    where = place("sqlite")
    with held(where) as ledger:
        files = [path for path in Path(where).parent.iterdir() if path.name.startswith("ledger")]
        with full_disk(max(path.stat().st_size for path in files)):
            ledger.intend("sales", "a", {"referenceNumber": "a"}, NOW)
            ledger.settle("sales", "a", "17", FIELDS)
