"""The writing of a soak: every day some records of that day's own, of all kinds; some change before evening."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests import forked
from tests.soak.account import Account
from tests.soak.processes import SPEED, Finished, finish
from tests.target.mixed import KEY, SHARES, Mixed, there, wanted

_NAMED = re.compile(r"^(?:(?:SKU|EXT|PO|tag)-|customer\.|555-|(?:Category|Vendor|Type) )")
_MARK = re.compile(r'"(?:(?:SKU|EXT|PO|tag)-D|(?:Category|Vendor|Type) D|D)\d+-')
_TRIES = 5


def of_day(day: int, records: int, chance: Random) -> Mixed:
    """The records of a day, named unlike those of any other."""
    mixed = Mixed.of(records, chance)
    return Mixed(tuple((stream, _named(record, f"D{day}-")) for stream, record in mixed.records))


def _named(value: Any, mark: str) -> Any:
    if isinstance(value, dict):
        return {name: f"{mark}{each}" if name == KEY else _named(each, mark) for name, each in value.items()}
    if isinstance(value, list):
        return [_named(each, mark) for each in value]
    if isinstance(value, str):
        return _NAMED.sub(lambda found: f"{found[0]}{mark}", value)
    return value


@dataclass
class Writing:
    """The target's side of a soak.

    Args:
        account: Where it writes to.
        folder: Where its files are.
        chance: Decides what is written, and when a run is killed.
        records: How many records a day.
    """

    account: Account
    folder: Path
    chance: Random
    records: int
    written: Counter[str] = field(default_factory=Counter)
    runs: list[Finished] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Connect."""
        files = {"ledger": self.ledger, "rejects_path": self.rejects, "outcome_path": self.outcomes}
        own = {name: str(path) for name, path in {**files, "token_store": self.folder / "tokens.json"}.items()}
        self._settings = {**self.account.connection(), **own, "batch_size_rows": 25}

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.folder / "ledger.sqlite"

    @property
    def outcomes(self) -> Path:
        """The file that says how each record ended."""
        return self.folder / "outcome.jsonl"

    @property
    def rejects(self) -> Path:
        """The file of rejected records."""
        return self.folder / "rejects.jsonl"

    def write(self, day: int, *, killed: bool) -> list[str]:
        """Write the records of a day, and once more when some have changed; what is wrong then.

        Args:
            day: Which day it is.
            killed: Whether the first run is killed on its way.
        """
        mixed = of_day(day, self.records, self.chance)
        problems = self._send(mixed, killed=killed)
        mixed = mixed.moved_on(self.chance, 0.3, sales=True)
        problems += self._send(mixed, killed=False)
        self.written += Counter(stream for stream, _ in mixed.records)
        found = there(self.account)  # type: ignore[arg-type]  # only its rows are asked for
        for stream, contents in wanted(mixed).items():
            wrong = [text for text, count in contents.items() if found[stream][text] != count]
            problems += [f"day {day}: {stream} should be there once: {text[:300]}" for text in wrong[:3]]
        return problems

    def doubled(self) -> list[str]:
        """Whether there are more or fewer rows than were written on all days, whatever has become of them since."""
        found = there(self.account)  # type: ignore[arg-type]  # only its rows are asked for
        marked = {
            stream: sum(count for text, count in found[stream].items() if _MARK.search(_own(stream, text)))
            for stream in SHARES
        }
        wrong = {stream: (marked[stream], count) for stream, count in self.written.items() if marked[stream] != count}
        return [f"{stream}: {there_} rows for {count} records" for stream, (there_, count) in wrong.items()]

    def _send(self, mixed: Mixed, *, killed: bool) -> list[str]:
        """Run the target until it has done, however often it is killed or gives up for the faults."""
        files = self._files()
        said = "".join(json.dumps(message, default=str) + "\n" for message in mixed.messages())
        (self.folder / "input.jsonl").write_text(said, encoding="utf-8")
        for number in range(_TRIES):
            done = self._run(files, self.chance.uniform(0.2, 1.5) if killed and not number else None)
            if done.code == 0:
                return self._rejected()
            if number == _TRIES - 2:
                self.account.inject([])
        return [f"The target does not end well: {done.log[-1500:]}"]

    def _run(self, files: forked.Files, kill_after: float | None) -> Finished:
        config = self.folder / "target.json"
        config.write_text(json.dumps(self._settings), encoding="utf-8")
        for path in (files.stdout, files.stderr):
            path.unlink(missing_ok=True)
        process = forked.start(forked.TARGET, ["--config", str(config)], files, speed=SPEED)
        done = finish(process, files.stderr, kill_after)
        self.runs.append(done)
        return done

    def _files(self) -> forked.Files:
        return forked.Files(self.folder / "states.txt", self.folder / "target.txt", self.folder / "input.jsonl")

    def _rejected(self) -> list[str]:
        """Why the last run rejected records; none is to be."""
        if not self.rejects.exists():
            return []
        self.rejects.unlink()
        lines = map(json.loads, self.outcomes.read_text(encoding="utf-8").splitlines())
        ends = {(line["stream"], line["key"]): line for line in lines}
        rejected = [line for line in ends.values() if line["operation"] == "rejected"]
        return [f"The target rejected {line['stream']} {line['key']}: {line['reason']}" for line in rejected[-3:]]


def _own(stream: str, text: str) -> str:
    """What of a row tells which record it is: a sale names items and customers, but is known by its number."""
    told = {"sales": "referenceNumber", "orders": "refNum", "customers": "Contact", "items": "customSku"}
    return json.dumps(json.loads(text).get(told.get(stream, "name")))
