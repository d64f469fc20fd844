"""Tokens are kept in Meltano's own database where that is PostgreSQL: disks of containers do not last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import URL_VARIABLE, Warehouse
from tests.end_to_end.project import Project, passing_warehouse
from tests.relaying import Relay, relaying
from tests.retailer import small_sandbox, small_store

PREFIX = "TAP_LIGHTSPEED_RETAIL_"
RUN = ["meltano", "run", "tap-lightspeed-retail", "target-postgres"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=3, sales_per_day=4)) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with passing_warehouse(tmp_path_factory.mktemp("database")) as running:
        yield running


@pytest.fixture
def relay(sandbox: Sandbox) -> Iterator[Relay]:
    with relaying(sandbox) as running:
        yield running


def machine(folder: Path, name: str, sandbox: Sandbox, server: Warehouse, relay: Relay) -> Project:
    """A fresh copy of the project, as in a container that has just started."""
    place = folder / name
    place.mkdir()
    project = Project.copied(place)
    project.variables = {
        **sandbox.environment(),
        f"{PREFIX}AUTH_URL": relay.url,
        "TAP_LIGHTSPEED_RETAIL__SELECT": '["shops.*", "tags.*"]',
        "MELTANO_DATABASE_URI": server.url,
        URL_VARIABLE: server.url,
    }
    return project


def stored(server: Warehouse) -> list[str]:
    with psycopg.connect(server.dsn) as connection:
        if connection.execute("SELECT to_regclass('lightspeed_retail_tokens')").fetchone() == (None,):
            return []
        found = connection.execute("SELECT tokens FROM lightspeed_retail_tokens").fetchall()
    return [text for (text,) in found]


def files_of_tokens(project: Project) -> list[Path]:
    return [path for path in project.folder.rglob("*") if path.name in {".lightspeed-retail", "tokens.json"}]


def test_two_machines_share_the_tokens_in_meltanos_database(
    sandbox: Sandbox, server: Warehouse, relay: Relay, tmp_path: Path
) -> None:
    first, second = (machine(tmp_path, name, sandbox, server, relay) for name in ("one", "two"))
    second.variables[f"{PREFIX}REFRESH_TOKEN"] = first.variables[f"{PREFIX}REFRESH_TOKEN"]
    first.run_well(RUN)
    (tokens,) = stored(server)
    second.run_well(RUN)
    assert stored(server) == [tokens]
    assert relay.token_requests() == 1
    assert [project for project in (first, second) if files_of_tokens(project)] == []


def test_a_store_that_is_set_comes_first(sandbox: Sandbox, server: Warehouse, relay: Relay, tmp_path: Path) -> None:
    project = machine(tmp_path, "three", sandbox, server, relay)
    project.variables[f"{PREFIX}TOKEN_STORE"] = str(tmp_path / "elsewhere.json")
    before = stored(server)
    project.run_well(["meltano", "invoke", "tap-lightspeed-retail", "--test=all"])
    assert (tmp_path / "elsewhere.json").exists()
    assert stored(server) == before


def test_with_meltanos_usual_database_tokens_are_in_a_file(
    sandbox: Sandbox, server: Warehouse, relay: Relay, tmp_path: Path
) -> None:
    project = machine(tmp_path, "four", sandbox, server, relay)
    del project.variables["MELTANO_DATABASE_URI"]
    before = stored(server)
    project.run_well(["meltano", "invoke", "tap-lightspeed-retail", "--test=all"])
    assert len(files_of_tokens(project)) == 2
    assert stored(server) == before
