"""The command `orchestrate/up`: a cluster until it is stopped, or for one night; over made-up accounts, if wanted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from dotenv import dotenv_values
from rich.console import Console

from lightspeed_nightly.outcome import Run
from lightspeed_nightly.runs import Runs
from lightspeed_nightly.settings import PREFIX, Settings, SettingsError
from lightspeed_nightly.summary import Summary
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.many import Sandboxes
from lightspeed_sandbox.warehouse import WarehouseError
from local_cluster.cluster import Cluster, ClusterError, Plan
from local_cluster.made_up import connect

_REPOSITORY = Path(__file__).resolve().parent.parent.parent
_LONGEST = 24 * 3600.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
out = Console(stderr=True, highlight=False)
app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)


class _Stopped(Exception):  # noqa: N818  no error
    """A signal has come."""


@app.command()
def up(
    *,
    folder: Annotated[Path, typer.Option(help="Where databases and logs lie.")] = _REPOSITORY / ".airflow" / "cluster",
    project: Annotated[Path, typer.Option(help="The Meltano project.")] = _REPOSITORY,
    workers: Annotated[int, typer.Option(help="Celery workers; 0 lets the scheduler run the tasks.", min=0)] = 2,
    slots: Annotated[int, typer.Option(help="Accounts at a time, of each worker.", min=1)] = 2,
    sandbox: Annotated[int, typer.Option(help="Read so many made-up accounts of a local sandbox.", min=0)] = 0,
    days: Annotated[int, typer.Option(help="Days of history of the made-up accounts.", min=1)] = 5,
    night: Annotated[bool, typer.Option("--night", help="Run one night, tell how it went, and stop.")] = False,
) -> None:
    """Bring up Airflow with Redis, PostgreSQL, scheduler and workers on this machine, and keep them running."""
    for number in _SIGNALS:
        signal.signal(number, _stop)
    try:
        _read_settings_of(project)
        # Airflow would only say that it has found no DAG.
        Settings.from_environment()
        code = _run(
            Plan(folder, _airflow(), project, Path(sys.executable).parent, workers, slots), sandbox, days, night=night
        )
    except (ClusterError, SettingsError, WarehouseError, TimeoutError) as error:
        out.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(1) from None
    except _Stopped:
        code = 0
    raise typer.Exit(code)


def _read_settings_of(project: Path) -> None:
    """Take settings of nights from the project's `.env`, as Meltano takes its own; what is set already counts more."""
    try:
        found = dotenv_values(project / ".env")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The file {project / '.env'} cannot be read: {error}") from None
    for name, value in found.items():
        if name.startswith(PREFIX) and value is not None:
            os.environ.setdefault(name, value)


def _run(plan: Plan, accounts: int, days: int, *, night: bool) -> int:
    if not accounts:
        with Cluster(plan) as cluster:
            return _serve(cluster, night=night)
    with Sandboxes(Config(days=days, sales_per_day=8), accounts) as sandboxes:
        variables = {
            **sandboxes.environment(),
            "LIGHTSPEED_NIGHTLY_SCHEDULE": "none",
            "LIGHTSPEED_NIGHTLY_ACCOUNTS": "tokens",
            # Nobody is told of a night of made-up accounts.
            "LIGHTSPEED_NIGHTLY_SUMMARY_URL": "",
        }
        with Cluster(replace(plan, variables=variables)) as cluster:
            connect(cluster.database("meltano"), sandboxes.client_id, sandboxes.refresh_tokens())
            return _serve(cluster, night=night)


def _serve(cluster: Cluster, *, night: bool) -> int:
    """Run one night, or stay until a signal comes."""
    out.print(f"Airflow: [bold]{cluster.web}[/bold]   logs: {cluster.plan.folder / 'logs'}", soft_wrap=True)
    out.print(f"Warehouse: {cluster.database('warehouse', 'postgresql')}", soft_wrap=True)
    if night:
        return _one_night(cluster)
    out.print("Stop with Ctrl-C.")
    threading.Event().wait()
    return 0


def _one_night(cluster: Cluster) -> int:
    """Run a night, with a line for each account; 1 if one failed."""
    name = f"by-hand-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}"
    cluster.start_night(name)
    state = cluster.wait(name, _LONGEST)
    runs: list[Run] = Runs(cluster.database("meltano")).of(name)
    typer.echo(str(Summary(name, runs)))
    return 0 if state == "success" else 1


def _airflow() -> Path:
    done = subprocess.run([_REPOSITORY / "tools" / "airflow"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError("Airflow could not be installed.")
    return Path(done.stdout.strip())


def _stop(number: int, _frame: FrameType | None) -> None:
    raise _Stopped(number)
