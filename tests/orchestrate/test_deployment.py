"""What users start with: compose file, image, values of the Helm chart. Containers cannot run here, so they are read.

Settings of Airflow are compared with its own declaration, where `tools/airflow` has installed it.
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator, Mapping
from dataclasses import fields
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lightspeed_nightly.grouping import MOST_GROUPS
from lightspeed_nightly.settings import PREFIX, Settings, variable
from lightspeed_retail.settings import CONNECTION
from tests.conftest import ROOT

FOLDER = ROOT / "orchestrate"
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
PAGE = ROOT / "docs" / "many-accounts.md"
COMPOSE, VALUES = "docker-compose.yml", "values.yaml"
AIRFLOW = "AIRFLOW__"

SERVICE_KEYS = {
    "build", "command", "configs", "deploy", "depends_on", "env_file", "environment", "healthcheck", "image", "ports",
    "profiles", "restart", "shm_size", "stop_grace_period", "volumes",
}  # fmt: skip
HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
DURATION = re.compile(r"(\d+(us|ms|s|m|h))+")
"""Of the compose specification (its schema, and the page on durations), the part that is used."""

BASE_MEMORY, SLOT_MEMORY = 500, 600
"""Megabytes of a worker, and of each of its slots, as docs/many-accounts.md measures them."""

SLOT_CONNECTIONS, AIRFLOW_CONNECTIONS = 18, 100
"""Connections to PostgreSQL of a slot, as the page measures them, and of Airflow's own processes, amply."""


@cache
def document(name: str) -> dict[str, Any]:
    """A file of YAML, its anchors followed."""
    found: dict[str, Any] = YAML(typ="safe").load(FOLDER / name)
    return found


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = document(COMPOSE)["services"]
    return found


def leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in a document, with where it stands."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, (*path, str(name)))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    elif value is not None:
        yield path, str(value)


def environment() -> dict[str, str]:
    """All variables that a file or the image sets, by name."""
    found = {name: str(value) for each in services().values() for name, value in each.get("environment", {}).items()}
    image = dict(re.findall(r"\b([A-Z][A-Z_]+)=(\S+)", DOCKERFILE))
    chart = {each["name"]: str(each["value"]) for each in document(VALUES)["env"]}
    secret = {each["envName"]: "${secret}" for each in document(VALUES)["secret"]}
    return {**image, **chart, **secret, **found}


def chosen() -> dict[tuple[str, str], str]:
    """What the chart's values say of Airflow's own configuration."""
    return {
        (section, name): str(value)
        for section, options in document(VALUES)["config"].items()
        for name, value in options.items()
    }


def split(name: str) -> tuple[str, str]:
    """Section and option of one of Airflow's variables."""
    section, _, option = name.removeprefix(AIRFLOW).partition("__")
    return section.lower(), option.lower()


@pytest.mark.parametrize("name", services())
def test_a_service_says_only_what_compose_knows(name: str) -> None:
    service = services()[name]
    assert service.keys() <= SERVICE_KEYS
    assert service.get("healthcheck", {}).keys() <= HEALTH_KEYS
    assert service["restart"] in {"unless-stopped", "on-failure"}
    times = [str(value) for key, value in service.get("healthcheck", {}).items() if key not in {"test", "retries"}]
    assert [each for each in [*times, service.get("stop_grace_period", "1s")] if not DURATION.fullmatch(each)] == []
    assert all(isinstance(value, str) for value in service.get("environment", {}).values())


@pytest.mark.parametrize("name", services())
def test_what_a_service_refers_to_is_there(name: str) -> None:
    service = services()[name]
    assert service.get("depends_on", {}).keys() <= services().keys()
    assert {each["condition"] for each in service.get("depends_on", {}).values()} <= CONDITIONS
    waited = [other for other, each in service.get("depends_on", {}).items() if each["condition"] == "service_healthy"]
    assert [other for other in waited if "healthcheck" not in services()[other]] == []
    assert {each["source"] for each in service.get("configs", [])} <= document(COMPOSE)["configs"].keys()
    assert {each.partition(":")[0] for each in service.get("volumes", [])} <= document(COMPOSE)["volumes"].keys()


def test_everything_that_stays_up_is_looked_after() -> None:
    staying = {
        name for name, each in services().items() if each["restart"] == "unless-stopped" and "profiles" not in each
    }
    assert staying == {"postgres", "redis", "api-server", "scheduler", "dag-processor", "worker"}
    assert [name for name in staying if "healthcheck" not in services()[name]] == []


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for each in services().values() for port in each.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_images_are_pinned() -> None:
    images = [each["image"] for each in services().values()] + re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    images += [f"{each['repository']}:{each['tag']}" for each in document(VALUES)["images"].values()]
    assert [image for image in images if not re.search(r":v?\d+\.\d+(\.\d+)?[\w.-]*$", image)] == []


