"""Every account of Lightspeed Retail, every night: prepared once, loaded side by side, modelled, and told about."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.sdk.observability import stats

from lightspeed_nightly.guarding import end_with_parent
from lightspeed_nightly.night import Night
from lightspeed_nightly.outcome import Run
from lightspeed_nightly.settings import Settings, SettingsError

SETTINGS = Settings.from_environment()

_TRIES: dict[str, Any] = {
    "retries": SETTINGS.retries,
    "retry_delay": timedelta(seconds=SETTINGS.retry_seconds),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(hours=1),
}
_FIGURES = {
    "rows": "rows",
    "drips": "drips",
    "waited_seconds": "waited",
    "refused": "refused",
    "rejects": "rejects",
    "seconds": "seconds",
}
"""Names of metrics, and of the figures of a run that they are."""

Groups = list[list[int]]
"""The accounts' numbers, those of one task together."""


@task(**_TRIES)
def prepare() -> None:
    """Make tables, and Meltano's own, before many runs need them at the same time."""
    with _settled_by_people():
        _night().prepare()


@task(**_TRIES)
def accounts() -> Groups:
    """List the accounts; the largest first, small ones together."""
    wanted = set(get_current_context()["params"]["accounts"])
    with _settled_by_people():
        found = _night().groups()
    kept = [[number for number in group if not wanted or number in wanted] for group in found]
    return [group for group in kept if group]


# Tasks of one rank start in the order of their index, hence the largest first.
@task(**_TRIES, pool=SETTINGS.pool, map_index_template="{{ label }}")
def load(group: list[int]) -> None:
    """Run the accounts of a group, one after the other; another try leaves those alone that are through."""
    # A task whose worker was killed would else go on beside the one that takes its place.
    end_with_parent()
    context: Any = get_current_context()
    context["label"] = str(group[0]) if len(group) == 1 else f"{group[0]} and {len(group) - 1} more"
    runs = _night().load(group, context["ti"].try_number, _measure)
    failed = [run for run in runs if not run.kind.is_good]
    if failed:
        told = "; ".join(f"{run.account_id}: {run.kind}: {run.reason}" for run in failed)
        raise (AirflowException if any(run.kind.is_passing for run in failed) else AirflowFailException)(told)


@task(trigger_rule="all_done", retries=1, retry_delay=timedelta(minutes=1))
def models(groups: Groups | None) -> None:
    """Build the models once, whatever failed, if there is anything new to build them from."""
    loaded = [run for run in _night().summary(_flat(groups)).runs if run.kind.is_good]
    if SETTINGS.after == "none" or not loaded:
        raise AirflowSkipException("Nothing was loaded." if not loaded else "Nothing is to be done.")
    command = [str(SETTINGS.program("meltano")), *SETTINGS.after.split()]
    subprocess.run(command, cwd=SETTINGS.project, env=SETTINGS.environment(), check=True)


@task(trigger_rule="all_done")
def summary(groups: Groups | None) -> None:
    """Tell how the night went, and fail if an account was not loaded."""
    found = _night().summary(_flat(groups))
    for account, seconds in found.ages(datetime.now(UTC)).items():
        stats.gauge("lightspeed.freshness_seconds", seconds, tags={"account_id": str(account)})
    print(found)  # noqa: T201  the log of the task is where one looks
    context: Any = get_current_context()
    context["ti"].xcom_push(key="summary", value=found.document())
    if SETTINGS.summary_url:
        found.send(SETTINGS.summary_url)
    if not groups or not found.is_good:
        raise AirflowFailException(found.headline if groups else "The accounts were not listed: see the tasks before.")


@dag(
    schedule=None if SETTINGS.schedule == "none" else SETTINGS.schedule,
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    # A night that goes on when the next one is due is not overtaken: the next one reads what has come since.
    max_active_runs=1,
    params={"accounts": Param([], type="array", items={"type": "integer"}, description="Only these; none means all.")},
    doc_md=__doc__,
    tags=["lightspeed"],
)
def lightspeed_retail() -> None:
    """Load all accounts."""
    groups = accounts()
    prepare() >> groups
    load.expand(group=groups) >> models(groups) >> summary(groups)


def _night() -> Night:
    return Night(SETTINGS, str(get_current_context()["run_id"]))


@contextmanager
def _settled_by_people() -> Iterator[None]:
    """A wrong setting is not tried again: it stays wrong."""
    try:
        yield
    except SettingsError as error:
        raise AirflowFailException(str(error)) from None


def _measure(run: Run) -> None:
    """Hand a run's figures to whatever Airflow sends its own metrics to."""
    tags = {"account_id": str(run.account_id), "outcome": str(run.kind)}
    for name, figure in _FIGURES.items():
        stats.gauge(f"lightspeed.{name}", getattr(run, figure), tags=tags)
    stats.incr("lightspeed.runs", tags={"outcome": str(run.kind)})


def _flat(groups: Groups | None) -> list[int]:
    return [number for group in groups or [] for number in group]


lightspeed_retail()
