"""The demo: a retailer's year from a sandbox into a warehouse, a look at what arrived, and a report of it.

Everything it makes lies in `.demo` beside meltano.yml. It has a Meltano project of its own there, so that neither the
developer's .env nor his state, tokens and variables have a part in it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.status import Status

from lightspeed_sandbox import warehouse
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.demo_report import Report
from lightspeed_sandbox.programs import search_path
from lightspeed_sandbox.serve import Sandbox

PIPELINE = ("meltano", "--log-format=plain", "run", "tap-lightspeed-retail", "target-postgres", "dbt-postgres:build")
MODELS = "transform"
REGISTERS = 60

_FOREIGN = ("TAP_", "TARGET_", "MELTANO_", "SINGER_", "PG")
_BUILDING = b"dbt-postgres"
_EVERY = 0.2
_LINES_OF_LOG = 5
_WAIT_TO_END = 10


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do."""


@dataclass(frozen=True)
class Places:
    """Where the demo keeps things."""

    root: Path

    @property
    def data(self) -> Path:
        """The sandbox's account."""
        return self.root / "sandbox.sqlite"

    @property
    def warehouse(self) -> Path:
        """The warehouse's data, apart from those of other runs."""
        return self.root / "demo-warehouse"

    @property
    def project(self) -> Path:
        """The demo's own Meltano project."""
        return self.root / "project"

    @property
    def log(self) -> Path:
        """What Meltano said."""
        return self.root / "meltano.log"

    @property
    def bills(self) -> Path:
        """What each run of the tap has cost."""
        return self.root / "bills.jsonl"

    @property
    def page(self) -> Path:
        """The report."""
        return self.root / "report.html"


def show(config: Config, console: Console) -> bool:
    """Run the demo and show what came of it; whether the warehouse holds exactly what the sandbox does.

    Raises:
        DemoError: There is no Meltano project here, or the pipeline failed.
        WarehouseError: The warehouse does not start.
    """
    project = warehouse.find_project()
    if project is None:
        raise DemoError("There is no meltano.yml here: run the demo in the folder of this project.")
    places = Places(project / ".demo")
    again = places.data.exists()
    _prepare(project, places)
    with (
        _ended_by_signals(),
        _sandbox(config, console, again=again) as sandbox,
        warehouse.running(places.warehouse) as server,
    ):
        return _load_and_tell(sandbox, server, places, console)


def _prepare(project: Path, places: Places) -> None:
    places.project.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(project / "meltano.yml", places.project / "meltano.yml")
    made = shutil.ignore_patterns("target", "logs", "dbt_packages")
    shutil.copytree(project / MODELS, places.project / MODELS, ignore=made, dirs_exist_ok=True)


@contextmanager
def _sandbox(config: Config, console: Console, *, again: bool) -> Iterator[Sandbox]:
    if not again:
        console.print(f"Making up a retailer: three shops, {config.days} days, {config.sales_per_day} sales a day.")
    with Sandbox(config) as sandbox:
        if again:
            sandbox.advance(1)
            console.print("A day has passed in the sandbox's shops: only what changed since the last run is fetched.")
        console.print(f"The sandbox serves the API at {sandbox.url}, at the pace of {config.registers} registers.")
        yield sandbox


def _load_and_tell(sandbox: Sandbox, server: warehouse.Warehouse, places: Places, console: Console) -> bool:
    console.print("$ " + shlex.join(word for word in PIPELINE if not word.startswith("--")), style="bold")
    began = datetime.now(UTC)
    _run_pipeline(sandbox, server, places, console)
    took = datetime.now(UTC) - began
    drips = sum(float(request["cost"]) for request in sandbox.requests)
    console.print(f"Done in {took.total_seconds():.0f} s: {len(sandbox.requests)} requests for {drips:.1f} drips.\n")
    report = Report(server.dsn, int(sandbox.account), sandbox.state()["rows"], began)
    whole = report.show(console)
    _write_page(server, places, console)
    _say_what_next(places, console)
    return whole


