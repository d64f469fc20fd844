"""Clocks that are wrong, as on a machine that nobody sets, or run fast: the code is the real one, the time is not."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from lightspeed_sandbox.serve import Sandbox

_TICK = 0.002

# Python runs a module of this name before anything else. `datetime` tells the time in C, so it is replaced as a whole;
# the metaclass keeps `isinstance` true for moments that C code makes.
_SITE = """
import datetime, time
SHIFT = {seconds}
true_time, true_datetime = time.time, datetime.datetime

class Kind(type):
    def __instancecheck__(cls, value):
        return isinstance(value, true_datetime)

class Shifted(true_datetime, metaclass=Kind):
    @classmethod
    def now(cls, tz=None):
        return true_datetime.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls):
        return true_datetime.fromtimestamp(time.time(), datetime.timezone.utc).replace(tzinfo=None)

time.time = lambda: true_time() + SHIFT
time.time_ns = lambda: int(time.time() * 1_000_000_000)
datetime.datetime = Shifted
"""


def wrong_by(folder: Path, hours: float) -> dict[str, str]:
    """The environment of a process whose clock is so many hours ahead of the true time; behind, if negative.

    Args:
        folder: Where what shifts the time can be kept.
        hours: How far the clock is ahead.
    """
    place = folder / f"clock-{hours:+g}"
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(_SITE.format(seconds=hours * 3600), encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(place)}


@contextmanager
def hurried(sandbox: Sandbox, speed: float) -> Iterator[None]:
    """Let the clock of a sandbox run so many times faster than it does, from wherever it is put meanwhile."""
    stopping = threading.Event()

    def tick() -> None:
        last = time.monotonic()
        while not stopping.wait(_TICK):
            now = time.monotonic()
            sandbox.clock.offset += timedelta(seconds=(now - last) * (speed - 1))
            last = now

    ticking = threading.Thread(target=tick, daemon=True)
    ticking.start()
    try:
        yield
    finally:
        stopping.set()
        ticking.join()
