"""Settings files of tap and target: read once, so that one may be a pipe; what is wrong with one is said in a line."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests import tapping, targeting

COMMANDS = [pytest.param(tapping.COMMAND, id="tap"), pytest.param(targeting.COMMAND, id="target")]


def refused(command: list[str], *files: Path) -> str:
    """The one line with which a program ends that is given these settings files."""
    options = [word for path in files for word in ("--config", str(path))]
    done = subprocess.run([*command, *options], input="", capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    (line,) = (line for line in done.stderr.splitlines() if "ERROR" in line)
    return line


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_will_do(command: list[str], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # The address is no address, which is found out only once the settings have been read.
    settings = json.dumps({"access_token": "unused", "account_id": "1", "api_url": "ftp://example.com"})
    writer = threading.Thread(target=pipe.write_text, args=(settings,))
    writer.start()
    assert "api_url" in refused(command, pipe)
    writer.join()


@pytest.mark.parametrize("command", COMMANDS)
def test_of_two_files_the_later_one_counts(command: list[str], tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text('{"access_token": "unused", "api_url": "ftp://example.com", "api_version": "V4"}')
    second.write_text('{"api_url": "https://example.com"}')
    line = refused(command, first, second)
    assert "api_version" in line
    assert "api_url" not in line


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("content", ["", "[]", '"text"', "{", b"\xff\xfe".decode("latin-1")])
def test_a_file_without_an_object_is_refused(command: list[str], content: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content, encoding="latin-1")
    assert f"--config {path} must hold a JSON object." in refused(command, path)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_not_there_is_named(command: list[str], tmp_path: Path) -> None:
    path = tmp_path / "nowhere.json"
    assert f"--config {path} cannot be read: No such file or directory." in refused(command, path)
