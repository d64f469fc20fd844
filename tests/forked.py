"""The commands in processes that have all imports behind them, at a clock that can run fast: for thousands of runs.

A process is forked off one that has imported everything, so that a run costs what it does and not a second of imports.
Its code is the real one, run by its entry point with its command line, and it can be killed. Its clock may run faster:
what it sleeps for and waits for takes a part of the time, as if the world around it were quicker.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from singer_sdk.contrib.msgspec import MsgSpecReader
from singer_sdk.singerlib.encoding.simple import SimpleSingerReader

TAP = "tap_lightspeed_retail.cli:main"
TARGET = "target_lightspeed_retail.cli:main"
TARGET_POSTGRES = "target_postgres.target:TargetPostgres.cli"
"""Entry points: a module, and what is called in it."""

_CLOCK = "tests.hurrying"
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        _CLOCK,
        *(each.partition(":")[0] for each in (TAP, TARGET, TARGET_POSTGRES)),
        "tap_lightspeed_retail.tap",
        "target_lightspeed_retail.target",
        "tap_lightspeed_retail.reader",
        "target_lightspeed_retail.creation",
        "sqlalchemy.dialects.postgresql.psycopg",
        "sqlalchemy.dialects.sqlite.pysqlite",
        "tests.warm",
    ]
)


@dataclass(frozen=True)
class Files:
    """What a process reads and writes instead of a terminal; standard error and output are appended to.

    Args:
        stdout: Where its output goes.
        stderr: Where its log goes.
        stdin: What it reads; without it nothing.
    """

    stdout: Path
    stderr: Path
    stdin: Path | None = None


@dataclass(frozen=True)
class Where:
    """What a process has from the one that starts it.

    Args:
        folder: Where it runs.
        environment: All variables.
    """

    folder: Path
    environment: Mapping[str, str]

    def enter(self) -> None:
        """Go there."""
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        time.tzset()


def start(
    entry_point: str,
    arguments: list[str],
    files: Files,
    *,
    speed: float = 1.0,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> ForkServerProcess:
    """Start a command; what comes back can be killed, and says how it `ended`.

    It has the variables and the folder of the process that starts it, as if it had not been forked off another one.

    Args:
        entry_point: What is run: `TAP`, `TARGET`, `TARGET_POSTGRES`.
        arguments: Its command line, without the name of the command.
        files: What it reads and writes.
        speed: How many times faster than real its clock runs.
        environment: Further variables.
        folder: Where it runs; without it where this process does.
    """
    where = Where(folder or Path.cwd(), {**os.environ, **(environment or {})})
    _serve()
    process = _FORKS.Process(target=_run, args=(entry_point, arguments, files, speed, where), daemon=True)
    process.start()
    return process


def ended(process: ForkServerProcess, within: float = 120.0) -> int:
    """The exit code of a process that has come to its end; one that has not by then is killed.

    Raises:
        TimeoutError: It did not end.
    """
    process.join(within)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f"A process had not ended after {within:.0f} seconds.")
    return process.exitcode


@dataclass(frozen=True)
class Child:
    """A process that was forked off, handled as `subprocess.Popen` is.

    Args:
        process: The process.
    """

    process: ForkServerProcess

    def poll(self) -> int | None:
        """Its exit code, if it has come to its end."""
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.process.exitcode is None and self.process.pid is not None:
            os.kill(self.process.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()

    def wait(self, timeout: float = 120.0) -> int:
        """Its exit code, as soon as it has come to its end; see `ended`."""
        return ended(self.process, timeout)


def _run(entry_point: str, arguments: list[str], files: Files, speed: float, where: Where) -> None:
    module, _, path = entry_point.partition(":")
    _connect(files)
    where.enter()
    if speed != 1.0:
        _hurry(speed)
    sys.argv = [module.partition(".")[0].replace("_", "-"), *arguments]
    called: Any = importlib.import_module(module)
    for name in path.split("."):
        called = getattr(called, name)
    try:
        called()
    finally:
        # A forked process leaves without what others do at their end; the functions of `atexit` are not all its own.
        weakref.finalize._exitfunc()  # type: ignore[attr-defined]
        sys.stdout.flush()


def _connect(files: Files) -> None:
    for number, path in ((0, files.stdin), (1, files.stdout), (2, files.stderr)):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        opened = os.open(path or os.devnull, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    # The SDK's readers took the standard input of the process that this one was forked off.
    for reader in (SimpleSingerReader, MsgSpecReader):
        reader.default_input = sys.stdin


def _hurry(speed: float) -> None:
    """Let the clock of this process run faster: sleeping and waiting take a part of the time."""
    hurrying = importlib.import_module(_CLOCK)
    hurrying.hurry(speed)


def _serve() -> None:
    """See that there is a process to fork off, which finds the clock that can be hurried wherever it is started."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), *([before] if before else [])])
    try:
        forkserver.ensure_running()
    finally:
        os.environ.pop("PYTHONPATH")
        os.environ.update({"PYTHONPATH": before} if before else {})
