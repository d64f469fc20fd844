"""Plugins that are forked too: what Meltano finds under their names asks a process that has them imported for a fork.

Meltano starts a plugin that stands in its own environment by its name, so a script of that name that comes first on the
path is started instead (see `launching.py`). A plugin with an environment of its own is started as ever, as is one of
another place on the path.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.metadata
import json
import os
import select
import shlex
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightspeed_nightly import launching
from lightspeed_nightly.guarding import awaited, end_with_parent

MODULES = {
    "tap-lightspeed-retail": ("tap_lightspeed_retail.tap", "lightspeed_retail.token_database"),
    "target-postgres": ("target_postgres.target", "joblib.externals.loky.backend"),
}
"""What a plugin imports only when it runs; besides, the driver of PostgreSQL."""

_DRIVER = ("psycopg", "sqlalchemy.dialects.postgresql.psycopg")
_SOCKET = "socket"


@dataclass(frozen=True)
class _Program:
    """A program that is forked.

    Args:
        name: Its name.
        folder: Where the script of its name and the socket lie.
    """

    name: str
    folder: Path

    @property
    def path(self) -> Path:
        """The program itself, which stands beside this Python."""
        return Path(sys.executable).parent / self.name

    def prepare(self) -> socket.socket:
        """Lay out the script that is found instead of it, and the socket by which the script asks."""
        self.folder.mkdir(mode=0o700)
        words = [sys.executable, "-IS", launching.__file__, str(self.folder / _SOCKET), str(self.path)]
        script = self.folder / self.name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
        script.chmod(0o700)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self.folder / _SOCKET))
        return listener


class Programs:
    """The programs that are forked, each by a process that has it imported."""

    def __init__(self) -> None:
        """Make a folder that nobody else can read."""
        self._folder = Path(tempfile.mkdtemp(prefix="lightspeed-nightly-"))
        self._started: list[_Program] = []
        self._servers: list[int] = []
        self._living, self._alive = os.pipe()

    def start(self, names: Iterable[str], private: Sequence[int]) -> Callable[[], None] | None:
        """Start a process for each program; in a process that is to be one of them, what is left to be run.

        Args:
            names: The programs' names.
            private: Descriptors that are none of their business.
        """
        scripts = {each.name: each for each in importlib.metadata.entry_points(group="console_scripts")}
        for name in names:
            program = _Program(name, self._folder / name)
            if name not in scripts or not program.path.exists():
                continue
            listener = program.prepare()
            server = os.fork()
            if server == 0:
                for descriptor in (*private, self._alive):
                    os.close(descriptor)
                return self._serve(listener, scripts[name])
            listener.close()
            self._started.append(program)
            self._servers.append(server)
        return None

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The variables by which the scripts are found, if the programs themselves were found before."""
        path = environment.get("PATH", os.defpath)
        found = [str(each.folder) for each in self._started if _is_same(shutil.which(each.name, path=path), each.path)]
        return {"PATH": os.pathsep.join([*found, path])}

    def close(self) -> None:
        """End the processes, and take the folder away; where this one is killed, they take it away."""
        os.close(self._alive)
        for server in self._servers:
            os.waitpid(server, 0)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _serve(self, listener: socket.socket, script: importlib.metadata.EntryPoint) -> Callable[[], None] | None:
        """Fork a guard for each that asks; in the process that is to be the program, what is left to be run."""
        script.load()
        load((*MODULES.get(script.name, ()), *_DRIVER))
        # Until now, and for good where it cannot be imported, the program itself is started instead.
        listener.listen()
        while self._living not in select.select([listener, self._living], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                end_with_parent()
                return _guarded(connection, script)
            connection.close()
            _reap(os.WNOHANG)
        shutil.rmtree(self._folder, ignore_errors=True)
        _reap()
        os._exit(0)


def load(names: Sequence[str]) -> None:
    """Import modules that are there, and let the children share the memory that they take."""
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def begin(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Have a command line and these environment variables and no others, as a program that has just been started."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = list(command)
    # By this click would see that it is no script.
    sys.modules["__main__"].__package__ = None


def _is_same(found: str | None, program: Path) -> bool:
    return found is not None and Path(found).exists() and Path(found).samefile(program)


def _reap(options: int = 0) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _guarded(connection: socket.socket, script: importlib.metadata.EntryPoint) -> Callable[[], None] | None:
    """Fork the program, and tell its end to whoever asked; if that one is killed, so is the program."""
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as lines:
        asked: dict[str, Any] = json.loads(lines.readline())
    program = os.fork()
    if program == 0:
        connection.close()
        return lambda: _become(asked, descriptors, script)
    for descriptor in descriptors:
        os.close(descriptor)
    status = awaited(program, [connection.fileno()])
    if status is None:
        os.kill(program, signal.SIGKILL)
        os._exit(1)
    with contextlib.suppress(OSError):
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(asked: Mapping[str, Any], descriptors: Sequence[int], script: importlib.metadata.EntryPoint) -> None:
    """Be the program, as if it had just been started."""
    end_with_parent()
    # Signals to the group of the one that asked are meant for the program.
    os.setpgid(0, asked["group"])
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(asked["folder"])
    begin(asked["arguments"], asked["environment"])
    sys.exit(script.load()())
