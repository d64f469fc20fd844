"""One schedule of the target, made of a seed alone: records, faults, kills; and what must be true in the end."""

from __future__ import annotations

import contextlib
import functools
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.clocks import hurried
from tests.retailer import WIDE
from tests.schedules import target_checks as checks
from tests.schedules.common import Outcome, Place
from tests.schedules.target_records import Source
from tests.schedules.target_runs import SPEED, Kill, Run, Runner

_KINDS = (
    *("drop-before", "drop-midway", "drop-after", "silence-0.05", "silence-0.05-after", "drip-0.05", "slow-0.02"),
    *(
        "500",
        "500-after",
        "502-after",
        "503",
        "503-json",
        "503-empty",
        "504-after",
        "504-json-after",
        "503-empty-after",
    ),
    *("truncate", "invalid", "garbage", "empty", "429", "429-bare", "late-0.02", "late-0.06", "expire", "stale"),
    *("404", "404-after", "404-empty", "408", "408-after"),
)
_OF_TOKENS = ("drop-before", "drop-midway", "drop-after", "500", "503-json", "503-after", "garbage", "empty", "429")
_PATHS = ("", "", "", ":/Sale", ":/Sale/*", ":/Item*", ":/Customer*", ":/Order*", ":/Vendor")
_METHODS = ("", "", ":POST", ":PUT", ":POST,PUT,DELETE")
_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGTERM, signal.SIGINT)
_UNDISTURBED = 3


def run(seed: int, place: Place) -> Outcome:
    """Carry a schedule out.

    Args:
        seed: What it is made of.
        place: Where.
    """
    data = place.folder / "account.sqlite"
    data.write_bytes(empty_account())
    clock_off = Random(f"{seed}:clock").choice((0.0, 0.0, -3600.0, 86_400.0))
    with Sandbox(Config(data=data, clock_off=clock_off, **WIDE)) as sandbox, hurried(sandbox, SPEED):
        schedule = Schedule(seed, sandbox, place)
        with schedule.room():
            schedule.play()
    return schedule.outcome


