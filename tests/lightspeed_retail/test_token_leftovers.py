"""A process that is killed while it writes tokens leaves a half-written file: the next one removes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from lightspeed_retail.tokens import TokenFile, Tokens

WRITES = """
import sys
from pathlib import Path
from lightspeed_retail.tokens import TokenFile, Tokens
store = TokenFile(Path(sys.argv[1]))
while True:
    with store.locked():
        store.save("one", Tokens(access_token="a", refresh_token="r", expires_at=1.0))
"""


def left(folder: Path) -> list[str]:
    """Files other than the store itself and its lock."""
    return sorted(path.name for path in folder.iterdir() if path.name not in ("tokens.json", "tokens.json.lock"))


def kill_while_it_writes(folder: Path) -> None:
    """Kill a process at the moment at which it has a file that is not yet in its place."""
    process = subprocess.Popen([sys.executable, "-c", WRITES, str(folder / "tokens.json")])
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if left(folder):
            os.kill(process.pid, signal.SIGSTOP)
            if left(folder):
                break
            os.kill(process.pid, signal.SIGCONT)
    process.kill()
    process.wait()


def test_what_a_killed_process_has_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    kill_while_it_writes(folder)
    assert len(left(folder)) == 1
    store = TokenFile(folder / "tokens.json")
    with store.locked():
        store.save("one", Tokens(access_token="b", refresh_token="s", expires_at=2.0))
    assert left(folder) == []
    found = store.load("one")
    assert found is not None
    assert found.access_token == "b"


def test_what_another_store_in_the_folder_writes_just_now_stays(tmp_path: Path) -> None:
    others = [".tokens-other.json-abcdefgh", ".tokens-tokens.json-2.json-abcdefgh", ".tokens-guessed"]
    for name in others:
        (tmp_path / name).write_text("{}")
    with TokenFile(tmp_path / "tokens.json").locked():
        assert left(tmp_path) == sorted(others)
