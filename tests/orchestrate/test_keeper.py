"""Processes that are kept running: what dies comes back, what is stopped is gone with all that it started."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from local_cluster.processes import Keeper, wait_until

CHILD = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
SCRIPT = CHILD + "print('started', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(600)"
)


def is_group_gone(number: int) -> bool:
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return True
    return False


def said(folder: Path, name: str) -> int:
    """How many lines a process has said, in all its lives."""
    return len((folder / f"{name}.log").read_text(encoding="utf-8").splitlines())


def test_what_is_killed_comes_back_and_what_is_stopped_does_not(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, os.environ)
    keeper.keep("worker", [sys.executable, "-c", SCRIPT])
    try:
        wait_until("its beginning", lambda: said(tmp_path, "worker") == 1, 30)
        killed = keeper.kill("worker")
        wait_until("its return", lambda: said(tmp_path, "worker") == 2, 30)
        wait_until("the end of what was killed", lambda: is_group_gone(killed), 30)
        assert keeper.restarts == {"worker": 1}
        second = keeper.process_id("worker")
        assert second != killed
    finally:
        keeper.stop()
    wait_until("the end of all", lambda: is_group_gone(second), 30)
    assert said(tmp_path, "worker") == 2


def test_each_has_its_own_variables_besides_those_of_all(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, {**os.environ, "SHARED": "s"})
    telling = "import os, time; print(os.environ['SHARED'], os.environ['OWN'], flush=True); time.sleep(60)"
    command = [sys.executable, "-c", telling]
    keeper.keep("one", command, OWN="a")
    keeper.keep("two", command, OWN="b")
    try:
        wait_until("both", lambda: said(tmp_path, "one") == said(tmp_path, "two") == 1, 30)
    finally:
        keeper.stop()
    assert [(tmp_path / f"{name}.log").read_text(encoding="utf-8") for name in ("one", "two")] == ["s a\n", "s b\n"]


def test_one_that_does_not_listen_is_ended_all_the_same(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, os.environ, patience=0.5)
    keeper.keep("stubborn", [sys.executable, "-c", STUBBORN])
    wait_until("its beginning", lambda: said(tmp_path, "stubborn") == 1, 30)
    number = keeper.process_id("stubborn")
    keeper.stop()
    wait_until("its end", lambda: is_group_gone(number), 30)


def test_what_does_not_come_about_is_named() -> None:
    with pytest.raises(TimeoutError, match="the moon did not come about"):
        wait_until("the moon", lambda: False, 0.1)
