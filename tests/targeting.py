"""The target as its users start it: a process with settings and messages, and what it leaves behind."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.serve import Sandbox
from tests import forked

COMMAND = [sys.executable, "-c", "from target_lightspeed_retail.cli import main; main()"]
SPEED = 4.0
"""How many times faster than real its clock runs, where it is forked: there is less to wait for."""

_FORKED = COMMAND
_LONGEST = 300.0
WRITES = ("POST", "PUT", "DELETE")

Message = dict[str, Any]
Requests = list[dict[str, Any]]
Program = subprocess.Popen[bytes] | forked.Child

_numbers = itertools.count()


@dataclass(frozen=True)
class Done:
    """What a run of the target has left behind.

    Args:
        code: Its exit code; negative where a signal ended it.
        outcomes: The lines that it added to the outcome file.
        rejects: The messages that it added to the rejects file.
        states: The states that it acknowledged.
        errors: Standard error.
        requests: What the sandbox was asked meanwhile.
    """

    code: int
    outcomes: list[Message]
    rejects: list[Message]
    states: list[Any]
    errors: str
    requests: Requests

    @property
    def operations(self) -> list[str]:
        """How the records ended, in order."""
        return [str(outcome["operation"]) for outcome in self.outcomes]

    @property
    def ids(self) -> list[int]:
        """The rows that the records became, in order; 0 for those that became none."""
        return [int(outcome["lightspeed_id"] or 0) for outcome in self.outcomes]

    @property
    def reasons(self) -> list[str]:
        """What the outcome says of each record besides, in order."""
        return [str(outcome["reason"] or "") for outcome in self.outcomes]

    @property
    def writes(self) -> list[str]:
        """Requests that write, in the order in which they came in: `POST /Sale.json`."""
        return [_named(asked) for asked in self.requests if asked["method"] in WRITES]

    @property
    def drips(self) -> float:
        """What all requests cost."""
        return sum(float(asked["cost"]) for asked in self.requests)


def messages(stream: str, rows: Iterable[Mapping[str, Any]], *keys: str) -> list[Message]:
    """A stream as a tap says it, with a state at its end.

    Args:
        stream: Its name.
        rows: Its records.
        keys: Its key properties.
    """
    said: list[Message] = [
        {"type": "SCHEMA", "stream": stream, "schema": {"properties": {}}, "key_properties": list(keys)}
    ]
    said += [{"type": "RECORD", "stream": stream, "record": dict(row)} for row in rows]
    return [*said, {"type": "STATE", "value": {"bookmarks": {stream: {"seen": len(said) - 1}}}}]


def run(sandbox: Sandbox, said: Iterable[Message], folder: Path, **settings: Any) -> Done:
    """Run the target to its end; ledger, outcome and rejects are in the folder, and stay there for the next run.

    Args:
        sandbox: The account that is written to.
        said: What comes in.
        folder: Where its files are.
        settings: Further settings, or others than usual.
    """
    with _Run(sandbox, said, folder, settings) as running:
        return running.ended()


def run_until(
    sandbox: Sandbox, said: Iterable[Message], folder: Path, when: Callable[[Requests], bool], **settings: Any
) -> Done:
    """Run the target and kill it as soon as the requests that have come in meet a condition.

    An answer that is held back by a fault such as `slow-1:1:POST` does not reach it any more.
    """
    with _Run(sandbox, said, folder, settings) as running:
        while running.process.poll() is None and not when(running.requests()):
            time.sleep(0.005)
        running.process.kill()
        return running.ended()


def asked_for(method: str, path: str, times: int = 1) -> Callable[[Requests], bool]:
    """A condition: requests of a kind were carried out.

    Args:
        method: Their method.
        path: The end of their path without a number: `/Sale.json`.
        times: How many.
    """

    def met(requests: Requests) -> bool:
        return [_named(asked) for asked in requests if asked["effect"]].count(f"{method} {path}") >= times

    return met


def rows(sandbox: Sandbox, name: str, **values: Any) -> list[Record]:
    """The rows of a resource that have some values."""
    found = sandbox.rows(Resource.named(name))
    return [row for row in found if all(row[field] == value for field, value in values.items())]


class _Run:
    """One run of the target."""

    def __init__(self, sandbox: Sandbox, said: Iterable[Message], folder: Path, settings: Mapping[str, Any]) -> None:
        self._sandbox = sandbox
        self._folder = folder
        number = next(_numbers)
        self._settings = {
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "refresh_token": sandbox.issue_refresh_token(),
            "token_store": str(folder / f"tokens-{number}.json"),
            "api_url": sandbox.url,
            "auth_url": sandbox.url,
            "ledger": str(folder / "ledger.sqlite"),
            "outcome_path": str(folder / "outcome.jsonl"),
            "rejects_path": str(folder / "rejects.jsonl"),
            **settings,
        }
        self._before = {name: len(self._lines(name)) for name in ("outcome_path", "rejects_path")}
        self._from = len(sandbox.requests)
        self._errors, self._states = folder / f"stderr-{number}.txt", folder / f"stdout-{number}.txt"
        config, feed = folder / f"config-{number}.json", folder / f"input-{number}.jsonl"
        config.write_text(json.dumps(self._settings), encoding="utf-8")
        feed.write_text("".join(json.dumps(message, default=str) + "\n" for message in said), encoding="utf-8")
        self._arguments, self._input = ["--config", str(config)], feed

    def __enter__(self) -> Self:
        if COMMAND == _FORKED:
            files = forked.Files(self._states, self._errors, self._input)
            self.process: Program = forked.Child(
                forked.start(forked.TARGET, self._arguments, files, speed=SPEED, folder=self._folder)
            )
            return self
        command = [*COMMAND, *self._arguments]
        with self._input.open("rb") as feed, self._errors.open("wb") as errors, self._states.open("wb") as states:
            self.process = subprocess.Popen(command, stdin=feed, stdout=states, stderr=errors, cwd=self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def requests(self) -> Requests:
        return self._sandbox.requests[self._from :]

    def ended(self) -> Done:
        code = self.process.wait(timeout=_LONGEST)
        return Done(
            code,
            self._lines("outcome_path")[self._before["outcome_path"] :],
            self._lines("rejects_path")[self._before["rejects_path"] :],
            [json.loads(line) for line in self._states.read_text(encoding="utf-8").splitlines()],
            self._errors.read_text(encoding="utf-8"),
            self.requests(),
        )

    def _lines(self, name: str) -> list[Message]:
        path = self._settings.get(name)
        if not path or not Path(path).exists():
            return []
        text = Path(path).read_text(encoding="utf-8")
        return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]


def _named(asked: Mapping[str, Any]) -> str:
    """Method and path without the account and without the number of a row."""
    steps = str(asked["path"]).split("/Account/")[-1].partition("/")[2].removesuffix(".json").split("/")
    named = [step for step in steps if not step.isdecimal()]
    numbered = "/{}" if steps[-1].isdecimal() else ""
    return f"{asked['method']} /{'/'.join(named)}{numbered}.json"
