"""A schedule of the tap: a story is played, and in the end the warehouse holds exactly what the account does."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing.util import Finalize
from pathlib import Path

from lightspeed_retail.resources import Snapshot
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.store import Store
from tests.retailer import WIDE, small_store
from tests.schedules.common import Outcome, Place
from tests.schedules.tap_runs import Ran, Runner
from tests.schedules.tap_story import Act, Story
from tests.schedules.tap_tables import Tables, opened
from tests.schedules.tap_trade import Trade
from tests.secrecy import PLANTED, Secretive, pieces

_LAST_RUNS = 3
_LONGEST_SNAPSHOT = timedelta(days=7)
_ENDINGS = {0, 1} | {end for number in (2, 9, 13, 15) for end in (-number, 128 + number)}
"""Exit codes: well, with an error that is told, by a signal, or because the pipe was closed."""

_LOST_GRANT = re.compile("invalid_grant|not connected any more")
_UNDER_WAY = re.compile('"(first_load|snapshot)"')
_CROWDED = re.compile(r"gave no usable answer \(429\)")


def run(seed: int, place: Place) -> Outcome:
    """Play the schedule that a number means."""
    story, outcome = Story.of(seed), Outcome(seed)
    store = _copy_of_the_account(place.folder)
    schema = f"tap_{seed}_{os.getpid()}"
    with (
        Secretive(Config(**WIDE, latency=story.latency, clock_off=story.clock_off), store=store) as sandbox,
        opened(place.server, schema, everything=story.everything) as tables,
    ):
        _Play(story, outcome, sandbox, tables, place).whole()
    store.close()
    return outcome


class _Play:
    """A story while it is played."""

    def __init__(self, story: Story, outcome: Outcome, sandbox: Secretive, tables: Tables, place: Place) -> None:
        self._story = story
        self._outcome = outcome
        self._sandbox = sandbox
        self._tables = tables
        shared = (place.folder, place.server, tables.schema, story.settings)
        self._runner = Runner(sandbox, *shared)
        self._revoked = False
        self._trade = Trade(sandbox, story.streams, snapshots=story.settings.get("snapshot_days") == 0)

    def whole(self) -> None:
        """All acts, the last run, and a look at what has become of it."""
        names = " ".join(each.api.stream for each in self._story.streams)
        self._tell(f"{names}, {'all' if self._story.everything else 'usual'} properties, {self._story.settings}")
        for act in self._story.acts:
            self._play(act)
        self._let_snapshots_be_due()
        if self._last_run_ends_well():
            differences = self._tables.differences(self._sandbox, self._story.streams, self._trade.removed)
            self._outcome.problems += list(differences)

    def _play(self, act: Act) -> None:
        self._tell(str(act))
        for deed in act.deeds:
            if deed.after is None:
                self._tell(f"  {self._trade.do(deed)}")
        self._sandbox.inject(act.faults, seed=self._story.seed)
        ran = self._runner.run(act, lambda number: self._meanwhile(act, number))
        injected = self._sandbox.inject([])
        self._outcome.faults.update(injected)
        self._revoked = self._revoked or "revoke" in injected
        self._look_at(ran, act)

    def _meanwhile(self, act: Act, number: int) -> None:
        for deed in act.deeds:
            if deed.after == number:
                self._tell(f"  at request {number}: {self._trade.do(deed)}")

    def _let_snapshots_be_due(self) -> None:
        """Large lists without a stamp are read whole every some days; what changed in them is seen then."""
        if any(each.api.bookmark == Snapshot(large=True) for each in self._story.streams):
            self._sandbox.clock.advance(_LONGEST_SNAPSHOT)

    def _last_run_ends_well(self) -> bool:
        """Run until a run ends well; and once more where it ended a load of an earlier run.

        What changed meanwhile in the part that had been loaded comes with the run after the load.
        """
        act = self._story.last()
        for _ in range(_LAST_RUNS):
            goes_on = _UNDER_WAY.search(json.dumps(self._runner.state))
            ran = self._runner.run(act)
            self._look_at(ran, act)
            if ran.tap == ran.target == 0 and not goes_on:
                return True
        self._outcome.problems.append(f"None of {_LAST_RUNS} runs without any fault ended well.")
        return False

    def _look_at(self, ran: Ran, act: Act) -> None:
        """What must hold of every run, however it ended."""
        self._tell(f"  {ran}")
        self._count(ran, act)
        self._outcome.problems += list(self._slips(ran, act))
        lost = bool(_LOST_GRANT.search(ran.log))
        if lost and not self._revoked:
            self._outcome.problems.append("The connection was lost, though nobody has revoked it.")
        if lost or _CROWDED.search(ran.log):
            self._tell("  the account is connected again")
            self._runner.connect()
            self._revoked = False

    def _slips(self, ran: Ran, act: Act) -> Iterator[str]:
        if ran.tap not in _ENDINGS:
            yield f"The tap ended with {ran.tap}."
        if ran.target != 0 and ran.whole:
            yield f"The target ended with {ran.target}: {ran.target_log[-800:]}"
        if "Traceback" in ran.log:
            yield f"The tap logged a stack trace: {ran.log[ran.log.index('Traceback') :][-2000:]}"
        secrets = {piece for secret in self._sandbox.server.grants.given for piece in pieces(secret)} | {PLANTED}
        for what, text in (("log", ran.log), ("output", ran.said.decode(errors="replace"))):
            if any(secret in text for secret in secrets):
                yield f"A secret is in the {what} of the tap."
        if act.tap is None and act.target is None and ran.tap < 0:
            yield f"The tap ended by itself with {ran.tap}."

    def _count(self, ran: Ran, act: Act) -> None:
        counts = Counter({"Runs of the tap": 1, "Runs of target-postgres": 1, "Requests": len(self._runner.log)})
        counts["Runs of the tap that ended well"] = int(ran.tap == 0)
        for who, stop, code in (("tap", act.tap, ran.tap), ("target", act.target, ran.target)):
            if stop is not None and code in (-stop.by, 128 + stop.by):
                counts[f"Times that the {who} got {signal.Signals(stop.by).name}"] = 1
        self._outcome.counts.update(counts)

    def _tell(self, line: str) -> None:
        self._outcome.story.append(line)


def _copy_of_the_account(folder: Path) -> Store:
    path = folder / "account.sqlite"
    shutil.copyfile(_account(), path)
    return Store(path)


@functools.cache
def _account() -> Path:
    """A file with the account as all schedules of this process find it; it goes with the process."""
    folder = tempfile.mkdtemp(prefix="account-")
    # Unlike `atexit`, this is heeded by processes of a pool, too.
    Finalize(None, shutil.rmtree, (folder, True), exitpriority=0)
    path = Path(folder, "account.sqlite")
    store = small_store(days=30, sales_per_day=12)
    store.query(f"VACUUM INTO '{path}'")
    return path
