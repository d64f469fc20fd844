"""The nights of a soak: the tap, the loader, and the tables that come of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from lightspeed_sandbox.warehouse import Warehouse
from tap_lightspeed_retail.costs import Kind
from tests import forked
from tests.declared import RESOURCES
from tests.schedules.tap_tables import Tables, opened
from tests.soak.account import Account
from tests.soak.processes import SPEED, Finished, finish
from tests.tapping import Message, selecting

PLAN = "tap_lightspeed_retail.plan_cli:main"
SCHEMA = "soak"
_TRIES = 5


@dataclass
class Night:
    """What a night came to.

    Args:
        planned: Drips by the plan, but for reports.
        spent: Drips by the account's own count, likewise, by path.
        tries: How many runs it took.
        problems: What went wrong.
    """

    planned: float = 0.0
    spent: Counter[str] = field(default_factory=Counter)
    tries: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass
class Nights:
    """The tap's side of a soak.

    Args:
        account: What is read.
        server: Where it is loaded.
        tables: What comes of it.
        folder: Where all files are.
        chance: Decides when a run is killed.
    """

    account: Account
    server: Warehouse
    tables: Tables
    folder: Path
    chance: Random
    state: Message | None = None
    taps: list[Finished] = field(default_factory=list)
    loaders: list[Finished] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Connect; lists without a stamp are read whole in each run, so that what changes in them shows."""
        more: dict[str, Any] = {"snapshot_days": 0, "report_lookback_days": 3650}
        settings = {**self.account.connection(), **more, "token_store": str(self.folder / "token_store")}
        loader = {"sqlalchemy_url": self.server.url, "default_target_schema": SCHEMA, "load_method": "upsert"}
        self._write("tap.json", settings)
        self._write("loader.json", {**loader, "validate_records": False})
        self._write("catalog.json", selecting(everything=True))

    def run(self, *, killed: bool = False, planned: bool = False) -> Night:
        """Run tap and loader until a run has ended well; what is loaded is acknowledged as the loader says.

        Args:
            killed: Whether the first run of the tap is killed on its way.
            planned: Whether the plan is asked before what it will cost.
        """
        night = Night(planned=self._planned() if planned else 0.0)
        self.account.drips()
        for number in range(_TRIES):
            night.tries += 1
            if self._once(night, self.chance.uniform(0.1, 1.5) if killed and not number else None):
                break
            if number == _TRIES - 2:
                self.account.inject([])
        else:
            night.problems.append(f"The tap does not end well: {self.taps[-1].log[-1500:]}")
        night.spent = self.account.drips()
        return night

    def state_size(self) -> int:
        """Bytes of the state."""
        return len(json.dumps(self.state))

    def differences(self) -> list[str]:
        """What the warehouse and the account do not agree about."""
        return list(self.tables.differences(self.account, tuple(RESOURCES), {}))  # type: ignore[arg-type]  # only its rows are asked for

    def sessions(self) -> int:
        """How many sessions the database has besides the one that asks."""
        asked = "SELECT count(*) AS sessions FROM pg_stat_activity WHERE backend_type = 'client backend'"
        row = self.tables.connection.execute(asked).fetchone()
        return int(row["sessions"]) - 1 if row else 0

    def _once(self, night: Night, kill_after: float | None) -> bool:
        """One run of the tap, and of the loader with what it has said; whether both ended well."""
        said = self.folder / "said.jsonl"
        tap = self._finish(forked.TAP, ["--config", "tap.json", "--catalog", "catalog.json"], said, None, kill_after)
        self.taps.append(tap)
        content = said.read_bytes() if said.exists() else b""
        said.write_bytes(content[: content.rfind(b"\n") + 1])
        states = self.folder / "loaded.txt"
        loader = self._finish(forked.TARGET_POSTGRES, ["--config", "loader.json"], states, said)
        self.loaders.append(loader)
        lines = states.read_text(encoding="utf-8").splitlines() if states.exists() else []
        self.state = dict(json.loads(lines[-1])) if lines else self.state
        night.problems += [f"A trace: {each.log[-1500:]}" for each in (tap, loader) if "Traceback" in each.log]
        if loader.code:
            night.problems.append(f"The loader ended with {loader.code}: {loader.log[-1500:]}")
        return tap.code == 0 and loader.code == 0

    def _planned(self) -> float:
        words = ["--config", "tap.json", "--catalog", "catalog.json", "--json"]
        said = self.folder / "plan.json"
        done = self._finish(PLAN, words, said)
        if done.code:
            raise RuntimeError(done.log)
        # Reports are read from their first day on here; a plan counts with the days since the last run.
        walks = json.loads(said.read_text(encoding="utf-8"))["walks"]
        return float(sum(walk["drips"] for walk in walks if walk["kind"] != Kind.BY_DAY))

    def _finish(
        self, what: str, words: list[str], out: Path, given: Path | None = None, kill_after: float | None = None
    ) -> Finished:
        log = self.folder / "log.txt"
        for path in (out, log):
            path.unlink(missing_ok=True)
        command = [str(self.folder / word) if word.endswith(".json") else word for word in words]
        if what != forked.TARGET_POSTGRES and self.state is not None:
            self._write("state.json", self.state)
            command += ["--state", str(self.folder / "state.json")]
        speed = 1.0 if what == forked.TARGET_POSTGRES else SPEED
        process = forked.start(what, command, forked.Files(out, log, given), speed=speed, environment={"PGTZ": "UTC"})
        return finish(process, log, kill_after)

    def _write(self, name: str, content: Any) -> None:
        (self.folder / name).write_text(json.dumps(content), encoding="utf-8")


@contextmanager
def loading(account: Account, server: Warehouse, folder: Path, chance: Random) -> Iterator[Nights]:
    """Nights whose tables go afterwards."""
    with opened(server, SCHEMA, everything=True) as tables:
        yield Nights(account, server, tables, folder, chance)
