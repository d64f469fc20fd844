"""Processes that are told to stop in the middle of what they do, and how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lightspeed_sandbox.serve import Sandbox

TAP = (sys.executable, "-c", "from tap_lightspeed_retail.cli import main; main()")
TARGET = (sys.executable, "-c", "from target_lightspeed_retail.cli import main; main()")
CONNECT = (sys.executable, "-m", "lightspeed_retail.cli", "connect")
SANDBOX = (sys.executable, "-m", "lightspeed_sandbox.cli")

SIGNALS = (signal.SIGTERM, signal.SIGINT)
WITHIN = 2.0
"""Seconds in which a program ends that is told to."""

_SLOW_MACHINE = 3.0
_PATIENCE = 60.0


def connection(sandbox: Sandbox, folder: Path, **more: Any) -> dict[str, Any]:
    """Settings that lead to a sandbox."""
    return {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": sandbox.issue_refresh_token(),
        "token_store": str(folder / "tokens.json"),
        "api_url": sandbox.url,
        "auth_url": sandbox.url,
        **more,
    }


def file_of(folder: Path, name: str, content: Mapping[str, Any]) -> str:
    """A JSON file; its path."""
    place = folder / name
    place.write_text(json.dumps(content), encoding="utf-8")
    return str(place)


@dataclass
class Ended:
    """How a process has ended.

    Args:
        code: Its exit code.
        took: Seconds from the signal to its end.
        stdout: What it wrote to a file as standard output.
        stderr: Its log.
    """

    code: int
    took: float
    stdout: bytes
    stderr: str

    def is_quick_and_quiet(self) -> None:
        """It took no longer than it may, and left no trace."""
        assert self.took < WITHIN + _SLOW_MACHINE
        self.is_quiet()

    def is_quiet(self) -> None:
        """It left no trace, and no error."""
        for word in ("Traceback", "Exception ignored", "Logging error", "ERROR", "Aborted!\nAborted!"):
            assert word not in self.stderr, self.stderr[-3000:]

    def messages(self) -> list[dict[str, Any]]:
        """The Singer messages on standard output, which ends at a whole line."""
        assert self.stdout[-1:] in (b"", b"\n")
        return [json.loads(line) for line in self.stdout.splitlines()]


@dataclass
class Program:
    """A process that runs.

    Args:
        process: It.
        folder: Where its output is.
    """

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def log(self) -> str:
        """Its log so far."""
        return (self.folder / "stderr").read_text(encoding="utf-8")

    def waits_for(self, what: Callable[[], object]) -> None:
        """Wait until something is so.

        Raises:
            TimeoutError: It never was, or the process has ended before.
        """
        until = time.monotonic() + _PATIENCE
        while not what():
            if time.monotonic() > until or self.process.poll() is not None:
                raise TimeoutError(self.log[-3000:])
            time.sleep(0.01)

    def stopped(self, *signals: int) -> Ended:
        """How it ends when it gets signals one after the other."""
        began = time.monotonic()
        for number in signals:
            self.process.send_signal(number)
            time.sleep(0.05 if len(signals) > 1 else 0)
        return self.ended(began)

    def ended(self, began: float | None = None) -> Ended:
        """How it ends."""
        code = self.process.wait(_PATIENCE)
        took = 0.0 if began is None else time.monotonic() - began
        stdout = self.folder / "stdout"
        return Ended(code, took, stdout.read_bytes() if stdout.exists() else b"", self.log)


@contextmanager
def started(
    command: tuple[str, ...],
    folder: Path,
    *arguments: str,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Program]:
    """A process whose log goes to a file, and its output as well unless it goes elsewhere; it is killed in the end."""
    folder.mkdir(exist_ok=True)
    with (folder / "stderr").open("wb") as errors, (folder / "stdout").open("wb") as output:
        process = subprocess.Popen(
            [*command, *arguments],
            stdin=stdin,
            stdout=output if stdout is None else stdout,
            stderr=errors,
            cwd=folder,
            env={**os.environ, **(environment or {})},
        )
    try:
        yield Program(process, folder)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                _closed(stream)


def _closed(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        return


def maps(process: subprocess.Popen[bytes]) -> str:
    """The files that a process has in its memory; empty where the system does not tell."""
    try:
        return Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8")
    except OSError:
        return ""
