"""The macros of the dbt project as they are rendered for a warehouse that is not at hand.

dbt renders them with Jinja. So does this, with an adapter that answers as that of Snowflake or BigQuery would, over
tables that a test makes up. Nothing of it replaces anything of ours: the macros are read from their files.
"""

from __future__ import annotations

import functools
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment

from tests.transform.warehouse import PROJECT

_ENVIRONMENT = Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701  SQL is no HTML
_MACRO = re.compile(r"({%-?\s*macro\s+(\w+)\(.*?{%-?\s*endmacro\s*-?%})", re.DOTALL)
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

    def dispatch(self, name: str, _project: str) -> Callable[..., Any]:
        """The version of a macro for this warehouse."""
        known = macros()
        found: Callable[..., Any] = known.get(f"{self.dialect}__{name}") or known[f"default__{name}"]
        return found

    def quote(self, name: str) -> str:
        """A quoted name."""
        return f"{self.mark}{name}{self.mark}"

    def get_relation(self, _database: str, _schema: str, identifier: str) -> Relation | None:
        """A table, if there is one."""
        return self.tables.get(identifier)

    def get_columns_in_relation(self, relation: Relation) -> tuple[Column, ...]:
        """Its columns."""
        return relation.columns


def rendered(model: Path, adapter: Adapter) -> str:
    """A model of the project as SQL."""
    names = macros()
    names["adapter"] = adapter
    names["source"] = lambda _source, table: adapter.tables.get(table, Relation(table))
    template = _ENVIRONMENT.from_string(model.read_text(encoding="utf-8"))
    text = "".join(template.root_render_func(template.new_context(names, shared=True)))
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())


@functools.cache
def macros() -> dict[str, Any]:
    """What models and macros find by its name: each other, and what dbt gives them."""
    names: dict[str, Any] = {
        **_ENVIRONMENT.globals,
        "execute": True,
        "modules": types.SimpleNamespace(re=re),
        "return": _return,
        "ref": lambda name: f"staging.{name}",
        "var": lambda _name: "UTC",
        "dbt": types.SimpleNamespace(**_BUILT_IN),
    }
    for path in sorted((PROJECT / "macros").rglob("*.sql")):
        for text, name in _MACRO.findall(path.read_text(encoding="utf-8")):
            names[name] = _returning(_macro(text, name, names))
    return names


def _macro(text: str, name: str, names: dict[str, Any]) -> Callable[..., Any]:
    template = _ENVIRONMENT.from_string(text)
    context = template.new_context(names, shared=True)
    list(template.root_render_func(context))
    found: Callable[..., Any] = context.vars[name]
    return found


def _return(value: Any) -> None:
    raise _Returned(value)


def _returning(macro: Callable[..., Any]) -> Callable[..., Any]:
    def called(*arguments: Any, **named: Any) -> Any:
        try:
            return macro(*arguments, **named)
        except _Returned as returned:
            return returned.value

    return called
