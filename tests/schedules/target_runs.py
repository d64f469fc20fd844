"""Runs of the target within a schedule: forked, at a fast clock, killed after so many requests."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from lightspeed_sandbox.serve import Sandbox
from tests.forked import TARGET, Files, ended, start
from tests.targeting import Message

SPEED = 20.0
"""How many times faster than real the clocks of the target and of the sandbox run."""

_TICK = 0.002
_LONGEST = 60.0


@dataclass(frozen=True)
class Kill:
    """When and how a run is ended.

    Args:
        number: The signal.
        requests: After how many requests of the run; what the last of them asked for has been done, its answer is kept.
        delay: Seconds that pass from then on; with 0 the run never sees the answer.
    """

    number: signal.Signals
    requests: int
    delay: float = 0.0

    def __str__(self) -> str:
        """In a few words."""
        return f"{self.number.name} {self.delay * 1000:.0f} ms after request {self.requests}"


@dataclass
class Run:
    """A run of the target, and what it has left behind.

    Args:
        number: Which it is.
        seen: The record after which its input begins.
        process: The process.
        files: Where its output goes.
        kill: When it is to be killed.
        killed: The signal that it was sent.
        code: How it ended.
        began: When it was started.
        seconds: How long it took.
    """

    number: int
    seen: int
    process: ForkServerProcess
    files: Files
    kill: Kill | None = None
    killed: signal.Signals | None = None
    code: int | None = None
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def end(self) -> int:
        """Wait until it has ended; its exit code."""
        self.code = ended(self.process, _LONGEST)
        self.seconds = time.monotonic() - self.began
        return self.code

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self.process.exitcode is None and self.process.pid is not None:
            self.killed = number
            os.kill(self.process.pid, number)

    @property
    def states(self) -> list[int]:
        """After how many records it has acknowledged them."""
        lines = self.files.stdout.read_text(encoding="utf-8").splitlines() if self.files.stdout.exists() else []
        return [json.loads(line)["seen"] for line in lines]

    @property
    def errors(self) -> str:
        """What it has logged."""
        return self.files.stderr.read_text(encoding="utf-8") if self.files.stderr.exists() else ""

    def __str__(self) -> str:
        """In a few words."""
        kill = f", {self.kill}" if self.kill else ""
        return f"run {self.number} from {self.seen}{kill}: {self.code}, states {self.states[-1:]}, {self.seconds:.1f} s"


class Watched(deque[dict[str, Any]]):
    """A log of requests that tells of each as it is noted: when it has been carried out, before its answer goes out."""

    told: Callable[[], None] | None = None

    def append(self, entry: dict[str, Any]) -> None:
        """Note a request."""
        super().append(entry)
        if self.told is not None:
            self.told()


@dataclass
class Runner:
    """Starts runs of the target, one after the other or two at a time.

    Args:
        sandbox: The account that is written to.
        folder: Where all files are.
        settings: The target's settings, but for those that every run has.
        speed: How many times faster than real the target's clock runs.
    """

    sandbox: Sandbox
    folder: Path
    settings: Mapping[str, Any]
    speed: float = SPEED
    log: Watched = field(default_factory=Watched)
    runs: list[Run] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        """Watch the requests."""
        self.sandbox.server.log = self.log
        self._settings = {
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "refresh_token": self.sandbox.issue_refresh_token(),
            "token_store": str(self.folder / "tokens.json"),
            "api_url": self.sandbox.url,
            "auth_url": self.sandbox.url,
            "outcome_path": str(self.outcomes),
            "rejects_path": str(self.rejects),
            **self.settings,
        }

    @property
    def outcomes(self) -> Path:
        """The outcome file of all runs."""
        return self.folder / "outcome.jsonl"

    @property
    def rejects(self) -> Path:
        """The rejects file of all runs."""
        return self.folder / "rejects.jsonl"

    def run(self, said: list[Message], seen: int, kill: Kill | None = None, **settings: Any) -> Run:
        """One run to its end.

        Args:
            said: What comes in.
            seen: After which record that begins.
            kill: When it is killed.
            settings: Further settings.
        """
        found = self.start(said, seen, **settings)
        with self._killing(found, kill):
            found.end()
        return found

    def start(self, said: list[Message], seen: int, **settings: Any) -> Run:
        """A run that goes on while others do."""
        number = next(self._numbers)
        config, feed = self.folder / f"config-{number}.json", self.folder / f"input-{number}.jsonl"
        config.write_text(json.dumps({**self._settings, **settings}), encoding="utf-8")
        feed.write_text("".join(json.dumps(message, default=str) + "\n" for message in said), encoding="utf-8")
        files = Files(self.folder / f"stdout-{number}.txt", self.folder / f"stderr-{number}.txt", feed)
        found = Run(number, seen, start(TARGET, ["--config", str(config)], files, speed=self.speed), files)
        self.runs.append(found)
        return found

    @contextlib.contextmanager
    def _killing(self, run: Run, kill: Kill | None) -> Iterator[None]:
        run.kill = kill
        if kill is None:
            yield
            return
        first = len(self.log)
        timer = threading.Timer(kill.delay, run.send, (kill.number,))

        def told() -> None:
            if len(self.log) - first == kill.requests:
                run.send(kill.number) if kill.delay == 0 else timer.start()

        self.log.told = told
        try:
            yield
        finally:
            self.log.told = None
            timer.cancel()
