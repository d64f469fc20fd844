"""What a run of an account is given, and how its end is understood; Meltano is a script that does what a test says."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lightspeed_nightly.accounts import Account
from lightspeed_nightly.loading import Loading
from lightspeed_nightly.night import Night
from lightspeed_nightly.outcome import Kind, Run
from lightspeed_nightly.runs import Runs
from lightspeed_nightly.settings import Settings
from lightspeed_nightly.warm import Cold
from lightspeed_sandbox.warehouse import Warehouse
from tests.end_to_end.project import passing_warehouse

SCRIPT = """\
#!{python}
import json, os, pathlib, signal, sys, time
if "--dump" in sys.argv:
    print(json.dumps({{"streams": [{{}}]}}))
    sys.exit()
done = pathlib.Path("done.jsonl")
with done.open("a") as file:
    file.write(json.dumps({{"arguments": sys.argv[1:], "environment": dict(os.environ)}}) + "\\n")
plan = json.loads(pathlib.Path("plan.json").read_text())
run = sys.argv[sys.argv.index("--run-id") + 1]
pathlib.Path(".meltano/run/elt/some/" + run).mkdir(parents=True)
for line in plan.get("log", []):
    print(line if isinstance(line, str) else json.dumps(line), file=sys.stderr, flush=True)
if "bill" in plan:
    pathlib.Path(os.environ["TAP_LIGHTSPEED_RETAIL_BILL_PATH"]).write_text(plan["bill"])
if "outcomes" in plan:
    pathlib.Path(os.environ["TARGET_LIGHTSPEED_RETAIL_OUTCOME_PATH"]).write_text(plan["outcomes"])
time.sleep(plan.get("sleep", 0))
if "signal" in plan:
    os.kill(os.getpid(), plan["signal"])
