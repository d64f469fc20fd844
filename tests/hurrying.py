"""A clock that can run faster than it is: importing this puts it in the place of the process's own.

It is to be imported before whatever looks at the time: functions and classes often keep the clock as it was when they
were made, in defaults of arguments and of fields, and so they keep one that asks how fast it runs.
"""

from __future__ import annotations

import threading
import time

_sleep, _monotonic, _wait = time.sleep, time.monotonic, threading.Condition.wait
_speed = 1.0


def hurry(speed: float) -> None:
    """Let the clock of this process run so many times faster: sleeping and waiting take a part of the time."""
    global _speed  # noqa: PLW0603  a process has one clock
    _speed = speed


def _briefly(seconds: float) -> None:
    _sleep(seconds / _speed)


def _hurried() -> float:
    return _monotonic() * _speed


def _waited(self: threading.Condition, timeout: float | None = None) -> bool:
    return _wait(self, timeout if timeout is None else timeout / _speed)


setattr(time, "sleep", _briefly)  # noqa: B010  as below
time.monotonic = _hurried
setattr(threading.Condition, "wait", _waited)  # noqa: B010  a type checker knows it as a method