def _write_page(server: warehouse.Warehouse, places: Places, console: Console) -> None:
    """Have the report written, and say where it is.

    Raises:
        DemoError: It cannot be.
    """
    command = [_program("lightspeed-retail"), "report", "--database", server.url, "--title", "Three shops, one year"]
    command += ["--bills", str(places.bills), "--output", str(places.page)]
    with console.status("The report is written ..."):
        done = subprocess.run(
            command, env=_environment({}), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise DemoError(f"The report could not be written: {done.stderr.strip()}")
    console.print(f"\nThe report, for your browser:  {places.page.absolute().as_uri()}", style="bold")


def _run_pipeline(sandbox: Sandbox, server: warehouse.Warehouse, places: Places, console: Console) -> None:
    """Run Meltano, its words going to a file.

    Raises:
        DemoError: It failed, or Meltano is not installed.
    """
    variables = {**server.variables, **sandbox.environment(), "TAP_LIGHTSPEED_RETAIL_BILL_PATH": str(places.bills)}
    with places.log.open("w", encoding="utf-8") as log, console.status("Meltano starts ...") as status:
        process = subprocess.Popen(
            [_program(PIPELINE[0]), *PIPELINE[1:]],
            cwd=places.project,
            env=_environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _watch(process, sandbox, places.log, status)
        finally:
            _end(process)
    if process.returncode:
        last = places.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-_LINES_OF_LOG:]
        raise DemoError("\n".join([f"The pipeline failed; all of its log is in {places.log}. It ends:", *last]))


def _program(name: str) -> str:
    """Where a program is that stands beside the sandbox.

    Raises:
        DemoError: It is not installed.
    """
    program = shutil.which(name, path=search_path())
    if program is None:
        raise DemoError(f"{name} is not installed beside the sandbox: run make demo, or install it with pip.")
    return program


def _watch(process: subprocess.Popen[bytes], sandbox: Sandbox, log: Path, status: Status) -> None:
    """Say what is being read, as the sandbox sees it, or that models are built, until the pipeline ends."""
    drips = 0.0
    seen = 0
    while process.poll() is None:
        requests = sandbox.requests
        drips += sum(float(request["cost"]) for request in requests[seen:])
        seen = len(requests)
        if _BUILDING in log.read_bytes():
            status.update("dbt builds the models over the loaded tables, and tests them ...")
        elif requests:
            what = Path(str(requests[-1]["path"])).stem
            level, size = sandbox.server.limits.level, sandbox.server.limits.size
            status.update(f"Reading {what}: {seen} requests, {drips:.0f} drips, bucket {level:.0f} of {size:.0f} ...")
        time.sleep(_EVERY)


def _end(process: subprocess.Popen[bytes]) -> None:
    """See to it that the pipeline has ended, also when the demo is interrupted."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_WAIT_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The developer's environment without what could lead the demo astray, and our programs first on the PATH."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, **variables, "PATH": search_path(), "MELTANO_ENVIRONMENT": "sandbox"}


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: servers are stopped."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say_what_next(places: Places, console: Console) -> None:
    place = os.path.relpath(places.warehouse)
    program = os.path.relpath(Path(sys.executable).with_name("lightspeed-sandbox"))
    psql = shlex.join([program, "warehouse", "psql", "--warehouse", place])
    console.print(f"\nLook into the warehouse:  {psql}")
    console.print("Let another day pass:     make demo")
    console.print("Begin anew:               make clean demo")


def config_for(project: Path | None, *, days: int, sales_per_day: int, seed: int) -> Config:
    """The set-up of the demo's sandbox: its data are kept, and its limits are those of a large account."""
    data = (project or Path.cwd()) / ".demo" / "sandbox.sqlite"
    return Config(data=data, days=days, sales_per_day=sales_per_day, seed=seed, registers=REGISTERS)
