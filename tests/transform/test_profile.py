"""Where dbt finds the database: by what the loader is told, whatever form that has."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from dbt.config.renderer import ProfileRenderer
from dbt_common.context import set_invocation_context
from ruamel.yaml import YAML
from sqlalchemy import make_url

from tests.transform.warehouse import PROJECT

URL = "TARGET_POSTGRES_SQLALCHEMY_URL"
HARD = "p@ss:w/o%r\"d\\ ?&#é 12 '"


def connection(**variables: str) -> dict[str, Any]:
    """The parts of the connection, as dbt reads the profile with some variables."""
    set_invocation_context(variables)
    profile = YAML(typ="safe").load(PROJECT / "profiles.yml")["lightspeed_retail"]["outputs"]["postgres"]
    renderer = ProfileRenderer({})
    return {name: renderer.render_value(value, (name,)) for name, value in profile.items()}


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql+psycopg://{quote('some body@here', safe='')}:{quote(HARD, safe='')}@db.example.com:6543/my%20db",
        "postgresql+psycopg://postgres@/postgres?host=%2Ftmp%2Fa%20folder&options=-c%20TimeZone%3DUTC",
        "postgresql://user:0012@[::1]:5433/retail",
        "postgresql://user:1234@localhost/retail",
        "postgresql://localhost/retail",
    ],
)
def test_an_address_is_taken_apart_as_the_loader_does(address: str) -> None:
    found, url = connection(**{URL: address}), make_url(address)
    assert found["host"] == (url.query.get("host") or url.host)
    assert (found["port"], found["dbname"]) == (url.port or 5432, url.database)
    assert (found["user"], found["password"]) == (url.username or "postgres", url.password or "")


def test_parts_are_taken_as_they_are() -> None:
    parts = {"HOST": "db.example.com", "PORT": "6543", "USER": "007", "PASSWORD": HARD, "DATABASE": "retail"}
    found = connection(**{f"TARGET_POSTGRES_{name}": value for name, value in parts.items()})
    assert [found[name] for name in ("host", "port", "user", "password", "dbname")] == [
        "db.example.com",
        6543,
        "007",
        HARD,
        "retail",
    ]


def test_its_own_settings_come_first_then_the_address() -> None:
    own = connection(
        DBT_POSTGRES_HOST="own",
        DBT_POSTGRES_SCHEMA="marts",
        TARGET_POSTGRES_HOST="part",
        **{URL: "postgresql://user:word@address/retail?sslmode=require"},
    )
    assert [own[name] for name in ("host", "user", "sslmode", "schema")] == ["own", "user", "require", "marts"]
