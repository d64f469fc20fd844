"""One process, from its start to its end: time, processor, memory, and what it did to the account."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.account import Account
from benchmarks.environments import clean
from benchmarks.places import HERE

TIME_LIMIT = 1800
"""Seconds after which a process is ended."""

_TICK = 0.02
_LOOK = 0.05
_KILOBYTE = 1024
_ESTABLISHED = "01"
_LONGEST_WORD = 200


@dataclass(frozen=True)
class Spent:
    """What a process has used.

    Args:
        code: Its exit code.
        wall: Seconds from its start to its end.
        reading: Seconds from its first request to its end.
        cpu: Seconds of processor, of the user and of the system, its children included.
        memory: Bytes of memory at the most.
        connections: How many connections it had open at once at the most; 0 where that cannot be seen.
    """

    code: int
    wall: float
    reading: float
    cpu: float
    memory: int
    connections: int


class Watcher(threading.Thread):
    """Notices when the first request comes, and how many connections are open."""

    def __init__(self, account: Account | None) -> None:
        """Watch an account, or nothing."""
        super().__init__(daemon=True)
        self.first: float | None = None
        self.connections = 0
        self._account = account
        self._over = threading.Event()

    def run(self) -> None:
        """Watch until told to stop."""
        while self._account is not None and not self._over.is_set():
            if self.first is None:
                self.first = time.monotonic() if self._account.requests() else None
            else:
                self.connections = max(self.connections, open_connections(self._account.port))
            self._over.wait(_LOOK if self.first else _TICK)

    def stop(self) -> None:
        """Stop watching."""
        self._over.set()
        self.join()


def open_connections(port: int) -> int:
    """Connections of clients to a port of this machine; only Linux tells."""
    try:
        lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return 0
    remote = f":{port:04X}"
    return sum(fields[2].endswith(remote) and fields[3] == _ESTABLISHED for fields in map(str.split, lines))


def run(command: list[str], folder: Path, account: Account | None) -> Spent:
    """Run a command to its end; what it writes is kept in files of a folder."""
    launcher = [sys.executable, "-I", "-S", str(HERE / "launcher.py"), str(TIME_LIMIT)]
    words = [*launcher, str(folder / "out"), str(folder / "err"), *command]
    watcher = Watcher(account)
    watcher.start()
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=clean(), cwd=folder) as launched:
        try:
            said = json.loads(launched.communicate()[0])
        finally:
            launched.terminate()
            watcher.stop()
    return Spent(
        code=said["code"],
        wall=said["ended"] - said["begun"],
        reading=said["ended"] - (watcher.first or said["begun"]),
        cpu=said["cpu"],
        memory=said["memory"] * (1 if sys.platform == "darwin" else _KILOBYTE),
        connections=watcher.connections,
    )


def last_words(folder: Path) -> str:
    """The last line of what a process said of its failure, without names of this machine."""
    lines = (folder / "err").read_text(encoding="utf-8", errors="replace").strip().splitlines() or [""]
    without_paths = re.sub(r"(?:https?://|/)\S+", "...", lines[-1])
    return without_paths[:_LONGEST_WORD]
