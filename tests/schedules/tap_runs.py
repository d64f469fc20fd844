"""Runs of the tap and of `target-postgres` within a schedule: forked, at a fast clock, stopped where the story says."""

from __future__ import annotations

import copy
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tests.declared import RESOURCES
from tests.forked import TAP, TARGET_POSTGRES, Files, ended, start
from tests.schedules.tap_story import Act, Stop
from tests.schedules.target_runs import Watched
from tests.tapping import Message, choosing, discovered

SPEED = 20.0
"""How many times faster than real the clock of the tap runs."""

_LONGEST = 60.0
_PATIENCE = 10.0
_TICK = 0.003


@dataclass(frozen=True)
class Ran:
    """A run of the tap and of the target.

    Args:
        tap: Exit code of the tap.
        target: Exit code of the target.
        whole: Whether the target had whole lines to read, and was not stopped.
        said: What the tap has written.
        log: What the tap has logged.
        target_log: What the target has logged.
        state: The last state that the target has acknowledged.
        seconds: How long it took.
    """

    tap: int
    target: int
    whole: bool
    said: bytes
    log: str
    target_log: str
    state: Message | None
    seconds: float

    def __str__(self) -> str:
        """The run in a line."""
        last = self.log.strip().splitlines()[-1:] if self.tap else []
        tail = f" ({last[0][-160:]})" if last else ""
        return f"tap {self.tap}{tail}, target {self.target}, {self.seconds:.1f} s"


@dataclass
class Runner:
    """Starts runs, one after the other.

    Args:
        sandbox: The account that is read.
        folder: Where all files are.
        server: The database.
        schema: The schema in it that is loaded into.
        settings: The settings of the tap that all runs share.
    """

    sandbox: Sandbox
    folder: Path
    server: Warehouse
    schema: str
    settings: Mapping[str, Any]
    log: Watched = field(default_factory=Watched)
    state: Message | None = None
    runs: int = 0

    def __post_init__(self) -> None:
        """Watch the requests."""
        self.sandbox.server.log = self.log
        self.connect()

    def connect(self) -> None:
        """Connect the account, as a person does."""
        self._connection = {
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "refresh_token": self.sandbox.issue_refresh_token(),
            "token_store": str(self.folder / "tokens.json"),
            "api_url": self.sandbox.url,
            "auth_url": self.sandbox.url,
        }

    def run(self, act: Act, told: Callable[[int], None] = lambda _number: None) -> Ran:
        """Run both; the state that the target acknowledges is what the next run begins with.

        Args:
            act: What is run, and how it is stopped.
            told: Told of each request, by its number.
        """
        self.runs += 1
        began = time.monotonic()
        out, tap_log, target_log, states = (
            self._file(name) for name in ("out.jsonl", "tap.txt", "target.txt", "states")
        )
        ran = self._piped if act.piped else self._in_turn
        with self._watched(told):
            tap, target, whole = ran(act, Files(out, tap_log), Files(states, target_log))
        self.state = _last_state(states) or self.state
        said = b"" if act.piped else out.read_bytes()
        seconds = time.monotonic() - began
        return Ran(tap, target, whole, said, _text(tap_log), _text(target_log), self.state, seconds)

    def _in_turn(self, act: Act, tap_files: Files, target_files: Files) -> tuple[int, int, bool]:
        """The target gets what the tap has written, whole lines only."""
        tap = self._stopped_tap(self._tap(act, tap_files), act.tap)
        out = tap_files.stdout
        content = out.read_bytes()
        out.write_bytes(content[: content.rfind(b"\n") + 1])
        target = self._target(act, Files(target_files.stdout, target_files.stderr, out))
        stopper = _Stopper(target, act.target, target_files.stdout)
        _wait_for(lambda: not target.is_alive(), stopper)
        return tap, ended(target, 1), act.target is None

    def _piped(self, act: Act, tap_files: Files, target_files: Files) -> tuple[int, int, bool]:
        """The target reads while the tap writes; where one is killed, the other finds the pipe closed."""
        pipe = tap_files.stdout
        os.mkfifo(pipe)
        # Whoever opens an end of the pipe waits for the other; one that is killed meanwhile would let it wait for ever.
        held = os.open(pipe, os.O_RDWR)
        try:
            target = self._target(act, Files(target_files.stdout, target_files.stderr, pipe))
            tap = self._tap(act, tap_files)
            # The log is opened last.
            _wait_for(lambda: not tap.is_alive() or tap_files.stderr.exists())
            _wait_for(lambda: not target.is_alive() or target_files.stderr.exists())
        finally:
            os.close(held)
        stopper = _Stopper(target, act.target, target_files.stdout)
        code = self._stopped_tap(tap, act.tap, stopper)
        _wait_for(lambda: not target.is_alive(), stopper)
        return code, ended(target, 1), False

    def _tap(self, act: Act, files: Files) -> ForkServerProcess:
        settings = {**self._connection, **self.settings, **act.settings}
        command = ["--config", self._document("config", settings), "--catalog", self._catalog(act)]
        if self.state is not None:
            command += ["--state", self._document("state", self.state)]
        self.log.clear()
        return start(TAP, command, files, speed=SPEED)

    def _target(self, act: Act, files: Files) -> ForkServerProcess:
        settings = {
            "sqlalchemy_url": self.server.url,
            "default_target_schema": self.schema,
            "load_method": "upsert",
            "use_copy": False,
            "validate_records": False,
            "batch_size_rows": act.batch,
        }
        return start(
            TARGET_POSTGRES, ["--config", self._document("target", settings)], files, environment={"PGTZ": "UTC"}
        )

    def _stopped_tap(
        self, tap: ForkServerProcess, stop: Stop | None, meanwhile: Callable[[], None] = lambda: None
    ) -> int:
        """Wait until the tap ends, and stop it where the story says; its exit code."""
        if stop is not None:
            _wait_for(lambda: len(self.log) >= stop.after or not tap.is_alive(), meanwhile)
            time.sleep(stop.late)
            _send(tap, stop.by)
        _wait_for(lambda: not tap.is_alive(), meanwhile)
        return ended(tap, 1)

    @contextmanager
    def _watched(self, told: Callable[[int], None]) -> Iterator[None]:
        self.log.told = lambda: told(len(self.log))
        try:
            yield
        finally:
            self.log.told = None

    def _file(self, name: str) -> Path:
        return self.folder / f"{self.runs}-{name}"

    def _document(self, name: str, content: Mapping[str, Any]) -> str:
        path = self._file(f"{name}.json")
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    def _catalog(self, act: Act) -> str:
        how = "everything" if act.everything else "default"
        entries = [_entry(each.api.stream, how if each in act.streams else "off") for each in RESOURCES]
        path = self._file("catalog.json")
        path.write_text(f'{{"streams": [{",".join(entries)}]}}', encoding="utf-8")
        return str(path)