sys.exit(plan.get("code", 0))
"""
FIGURES = {"rows": 12, "requests": 3, "drips": 4.5, "waited": 0.5, "refused": 1, "received": 900}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with passing_warehouse(tmp_path_factory.mktemp("loading") / "warehouse") as running:
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose `meltano` does what `plan.json` says."""
    folder = tmp_path / "a project"
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "meltano"
    program.write_text(SCRIPT.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    return folder


@pytest.fixture
def night(project: Path, server: Warehouse) -> Iterator[Night]:
    settings = Settings(project=project, programs=project / "bin", database=server.dsn, accounts="list.json")
    found = Night(settings, "tonight")
    found.runs.make()
    yield found
    with psycopg.connect(server.dsn) as connection:
        connection.execute("DROP TABLE lightspeed_nightly_runs")


def run(night: Night, account: Account | None = None, **plan: Any) -> Run:
    """Run an account, with Meltano doing something."""
    settings = night.settings
    (settings.project / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    loading = Loading(settings, night.runs, Cold(settings.program("meltano"), settings.project), patience=2.0)
    return loading.run(account or Account(7), night.name, 1)


def asked(night: Night) -> list[dict[str, Any]]:
    """What Meltano was given, each time."""
    lines = (night.settings.project / "done.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def bill(**more: Any) -> str:
    return json.dumps({**FIGURES, "skipped": [], "reason": None, **more}) + "\n"


def reason(kind: str) -> Mapping[str, str]:
    return {"kind": kind, "text": f"Because of {kind}."}


def error(plugin: str, text: str) -> dict[str, str]:
    return {"stdio": "stderr", "name": plugin, "event": text, "level": "error"}


def test_meltano_is_started_with_a_state_of_the_accounts_own(night: Night) -> None:
    found = run(night)
    (given,) = asked(night)
    *arguments, _, catalog, extractor, loader = given["arguments"]
    ids = ["--state-id", "lightspeed-7", "--run-id", found.run_id]
    assert arguments == ["--log-format", "json", "el", "--no-install", "--force", *ids]
    assert json.loads(Path(catalog).read_text(encoding="utf-8")) == {"streams": [{}]}
    assert (extractor, loader) == ("tap-lightspeed-retail", "target-postgres")
    assert given["environment"]["TAP_LIGHTSPEED_RETAIL_ACCOUNT_ID"] == "7"
    assert given["environment"]["TARGET_LIGHTSPEED_RETAIL_ACCOUNT_ID"] == "7"


def test_an_accounts_own_variables_win_but_for_the_files_of_the_run(night: Night) -> None:
    own = {"TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "mine", "TAP_LIGHTSPEED_RETAIL_BILL_PATH": "/nowhere/bill"}
    found = run(night, Account(7, own), bill=bill())
    (given,) = asked(night)
    assert given["environment"]["TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA"] == "mine"
    assert found.rows == 12


def test_figures_are_those_of_the_bill(night: Night) -> None:
    found = run(
        night, bill=bill(rows=1) + bill(), outcomes='{"operation": "created"}\n{"operation": "rejected"}\n{"ope'
    )
    assert {name: getattr(found, name) for name in FIGURES} == FIGURES
    assert (found.kind, found.reason, found.rejects) == (Kind.LOADED, "", 1)
    assert night.runs.of("tonight") == [found]


def test_streams_left_out_make_it_incomplete(night: Night) -> None:
    found = run(night, bill=bill(skipped=["shops", "tags"]))
    assert (found.kind, found.reason) == (Kind.INCOMPLETE, "Skipped for want of rights: shops, tags.")


@pytest.mark.parametrize(
    "kind", [Kind.CREDENTIALS, Kind.RIGHTS, Kind.SETTINGS, Kind.REFUSED, Kind.LIMIT, Kind.OUTAGE, Kind.FAILED]
)
def test_the_tap_says_why(night: Night, kind: Kind) -> None:
    found = run(night, code=1, bill=bill(reason=reason(kind)), log=[error("target-postgres", "Something else.")])
    assert (found.kind, found.reason, found.rows) == (kind, f"Because of {kind}.", 12)


UNREAD = bill(reason=reason("unread"))
TAP, TARGET = "tap-lightspeed-retail", "target-postgres"


@pytest.mark.parametrize(
    ("plan", "kind", "words"),
    [
        ({"code": 1, "bill": UNREAD, "log": [error(TARGET, "disk full")]}, Kind.LOADER, "disk full"),
        ({"code": 1, "log": [error(TARGET, "no such host"), "Traceback"]}, Kind.LOADER, "no such host"),
        ({"code": 1, "log": [error(TAP, "client_id is missing")]}, Kind.FAILED, "client_id is missing"),
        ({"code": 1, "log": ["Error: no project"]}, Kind.FAILED, "Error: no project"),
        ({"code": 1}, Kind.FAILED, "It said nothing."),
        ({"code": 1, "bill": '{"rows": 12, "rea', "log": ["cut off"]}, Kind.FAILED, "cut off"),
        ({"signal": 9}, Kind.KILLED, "Ended by signal 9."),
        ({"code": 143}, Kind.KILLED, "Ended by signal 15."),
        ({"code": 127, "log": ["meltano: not found"]}, Kind.FAILED, "meltano: not found"),
    ],
)
def test_where_the_tap_cannot_say_it_the_log_does(night: Night, plan: dict[str, Any], kind: Kind, words: str) -> None:
    found = run(night, **plan)
    assert (found.kind, found.reason) == (kind, words)
    assert found.kind.is_passing


def test_a_run_that_takes_too_long_is_ended(night: Night, project: Path) -> None:
    short = Night(Settings(**{**vars(night.settings), "minutes": 0.01}), "tonight")
    found = run(short, sleep=600)
    assert found.kind is Kind.HUNG
    assert found.seconds < 60


def test_nothing_is_left_of_a_run(night: Night, project: Path) -> None:
    run(night, code=1)
    assert list((project / ".meltano" / "run" / "elt").glob("*/*")) == []


def test_an_account_that_is_at_work_elsewhere_is_left_alone(night: Night, project: Path) -> None:
    with night.runs.alone(7):
        found = run(night)
    assert found.kind is Kind.BUSY
    assert found.kind.is_passing
    assert not (project / "done.jsonl").exists()


def test_one_that_ends_in_time_is_waited_for(night: Night) -> None:
    held = night.runs.alone(7)
    held.__enter__()
    threading.Timer(0.5, lambda: held.__exit__(None, None, None)).start()
    assert run(night).kind is Kind.LOADED


def test_each_line_of_the_log_says_whose_it_is(night: Night, caplog: pytest.LogCaptureFixture) -> None:
    line = {
        "stdio": "stderr",
        "name": "tap-lightspeed-retail",
        "event": "Read 5 rows",
        "level": "info",
        "extra": {"rows": 5},
    }
    with caplog.at_level(logging.INFO, "lightspeed_nightly"):
        found = run(night, log=[line, "no JSON"])
    records = [record for record in caplog.records if record.name == "lightspeed_nightly"]
    assert [vars(record)["account_id"] for record in records] == [7, 7]
    assert {vars(record)["run_id"] for record in records} == {found.run_id}
    assert [record.getMessage() for record in records] == [
        f"account_id=7 run_id={found.run_id} night=tonight tap-lightspeed-retail: Read 5 rows",
        f"account_id=7 run_id={found.run_id} night=tonight no JSON",
    ]


def test_another_try_leaves_those_alone_that_are_through(night: Night, project: Path) -> None:
    (project / "list.json").write_text("[1, 2, 3]", encoding="utf-8")
    plans: dict[int, dict[str, Any]] = {
        1: {},
        2: {"code": 1, "bill": bill(reason=reason("credentials"))},
        3: {"code": 1},
    }
    for number, plan in plans.items():
        run(night, Account(number), **plan)
    (project / "plan.json").write_text("{}", encoding="utf-8")
    (project / "done.jsonl").unlink()
    found = {each.account_id: each for each in night.load([1, 2, 3], attempt=2)}
    assert [given["environment"]["TAP_LIGHTSPEED_RETAIL_ACCOUNT_ID"] for given in asked(night)] == ["3"]
    assert {number: (each.kind, each.attempt) for number, each in found.items()} == {
        1: (Kind.LOADED, 1),
        2: (Kind.CREDENTIALS, 1),
        3: (Kind.LOADED, 2),
    }
    summary = night.summary([1, 2, 3, 4])
    assert (summary.headline.partition(" in ")[0], summary.unrun) == ("2 of 4 accounts loaded", [4])


def test_the_runs_of_two_nights_are_told_apart(night: Night, server: Warehouse) -> None:
    run(night)
    assert Runs(server.dsn).of("another") == []
