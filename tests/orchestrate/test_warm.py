"""Meltano for one account after the other, started anew or forked: each is as if alone, and nothing is left of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

import pytest

from lightspeed_nightly.catalogs import Catalogs
from lightspeed_nightly.guarding import Asked, Ended
from lightspeed_nightly.warm import Cold, Starter, Warm
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import URL_VARIABLE, Warehouse
from tests.conftest import ROOT
from tests.end_to_end.project import Project, passing_warehouse
from tests.end_to_end.test_two_accounts import OTHER, other_account, table
from tests.retailer import small_sandbox, small_store

PYTHON = Path(sys.executable)
EL = ["--log-format", "json", "el", "--no-install", "--force", "tap-lightspeed-retail", "target-postgres"]
IN_TIME = 15.0
"""Seconds in which a run that hangs has come to the point where it does."""

PARENT = """
import json, sys
from pathlib import Path
from lightspeed_nightly.warm import Cold, Warm
kind, program, project, log, arguments, environment = json.loads(sys.argv[1])
with {"Cold": Cold, "Warm": Warm}[kind](Path(program), Path(project)) as starter:
    print(starter.run(arguments, environment, Path(log), None), flush=True)
"""
"""A program that has a run started, as a worker does."""


@dataclass
class Accounts:
    """Two accounts, a project, and a warehouse."""

    project: Project
    server: Warehouse
    sandboxes: tuple[Sandbox, Sandbox]

    def environment(self, sandbox: Sandbox, **more: str) -> dict[str, str]:
        """All that a run of an account finds."""
        name = int(sandbox.account)
        own = {
            **sandbox.environment(),
            "TAP_LIGHTSPEED_RETAIL__SELECT": '["tags.*", "categories.*"]',
            "TAP_LIGHTSPEED_RETAIL_TOKEN_STORE": str(self.project.folder / f"tokens-{name}.json"),
        }
        return self.project.environment({**own, **more})

    def log(self, name: str) -> Path:
        """A file for the output of a run."""
        return self.project.folder / f"{name}.log"

    def state(self, account: str) -> dict[str, Any]:
        """What Meltano keeps of an account."""
        said = subprocess.run(
            ["meltano", "state", "get", f"account-{account}"],
            cwd=self.project.folder,
            env=self.project.environment({"MELTANO_CLI_LOG_LEVEL": "error"}),
            capture_output=True,
            check=True,
        ).stdout
        state: dict[str, Any] = json.loads(said)["singer_state"]
        return state


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    project = Project.copied(tmp_path_factory.mktemp("warm"))
    with (
        passing_warehouse(project.warehouse) as server,
        small_sandbox(small_store(days=3, sales_per_day=5)) as one,
        small_sandbox(other_account()) as two,
    ):
        project.variables = {URL_VARIABLE: server.url}
        yield Accounts(project, server, (one, two))


def state_of(account: str) -> list[str]:
    return ["--state-id", f"account-{account}"]


def descendants(parent: int) -> set[int]:
    """The processes in sessions that a process has begun, its children among them."""
    rows = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, above, _, session = path.read_text().rpartition(")")[2].split()[:4]
            if state not in "ZX":
                rows[int(path.parent.name)] = (int(above), int(session))
    begun = {pid for pid, (above, session) in rows.items() if above == parent and session == pid}
    return {pid for pid, (_, session) in rows.items() if session in begun}


def comes_true(said: Callable[[], bool], within: float = 60.0) -> bool:
    """Whether something is so before long."""
    last = time.monotonic() + within
    while not said():
        if time.monotonic() > last:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def silent() -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """A host that takes connections and says nothing, and the variables by which a tap reaches it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield listener, {"TAP_LIGHTSPEED_RETAIL_API_URL": url, "TAP_LIGHTSPEED_RETAIL_AUTH_URL": url}


def test_accounts_after_each_other_are_each_as_if_alone(accounts: Accounts) -> None:
    one, two = accounts.sandboxes
    with Warm(PYTHON, accounts.project.folder) as warm:
        catalogs = Catalogs(warm, accounts.project.folder, "tonight")
        for _ in range(2):
            for sandbox in (one, two):
                environment = accounts.environment(sandbox)
                log = accounts.log(f"good-{sandbox.account}")
                catalog = catalogs.arguments(environment)
                ended = warm.run([*EL, *state_of(sandbox.account), *catalog], environment, log, 240)
                assert (ended.code, ended.hung) == (0, False), log.read_text()[-3000:]
    assert len(list(accounts.project.folder.glob(".meltano/run/lightspeed-nightly/catalogs/*"))) == 1
    tags = table(accounts.server, "tags")
    assert {account for account, _ in tags} == {int(one.account), OTHER}
    for sandbox, other in ((one, two), (two, one)):
        said = accounts.log(f"good-{sandbox.account}").read_text()
        assert "Running catalog discovery" not in said
        # The address has the port, by which the other account would be reached.
        assert other.url not in said
        assert other.environment()["TAP_LIGHTSPEED_RETAIL_REFRESH_TOKEN"] not in said
        # From its second run on it goes on from where its own first one ended.
        assert said.count("No state was found") == 1
        assert str(accounts.state(sandbox.account)["accountID"]) == sandbox.account