def test_one_version_of_airflow_everywhere() -> None:
    lock = (FOLDER / "requirements.txt").read_text(encoding="utf-8")
    (airflow,) = set(re.findall(r"^apache-airflow(?:\[[^]]*\])?==([\d.]+)", lock, re.MULTILINE))
    (psycopg,) = set(re.findall(r"^psycopg(?:\[[^]]*\])?==([\d.]+)", lock, re.MULTILINE))
    assert f"FROM apache/airflow:{airflow}-python3" in DOCKERFILE
    assert f"psycopg[binary]=={psycopg}" in DOCKERFILE
    assert document(VALUES)["airflowVersion"] == airflow
    ours = {each["image"] for name, each in services().items() if "build" in each}
    chart = document(VALUES)["images"]["airflow"]
    assert ours == {f"{Path(chart['repository']).name}:{chart['tag']}"}


def test_the_image_takes_what_is_there_and_is_let_through() -> None:
    copied = [
        source
        for line in re.findall(r"^COPY (?:--\S+ )*(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert {"meltano.yml", "transform", "orchestrate/dags", "orchestrate/lightspeed_nightly"} <= set(copied)
    assert [source for source in copied if not (ROOT / source).exists()] == []
    rules = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert set(copied) == {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert any(fnmatch("lightspeed-retail/.env", rule.replace("**/", "*/")) for rule in rules if rule.startswith("**/"))


SECRET = re.compile(r"(?i)(password|passwd|secret|token|_key\b|fernet|credential)")
NAMES = re.compile(r"(?i)secret_?(name|key)$|SecretName$|^secretKey$")
REFERENCE = re.compile(r"\$\$?\{?[A-Z_]+(:[?-].*)?\}?")


@pytest.mark.parametrize("name", [COMPOSE, VALUES])
def test_no_secret_stands_in_a_file(name: str) -> None:
    """Names of secrets may; what is secret is a reference, in addresses too."""
    found = list(leaves(document(name)))
    said = [(path, text) for path, text in found if SECRET.search(path[-1]) and not NAMES.search(path[-1])]
    assert [path for path, text in said if not REFERENCE.fullmatch(text) and path != ("secret", "envName")] == []
    passwords = [found for _, text in leaves(document(name)) for found in re.findall(r"://[^:/@\s]*:([^/@\s]+)@", text)]
    assert [each for each in passwords if not each.startswith("${")] == []
    options = [each for _, text in found for each in re.findall(r"--(?:require)?pass(?:word)?[ =](\S+)", text)]
    assert [each for each in options if not each.strip('"').startswith("$")] == []


def test_every_secret_of_the_chart_is_named_on_the_page() -> None:
    names = {text for path, text in leaves(document(VALUES)) if re.search(r"SecretName$|^secretName$", path[-1])}
    assert len(names) >= 7
    assert [name for name in sorted(names) if name not in PAGE.read_text(encoding="utf-8")] == []


def test_every_variable_that_compose_needs_is_named_on_the_page() -> None:
    text = (FOLDER / COMPOSE).read_text(encoding="utf-8")
    needed = set(re.findall(r"(?<!\$)\$\{(\w+):\?", text))
    assert {"POSTGRES_PASSWORD", "AIRFLOW_JWT_SECRET", "LIGHTSPEED_RETAIL_TOKEN_KEY"} <= needed
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in sorted(needed) if f"{name}=" not in page] == []
    optional = set(re.findall(r"(?<!\$)\$\{(\w+):-", text))
    assert [name for name in sorted(optional) if name not in page and name not in map(variable, _settings())] == []


def _settings() -> list[str]:
    return [each.name for each in fields(Settings)]


def test_settings_of_nights_are_declared() -> None:
    used = {name for name in environment() if name.startswith(PREFIX)}
    assert len(used) >= 5
    assert used <= set(map(variable, _settings()))


def test_settings_of_tap_and_loader_are_declared() -> None:
    used = {name for name in environment() if name.startswith(("TAP_", "TARGET_"))}
    tap = {f"TAP_LIGHTSPEED_RETAIL_{name.upper()}" for name in CONNECTION}
    plugins = YAML(typ="safe").load(ROOT / "meltano.yml")["plugins"]["loaders"]
    (loader,) = (each for each in plugins if each["name"] == "target-postgres")
    assert used <= tap | {f"TARGET_POSTGRES_{each['name'].upper()}" for each in loader["settings"]}


@pytest.fixture(scope="module")
def declared() -> set[tuple[str, str]]:
    """Every option that Airflow and its provider for Celery declare."""
    found = sorted((ROOT / ".airflow" / "venv").glob("lib/python*/site-packages/airflow"))
    if not found:
        pytest.skip("tools/airflow has not installed Airflow")
    sections = dict(YAML(typ="safe").load(found[0] / "config_templates" / "config.yml"))
    provider = runpy.run_path(str(found[0] / "providers" / "celery" / "get_provider_info.py"))
    sections |= provider["get_provider_info"]()["config"]
    return {(section, name) for section, each in sections.items() for name in each["options"]}


def test_airflow_knows_every_setting(declared: set[tuple[str, str]]) -> None:
    used = {split(name) for name in environment() if name.startswith(AIRFLOW)} | set(chosen())
    assert len(used) > 20
    assert used - declared == set()


@pytest.mark.parametrize("page", ["docs/many-accounts.md", "docs/operations.md"])
def test_airflow_knows_every_setting_that_a_page_names(page: str, declared: set[tuple[str, str]]) -> None:
    named = set(re.findall(rf"{AIRFLOW}[A-Z_]+", (ROOT / page).read_text(encoding="utf-8")))
    assert set(map(split, named)) - declared == set()


def test_compose_and_chart_set_airflow_alike() -> None:
    ours = {split(name): value for name, value in environment().items() if name.startswith(AIRFLOW)}
    both = ours.keys() & chosen().keys()
    assert len(both) >= 10
    plain = {key for key in both if "${" not in ours[key]}
    assert {key: ours[key] for key in plain} == {key: chosen()[key] for key in plain}


def test_as_many_groups_as_there_may_be_can_be_mapped() -> None:
    assert int(chosen()["core", "max_map_length"]) >= MOST_GROUPS


def test_the_pool_has_a_place_for_each_slot() -> None:
    values = document(VALUES)
    slots = values["workers"]["replicas"] * values["config"]["celery"]["worker_concurrency"]
    pool = environment()[variable("pool")]
    assert f"airflow pools set {pool} {slots} " in values["migrateDatabaseJob"]["args"][-1]
    assert (
        f"airflow pools set {pool} $$((WORKERS * AIRFLOW__CELERY__WORKER_CONCURRENCY))"
        in services()["init"]["command"][-1]
    )


def test_nothing_that_airflow_limits_is_in_the_pools_way() -> None:
    values = document(VALUES)
    slots = values["workers"]["replicas"] * values["config"]["celery"]["worker_concurrency"]
    assert min(int(chosen()["core", name]) for name in ("parallelism", "max_active_tasks_per_dag")) >= slots


def test_connections_suffice_for_all_slots() -> None:
    (most,) = re.findall(r"max_connections=(\d+)", services()["postgres"]["command"])
    text = (FOLDER / COMPOSE).read_text(encoding="utf-8")
    workers, slots = (int(re.findall(rf"\$\{{{name}:-(\d+)\}}", text)[0]) for name in ("WORKERS", "SLOTS"))
    assert int(most) >= workers * slots * SLOT_CONNECTIONS + AIRFLOW_CONNECTIONS
    assert f"plan {SLOT_CONNECTIONS} a slot" in PAGE.read_text(encoding="utf-8")


def test_memory_suffices_for_all_slots() -> None:
    values = document(VALUES)
    needed = BASE_MEMORY + SLOT_MEMORY * values["config"]["celery"]["worker_concurrency"]
    assert _megabytes(values["workers"]["resources"]["limits"]["memory"]) >= needed
    limit = services()["worker"]["deploy"]["resources"]["limits"]["memory"]
    assert _megabytes(limit.partition(":-")[2].rstrip("}")) >= needed
    assert services()["worker"]["environment"]["AIRFLOW__CELERY__WORKER_CONCURRENCY"] == "${SLOTS:-4}"
    assert f"{BASE_MEMORY} MB" in PAGE.read_text(encoding="utf-8")
    assert f"{SLOT_MEMORY} MB" in PAGE.read_text(encoding="utf-8")


def _megabytes(text: str) -> float:
    found = re.fullmatch(r"(\d+)(Mi|Gi|m|g)", text)
    assert found, text
    return float(found[1]) * {"Mi": 1, "m": 1, "Gi": 1024, "g": 1024}[found[2]]


def test_a_worker_has_a_quarter_of_an_hour_to_end_well() -> None:
    assert services()["worker"]["stop_grace_period"] == "15m"
    assert document(VALUES)["workers"]["terminationGracePeriodSeconds"] == 900
    assert services()["worker"]["environment"]["DUMB_INIT_SETSID"] == "0"


def test_the_chart_makes_no_administrator_with_a_known_password() -> None:
    values = document(VALUES)
    assert not values["createUserJob"]["enabled"]
    assert not values["webserver"]["defaultUser"]["enabled"]
