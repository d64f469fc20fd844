"""Two accounts in one table: what vanishes from one is marked there, keeps its content, and leaves the other alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from lightspeed_retail.resources.account import Account
from lightspeed_retail.resources.items import Category
from lightspeed_retail.resources.labels import Tag
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from lightspeed_sandbox.warehouse import URL_VARIABLE, Warehouse
from tests.end_to_end.project import SCHEMA, Project, connected, passing_warehouse
from tests.retailer import small_sandbox, small_store

OTHER = 100002


def other_account() -> Store:
    """A second retailer with rows of the same keys."""
    store = small_store(days=3, sales_per_day=5, seed=2)
    (row,) = store.select(Account)
    store.put(Account, [{**row, "accountID": OTHER}])
    store.delete(Account, row["accountID"])
    return store


def load(project: Project, sandbox: Sandbox) -> None:
    """A run of one account with its own state."""
    project.run_well(
        ["meltano", "el", "tap-lightspeed-retail", "target-postgres", "--state-id", f"account-{sandbox.account}"],
        **sandbox.environment(),
        TAP_LIGHTSPEED_RETAIL__SELECT='["tags.*", "categories.*"]',
        TAP_LIGHTSPEED_RETAIL_VANISHED_CHECK_DAYS="1",
        TAP_LIGHTSPEED_RETAIL_TOKEN_STORE=str(project.folder / f"tokens-{sandbox.account}.json"),
    )


def table(server: Warehouse, stream: str) -> dict[tuple[int, int], dict[str, Any]]:
    """The rows of a stream by account and key."""
    with connected(server) as connection:
        query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(SCHEMA, stream))
        rows = connection.execute(query).fetchall()
    key = {"tags": "tagID", "categories": "categoryID"}[stream]
    assert len({(row["accountID"], row[key]) for row in rows}) == len(rows)
    return {(row["accountID"], row[key]): row for row in rows}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.copied(tmp_path)


def test_a_deletion_in_one_account_marks_its_row_and_no_other(project: Project) -> None:
    with (
        passing_warehouse(project.warehouse) as server,
        small_sandbox(small_store(days=3, sales_per_day=5)) as one,
        small_sandbox(other_account()) as two,
    ):
        project.variables = {URL_VARIABLE: server.url}
        for sandbox in (one, two):
            load(project, sandbox)
        before = table(server, "tags")
        assert {account for account, _ in before} == {int(one.account), OTHER}
        one.delete(Tag, 2)
        one.delete(Category, 4)
        for sandbox in (one, two):
            sandbox.clock.advance(timedelta(days=2))
            load(project, sandbox)
        tags, categories = table(server, "tags"), table(server, "categories")

    def gone(rows: dict[tuple[int, int], dict[str, Any]]) -> list[tuple[int, int]]:
        return [key for key, row in rows.items() if row["_sdc_deleted_at"] is not None]

    assert gone(tags) == [(int(one.account), 2)]
    assert gone(categories) == [(int(one.account), 4)]
    assert tags.keys() == before.keys()
    # The last known content stays beside the mark.
    assert tags[int(one.account), 2]["name"] == before[int(one.account), 2]["name"]
