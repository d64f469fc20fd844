"""The sandbox of a soak: a program of its own whose clock runs as fast as those of its clients."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.soak.processes import SPEED

_TICK = 0.002


def main() -> None:
    """Serve until terminated; a line of JSON says where and with which credentials."""
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    seed, days, sales, data = sys.argv[1:]
    history = Config(data=Path(data), seed=int(seed), days=int(days), sales_per_day=int(sales))
    config = replace(history, bucket_size=500.0, drip_rate=20.0, time_scale=SPEED)
    with Sandbox(config) as sandbox, hurried(sandbox, SPEED):
        sys.stdout.write(f"{json.dumps(sandbox.environment())}\n")
        sys.stdout.flush()
        stopped.wait()


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
