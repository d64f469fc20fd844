"""The macros of the dbt project as they are rendered for a warehouse that is not at hand.

dbt renders them with Jinja. So does this, with an adapter that answers as that of Snowflake or BigQuery would, over
tables that a test makes up. Nothing of it replaces anything of ours: the macros are read from their files.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment

from tests.transform.warehouse import PROJECT

_MACRO = re.compile(r"{%-?\s*macro\s+(\w+)\(")
_BUILT_IN = {
    "split_part": lambda text, delimiter, part: f"split_part({text}, {delimiter}, {part})",
    "concat": " || ".join,
}
"""Macros of dbt's own, which are its business."""


class _Returned(Exception):  # noqa: N818  no error: it is how dbt's own `return` works
    def __init__(self, value: Any) -> None:
        self.value = value


@dataclass(frozen=True)
class Column:
    """A column of a made-up table, as an adapter tells of it."""

    name: str
    data_type: str


@dataclass(frozen=True)
class Relation:
    """A made-up table."""

    identifier: str
    columns: tuple[Column, ...] = ()
    database: str = "warehouse"
    schema: str = "raw"

    def __str__(self) -> str:
        """Its name in SQL."""
        return f"{self.schema}.{self.identifier}"


@dataclass
class Adapter:
    """What macros ask of an adapter.

    Args:
        dialect: Which versions of dispatched macros are taken; those of PostgreSQL are the default.
        mark: What stands around a quoted name.
        tables: The tables that there are.
    """

    dialect: str
    mark: str
    tables: Mapping[str, Relation]
    macros: dict[str, Callable[..., Any]] = field(default_factory=dict)

    def dispatch(self, name: str, _project: str) -> Callable[..., Any]:
        """The version of a macro for this warehouse."""
        return self.macros.get(f"{self.dialect}__{name}") or self.macros[f"default__{name}"]

    def quote(self, name: str) -> str:
        """A quoted name."""
        return f"{self.mark}{name}{self.mark}"

    def get_relation(self, _database: str, _schema: str, identifier: str) -> Relation | None:
        """A table, if there is one."""
        return self.tables.get(identifier)

    def get_columns_in_relation(self, relation: Relation) -> tuple[Column, ...]:
        """Its columns."""
        return relation.columns


@functools.cache
def templates(dialect: str) -> Environment:
    """All macros of the project, compiled once for each warehouse."""
    return Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701  SQL is no HTML
def _context(adapter: Adapter) -> dict[str, Any]:
    return {
        "adapter": adapter,
        "execute": True,
        "modules": types.SimpleNamespace(re=re),
        "return": _return,
        "source": lambda _source, table: adapter.tables.get(table, Relation(table)),
        "ref": lambda name: f"staging.{name}",
        "var": lambda _name: "UTC",
        "dbt": types.SimpleNamespace(**_BUILT_IN),
    }


def _return(value: Any) -> None:
    raise _Returned(value)


def _read_macros(environment: Environment, adapter: Adapter, files: Iterable[Path]) -> None:
    for path in files:
        text = path.read_text(encoding="utf-8")
        if "{% test" in text:
            continue
        module = environment.from_string(text).module
        for name in _MACRO.findall(text):
            adapter.macros[name] = _returning(getattr(module, name))
    environment.globals.update(adapter.macros)


def _returning(macro: Callable[..., Any]) -> Callable[..., Any]:
    def called(*arguments: Any, **named: Any) -> Any:
        try:
            return macro(*arguments, **named)
        except _Returned as returned:
            return returned.value

    return called


def _tidy(text: str) -> str:
    """SQL without empty lines and indentation, which no database heeds."""
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())
