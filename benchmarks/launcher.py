"""Starts one process and says what it has used; small itself: a child's peak memory is never below its parent's.

python launcher.py LIMIT OUT ERR COMMAND...
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time


def main() -> None:
    """Start, wait, and write one line of JSON."""
    limit, out, err, *command = sys.argv[1:]
    begun = time.monotonic()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=[_file(out, 1), _file(err, 2)])
    # Too late, or the runner was interrupted: the child goes too.
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(int(limit))
    _, status, usage = os.wait4(child, 0)
    said = {
        "code": os.waitstatus_to_exitcode(status),
        "begun": begun,
        "ended": time.monotonic(),
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss,
    }
    sys.stdout.write(json.dumps(said))


def _file(path: str, number: int) -> tuple[int, int, str, int, int]:
    return (os.POSIX_SPAWN_OPEN, number, path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


if __name__ == "__main__":
    main()
