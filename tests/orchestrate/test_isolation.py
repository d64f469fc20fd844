"""Accounts that are kept apart: by a schema each, and in one schema by the row-level security of docs/isolation.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import DatabaseError, InsufficientPrivilege

from lightspeed_retail.resources import Days
from lightspeed_retail.resources.labels import Tag
from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_sandbox.warehouse import Warehouse
from tests.declared import RESOURCES
from tests.end_to_end.project import SCHEMA, connected
from tests.orchestrate.side_by_side import SideBySide, accounts, failed
from tests.project.consoles import blocks
from tests.tapping import selecting
from tests.transform.warehouse import Pipeline

PAGE = "docs/isolation.md"
STREAMS = (Sale, SaleLine, Tag)
SELECT = {"TAP_LIGHTSPEED_RETAIL__SELECT": json.dumps([f"{each.api.stream}.*" for each in STREAMS])}


def recipe(name: str) -> str:
    """A file of the page."""
    (found,) = [
        content for language, content in blocks(PAGE) if language == "sql" and content.startswith(f"-- {name}\n")
    ]
    return found


@dataclass(frozen=True)
class Logged(Warehouse):
    """A warehouse to which somebody else logs in than its owner.

    Args:
        role: Who.
    """

    role: str = ""

    def _address(self, scheme: str) -> str:
        return re.sub("//[^@]+@", f"//{self.role}@", super()._address(scheme))


def as_role(server: Warehouse, role: str) -> Logged:
    """A warehouse as one of its roles finds it."""
    return Logged(server.directory, server.socket, server.programs, server.ours, role)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SideBySide]:
    """Two accounts."""
    with accounts(tmp_path_factory.mktemp("night"), 2, SELECT) as night:
        yield night


# A schema for each account.


def test_each_account_has_a_schema_that_its_own_load_makes(night: SideBySide) -> None:
    night.migrate()

    runs = night.load(TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA="lightspeed_{account}")

    assert failed(runs) == {}
    assert night.wrong("lightspeed_{account}", STREAMS) == {}
    assert night.tables() == set()
    one, other = night.sandboxes
    for account in (one, other):
        assert night.tables(f"lightspeed_{account}") == {each.api.stream for each in STREAMS}
    for each in STREAMS:
        assert night.rows(each, one, f"lightspeed_{other}") == []
    with connected(night.server) as connection:
        connection.execute("CREATE ROLE lightspeed_loader LOGIN")
        connection.execute(recipe("schema.sql").replace("200001", str(one)).encode())
    with psycopg.connect(as_role(night.server, f"customer_{one}").dsn) as customer:
        own, foreign = (sql.Identifier(f"lightspeed_{account}", "sales") for account in (one, other))
        question = sql.SQL('SELECT DISTINCT "accountID" FROM {}')
        assert customer.execute(question.format(own)).fetchall() == [(one,)]
        with pytest.raises(InsufficientPrivilege, match="permission denied for schema"):
            customer.execute(question.format(foreign))


# One schema, and row-level security.


@dataclass
class Shared:
    """Two accounts in one schema, loaded by a role that is no superuser, under the recipe.

    Args:
        night: The accounts and the warehouse.
        pipelines: Their loads.
    """

    night: SideBySide
    pipelines: list[Pipeline]

    def load(self) -> None:
        """Load both."""
        for pipeline in self.pipelines:
            pipeline.load()

    def seen(self, role: str, table: str) -> dict[int, int]:
        """How many rows of each account a role sees in a table."""
        question = sql.SQL('SELECT "accountID", count(*) FROM {} GROUP BY 1').format(sql.Identifier(SCHEMA, table))
        with self.connected(role) as connection:
            return dict(connection.execute(question).fetchall())

    @contextmanager
    def connected(self, role: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """A connection as a role."""
        with psycopg.connect(as_role(self.night.server, role).dsn) as connection:
            yield connection

    def run(self, *files: str) -> None:
        """Run files of the page as a superuser."""
        with psycopg.connect(self.night.server.dsn) as connection:
            for file in files:
                connection.execute(recipe(file).encode())


@pytest.fixture(scope="module")
def shared(night: SideBySide, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """Two accounts in one schema, every property of every stream, loaded after the recipe was followed."""
    loader = as_role(night.server, "lightspeed_loader")
    catalog = selecting(everything=True)
    pipelines = [
        Pipeline(sandbox, loader, tmp_path_factory.mktemp(f"account-{account}"), catalog=catalog)
        for account, sandbox in night.sandboxes.items()
    ]
    shared = Shared(night, pipelines)
    # Twice: what is there already is no obstacle.
    shared.run(*["isolation.sql", "isolation-trigger.sql"] * 2, "customer.sql")
    shared.load()
    yield shared
    with psycopg.connect(night.server.dsn) as connection:
        connection.execute("DROP EVENT TRIGGER IF EXISTS lightspeed_protect_new")


FEW = 15
# A line of a report by day that is gone from a later answer stays where it was loaded.
LASTING = [resource for resource in RESOURCES if not isinstance(resource.api.bookmark, Days)]
TABLES = [resource.api.stream for resource in RESOURCES]


def test_a_customer_sees_its_own_rows_in_each_table_and_no_others(shared: Shared) -> None:
    one, other = shared.night.sandboxes
    assert shared.night.tables() >= set(TABLES)
    there = {table: shared.seen("lightspeed_loader", table) for table in shared.night.tables()}
    seen = {table: shared.seen("customer_a", table) for table in there}
    assert seen == {table: {one: rows[one]} if one in rows else {} for table, rows in there.items()}
    # So small an account has rows in almost every table.
    assert sum({one, other} == rows.keys() for rows in there.values()) > len(TABLES) - FEW


def test_the_loader_goes_on_as_before(shared: Shared) -> None:
    for sandbox in shared.night.sandboxes.values():
        sandbox.advance(1)
    shared.load()
    assert shared.night.wrong(among=LASTING) == {}


FUTILE = {
    "ALTER TABLE lightspeed.sales DISABLE ROW LEVEL SECURITY": "must be owner",
    "ALTER TABLE lightspeed.sales NO FORCE ROW LEVEL SECURITY": "must be owner",
    "DROP POLICY own_accounts ON lightspeed.sales": "must be owner",
    "ALTER POLICY own_accounts ON lightspeed.sales USING (true)": "must be owner",
    "CREATE POLICY mine ON lightspeed.sales USING (true)": "must be owner",
    "SET ROLE lightspeed_loader": "permission denied",
    "ALTER ROLE customer_a BYPASSRLS": "permission denied",
    "GRANT lightspeed_loader TO customer_a": "permission denied",
    "INSERT INTO lightspeed_access.grants SELECT 'customer_a', 200002": "permission denied",
    "SELECT FROM lightspeed_access.grants": "permission denied",
    "INSERT INTO lightspeed.tags SELECT * FROM lightspeed.tags": "permission denied",
    'UPDATE lightspeed.sales SET "accountID" = 1': "permission denied",
    "DELETE FROM lightspeed.sales": "permission denied",
    "TRUNCATE lightspeed.sales": "permission denied",
    "CREATE TABLE lightspeed.trap (id int)": "permission denied",
    "SELECT lightspeed_access.protect('lightspeed_access.grants')": "must be owner",
    "DROP EVENT TRIGGER lightspeed_protect_new": "must be owner",
    "SET row_security = off; SELECT count(*) FROM lightspeed.sales": "would be affected by row-level security",
}


@pytest.mark.parametrize("statement", FUTILE)
def test_a_customer_cannot_switch_it_off(shared: Shared, statement: str) -> None:
    with shared.connected("customer_a") as connection:
        with pytest.raises(DatabaseError, match=FUTILE[statement]):
            connection.execute(statement.encode())
        connection.rollback()
    assert len(shared.seen("customer_a", "sales")) == 1


LEAK = """
    CREATE FUNCTION pg_temp.leak(bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
    $$ BEGIN RAISE NOTICE 'account %', $1; RETURN true; END $$
"""


def test_neither_functions_nor_statistics_tell_of_other_rows(shared: Shared) -> None:
    one, _ = shared.night.sandboxes
    told: list[str] = []
    with psycopg.connect(shared.night.server.dsn, autocommit=True) as owner:
        owner.execute("ANALYZE lightspeed.sales")
    with shared.connected("customer_a") as connection:
        connection.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
        connection.execute(LEAK)
        connection.execute('SELECT FROM lightspeed.sales WHERE pg_temp.leak("accountID")')
        assert set(told) == {f"account {one}"}
        assert connection.execute("SELECT FROM pg_stats WHERE schemaname = 'lightspeed'").fetchall() == []


def test_a_query_under_the_policy_can_use_the_primary_key(shared: Shared) -> None:
    with shared.connected("customer_a") as connection:
        # So small a table is read whole otherwise.
        connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        plan = connection.execute("EXPLAIN SELECT * FROM lightspeed.sales").fetchall()
    assert re.search(r"Index Cond: \(\"accountID\" = ANY", "\n".join(line for (line,) in plan)), plan


def test_a_table_that_comes_later_is_closed_until_it_has_its_policy(shared: Shared) -> None:
    one, other = shared.night.sandboxes
    with psycopg.connect(shared.night.server.dsn) as connection:
        connection.execute("DROP EVENT TRIGGER lightspeed_protect_new")
    make = 'CREATE TABLE lightspeed.{} AS SELECT DISTINCT "accountID" FROM lightspeed.sales'
    with shared.connected("lightspeed_loader") as loader:
        loader.execute(make.format("later").encode())
        loader.execute("CREATE TABLE lightspeed.nameless (id int)")
    with pytest.raises(InsufficientPrivilege):
        shared.seen("customer_a", "later")

    with shared.connected("lightspeed_loader") as loader:
        loader.execute(recipe("isolation.sql").rpartition("-- What is there already.\n")[2].encode())
    shared.run("isolation.sql", "isolation-trigger.sql")
    with shared.connected("lightspeed_loader") as loader:
        loader.execute(make.format("latest").encode())
    for table in ("later", "latest"):
        assert shared.seen("customer_a", table) == {one: 1}
        assert shared.seen("lightspeed_loader", table) == {one: 1, other: 1}
    with shared.connected("customer_a") as customer, pytest.raises(InsufficientPrivilege):
        customer.execute("SELECT FROM lightspeed.nameless")


def test_a_member_of_a_customers_role_sees_what_it_sees_and_a_role_that_is_gone_is_no_obstacle(shared: Shared) -> None:
    one, other = shared.night.sandboxes
    with psycopg.connect(shared.night.server.dsn) as connection:
        connection.execute("CREATE ROLE clerk LOGIN IN ROLE customer_a")
        connection.execute("CREATE ROLE stranger LOGIN IN ROLE lightspeed_customers")
        connection.execute("INSERT INTO lightspeed_access.grants VALUES ('gone', %s)", [other])
    assert shared.seen("clerk", "sales").keys() == {one}
    assert shared.seen("stranger", "sales") == {}
