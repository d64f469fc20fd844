"""The staging models as Snowflake and BigQuery would get them, looked at whole in tests/transform/dialects/*.sql."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tap_lightspeed_retail.naming import snake_case
from tests.transform.dialects import Adapter, Column, Relation, rendered
from tests.transform.warehouse import PROJECT
from tools.staging.models import Model, models

SEEN = Path(__file__).parent / "dialects"
MODELS = {model.name: model for model in models()}

SNOWFLAKE = {"datetime": "TIMESTAMP_TZ", "json": "VARIANT", "integer": "NUMBER(38,0)", "string": "VARCHAR(16777216)"}
BIGQUERY = {"datetime": "TIMESTAMP", "json": "STRUCT<a INT64>", "integer": "INT64", "string": "STRING"}


def adapter(dialect: str, *, stream: str = "", missing: tuple[str, ...] = ()) -> Adapter:
    """A warehouse with the table of a stream, as its loader makes it."""
    model = MODELS[f"stg_{stream}"]
    columns = [
        Column(_named(dialect, name), _type(dialect, kind)) for name, kind in _fields(model) if name not in missing
    ]
    table = Relation(stream, tuple(columns))
    return Adapter(dialect, "`" if dialect == "bigquery" else '"', {stream: table})


def _fields(model: Model) -> list[tuple[str, str]]:
    """What the loader gets: fields, and what is nested whole."""
    lists = [(each.path[0], "json") for each in MODELS.values() if each.path and each.resource is model.resource]
    own = [(column.path[0], column.kind if len(column.path) == 1 else "json") for column in model.columns]
    return list({name: (name, kind) for name, kind in [*own, *lists, ("_sdc_deleted_at", "datetime")]}.values())


def _named(dialect: str, name: str) -> str:
    return snake_case(name).upper() if dialect == "snowflake" else name


def _type(dialect: str, kind: str) -> str:
    known = SNOWFLAKE if dialect == "snowflake" else BIGQUERY
    return known.get(kind) or known.get({"key": "integer"}.get(kind, ""), kind.upper())


def file_of(name: str) -> Path:
    """The file of a model."""
    (path,) = (PROJECT / "models" / "staging").rglob(f"{name}.sql")
    return path


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery"])
@pytest.mark.parametrize(
    "name", ["stg_customers", "stg_item_prices", "stg_sale_voids", "stg_images", "stg_customer_tags"]
)
def test_models_are_as_somebody_has_looked_at(name: str, dialect: str, request: pytest.FixtureRequest) -> None:
    found = rendered(file_of(name), adapter(dialect, stream=MODELS[name].resource.api.stream))
    seen = SEEN / f"{name}.{dialect}.sql"
    if not seen.exists():
        seen.parent.mkdir(exist_ok=True)
        seen.write_text(found, encoding="utf-8")
        pytest.fail(f"{seen.name} was not there: look at it, and run again.")
    assert found == seen.read_text(encoding="utf-8")


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery"])
@pytest.mark.parametrize("name", MODELS)
def test_nothing_of_postgresql_is_left(name: str, dialect: str) -> None:
    found = rendered(file_of(name), adapter(dialect, stream=MODELS[name].resource.api.stream))
    foreign = re.findall(r"jsonb|#>|::|bigint|at time zone|with ordinality|lateral jsonb", found)
    assert foreign == []
    names = [column.name for column in MODELS[name].columns]
    assert [word for word in names if not re.search(rf" as [`\"]?{word}\b", found)] == []


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery"])
def test_what_was_not_loaded_is_null(dialect: str) -> None:
    without = adapter(dialect, stream="customers", missing=("firstName", "Contact"))
    found = rendered(file_of("stg_customers"), without)
    text, flag = {"snowflake": ("varchar", "boolean"), "bigquery": ("string", "bool")}[dialect]
    assert f"cast(null as {text}) as first_name," in found
    assert f"cast(null as {flag}) as contact__no_email," in found
    assert "from (select 1 as nothing limit 0) as missing" in rendered(file_of("stg_items"), without)