@cache
def _entry(stream: str, how: str) -> str:
    """The entry of a stream in the catalog; of one that is not selected, the least that it takes."""
    found = {"streams": [each for each in discovered()["streams"] if each["tap_stream_id"] == stream]}
    (entry,) = choosing(found, stream, everything=how == "everything")["streams"]
    if how == "off":
        entry = copy.deepcopy(entry)
        keys = entry["key_properties"]
        entry["schema"]["properties"] = {name: entry["schema"]["properties"][name] for name in keys}
        entry["metadata"] = [{"breadcrumb": [], "metadata": {"selected": False}}]
    return json.dumps(entry)


@dataclass
class _Stopper:
    """Stops the target, when called again and again, once it has acknowledged so many states.

    It is not our program: where it does not heed a signal, it is killed after a while.

    Args:
        target: The process.
        stop: How it is stopped; None: it is not.
        states: Where it writes the states.
    """

    target: ForkServerProcess
    stop: Stop | None
    states: Path
    _due: bool = False
    _signals: list[tuple[float, signal.Signals]] = field(default_factory=list)

    def __call__(self) -> None:
        """See whether it is time."""
        if self.stop is not None and not self._due and _lines(self.states) >= self.stop.after:
            self._due = True
            first = time.monotonic() + self.stop.late
            self._signals = [(first, self.stop.by), (first + _PATIENCE, signal.SIGKILL)]
        while self._signals and time.monotonic() >= self._signals[0][0]:
            _send(self.target, self._signals.pop(0)[1])


def _send(process: ForkServerProcess, number: signal.Signals) -> None:
    if process.is_alive() and process.pid is not None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def _wait_for(condition: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
    """Wait for something.

    Raises:
        TimeoutError: It took too long.
    """
    until = time.monotonic() + _LONGEST
    while not condition():
        meanwhile()
        if time.monotonic() > until:
            raise TimeoutError(f"A process had not ended after {_LONGEST:.0f} seconds.")
        time.sleep(_TICK)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _last_state(path: Path) -> Message | None:
    """The last state that a target has acknowledged in a whole line."""
    whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n") if path.exists() else ("", "", "")
    lines = whole.splitlines()
    return dict(json.loads(lines[-1])) if lines else None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