@functools.cache
def empty_account() -> bytes:
    """An account without goods, customers and trade."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "account.sqlite")
        Sandbox(Config(empty=True, data=path)).store.close()
        return path.read_bytes()


class Schedule:
    """A schedule.

    Args:
        seed: What it is made of.
        sandbox: An empty account.
        place: Where its files are, and its ledger if that is no file.
    """

    def __init__(self, seed: int, sandbox: Sandbox, place: Place) -> None:
        """Decide on everything that does not depend on how it goes."""
        self.outcome = Outcome(seed)
        self._chance = Random(f"{seed}:target")
        self._sandbox = sandbox
        self._server = place.server
        self._schema = f"schedule_{seed}"
        self._before: dict[str, int] = sandbox.state()["rows"]
        self._source = Source.of(self._chance)
        self._ledger = self._of_ledger(place.folder)
        self._runner = Runner(sandbox, place.folder, {"ledger": self._ledger, **self._settings()})
        self._rules = self._of_rules()
        self._seen = 0

    def _of_ledger(self, folder: Path) -> str:
        if self._chance.random() < 0.5:
            return str(folder / "ledger.sqlite")
        return f"{self._server.url}%20-c%20search_path%3D{self._schema}"

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {"retention_days": self._chance.choice((1, 90))}
        size = self._chance.choice((1, 5, 25, None))
        if size is not None:
            settings["batch_size_rows"] = size
        return settings

    def _of_rules(self) -> list[str]:
        """Some faults, each on a share of some requests, on every so many-th of them, or on a few in a row."""
        chance = self._chance
        rules = [
            f"{kind}:{self._when(kind)}{chance.choice(_METHODS)}{chance.choice(_PATHS)}"
            for kind in chance.sample(_KINDS, chance.randint(2, 7))
        ]
        if chance.random() < 0.3:
            rules.append(f"{chance.choice(_OF_TOKENS)}:{chance.choice(('#1', '#2-3', '0.3'))}:/oauth/token")
        return rules

    def _when(self, kind: str) -> str:
        chance = self._chance
        first = chance.randint(1, 30)
        often = chance.choice(("0.02", "0.04", "0.08", "0.15"))
        every = str(chance.randint(9, 40))
        # Who says again and again that there is no such list is believed in the end.
        return every if kind.startswith("404") else chance.choice((often, often, often, every, f"#{first}-{first + 4}"))

    @contextlib.contextmanager
    def room(self) -> Iterator[None]:
        """The schema of a ledger that is no file; it is dropped in the end."""
        if "://" not in self._ledger:
            yield
            return
        with psycopg.connect(self._server.dsn, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {self._schema}".encode())
            try:
                yield
            finally:
                connection.execute(f"DROP SCHEMA {self._schema} CASCADE".encode())

    def play(self) -> None:
        """Send all records, some changed, in several rounds; then see what has become of them."""
        kind = "PostgreSQL" if "://" in self._ledger else "SQLite"
        self._tell(f"{self._source.size} records, ledger in {kind}, {dict(self._runner.settings)}, {self._rules}")
        for number in range(self._chance.randint(1, 3)):
            if number:
                self._seen = 0
                deletes = self._chance.random() < 0.5
                source = self._source
                self._source = source.shrunk(self._chance, 0.2) if deletes else source.moved_on(self._chance, 0.3)
                self._tell("the source has deleted some" if deletes else "the source has changed some")
            if not self._round():
                break
        self._sum_up()

    def _round(self) -> bool:
        """Send all records until a run has ended well; whether one did."""
        self._inject(self._rules)
        for _ in range(self._chance.randint(1, 4)):
            if self._disturbed() == 0:
                return True
        self._inject([])
        return any(self._once() == 0 for _ in range(_UNDISTURBED))

    def _inject(self, rules: list[str]) -> None:
        self.outcome.faults += Counter(self._sandbox.inject(rules, seed=self._chance.randrange(1_000_000)))

    def _disturbed(self) -> int | None:
        """A run under fire, killed or not, alone or not; then the source may have moved on."""
        story = self._chance.random()
        if story < 0.1:
            self._dry()
        code = self._two() if story > 0.85 else self._once(self._kill())
        if code != 0 and self._chance.random() < 0.5:
            self._source = self._source.moved_on(self._chance, 0.15, after=self._seen)
        return code

    def _kill(self) -> Kill | None:
        chance = self._chance
        requests = max(1, int(chance.choice((3, 15, 50, 120)) * chance.uniform(0.3, 1.5)))
        number, delay = chance.choice(_SIGNALS), chance.choice((0.0, chance.random() / 20))
        return Kill(number, requests, delay) if chance.random() < 0.8 else None

    def _once(self, kill: Kill | None = None) -> int | None:
        """A run, from the last state that was acknowledged, or from before that."""
        seen = self._chance.choice((self._seen, self._seen, self._seen, self._chance.randint(0, self._seen), 0))
        return self._ended(self._runner.run(self._source.messages(seen), seen, kill))

    def _two(self) -> int | None:
        """Two runs at a time: the second waits for the first, or ends."""
        said = self._source.messages(self._seen)
        first = self._runner.start(said, self._seen)
        time.sleep(self._chance.random() / 2)
        second = self._runner.start(said, self._seen)
        time.sleep(self._chance.random() / 2)
        if self._chance.random() < 0.5:
            first.send(signal.SIGKILL)
        first.end()
        second.end()
        codes = [self._ended(first), self._ended(second)]
        return 0 if 0 in codes else codes[-1]

    def _dry(self) -> None:
        """A dry run writes nothing and acknowledges nothing."""
        done = self._runner.run(self._source.messages(self._seen), self._seen, dry_run=True)
        self._ended(done)
        if done.states:
            self._find(f"{done}: a dry run has acknowledged {done.states}")

    def _ended(self, done: Run) -> int | None:
        self._tell(str(done))
        self._seen = max([self._seen, *done.states])
        self._find(*checks.of_run(done, self._source))
        self._find(*checks.acknowledged(self._ledger, int(self._sandbox.account), self._source, self._seen))
        return done.code

    def _sum_up(self) -> None:
        """Compare what is there with what was sent; and the same once more must change nothing."""
        outcome, asked = self.outcome, self._sandbox.requests
        self._inject([])
        self._find(*checks.content(self._sandbox, self._source, self._before))
        done = self._runner.run(self._source.messages(), 0)
        self._ended(done)
        again = [f"{each['method']} {each['path']}" for each in self._sandbox.requests[len(asked) :]]
        writes = [each for each in again if not each.startswith("GET ")]
        self._find(*([f"sent once more, there were {writes}"] if writes or done.code != 0 else []))
        self._find(*checks.files(self._runner), *checks.secrets(self._runner))
        outcome.counts = Counter(
            {
                "Runs": len(self._runner.runs),
                "Requests": len(asked),
                "Records": self._source.size,
                **Counter(f"Ended by {each.killed.name}" for each in self._runner.runs if each.killed is not None),
            }
        )

    def _tell(self, line: str) -> None:
        self.outcome.story.append(line)

    def _find(self, *problems: str) -> None:
        self.outcome.problems.extend(problems)
