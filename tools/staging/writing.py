"""The text of a staging model: a call of the macro that makes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from lightspeed_retail.resources import FieldType
from tap_lightspeed_retail.naming import snake_case

from .models import Column, Model

MACROS = Path(__file__).resolve().parents[2] / "transform" / "macros"
EXTENSIONS = MACROS / "staging" / "extended.sql"


def text(model: Model) -> str:
    """The file of a model."""
    what = f"the declaration of {model.resource.__name__}"
    return f"{{# Written by tools/dbt_sources.py from {what}. #}}\n{{{{ {_query(model)} }}}}\n"


def _query(model: Model) -> str:
    if model.path:
        keys = ", ".join(f"'{key.path[-1]}': '{key.kind}'" for key in model.keys)
        return f"staged_list('{model.resource.api.stream}', {{{keys}}}, '{'.'.join(model.path)}', {_fields(model)})"
    query = f"staged('{model.resource.api.stream}', {_fields(model)})"
    if moment := local_moment(model):
        query = f"with_local_time({query}, '{moment}')"
    extension = f"extended_{model.resource.api.stream}"
    return f"{extension}({query})" if f"macro {extension}(" in EXTENSIONS.read_text(encoding="utf-8") else query


def _fields(model: Model) -> str:
    lines = "".join(f"    {line}\n" for line in _lines(model.columns))
    return f"{{\n{lines}}}"


def _lines(columns: Iterable[Column]) -> Iterator[str]:
    for column in columns:
        yield f"'{'.'.join(column.path)}': '{column.kind}',"


def local_moment(model: Model) -> str | None:
    """The moment that a model has on the shop's clock as well: that of an event, where the record names its shop."""
    event = model.resource.api.event
    names = {field.name for field in model.resource.fields()}
    if model.path or event is None or "shopID" not in names:
        return None
    return snake_case(event) if model.resource.field(event).type is FieldType.DATETIME else None
