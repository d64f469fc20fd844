"""Processes of a soak: what they take while they run, and that none of them stays."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests import forked

SPEED = 20.0
"""How many times faster than real all clocks run."""

_TICK = 0.02
_LONGEST = 300.0


@dataclass(frozen=True)
class Finished:
    """A process that has come to its end.

    Args:
        code: Its exit code.
        peak: The most memory that it held, in MB.
        seconds: How long it ran.
        log: What it has logged.
    """

    code: int
    peak: float
    seconds: float
    log: str


def finish(process: ForkServerProcess, log: Path, kill_after: float | None = None) -> Finished:
    """Wait for the end of a process, and see what it takes meanwhile.

    Args:
        process: The process.
        log: Where it logs to.
        kill_after: Seconds after which it is killed, if it runs yet.

    Raises:
        TimeoutError: It does not end.
    """
    began, peak = time.monotonic(), 0.0
    while process.is_alive():
        peak = max(peak, memory(process.pid, "VmHWM"))
        lasted = time.monotonic() - began
        if kill_after is not None and lasted > kill_after and process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        if lasted > _LONGEST:
            process.kill()
            raise TimeoutError(f"A process had not ended after {_LONGEST:.0f} seconds: {log}")
        process.join(_TICK)
    code = forked.ended(process, 1)
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return Finished(code, peak, time.monotonic() - began, text)


def memory(pid: int | None, field: str = "VmRSS") -> float:
    """What a process holds in memory, in MB; nothing where it is no more, or where nobody can say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    found = [line.split() for line in lines if line.startswith(f"{field}:")]
    return int(found[0][1]) / 1024 if found else 0.0


def descriptors(pid: int | None) -> int:
    """How many files, sockets and pipes a process has open; 0 where nobody can say."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0
