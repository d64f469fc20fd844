"""The sandbox of a soak: a program of its own whose clock runs as fast as those of its clients."""

from __future__ import annotations

import json
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.clocks import hurried
from tests.soak.processes import SPEED


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
