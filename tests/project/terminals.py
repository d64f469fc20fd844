"""A terminal in which commands are typed one after the other, as a reader of the docs would."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PATIENCE = 600.0
_TIME_TO_END = 20


class TooLongError(AssertionError):
    """A command has not ended, or not said what was waited for."""


@dataclass(frozen=True)
class Said:
    """What came of a command.

    Args:
        code: Its exit code.
        text: What it printed, errors too.
    """

    code: int
    text: str


class Terminal:
    """A shell that reads what is typed; what it prints is kept in order, errors too.

    Args:
        folder: Where it starts.
        variables: What stands in its environment besides the usual.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._folder = folder
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        self._count = 0

    def run(self, command: str) -> Said:
        """Type a command that asks nothing, and wait for its end."""
        self._type(f"{{ {command}\n}} </dev/null")
        return self._end()

    def enter(self, command: str) -> Said:
        """Type a command that opens another shell; what follows is typed into that one."""
        self._type(command)
        return self._end()

    def talk(self, command: str, prompt: str, answer: Callable[[str], str]) -> Said:
        """Type a command, wait for a line with some words, type the answer to it, and wait for the end.

        The answer comes by a pipe of its own, because a program may read more of its input than it needs.
        """
        with _pipe(self._folder / "answer") as pipe:
            self._type(f"{{ {command}\n}} <answer")
            said = self._until(lambda line: prompt in line)
            os.write(pipe, f"{answer(said[-1].strip())}\n".encode())
            end = self._end()
        return Said(end.code, "".join(said) + end.text)

    def serve(self, command: str, words: str) -> Said:
        """Type a command that goes on until it is interrupted, wait for some words, and interrupt it."""
        self._type(f"{command} </dev/null &")
        said = self._until(lambda line: words in line)
        self._type("kill $!; wait $!")
        end = self._end()
        return Said(end.code, "".join(said) + end.text)

    def close(self) -> None:
        """End the shell and all that it has started."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_TIME_TO_END)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join(_TIME_TO_END)

    def _type(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())
        self._process.stdin.flush()

    def _end(self) -> Said:
        """Wait until the shell reads on."""
        self._count += 1
        mark = f"<<{self._process.pid}.{self._count}>>"
        self._type(f"printf '\\n%s %s\\n' '{mark}' $?")
        said = self._until(lambda line: line.startswith(mark))
        return Said(int(said[-1].split()[1]), "".join(said[:-1]))

    def _until(self, is_last: Callable[[str], bool]) -> list[str]:
        said: list[str] = []
        deadline = time.monotonic() + _PATIENCE
        while not said or not is_last(said[-1]):
            try:
                said.append(self._lines.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                raise TooLongError("Waited in vain; so far it said:\n" + "".join(said[-40:])) from None
        return said

    def _read(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self._lines.put(line.decode(errors="replace"))


@contextmanager
def _pipe(path: Path) -> Iterator[int]:
    """A pipe with a name that stays open for reading, so that nobody waits for it."""
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDWR)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
        path.unlink()


@contextmanager
def terminal(folder: Path, variables: Mapping[str, str]) -> Iterator[Terminal]:
    """A terminal that is closed in the end."""
    shell = Terminal(folder, variables)
    try:
        yield shell
    finally:
        shell.close()
