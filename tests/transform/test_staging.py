"""The staging models over a whole account: every field of every stream and list, typed, as the account has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg import sql
from ruamel.yaml import YAML

from lightspeed_retail.resources.items import Image
from lightspeed_retail.resources.sales import Sale
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tests.transform.expected import Row, expected, ordered, shown, zone_of
from tests.transform.warehouse import PASSWORD, PROJECT, RAW, STAGING, Dbt, columns, connected, rows
from tools.staging.models import models
from tools.staging.writing import local_moment

MODELS = {model.name: model for model in models()}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_holds_what_the_account_does(staged: Sandbox, server: Warehouse, name: str) -> None:
    model = MODELS[name]
    found = [shown(row, model) for row in rows(server, STAGING, name)]
    wanted = expected(staged, model, zone_of(staged))
    assert wanted or model.path, "The sandbox has nothing to compare."
    assert ordered(found) == ordered(wanted)


def test_all_columns_are_described_and_in_snake_case_as_the_tap_has_it(staged: Sandbox, server: Warehouse) -> None:
    """The names in the warehouse are made by a macro, those in the documentation by the tap's own function."""
    described = {model["name"]: [column["name"] for column in model["columns"]] for model in documented()}
    assert columns(server, STAGING) == described


def documented() -> list[dict[str, Any]]:
    """The models in the YAML files of staging."""
    files = sorted((PROJECT / "models" / "staging").rglob("*.yml"))
    return [model for path in files for model in YAML(typ="safe").load(path)["models"]]


def test_tickets_are_told_apart(staged: Sandbox, server: Warehouse) -> None:
    found = {row["sale_id"]: row["sale_state"] for row in rows(server, STAGING, "stg_sales", ["sale_id", "sale_state"])}
    assert found == {sale["saleID"]: state(sale) for sale in staged.rows(Sale)}
    assert set(found.values()) == {"completed", "voided", "archived", "open"}


def state(sale: Row) -> str:
    """What became of a ticket: it can be voided after completion; archived ones were thrown away before."""
    if sale["voided"]:
        return "voided"
    if sale["completed"]:
        return "completed"
    return "archived" if sale["archived"] else "open"


def test_sales_have_the_shops_own_day_and_time(staged: Sandbox, server: Warehouse) -> None:
    zone = zone_of(staged)
    wanted = {sale["saleID"]: when(sale, zone) for sale in staged.rows(Sale)}
    names = ["completed_at", "completed_at_local", "sale_date"]
    found = {row.pop("sale_id"): tuple(row.values()) for row in rows(server, STAGING, "stg_sales", ["sale_id", *names])}
    assert found == wanted
    other_day = [at for at, _, day in wanted.values() if at is not None and at.date() != day]
    assert other_day, "No sale was completed on another day in UTC."


def when(sale: Row, zone: ZoneInfo) -> tuple[datetime | None, datetime | None, date | None]:
    """When a sale was completed: in UTC, on the shop's clock, and on its calendar."""
    if not sale["completed"]:
        return None, None, None
    moment = datetime.fromisoformat(sale["completeTime"])
    local = moment.astimezone(zone)
    return moment.astimezone(UTC).replace(tzinfo=None), local.replace(tzinfo=None), local.date()


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if local_moment(model)])
def test_events_are_on_the_shops_clock_too(staged: Sandbox, server: Warehouse, name: str) -> None:
    zone, moment = zone_of(staged), local_moment(MODELS[name])
    found = rows(server, STAGING, name, [f"{moment}", f"{moment}_local"])
    assert found
    for utc, local in (tuple(row.values()) for row in found):
        assert local == (utc and utc.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None))


def test_images_have_addresses(staged: Sandbox, server: Warehouse) -> None:
    found = {row["image_id"]: row for row in rows(server, STAGING, "stg_images")}
    for image in staged.rows(Image):
        base, file = image["baseImageURL"].rstrip("/"), f"{image['publicID']}.{image['filename'].rpartition('.')[2]}"
        assert found[image["imageID"]]["image_url"] == f"{base}/{file}"
        assert found[image["imageID"]]["thumbnail_url"] == f"{base}/w_300,c_limit/{file}"


def test_tables_are_late_that_every_run_writes(staged: Sandbox, server: Warehouse, dbt: Dbt) -> None:
    """Others are not: those that are empty, and those that only get what has changed."""
    with moved(server, "sales", days=30), moved(server, "accounts", days=3), moved(server, "items", days=99):
        assert dbt.attempt("source", "freshness").returncode != 0
    found = {node.rpartition(".")[2]: status for node, status in dbt.freshness().items()}
    assert {name: status for name, status in found.items() if status != "pass"} == {
        "sales": "error",
        "accounts": "warn",
    }
    assert {"registers", "report_taxes_by_day"} <= found.keys()
    assert "items" not in found


@contextmanager
def moved(server: Warehouse, stream: str, *, days: int) -> Iterator[None]:
    """A table whose rows were loaded days earlier, meanwhile."""
    for back in (days, -days):
        with connected(server) as connection:
            update = sql.SQL("update {} set _sdc_batched_at = _sdc_batched_at - make_interval(days => %s)")
            connection.execute(update.format(sql.Identifier(RAW, stream)), [back])
        if back == days:
            yield


def test_no_password_is_told(staged: Sandbox, dbt: Dbt) -> None:
    """Neither in a log nor in what dbt keeps for its next command."""
    files = [path for path in dbt.folder.rglob("*") if path.is_file()]
    assert {"dbt.log", "manifest.json", "partial_parse.msgpack"} <= {path.name for path in files}
    assert [path.name for path in files if PASSWORD.encode() in path.read_bytes()] == []
