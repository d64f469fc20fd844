"""First loads side by side into an empty schema: what races without preparation, and that none does with it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lightspeed_nightly.preparing import Preparation, PreparationError, Prepared
from lightspeed_retail.resources.labels import Tag
from lightspeed_sandbox.warehouse import Warehouse
from tests.declared import RESOURCES
from tests.end_to_end.project import EVERYTHING, SCHEMA, connected
from tests.forked import TARGET_POSTGRES, Files, ended, start
from tests.orchestrate.side_by_side import SideBySide, accounts, failed

IS_FULL = os.environ.get("LIGHTSPEED_RETAIL_FULL") == "1"
COUNT = 4 if IS_FULL else 3
PROGRAMS = Path(sys.executable).parent
PATIENCE = 60.0


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SideBySide]:
    """Accounts of which every property of every stream is read."""
    with accounts(tmp_path_factory.mktemp("night"), COUNT, EVERYTHING) as night:
        yield night


def prepared(night: SideBySide) -> Prepared:
    """Prepare a night, without a word about an account or how to reach it."""
    for sandbox in night.sandboxes.values():
        sandbox.forget_requests()
    done = Preparation(night.project.folder, PROGRAMS, {**night.project.environment({}), **night.shared}).prepare()
    assert [sandbox.requests for sandbox in night.sandboxes.values() if sandbox.requests] == []
    return done


def columns(night: SideBySide) -> set[tuple[str, ...]]:
    """Table, name, type and place in the key of each column."""
    with connected(night.server) as connection:
        return {tuple(map(str, row.values())) for row in connection.execute(_COLUMNS, {"schema": SCHEMA}).fetchall()}


_OLD_TABLE = 'CREATE TABLE lightspeed.tags ("accountID" bigint, "tagID" bigint, PRIMARY KEY ("accountID", "tagID"))'
_COLUMNS = """
    SELECT columns.table_name, columns.column_name, udt_name, keys.ordinal_position
    FROM information_schema.columns LEFT JOIN information_schema.key_column_usage AS keys
        USING (table_schema, table_name, column_name)
    WHERE table_schema = %(schema)s
