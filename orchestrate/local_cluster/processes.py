"""Processes that are kept running: what dies is started anew, until the whole is stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_LOOKED_AT = 0.5
_PAUSE = 2.0
"""Seconds before what has died is started anew."""

_PATIENCE = 30.0


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Keeper:
    """Keeps commands running.

    Args:
        logs: Folder of their logs.
        environment: What they find in their environment.
        patience: Seconds that they have to end well.
    """

    def __init__(self, logs: Path, environment: Mapping[str, str], patience: float = _PATIENCE) -> None:
        """Start nothing yet."""
        self._logs = logs
        self._patience = patience
        self._environment = dict(environment)
        self._commands: dict[str, tuple[list[str], dict[str, str]]] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._mutex = threading.Lock()
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="keeper", daemon=True)
        self.restarts: dict[str, int] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def keep(self, name: str, command: list[str], **variables: str) -> None:
        """Start a command, and start it anew whenever it ends."""
        with self._mutex:
            self._commands[name] = (command, variables)
            self._start(name)
        if not self._watcher.is_alive():
            self._watcher.start()

    def process_id(self, name: str) -> int:
        """The number of a process that runs; it leads its group."""
        with self._mutex:
            return self._processes[name].pid

    def kill(self, name: str) -> int:
        """End a process and all that it has started in its group at once, as if the machine had failed; its number."""
        number = self.process_id(name)
        os.killpg(number, signal.SIGKILL)
        return number

    def stop(self) -> None:
        """End all, the last one first: told to, then made to."""
        self._ended.set()
        with self._mutex:
            processes = list(reversed(self._processes.values()))
        for process in processes:
            _signal(process, signal.SIGTERM)
        end = time.monotonic() + self._patience
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, end - time.monotonic()))
            _signal(process, signal.SIGKILL)
            process.wait()

    def _start(self, name: str) -> None:
        command, variables = self._commands[name]
        with (self._logs / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command,
                env={**self._environment, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _watch(self) -> None:
        died: dict[str, float] = {}
        while not self._ended.wait(_LOOKED_AT):
            with self._mutex:
                for name, process in self._processes.items():
                    if process.poll() is None:
                        continue
                    since = died.setdefault(name, time.monotonic())
                    if time.monotonic() - since >= _PAUSE and not self._ended.is_set():
                        del died[name]
                        self.restarts[name] = self.restarts.get(name, 0) + 1
                        self._start(name)


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a process and its group, as far as they are there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def wait_until(what: str, holds: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: It did not in time.
    """
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            message = f"Within {seconds:.0f} seconds, {what} did not come about."
            raise TimeoutError(message)
        time.sleep(_LOOKED_AT)
