"""One retailer in one PostgreSQL, for all tests of a process, and dbt over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tests.end_to_end.project import passing_warehouse
from tests.retailer import small_sandbox
from tests.tapping import selecting
from tests.transform.warehouse import Dbt, Pipeline


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse without tables."""
    with passing_warehouse(tmp_path_factory.mktemp("pg")) as running:
        yield running


@pytest.fixture(scope="session")
def retailer() -> Iterator[Sandbox]:
    """A month of a small retailer, in which every field of the API is filled somewhere."""
    with small_sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def loaded(retailer: Sandbox, server: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The retailer, all of whose streams are in the warehouse with every property."""
    folder = tmp_path_factory.mktemp("loaded")
    Pipeline(retailer, server, folder, catalog=selecting(everything=True)).load()
    return retailer


@pytest.fixture(scope="session")
def dbt(server: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """The project over that warehouse; what was parsed once serves all tests."""
    return Dbt(server, tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="session")
def staged(loaded: Sandbox, dbt: Dbt) -> Sandbox:
    """The retailer, over whose tables the staging models are built and tested."""
    dbt.run("build", "--select", "staging")
    return loaded
