"""Staging models over what is selected, named and typed otherwise: they hold the same, and null for what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import sql

from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tap_lightspeed_retail.naming import snake_case
from tests.retailer import small_sandbox, small_store
from tests.tapping import Tap, catalog_for, choosing, selecting
from tests.transform.expected import expected, ordered, shown, zone_of
from tests.transform.warehouse import Dbt, Pipeline, connected, rows
from tools.staging.models import models

OTHER = "other"
API = "in_names_of_the_api"
SNAKE = ("shops", "sales", "customers", "items")
FOREIGN = ("vendors", "employees", "credit_accounts")
MISSING = ("orders", "inventory_logs", "images")

OFF = [("customers", "company"), ("customers", "contact", "no_email"), ("items", "prices"), ("sales", "complete_time")]
"""Properties that are not selected."""

ON = [("items", "tag_relations"), ("shops", "shelf_locations")]
"""Properties that are, though they are not by default."""

MODELS = {model.name: model for model in models() if model.resource.api.stream in (*SNAKE, *FOREIGN, *MISSING)}


@pytest.fixture(scope="module")
def varied(server: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """An account of which some streams are loaded in snake case, some by another loader, and others not at all."""
    folder = tmp_path_factory.mktemp("varied")
    with small_sandbox(small_store(days=8, sales_per_day=6)) as sandbox:
        names = {"field_names": "snake_case"}
        discovered = catalog_for(Tap.over(sandbox, folder, **names))
        catalog = choosing(discovered, *SNAKE, off=OFF, on=ON)
        Pipeline(sandbox, server, folder / "snake", OTHER, names, catalog).load()
        Pipeline(sandbox, server, folder / "api", API, catalog=selecting(*FOREIGN)).load()
        with connected(server) as connection:
            for stream in FOREIGN:
                connection.execute(as_text(connection, stream))
        Dbt(server, folder / "dbt", raw=OTHER, schema=OTHER).run("build", "--select", *MODELS)
        yield sandbox


def as_text(connection: Any, stream: str) -> sql.Composed:
    """What makes a table as a simple loader would: names in small letters, and nothing but texts."""
    found = connection.execute(_COLUMNS, {"schema": API, "table": stream}).fetchall()
    texts = [sql.SQL(_AS_TEXT.get(row["type"], "{}::text")).format(sql.Identifier(row["name"])) for row in found]
    named = [
        sql.SQL("{} as {}").format(text, sql.Identifier(row["name"].lower()))
        for text, row in zip(texts, found, strict=True)
    ]
    into, table = sql.Identifier(OTHER, stream), sql.Identifier(API, stream)
    return sql.SQL("create table {} as select {} from {}").format(into, sql.SQL(", ").join(named), table)


_COLUMNS = """
    select column_name as name, data_type as type from information_schema.columns
    where table_schema = %(schema)s and table_name = %(table)s
"""
_AS_TEXT = {
    "ARRAY": "to_jsonb({})::text",
    "timestamp without time zone": """to_char({}, 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')""",
}


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.resource.api.stream not in MISSING])
def test_a_model_holds_what_was_loaded(varied: Sandbox, server: Warehouse, name: str) -> None:
    model = MODELS[name]
    found = [shown(row, model) for row in rows(server, f"{OTHER}_staging", name)]
    everything = expected(varied, model, zone_of(varied))
    off = {path[1:] for path in OFF if path[0] == model.resource.api.stream}
    gone = {column.name for column in model.columns if snake(column.path) in off}
    wanted = [] if snake(model.path) in off else [{**row, **dict.fromkeys(gone)} for row in everything]
    assert ordered(found) == ordered(wanted)


def snake(path: tuple[str, ...]) -> tuple[str, ...]:
    """A path in the names that the tap has been told to give."""
    return tuple(map(snake_case, path))


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.resource.api.stream in MISSING])
def test_a_model_is_empty_whose_stream_was_never_loaded(varied: Sandbox, server: Warehouse, name: str) -> None:
    assert rows(server, f"{OTHER}_staging", name) == []


def test_without_a_moment_of_completion_there_is_no_day(varied: Sandbox, server: Warehouse) -> None:
    found = rows(server, f"{OTHER}_staging", "stg_sales", ["sale_state", "completed_at", "sale_date"])
    assert {row["sale_state"] for row in found} >= {"completed", "open"}
    assert {(row["completed_at"], row["sale_date"]) for row in found} == {(None, None)}