@contextmanager
def starting(kind: type[Warm | Cold], program: Path, project: Path) -> Iterator[Starter]:
    """Something that starts Meltano, for its time."""
    with kind(program, project) as starter:
        yield starter


KINDS = [pytest.param(Warm, PYTHON, id="warm"), pytest.param(Cold, PYTHON.with_name("meltano"), id="cold")]


@pytest.mark.parametrize(("kind", "program"), KINDS)
def test_a_failing_run_has_its_code_and_the_next_one_is_well(
    kind: type[Warm | Cold], program: Path, accounts: Accounts
) -> None:
    one = accounts.sandboxes[0]
    log = accounts.log(f"failing-{kind.__name__}")
    with starting(kind, program, accounts.project.folder) as starter:
        refused = accounts.environment(
            one, TAP_LIGHTSPEED_RETAIL_REFRESH_TOKEN="spent", TAP_LIGHTSPEED_RETAIL_TOKEN_STORE="t.json"
        )
        assert starter.run([*EL, *state_of("failing")], refused, log, 240).code == 1
        assert starter.run(["el", "nothing"], refused, log, 240).code == 2
        assert starter.run(["--version"], accounts.environment(one), log, 240).code == 0
    assert "Extraction failed" in log.read_text()
    assert "Usage: meltano el" in log.read_text()


@pytest.mark.parametrize(("kind", "program"), KINDS)
def test_a_hung_run_is_ended_in_its_time_with_all_that_it_has_started(
    kind: type[Warm | Cold], program: Path, accounts: Accounts
) -> None:
    one = accounts.sandboxes[0]
    log = accounts.log(f"hung-{kind.__name__}")
    with starting(kind, program, accounts.project.folder) as starter, silent() as (host, address):
        assert starter.run(["--version"], accounts.environment(one), log, 240).code == 0
        before = descendants(os.getpid())
        ended = starter.run([*EL, *state_of("hung")], accounts.environment(one, **address), log, IN_TIME)
        assert ended.hung
        assert ended.code != 0
        assert IN_TIME <= ended.seconds < IN_TIME + 30
        # The tap had come to where it hangs.
        host.accept()[0].close()
        assert comes_true(lambda: descendants(os.getpid()) == before, within=5)
        assert starter.run(["--version"], accounts.environment(one), log, 240).code == 0


@pytest.mark.parametrize(("kind", "program"), KINDS)
def test_nothing_lives_on_when_whoever_has_started_a_run_is_killed(
    kind: type[Warm | Cold], program: Path, accounts: Accounts
) -> None:
    with silent() as (host, address):
        worker = started(kind, program, accounts, address)
        connection, _ = host.accept()
        running = descendants(worker.pid)
        assert len(running) > 3
        worker.kill()
        worker.wait()
        assert comes_true(lambda: not any(Path(f"/proc/{pid}").exists() for pid in running), within=20)
        connection.close()


def test_a_killed_server_takes_its_run_along_and_the_next_run_has_a_new_one(accounts: Accounts) -> None:
    one = accounts.sandboxes[0]
    log = accounts.log("served")
    with starting(Warm, PYTHON, accounts.project.folder) as starter:
        others = descendants(os.getpid())
        assert starter.run(["--version"], accounts.environment(one), log, 240).code == 0
        before = descendants(os.getpid()) - others
        server = min(before)
        with silent() as (host, address), ThreadPoolExecutor(1) as pool:
            environment = accounts.environment(one, **address)
            told = pool.submit(starter.run, [*EL, *state_of("served")], environment, log, None)
            connection, _ = host.accept()
            running = descendants(os.getpid()) - others
            assert len(running) > len(before)
            os.kill(server, signal.SIGKILL)
            assert told.result(timeout=60).code == -signal.SIGKILL
            assert comes_true(lambda: not running & descendants(os.getpid()), within=20)
            assert comes_true(lambda: not any(Path(f"/proc/{pid}").exists() for pid in running), within=20)
            connection.close()
        assert starter.run(["--version"], accounts.environment(one), log, 240).code == 0


def started(kind: type[Warm | Cold], program: Path, accounts: Accounts, address: dict[str, str]) -> Popen[bytes]:
    """A worker that has a run started, and waits for it."""
    environment = accounts.environment(accounts.sandboxes[0], **address)
    project, log = accounts.project.folder, accounts.log(f"killed-{kind.__name__}")
    asked = [kind.__name__, str(program), str(project), str(log), [*EL, *state_of("killed")], environment]
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "orchestrate")}
    return Popen([sys.executable, "-c", PARENT, json.dumps(asked)], env=variables, stdout=DEVNULL)


def test_lines_say_what_is_asked_and_how_it_ended() -> None:
    asked = Asked(["el"], {"A": "ä"}, "log", 1.5)
    assert Asked.of(asked.line()) == asked
    assert Ended.of(Ended(-9, 1.0, hung=True).line()) == Ended(-9, 1.0, hung=True)
