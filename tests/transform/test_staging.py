"""The staging models over a whole account: every field of every stream and list, typed, as the account has it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg import sql
from ruamel.yaml import YAML

from lightspeed_retail.resources.account import Shop
from lightspeed_retail.resources.items import Image
from lightspeed_retail.resources.sales import Sale
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tests.transform.expected import MARKS, Row, expected
from tests.transform.warehouse import PROJECT, STAGING, Dbt, columns, connected, rows
from tools.staging.models import Model, models
from tools.staging.words import extensions
from tools.staging.writing import local_moment

MODELS = {model.name: model for model in models()}


def zone_of(sandbox: Sandbox) -> ZoneInfo:
    """The time zone of all shops."""
    (zone,) = {shop["timeZone"] for shop in sandbox.rows(Shop)}
    return ZoneInfo(zone)


def ordered(found: list[Row]) -> Counter[str]:
    """Rows as what can be compared whatever their order."""
    return Counter(repr(sorted((name, plain(value)) for name, value in row.items())) for row in found)


def plain(value: Any) -> Any:
    """A number without the noughts at its end, names and what they hold in their order."""
    if isinstance(value, dict):
        return sorted(value.items())
    return str(value.normalize() + 0) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("name", MODELS)
def test_a_model_holds_what_the_account_does(staged: Sandbox, server: Warehouse, name: str) -> None:
    model = MODELS[name]
    added = {*MARKS, *extensions(model)}
    found = [without(row, added) for row in rows(server, STAGING, name)]
    wanted = expected(staged, model, zone_of(staged))
    assert wanted or model.path, "The sandbox has nothing to compare."
    assert ordered(found) == ordered(wanted)


def without(row: Row, names: set[str]) -> Row:
    """A row without some of its columns."""
    return {name: value for name, value in row.items() if name not in names}


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


@pytest.mark.parametrize(
    "model", [model for model in MODELS.values() if local_moment(model)], ids=lambda model: model.name
)
def test_events_are_on_the_shops_clock_too(staged: Sandbox, server: Warehouse, model: Model) -> None:
    zone, moment = zone_of(staged), local_moment(model)
    found = rows(server, STAGING, model.name, [f"{moment}", f"{moment}_local"])
    assert found
    for utc, local in (tuple(row.values()) for row in found):
        assert local == (utc and utc.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None))


def test_images_have_addresses(staged: Sandbox, server: Warehouse) -> None:
    found = {row["image_id"]: row for row in rows(server, STAGING, "stg_images")}
    for image in staged.rows(Image):
        base, file = image["baseImageURL"].rstrip("/"), f"{image['publicID']}.{image['filename'].rpartition('.')[2]}"
        assert found[image["imageID"]]["image_url"] == f"{base}/{file}"
        assert found[image["imageID"]]["thumbnail_url"] == f"{base}/w_300,c_limit/{file}"


def test_tables_are_fresh_until_nothing_comes_any_more(staged: Sandbox, server: Warehouse, dbt: Dbt) -> None:
    """Late are tables that every run writes; not those that are empty or were never selected."""
    dbt.run("source", "freshness")
    checked = {node.rpartition(".")[2] for node in dbt.freshness()}
    assert {"accounts", "sales", "report_taxes_by_day"} <= checked
    with connected(server) as connection:
        connection.execute("create schema late")
        for stream in ("accounts", "sales", "registers"):
            table = sql.SQL("create table late.{0} as select * from lightspeed.{0}").format(sql.Identifier(stream))
            connection.execute(table)
        connection.execute("update late.sales set _sdc_batched_at = _sdc_batched_at - interval '30 days'")
        connection.execute("update late.accounts set _sdc_batched_at = _sdc_batched_at - interval '3 days'")
        connection.execute("delete from late.registers")
    late = replace(dbt, raw="late")
    assert late.attempt("source", "freshness").returncode != 0
    found = {node.rpartition(".")[2]: status for node, status in late.freshness().items() if status != "pass"}
    assert found == {"sales": "error", "accounts": "warn"}
