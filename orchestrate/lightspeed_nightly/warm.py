"""Starts Meltano for one account after the other: anew each time, or forked off a process that has it imported.

Both let a run take no longer than it may, and see that nothing of it is left: neither when it has ended, nor when
whoever has started it is killed. Runs in either environment.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from lightspeed_nightly import guarding
from lightspeed_nightly.guarding import GRACE, Asked, Ended

__all__ = ["Cold", "Ended", "Starter", "Warm"]

PLUGINS = ("tap-lightspeed-retail", "target-postgres")
"""Programs that are forked, where they stand in the environment of the project."""

_COMMON = frozenset({"HOME", "LANG", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER"})
_PACKAGES = Path(__file__).resolve().parent.parent
_ORDERLY = 5.0
"""Seconds that the process of warm starts has to end."""

_SPARE = 60.0
"""Seconds beyond a run's time and grace after which the process that guards it is taken for broken."""


class Starter(Protocol):
    """Starts `meltano`; a context."""

    def __enter__(self) -> Self:
        """Nothing runs yet."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what still runs."""

    def run(self, arguments: list[str], environment: Mapping[str, str], log: Path, seconds: float | None) -> Ended:
        """Run `meltano` to its end.

        Args:
            arguments: Its arguments.
            environment: All of its environment variables.
            log: The file to which its output is appended.
            seconds: How long it may take; None for as long as it likes.
        """


class _Server:
    """A process that is asked by lines and answers by lines.

    Args:
        command: Its command line.
        folder: The folder it runs in.
        environment: All of its environment variables.
    """

    def __init__(self, command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        """Start it, in a session of its own."""
        theirs, ours = os.pipe()
        self._requests = os.fdopen(ours, "wb", buffering=0)
        ours, answers = os.pipe()
        self._answers = os.fdopen(ours, "rb", buffering=0)
        try:
            self._process = subprocess.Popen(
                command, cwd=folder, env=dict(environment), stdin=theirs, stdout=answers, start_new_session=True
            )
        finally:
            os.close(theirs)
            os.close(answers)

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, asked: Asked) -> Ended:
        """Ask for a run; one whose guard is killed has ended by the same signal."""
        began = time.monotonic()
        last = None if asked.seconds is None else began + asked.seconds + GRACE + _SPARE
        with contextlib.suppress(BrokenPipeError):
            self._requests.write(asked.line())
        line = self._line(last)
        if line:
            return Ended.of(line)
        code = self.close(orderly=0)
        return Ended(code or -signal.SIGKILL, round(time.monotonic() - began, 3))

    def close(self, orderly: float = _ORDERLY) -> int:
        """End it; its exit code. What it runs ends with it."""
        self._requests.close()
        try:
            return self._process.wait(orderly)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            self._answers.close()

    def _line(self, last: float | None) -> bytes:
        """The next line; an empty one where there comes none."""
        answers, found = self._answers, b""
        while not found.endswith(b"\n"):
            wait = None if last is None else max(0.0, last - time.monotonic())
            if not select.select([answers], [], [], wait)[0]:
                return b""
            came = answers.read(4096)
            if not came:
                return b""
            found += came
        return found


class _Served:
    """What runs commands through a server of its own.

    Args:
        project: The Meltano project's folder.
    """

    def __init__(self, project: Path) -> None:
        """Start nothing yet."""
        self._project = project
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        """Start at the first run."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what still runs."""
        self._close()

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


class Cold(_Served):
    """Starts Meltano anew each time.

    Args:
        meltano: The program.
        project: The Meltano project's folder.
    """

    def __init__(self, meltano: Path, project: Path) -> None:
        """Start nothing yet."""
        super().__init__(project)
        self._command = [sys.executable, "-IS", guarding.__file__, str(meltano)]

    def run(self, arguments: list[str], environment: Mapping[str, str], log: Path, seconds: float | None) -> Ended:
        """Run `meltano` to its end; see `Starter`."""
        server = self._server = _Server(self._command, self._project, os.environ)
        try:
            return server.ask(Asked(arguments, dict(environment), str(log), seconds))
        finally:
            self._close()


class Warm(_Served):
    """Forks Meltano, and the plugins that stand in its environment, off processes that have them imported.

    Args:
        python: The Python of the project's environment.
        project: The Meltano project's folder.
        plugins: The programs of plugins that are forked too.
    """

    def __init__(self, python: Path, project: Path, plugins: Sequence[str] = PLUGINS) -> None:
        """Start nothing yet."""
        super().__init__(project)
        self._command = [str(python), "-m", "lightspeed_nightly.warming", *plugins]

    def run(self, arguments: list[str], environment: Mapping[str, str], log: Path, seconds: float | None) -> Ended:
        """Run `meltano` to its end; see `Starter`."""
        if self._server is not None and not self._server.is_alive:
            self._close()
        if self._server is None:
            self._server = _Server(self._command, self._project, _for_server(environment))
        return self._server.ask(Asked(arguments, dict(environment), str(log), seconds))


def _for_server(environment: Mapping[str, str]) -> dict[str, str]:
    """What the process finds that has all imported: nothing of an account."""
    common = {name: value for name, value in environment.items() if name in _COMMON or name.startswith("LC_")}
    return {**common, "PYTHONPATH": str(_PACKAGES)}