"""


def test_with_preparation_first_loads_side_by_side_all_succeed_and_are_equal_to_their_accounts(
    night: SideBySide,
) -> None:
    with connected(night.server) as connection:
        # What an earlier version has left there, with a row of an account that is long gone.
        connection.execute("CREATE SCHEMA lightspeed")
        connection.execute(_OLD_TABLE)
        connection.execute("INSERT INTO lightspeed.tags VALUES (1, 2)")

    assert prepared(night).streams == len(RESOURCES)
    assert night.tables() >= {resource.api.stream for resource in RESOURCES}
    before = columns(night)

    runs = night.load()

    assert failed(runs) == {}
    assert night.wrong() == {}
    assert [row["tagID"] for row in night.rows(Tag, 1)] == [2]
    # Every table and column was there, as the loads would have made it.
    assert columns(night) == before

    prepared(night)

    assert columns(night) == before
    assert night.wrong() == {}


# What is run, by a program that only notes it.

NOTING = """#!/bin/sh
echo "$TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA $*" >> calls.txt
case "$*" in *--test=schema*) printf "$SCHEMAS";; *target-postgres*) cat >> taken.txt; eval "$LOADING";; esac
"""


def noting(folder: Path, **variables: str) -> Preparation:
    """A preparation in a folder with a program `meltano` that only notes how it was called."""
    program = folder / "meltano"
    program.write_text(NOTING)
    program.chmod(0o755)
    return Preparation(folder, folder, {"SCHEMAS": r"one\ntwo\n", **variables})


def test_each_schema_gets_all_tables_and_no_schema_none(tmp_path: Path) -> None:
    preparation = noting(tmp_path)
    assert preparation.prepare(("a", "b b")).schemas == ("a", "b b")
    asked = [
        " invoke --refresh-catalog --dump=catalog tap-lightspeed-retail",
        " invoke tap-lightspeed-retail --test=schema",
    ]
    made = ["a invoke target-postgres", "b b invoke target-postgres"]
    assert (tmp_path / "calls.txt").read_text().splitlines() == asked + made
    assert (tmp_path / "taken.txt").read_text() == "one\ntwo\n" * 2

    assert preparation.prepare(()).streams == 2
    assert (tmp_path / "calls.txt").read_text().splitlines() == asked + made + asked


def test_a_command_that_fails_is_named_with_what_it_said_last(tmp_path: Path) -> None:
    preparation = noting(tmp_path, LOADING="echo the database is full >&2; exit 3")
    with pytest.raises(PreparationError) as caught:
        preparation.prepare()
    assert str(caught.value) == "meltano invoke target-postgres ended with code 3:\nthe database is full"


def test_a_command_that_hangs_is_killed_with_all_that_it_has_started(tmp_path: Path) -> None:
    preparation = replace(noting(tmp_path, LOADING="(sleep 1.5; touch late) & sleep 600"), patience=0.5)
    with pytest.raises(PreparationError, match="did not end in time"):
        preparation.prepare()
    time.sleep(2)
    assert not (tmp_path / "late").exists()


def test_a_night_that_would_read_nothing_is_no_night(tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match="No stream of tap-lightspeed-retail is selected"):
        noting(tmp_path, SCHEMAS="").prepare()


# Without preparation.


def blocked(server: Warehouse) -> int:
    """How many sessions wait for another one."""
    with connected(server) as connection:
        found = connection.execute("SELECT count(*) AS number FROM pg_locks WHERE NOT granted").fetchone()
    return int(found["number"]) if found else 0


def loaders(night: SideBySide, folder: Path, schema: str, count: int) -> list[tuple[ForkServerProcess, Path]]:
    """Loaders at the same time, each with a tag of another account."""
    started = []
    for number in range(count):
        settings, messages, log = (folder / f"{number}.{kind}" for kind in ("json", "jsonl", "txt"))
        settings.write_text(json.dumps({"sqlalchemy_url": night.server.url, "default_target_schema": schema}))
        messages.write_text("".join(json.dumps(message) + "\n" for message in tag_of(number)))
        files = Files(stdout=folder / f"{number}.out", stderr=log, stdin=messages)
        started.append((start(TARGET_POSTGRES, ["--config", str(settings)], files), log))
    return started


def tag_of(account: int) -> list[dict[str, Any]]:
    """The messages that bring a tag."""
    keys = ["accountID", Tag.api.key]
    schema = {"type": "object", "properties": {key: {"type": "integer"} for key in keys}}
    record = dict.fromkeys(keys, account)
    return [
        {"type": "SCHEMA", "stream": Tag.api.stream, "schema": schema, "key_properties": keys},
        {"type": "RECORD", "stream": Tag.api.stream, "record": record},
    ]


@pytest.mark.parametrize("made", ["schema", "table"])
def test_without_preparation_only_one_of_those_that_make_the_same_thing_comes_through(
    night: SideBySide, tmp_path: Path, made: str
) -> None:
    night.empty("raced")
    with psycopg.connect(night.server.dsn) as connection:
        if made == "table":
            connection.execute("CREATE SCHEMA raced")
            connection.commit()
            connection.execute('CREATE TABLE raced.tags ("accountID" bigint)')
        else:
            connection.execute("CREATE SCHEMA raced")
        # Each has seen that it is not there, and waits for what becomes of this one.
        runs = loaders(night, tmp_path, "raced", 3)
        until = time.monotonic() + PATIENCE
        while blocked(night.server) < len(runs):
            assert time.monotonic() < until
            time.sleep(0.05)
        connection.rollback()
    codes = [ended(process) for process, _ in runs]
    assert sorted(map(bool, codes)) == [False, True, True]
    said = [log.read_text() for (_, log), code in zip(runs, codes, strict=True) if code]
    assert [text for text in said if "duplicate key value violates unique constraint" not in text] == []
