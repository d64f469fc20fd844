"""Runs of several accounts, and of one, at the same time in one Meltano project: nobody takes another one's state.

Two `meltano run` of one tap share `.meltano/run/TAP/state.json` and the catalog beside it, whatever their state ids; a
night starts `meltano el`, of which each run has a folder of its own. `LIGHTSPEED_RETAIL_FULL=1` shows the former too.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Stamp
from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.labels import Tag
from lightspeed_retail.resources.sales import Sale, SaleLine
from tests.end_to_end.project import connected
from tests.orchestrate.side_by_side import SideBySide, Started, accounts, failed
from tests.retailer import asked
from tests.tapping import selecting
from tests.transform.warehouse import Pipeline

IS_FULL = os.environ.get("LIGHTSPEED_RETAIL_FULL") == "1"
STREAMS = (Sale, SaleLine, Item, Tag)
SELECT = {"TAP_LIGHTSPEED_RETAIL__SELECT": json.dumps([f"{each.api.stream}.*" for each in STREAMS])}
COUNT, ROUNDS = 4, 6 if IS_FULL else 1
PAUSES = (0.0, 0.4, 0.1, 0.5)
LOOKBACK = timedelta(seconds=300)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SideBySide]:
    """Accounts that have been loaded once, each of another day."""
    catalog = selecting(*(each.api.stream for each in STREAMS), everything=True)
    with accounts(tmp_path_factory.mktemp("night"), COUNT, SELECT) as night:
        night.migrate()
        for account, sandbox in night.sandboxes.items():
            folder = tmp_path_factory.mktemp(f"account-{account}")
            Pipeline(sandbox, night.server, folder, catalog=catalog).load()
            keep(night, account, json.loads((folder / "state.json").read_text()))
        assert night.wrong(among=STREAMS) == {}
        yield night


def keep(night: SideBySide, account: int, state: dict[str, Any]) -> None:
    """Have Meltano know how far an account has been read."""
    with connected(night.server) as connection:
        known = {"state": f"lightspeed-{account}", "completed": json.dumps({"singer_state": state})}
        connection.execute(_KEEP, known)


_KEEP = "INSERT INTO state (state_id, completed_state, partial_state) VALUES (%(state)s, %(completed)s, '{}')"


def state(night: SideBySide, account: int) -> dict[str, Any]:
    """What Meltano keeps of an account."""
    with connected(night.server) as connection:
        row = connection.execute(_STATE, {"state": f"lightspeed-{account}"}).fetchone()
    assert row is not None
    found: dict[str, Any] = json.loads(row["completed_state"])["singer_state"]
    return found


_STATE = "SELECT completed_state FROM state WHERE state_id = %(state)s"


def bookmarks(night: SideBySide, account: int) -> dict[str, datetime]:
    """How far an account has been read, stream by stream."""
    entries = state(night, account)["bookmarks"]
    names = [each.api.stream for each in STREAMS if isinstance(each.api.bookmark, Stamp)]
    return {name: datetime.fromisoformat(entries[name]["replication_key_value"]) for name in names}


def began_from(night: SideBySide, account: int) -> datetime:
    """The earliest moment since which a run has asked for changes."""
    queries = [entry["query"] for each in STREAMS for entry in asked(night.sandboxes[account], each)]
    found = [_MOMENT.search(value) for query in queries for value in map(str, query.values())]
    return min(datetime.fromisoformat(moment[0]) for moment in found if moment)


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


def a_day_later(night: SideBySide) -> None:
    """Let a day pass in each account; what it was asked is forgotten."""
    for sandbox in night.sandboxes.values():
        sandbox.advance(1)
        sandbox.forget_requests()


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_each_run_begins_at_the_bookmark_of_its_own_account(night: SideBySide, turn: int) -> None:
    a_day_later(night)
    before = {account: bookmarks(night, account) for account in night.sandboxes}
    firsts = {account: min(each.values()) for account, each in before.items()}
    assert len(set(firsts.values())) == len(firsts)

    used = {account: len(folders(night, account)) for account in firsts}

    runs = apart(night, turn)

    assert failed(runs) == {}
    assert {account: began_from(night, account) for account in firsts} == {
        account: first - LOOKBACK for account, first in firsts.items()
    }
    assert night.wrong(among=STREAMS) == {}
    for account in night.sandboxes:
        assert state(night, account)["accountID"] == account
        assert min(bookmarks(night, account).values()) > firsts[account]
        assert len(folders(night, account)) == used[account] + 1


def folders(night: SideBySide, account: int) -> list[Path]:
    """The folders of an account's runs, in which Meltano keeps settings, state and catalog of each."""
    return list((night.project.folder / ".meltano" / "run" / "elt" / f"lightspeed-{account}").glob("*"))


def apart(night: SideBySide, turn: int, *command: str) -> list[Started]:
    """Start all accounts within a second, in another order each turn, and wait for them."""
    order = list(night.sandboxes)
    runs = []
    for account, pause in zip(order[turn % COUNT :] + order[: turn % COUNT], PAUSES, strict=True):
        time.sleep(pause)
        words = [word.format(account=account) for word in command]
        runs.append(night.start_as(account, words) if words else night.start(account))
    for run in runs:
        run.ended()
    return runs


@pytest.mark.skipif(not IS_FULL, reason="a dozen runs that go wrong: LIGHTSPEED_RETAIL_FULL=1 shows them")
def test_with_meltano_run_they_get_in_each_others_way(night: SideBySide) -> None:
    wrong: dict[tuple[int, int], str] = {}
    for turn in range(3):
        a_day_later(night)
        runs = apart(night, turn, "run", "--state-id-suffix", "{account}")
        wrong |= {(turn, account): said for account, said in failed(runs).items()}
    assert wrong != {}


# Two runs of one account.


def running(night: SideBySide, account: int) -> list[str]:
    """The runs of an account that Meltano takes for running."""
    with connected(night.server) as connection:
        rows = connection.execute(_RUNNING, {"state": f"lightspeed-{account}"}).fetchall()
    return [str(row["run_id"]) for row in rows]


_RUNNING = "SELECT run_id FROM runs WHERE job_name = %(state)s AND state = 'RUNNING'"
_AGEING = """
    UPDATE runs SET last_heartbeat_at = last_heartbeat_at - interval '301 seconds'
    WHERE job_name = %(state)s AND state = 'RUNNING'
"""


def test_a_killed_run_bars_the_next_for_five_minutes_unless_that_is_forced(night: SideBySide) -> None:
    account, sandbox = next(iter(night.sandboxes.items()))
    sandbox.advance(1)
    sandbox.inject(["slow-60:1"])
    killed = night.start(account)
    until = time.monotonic() + 60
    while not any(sandbox.injected.values()) and killed.process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.1)
    os.killpg(killed.process.pid, signal.SIGKILL)
    sandbox.inject([])
    assert killed.ended() == -signal.SIGKILL

    refused = night.start(account)
    assert refused.ended() == 1
    assert f"Another 'lightspeed-{account}' pipeline is already running" in refused.said
    assert len(running(night, account)) == 1

    if IS_FULL:
        # What a night does, which holds a lock of its own: nothing is lost, and the killed run is left standing.
        assert failed([night.start(account, "--force")]) == {}
        assert len(running(night, account)) == 1
        assert night.wrong(among=STREAMS, whose=[account]) == {}

    with connected(night.server) as connection:
        connection.execute(_AGEING, {"state": f"lightspeed-{account}"})
    assert failed([night.start(account)]) == {}
    assert running(night, account) == []
    assert night.wrong(among=STREAMS, whose=[account]) == {}
