"""Where the accounts of a night are listed: a file, a table, the token store; and what is wrong with a list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from lightspeed_nightly.accounts import Account, chosen, listed
from lightspeed_nightly.outcome import Kind, Run
from lightspeed_nightly.runs import Runs
from lightspeed_nightly.settings import Settings, SettingsError
from lightspeed_sandbox import warehouse
from tests.end_to_end.project import passing_warehouse

AT = datetime(2024, 6, 1, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[warehouse.Warehouse]:
    with passing_warehouse(tmp_path_factory.mktemp("accounts") / "warehouse") as running:
        yield running


@pytest.fixture
def runs(server: warehouse.Warehouse) -> Iterator[Runs]:
    found = Runs(server.dsn)
    found.make()
    yield found
    with psycopg.connect(server.dsn) as connection:
        connection.execute("DROP TABLE lightspeed_nightly_runs")


def run(account: int, night: str, kind: Kind, *, seconds: float = 10.0, later: float = 0.0) -> Run:
    began = AT + timedelta(seconds=later)
    return Run(
        account_id=account,
        night=night,
        run_id=f"{account}-{night}-{later}",
        attempt=1,
        worker="here",
        began=began,
        ended=began + timedelta(seconds=seconds),
        kind=kind,
    )


ROWS = [
    {"account_id": 3, "seconds": 5},
    {"account_id": "1", "variables": {"A": 1}},
    {"account_id": 2, "enabled": False},
]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.json", json.dumps(ROWS)),
        ("list.jsonl", "\n".join(map(json.dumps, ROWS))),
        ("list.csv", "account_id,seconds,enabled,A\n3,5,,\n1,,yes,1\n2,,no,\n"),
        ("numbers.json", json.dumps([3, "1"])),
    ],
)
def test_a_file_lists_them(runs: Runs, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = listed(Settings(project=tmp_path, accounts=name), runs)
    assert [account.account_id for account in found] == [1, 3]
    assert [account.state_id for account in found] == ["lightspeed-1", "lightspeed-3"]
    if name != "numbers.json":
        assert found[0].variables == {"A": "1"}
        assert found[1].seconds == 5.0


def test_variables_of_an_account_are_not_shown() -> None:
    assert "hidden" not in repr(Account(1, {"TARGET_POSTGRES_PASSWORD": "hidden"}))


def test_a_table_or_a_view_lists_them(server: warehouse.Warehouse, runs: Runs, tmp_path: Path) -> None:
    with psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE SCHEMA ops")
        connection.execute("CREATE TABLE ops.shops (number bigint, active boolean, extra jsonb)")
        connection.execute(
            """INSERT INTO ops.shops VALUES (7, true, '{"B": "x"}'), (8, false, NULL), (9, true, NULL)"""
        )
        connection.execute(
            "CREATE VIEW ops.accounts AS"
            " SELECT number AS account_id, active AS enabled, extra AS variables FROM ops.shops"
        )
    settings = Settings(project=tmp_path, accounts="table:ops.accounts")
    assert [(account.account_id, account.variables) for account in listed(settings, runs)] == [(7, {"B": "x"}), (9, {})]
    assert [account.account_id for account in chosen(settings, runs, [9, 8, 7])] == [9, 7]
    with pytest.raises(SettingsError, match=r"table ops\.nothing cannot be read"):
        listed(Settings(project=tmp_path, accounts="table:ops.nothing"), runs)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("no.json", None, "no.json cannot be read"),
        ("bad.json", "[1,", "bad.json is no JSON"),
        ("bad.jsonl", '{"account_id": 1}\nx', "bad.jsonl is no JSONL"),
        ("none.json", "[]", "No account is listed"),
        ("letters.csv", "account_id\nabc\n", "needs an account_id"),
        ("unnamed.json", '[{"id": 3}]', "needs an account_id"),
        ("nested.json", "[[1]]", "needs an account_id"),
    ],
)
def test_a_wrong_list_is_refused_in_a_line(runs: Runs, tmp_path: Path, name: str, text: str | None, words: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=words):
        listed(Settings(project=tmp_path, accounts=name), runs)


def test_the_last_good_run_says_how_long_it_takes(runs: Runs, tmp_path: Path) -> None:
    for kind, seconds, later in ((Kind.LOADED, 30, 0), (Kind.LOADED, 20, 100), (Kind.OUTAGE, 1, 200)):
        runs.add(run(1, f"night {later}", kind, seconds=seconds, later=later))
    runs.add(run(2, "night 0", Kind.OUTAGE))
    (tmp_path / "list.json").write_text("[1, 2]", encoding="utf-8")
    found = listed(Settings(project=tmp_path, accounts="list.json"), runs)
    assert [account.seconds for account in found] == [20.0, None]
    assert runs.last_good() == {1: AT + timedelta(seconds=100)}


def test_the_last_try_of_a_night_counts(runs: Runs) -> None:
    runs.add(run(1, "one", Kind.OUTAGE))
    runs.add(run(1, "one", Kind.LOADED, later=60))
    runs.add(run(1, "two", Kind.LIMIT, later=90))
    (found,) = runs.of("one")
    assert (found.kind, found.seconds) == (Kind.LOADED, 10.0)


def test_one_worker_at_a_time_has_an_account(runs: Runs) -> None:
    with runs.alone(1) as first, runs.alone(1) as second, runs.alone(2) as other:
        assert (first, second, other) == (True, False, True)
    with runs.alone(1) as again:
        assert again


def test_a_database_that_cannot_be_reached_is_told_in_a_line() -> None:
    with pytest.raises(SettingsError, match=r"LIGHTSPEED_NIGHTLY_DATABASE cannot be used: .*refused"):
        Runs("postgresql://nobody:secret@127.0.0.1:9/nothing").make()
