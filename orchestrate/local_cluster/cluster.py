"""Redis, PostgreSQL, and Airflow's api-server, scheduler, dag-processor and workers, each a process of its own."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psycopg

from lightspeed_sandbox import warehouse
from local_cluster.processes import Keeper, free_port, wait_until

DAG = "lightspeed_retail"
_ORCHESTRATE = Path(__file__).resolve().parent.parent
_ENDED = {"success", "failed"}
_STARTED_IN = 180.0


class ClusterError(Exception):
    """The cluster cannot run; the text says why and what to do."""


@dataclass(frozen=True)
class Plan:
    """How the cluster is set up.

    Args:
        folder: Where all that it keeps lies.
        airflow: Folder of Airflow's programs.
        project: The Meltano project.
        programs: Folder of the project's programs.
        workers: Celery workers; with none, the scheduler runs tasks itself and there is no Redis.
        slots: Tasks at a time, of each worker.
        variables: More for the environment of all, settings of the night for example.
    """

    folder: Path
    airflow: Path
    project: Path
    programs: Path
    workers: int = 2
    slots: int = 2
    variables: Mapping[str, str] = field(default_factory=dict)


class Cluster:
    """A cluster that runs while its context lasts.

    Args:
        plan: How it is set up.
    """

    def __init__(self, plan: Plan) -> None:
        """Start nothing yet."""
        self.plan = plan
        self._redis, self._web = free_port(), free_port()
        self._database: warehouse.Warehouse | None = None
        self.keeper: Keeper | None = None

    def __enter__(self) -> Self:
        """Start all, in order.

        Raises:
            ClusterError: A program is missing, or does not start.
        """
        self._require()
        self._database = warehouse.start(self.plan.folder / "postgres")
        try:
            self._make_databases()
            self._airflow("db", "migrate")
            slots = max(1, self.plan.workers) * self.plan.slots
            self._airflow("pools", "set", "lightspeed", str(slots), "accounts at a time")
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all."""
        if self.keeper is not None:
            self.keeper.stop()
        if self._database is not None:
            self._database.stop()

    @property
    def web(self) -> str:
        """Where Airflow's pages are."""
        return f"http://127.0.0.1:{self._web}"

    def database(self, name: str, driver: str = "postgresql+psycopg") -> str:
        """Address of one of the databases: `airflow`, `meltano`, `warehouse`."""
        if self._database is None:
            raise ClusterError("The cluster does not run.")
        return self._database.dsn.replace("postgresql://", f"{driver}://").replace("/postgres?", f"/{name}?")

    def environment(self) -> dict[str, str]:
        """What all of Airflow's processes find in their environment."""
        plan = self.plan
        home = plan.folder / "airflow"
        path = os.pathsep.join((str(plan.airflow), os.environ.get("PATH", os.defpath)))
        settings = {
            "AIRFLOW_HOME": home,
            "AIRFLOW__API__BASE_URL": self.web,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": self._web,
            "AIRFLOW__API__WORKERS": 1,
            "AIRFLOW__API_AUTH__JWT_SECRET": self._secret(),
            "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{self._redis}/0",
            "AIRFLOW__CELERY__RESULT_BACKEND": self.database("airflow", "db+postgresql"),
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": plan.slots,
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": False,
            "AIRFLOW__CORE__DAGS_FOLDER": _ORCHESTRATE / "dags",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.web}/execution/",
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor" if plan.workers else "LocalExecutor",
            "AIRFLOW__CORE__LOAD_EXAMPLES": False,
            "AIRFLOW__CORE__MAX_MAP_LENGTH": 20_000,
            "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": 10_000,
            "AIRFLOW__CORE__PARALLELISM": max(1, plan.workers) * plan.slots,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": True,
            # A worker, or a scheduler, that is gone without a word is noticed after a minute, not five.
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": 60,
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": 60,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.database("airflow", "postgresql+psycopg2"),
            "LIGHTSPEED_NIGHTLY_DATABASE": self.database("meltano"),
            "LIGHTSPEED_NIGHTLY_POOL": "lightspeed",
            "LIGHTSPEED_NIGHTLY_PROGRAMS": plan.programs,
            "LIGHTSPEED_NIGHTLY_PROJECT": plan.project,
            "MELTANO_DATABASE_URI": self.database("meltano"),
            "PATH": path,
            "PYTHONPATH": _ORCHESTRATE,
        }
        points = {warehouse.URL_VARIABLE: self.database("warehouse") + "&options=-c%20TimeZone%3DUTC", "PGTZ": "UTC"}
        given = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))}
        return {**points, **given, **{name: str(value) for name, value in settings.items()}, **plan.variables}

    def start_night(self, name: str, accounts: list[int] | None = None) -> None:
        """Begin a night by hand.

        Args:
            name: What it is to be known by.
            accounts: Only these, if given.
        """
        conf = ["--conf", json.dumps({"accounts": accounts})] if accounts else []
        self._airflow("dags", "trigger", DAG, "--run-id", name, *conf)

    def state(self, night: str) -> str:
        """How a night stands, in Airflow's word; empty if there is none of such a name."""
        with psycopg.connect(self.database("airflow", "postgresql")) as connection:
            query = "SELECT state FROM dag_run WHERE dag_id = %s AND run_id = %s"
            row = connection.execute(query, (DAG, night)).fetchone()
        return str(row[0]) if row else ""

    def tasks(self, night: str) -> list[dict[str, Any]]:
        """The tasks of a night: name, index, state, tries, worker."""
        with psycopg.connect(self.database("airflow", "postgresql")) as connection:
            query = (
                "SELECT task_id, map_index, state, try_number, hostname, start_date, end_date FROM task_instance"
                " WHERE dag_id = %s AND run_id = %s ORDER BY task_id, map_index"
            )
            cursor = connection.execute(query, (DAG, night))
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def wait(self, night: str, seconds: float) -> str:
        """Wait until a night has ended; its state.

        Raises:
            TimeoutError: It did not end in time.
        """
        wait_until(f"the end of {night}", lambda: self.state(night) in _ENDED, seconds)
        return self.state(night)

    def _require(self) -> None:
        if not (self.plan.airflow / "airflow").exists():
            raise ClusterError("Airflow is not installed: run tools/airflow.")
        if self.plan.workers and shutil.which("redis-server") is None:
            raise ClusterError("redis-server is missing (Debian: apt install redis-server), or do without workers.")

    def _secret(self) -> str:
        """A secret that all processes share, made once."""
        path = self.plan.folder / "secret"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text(encoding="utf-8")

    def _make_databases(self) -> None:
        with psycopg.connect(self.database("postgres", "postgresql"), autocommit=True) as connection:
            there = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
            for name in {"airflow", "meltano", "warehouse"} - there:
                connection.execute(f'CREATE DATABASE "{name}"'.encode())

    def _airflow(self, *arguments: str) -> None:
        command = [str(self.plan.airflow / "airflow"), *arguments]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ClusterError(f"airflow {' '.join(arguments[:2])} failed: {(done.stderr or done.stdout)[-2000:]}")

    def _start(self) -> None:
        plan = self.plan
        airflow = str(plan.airflow / "airflow")
        self.keeper = Keeper(plan.folder / "logs", self.environment())
        if plan.workers:
            redis = [
                "redis-server",
                "--port",
                str(self._redis),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ]
            self.keeper.keep("redis", [*redis, "--dir", str(plan.folder)])
        self.keeper.keep("api-server", [airflow, "api-server"])
        for name in ("scheduler", "dag-processor"):
            self.keeper.keep(name, [airflow, name], AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(free_port()))
        for number in range(1, plan.workers + 1):
            command = [airflow, "celery", "worker", "--celery-hostname", f"worker-{number}@%h"]
            self.keeper.keep(f"worker-{number}", command, AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(free_port()))
        wait_until("Airflow's health", self._is_healthy, _STARTED_IN)
        wait_until(f"the DAG {DAG}", self._knows_the_dag, _STARTED_IN)

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.web}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310  ours
                health = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return False
        return all(health[name]["status"] == "healthy" for name in ("metadatabase", "scheduler", "dag_processor"))

    def _knows_the_dag(self) -> bool:
        with psycopg.connect(self.database("airflow", "postgresql")) as connection:
            return connection.execute("SELECT 1 FROM dag WHERE dag_id = %s", (DAG,)).fetchone() is not None
