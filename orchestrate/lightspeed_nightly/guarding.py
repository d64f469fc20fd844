"""Runs a program so that it ends in its time, and with whoever asked for it: nothing of a run lives on.

The guard stands between the two, in a process of its own. Standard library only, and nothing of this package: it is
also started as a script, without the packages of its environment, so that it starts at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

GRACE = 10.0
"""Seconds that a program has to end in order after its time is over: what waits for the tap's own end takes 8."""

_LOOK = 0.02
"""Seconds between two looks at the program."""

_NOT_STARTED = 127
"""The code of a program that could not be started, as shells have it."""

_PR_SET_PDEATHSIG = 1
"""Source: prctl(2)."""


@dataclass(frozen=True)
class Asked:
    """A run that is asked for.

    Args:
        arguments: The program's arguments.
        environment: All of its environment variables.
        log: The file to which its output is appended.
        seconds: How long it may take; None for as long as it likes.
    """

    arguments: list[str]
    environment: dict[str, str]
    log: str
    seconds: float | None = None

    @classmethod
    def of(cls, line: str | bytes) -> Asked:
        """The run that a line asks for."""
        found: dict[str, Any] = json.loads(line)
        return cls(**found)

    def line(self) -> bytes:
        """The line that asks for it."""
        return (json.dumps(asdict(self)) + "\n").encode()


@dataclass(frozen=True)
class Ended:
    """How a run has ended.

    Args:
        code: Its exit code; minus the number of the signal that ended it.
        seconds: How long it took.
        hung: Whether it was ended because its time was over.
    """

    code: int
    seconds: float
    hung: bool = False

    @classmethod
    def of(cls, line: str | bytes) -> Ended:
        """The end that a line tells of."""
        found: dict[str, Any] = json.loads(line)
        return cls(**found)

    def line(self) -> bytes:
        """The line that tells of it."""
        return (json.dumps(asdict(self)) + "\n").encode()


def stand_alone() -> None:
    """Make this process the first of a group of processes, and let it end with the one that has forked it."""
    with contextlib.suppress(PermissionError):
        os.setpgid(0, 0)
    end_with_parent()


def end_with_parent() -> None:
    """Let this process end with the one that has forked it; only Linux knows how."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def connect(log: str) -> None:
    """Append all that this process and its children say to a file, and give them nothing to read."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, number in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, number)
    os.close(nothing)
    os.close(output)


def guard(program: int, seconds: float | None, askers: Sequence[int]) -> Ended:
    """Wait for a child, the first of its group, and see that nothing of its group is left.

    Args:
        program: The child's process id.
        seconds: How long it may take.
        askers: What is read from here: once nobody is left at the other end of one, nobody asks any more.
    """
    began = time.monotonic()
    # Both set the group: whoever comes first, it is there when a signal is sent.
    with contextlib.suppress(OSError):
        os.setpgid(program, program)
    status = awaited(program, askers, None if seconds is None else began + seconds)
    hung = status is None
    if status is None and not _are_gone(askers):
        _signal(program, signal.SIGTERM)
        status = awaited(program, askers, time.monotonic() + GRACE)
    _signal(program, signal.SIGKILL)
    if status is None:
        _, status = os.waitpid(program, 0)
    return Ended(os.waitstatus_to_exitcode(status), round(time.monotonic() - began, 3), hung)


def awaited(program: int, askers: Sequence[int], last: float | None = None) -> int | None:
    """Wait until a child has ended, its time is over, or nobody asks any more.

    Args:
        program: The child's process id.
        askers: As for `guard`.
        last: When its time is over, by the monotonic clock.

    Returns:
        What the system says of its end; None if it has not ended.
    """
    while True:
        ended, status = os.waitpid(program, os.WNOHANG)
        if ended:
            return status
        if (last is not None and time.monotonic() >= last) or _are_gone(askers, _LOOK):
            return None


def _are_gone(askers: Sequence[int], wait: float = 0.0) -> bool:
    polled = select.poll()
    for asker in askers:
        # Nothing but the end of the other side is looked for; lines may wait to be read.
        polled.register(asker, 0)
    return bool(polled.poll(wait * 1000))


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def forked(run: Callable[[], None]) -> int:
    """Fork a child that runs something and ends; its process id."""
    child = os.fork()
    if child:
        return child
    try:
        run()
    finally:
        os._exit(_NOT_STARTED)


def _become(program: str, asked: Asked) -> None:
    stand_alone()
    connect(asked.log)
    try:
        os.execve(program, [program, *asked.arguments], asked.environment)  # noqa: S606  no shell is wanted
    except OSError as error:
        os.write(2, f"{program}: {error.strerror}\n".encode())


def main(program: str) -> None:
    """Run a program as the first line of input asks for it, and answer with a line."""
    asked = Asked.of(sys.stdin.buffer.readline())
    child = forked(lambda: _become(program, asked))
    ended = guard(child, asked.seconds, [0])
    with contextlib.suppress(BrokenPipeError):
        os.write(1, ended.line())


if __name__ == "__main__":
    main(sys.argv[1])
