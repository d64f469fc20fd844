"""SQL of the pages on many accounts, as it stands there: upkeep of Meltano's database, a table cut into partitions.

One account is loaded, the SQL is run, and the account is loaded again: it goes on from its bookmark, and all is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from lightspeed_nightly.outcome import Kind, Run
from lightspeed_nightly.runs import Runs
from lightspeed_nightly.simulated_run import Size
from lightspeed_retail.resources.labels import Tag
from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import URL_VARIABLE, Warehouse
from tests.end_to_end.project import Project, by_key, connected, differences, loaded, own, passing_warehouse, selected
from tests.project.consoles import blocks
from tests.retailer import small_sandbox, small_store

STATE_ID = "lightspeed-100001"
SELECT = '["sales.*", "sale_lines.*", "tags.*"]'


def statements(page: str, word: str) -> str:
    """The one block of SQL of a page in which a word stands."""
    (found,) = (text for language, text in blocks(page) if language == "sql" and word in text)
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.copied(tmp_path_factory.mktemp("upkeep"))


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[Warehouse]:
    with passing_warehouse(project.warehouse) as running:
        with psycopg.connect(running.dsn, autocommit=True) as connection:
            connection.execute("CREATE DATABASE meltano")
        project.variables = {URL_VARIABLE: running.url, "MELTANO_DATABASE_URI": meltano(running, "postgresql+psycopg")}
        yield running


def meltano(server: Warehouse, driver: str) -> str:
    """Address of Meltano's own database."""
    return server.dsn.replace("postgresql://", f"{driver}://").replace("/postgres?", "/meltano?")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=10, sales_per_day=20)) as running:
        yield running


def load(project: Project, sandbox: Sandbox) -> list[dict[str, Any]]:
    """Load the account; the requests for sales that this took."""
    sandbox.forget_requests()
    command = ["meltano", "el", "--state-id", STATE_ID, "tap-lightspeed-retail", "target-postgres"]
    tokens = str(Path(project.folder, "tokens.json"))
    project.run_well(
        command, **sandbox.environment(), TAP_LIGHTSPEED_RETAIL__SELECT=SELECT, TAP_LIGHTSPEED_RETAIL_TOKEN_STORE=tokens
    )
    return [entry for entry in sandbox.requests if entry["path"].endswith("/Sale.json")]


def wrong(server: Warehouse, sandbox: Sandbox) -> dict[str, object]:
    """In what the loaded tables differ from the account."""
    found: dict[str, object] = {}
    with connected(server) as connection:
        for resource in (Sale, SaleLine, Tag):
            expected = [selected(resource, own(resource, row)) for row in sandbox.rows(resource)]
            rows = [selected(resource, own(resource, row)) for row in loaded(connection, resource)]
            found[resource.api.stream] = differences(by_key(resource, expected), by_key(resource, rows))
    return {stream: each for stream, each in found.items() if each}


def trade(sandbox: Sandbox) -> None:
    """Edit rows that are there, and let a day of sales come."""
    sandbox.advance(1)
    sale = sandbox.store.select(Sale, '"completed" = 1', order='"completeTime"', limit=1)[0]
    line = sandbox.store.select(SaleLine, '"saleID" = ?', (sale["saleID"],))[0]
    sandbox.edit(SaleLine, line["saleLineID"], {"unitQuantity": 77})


def test_sql_of_the_pages_leaves_an_account_to_be_loaded_on(
    project: Project, server: Warehouse, sandbox: Sandbox
) -> None:
    runs = Runs(meltano(server, "postgresql"))
    runs.make()
    load(project, sandbox)
    assert wrong(server, sandbox) == {}
    with psycopg.connect(meltano(server, "postgresql"), autocommit=True) as connection:
        connection.execute(
            "UPDATE runs SET started_at = started_at - interval '31 days', ended_at = ended_at - interval '31 days'"
        )
        for _ in range(2):
            connection.execute(statements("docs/operations.md", "DELETE FROM runs"))
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (0,)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(statements("docs/many-accounts.md", "PARTITION BY HASH"))
        lines = connection.execute("SELECT count(*) FROM lightspeed.sale_lines").fetchone()
    assert lines == (len(sandbox.rows(SaleLine)),)

    trade(sandbox)
    later = load(project, sandbox)

    assert all("updateTime" in str(entry) for entry in later)
    assert later
    assert wrong(server, sandbox) == {}
    with psycopg.connect(server.dsn) as connection:
        parts = connection.execute("SELECT count(*), count(DISTINCT tableoid) FROM lightspeed.sale_lines").fetchone()
    assert parts == (len(sandbox.rows(SaleLine)), 1)


def test_the_question_for_accounts_that_are_behind_names_them(server: Warehouse) -> None:
    runs = Runs(meltano(server, "postgresql"))
    runs.make()
    now = datetime.now(UTC)
    for number, kind, age in ((1, Kind.LOADED, 2), (2, Kind.LOADED, 50), (2, Kind.OUTAGE, 2), (3, Kind.CREDENTIALS, 2)):
        began = now - timedelta(hours=age)
        ended, reason = began + timedelta(seconds=9), "" if kind.is_good else "Why."
        whose: dict[str, Any] = {
            "account_id": number,
            "night": "n",
            "run_id": str(uuid4()),
            "attempt": 1,
        }
        runs.add(Run(**whose, worker="w", began=began, ended=ended, kind=kind, reason=reason))
    with psycopg.connect(meltano(server, "postgresql")) as connection:
        found = connection.execute(statements("docs/operations.md", "last_loaded")).fetchall()
        sizes = connection.execute(statements("docs/many-accounts.md", "json_build_object")).fetchall()
    assert sorted(Size(**each).account_id for (each,) in sizes) == [1, 2, 3]
    assert [(number, last) for number, _, last in found] == [(3, "credentials: Why."), (2, "outage: Why.")]
