"""Where the loader has put the tables: the warehouse of `target-postgres`, as its own variables say."""

from __future__ import annotations

import os
from collections.abc import Mapping

import sqlalchemy as sql

from lightspeed_retail.errors import SettingsError

_LOADER = "TARGET_POSTGRES_"
DEFAULT_SCHEMA = "lightspeed"
"""Where the project's loader puts its tables."""


def address(given: str | None) -> str | sql.URL:
    """The address of the warehouse: the one that was given, else that of `target-postgres`.

    Raises:
        SettingsError: There is none.
    """
    found = given or os.environ.get(f"{_LOADER}SQLALCHEMY_URL")
    if found:
        return found
    parts = {name: os.environ.get(_LOADER + name.upper()) for name in ("user", "password", "host", "port", "database")}
    if not parts["host"]:
        raise SettingsError(
            f"Say where the warehouse is: --database postgresql://user@host/database, or set {_LOADER}SQLALCHEMY_URL "
            f"or {_LOADER}HOST and its kind, as for the loader."
        )
    return _joined(parts)


def _joined(parts: Mapping[str, str | None]) -> sql.URL:
    port = parts["port"]
    if port and not port.isdecimal():
        raise SettingsError(f"{_LOADER}PORT must be a number.")
    return sql.URL.create(
        "postgresql",
        username=parts["user"],
        password=parts["password"],
        host=parts["host"],
        port=int(port) if port else None,
        database=parts["database"],
    )


def schema_name(given: str | None) -> str:
    """The schema of the loader's tables."""
    return given or os.environ.get(f"{_LOADER}DEFAULT_TARGET_SCHEMA") or DEFAULT_SCHEMA
