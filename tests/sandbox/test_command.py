"""The command `lightspeed-sandbox`: serving, and running a command against a sandbox of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

COMMAND = [sys.executable, "-m", "lightspeed_sandbox.cli"]
SMALL = ["--days", "2", "--sales-per-day", "4"]
SHOW = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if 'LIGHTSPEED' in k}))"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=120)


def test_run_hands_address_and_credentials_to_the_command_and_stops_after_it() -> None:
    done = run("run", *SMALL, "--", sys.executable, "-c", SHOW)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    address = told["LIGHTSPEED_SANDBOX_URL"]
    for program in ("TAP", "TARGET"):
        names = {"API_URL", "AUTH_URL", "CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"}
        assert {f"{program}_LIGHTSPEED_RETAIL_{name}" for name in names} <= told.keys()
        assert told[f"{program}_LIGHTSPEED_RETAIL_API_URL"] == address
    assert told["TAP_LIGHTSPEED_RETAIL_REFRESH_TOKEN"] != told["TARGET_LIGHTSPEED_RETAIL_REFRESH_TOKEN"]
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=5)


@pytest.mark.parametrize("code", [0, 7])
def test_run_ends_with_the_code_of_the_command(code: int) -> None:
    assert run("run", *SMALL, "--", sys.executable, "-c", f"raise SystemExit({code})").returncode == code


def test_run_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    missing = run("run", *SMALL, "--", "no-such-command")
    assert missing.returncode == 127
    assert "There is no command 'no-such-command'" in missing.stderr
    empty = run("run", "--recorded", str(tmp_path), "--", sys.executable, "-c", "")
    assert empty.returncode == 1
    assert "There are no recordings" in empty.stderr
    denied = run("run", *SMALL, "--deny", "unicorns", "--", sys.executable, "-c", "")
    assert denied.returncode == 1
    assert "There is no stream unicorns to deny." in denied.stderr
    assert "Traceback" not in missing.stderr + empty.stderr


def test_run_hands_signals_on_to_the_command() -> None:
    ready = "import sys, time; print('ready', flush=True); time.sleep(120)"
    with subprocess.Popen(
        [*COMMAND, "run", *SMALL, "--", sys.executable, "-c", ready], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 128 + signal.SIGTERM


def test_serve_says_where_it_is_and_stops_on_a_signal(tmp_path: Path) -> None:
    data = tmp_path / "account.sqlite"
    with subprocess.Popen(
        [*COMMAND, "serve", *SMALL, "--port", "0", "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        state = requests.get(f"{told['LIGHTSPEED_SANDBOX_URL']}/sandbox/state", timeout=30).json()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    assert told["LIGHTSPEED_SANDBOX_URL"].startswith("http://127.0.0.1:")
    assert state["rows"]["sales"] > 0
    assert data.exists()
