"""Stands in for a program: has another process fork one that has been imported, and ends as that one does.

Standard library only: it is started as a script, without the packages of its environment, so that it starts at once.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

_STREAMS = (0, 1, 2)


def main(place: str, program: str, *arguments: str) -> None:
    """Ask for a fork of a program; where nobody answers, become the program itself.

    Args:
        place: The socket at which is asked.
        program: The program.
        arguments: Its arguments.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(place)
    except OSError:
        os.execv(program, [program, *arguments])  # noqa: S606  the program that was asked for
    # The fork is of the same group, so it gets them itself.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    asked = {
        "arguments": [program, *arguments],
        "environment": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109  pathlib takes a while to import
        "group": os.getpgrp(),
    }
    socket.send_fds(connection, [b"?"], _STREAMS)
    connection.sendall((json.dumps(asked) + "\n").encode())
    _let_go()
    _end(connection.makefile("rb").readline())


def _let_go() -> None:
    """Keep no end of a pipe: who waits for its close waits for the fork alone."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in _STREAMS:
        os.dup2(nothing, number)


def _end(told: bytes) -> None:
    """End as the fork has ended; if nobody could tell, it was killed."""
    code = int(told) if told else -signal.SIGKILL
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
