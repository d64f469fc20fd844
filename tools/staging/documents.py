"""What dbt is told about sources and staging models: descriptions, freshness, keys."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lightspeed_retail.resources import Days, Resource, Snapshot

from .models import Model
from .words import about, about_list, about_mark, extensions

HEAD = "# Written by tools/dbt_sources.py from the declarations in lightspeed-retail/lightspeed_retail/resources.\n"
_NO_LIMIT = 10_000
_SCHEMA = "{{ var('raw_schema', none) or env_var('TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA', 'lightspeed') }}"
_DATABASE = "{{ var('raw_database', none) or target.database }}"


def documents(models: Iterable[Model]) -> dict[Path, str]:
    """The YAML files, by their place below the folder of models."""
    areas: dict[str, list[Model]] = {}
    for model in models:
        areas.setdefault(model.area, []).append(model)
    found = {Path("staging", area, f"_{area}.yml"): _yaml(_models(held)) for area, held in areas.items()}
    return {Path("sources.yml"): _yaml(_sources()), **found}


def _sources() -> dict[str, Any]:
    source = {
        "name": "lightspeed_retail",
        "description": "The tables that tap-lightspeed-retail loads; a table for each stream, if it is selected.",
        "database": _DATABASE,
        "schema": _SCHEMA,
        "loader": "meltano",
        "tables": [_table(resource) for resource in Resource.all()],
    }
    return {"version": 2, "sources": [source]}


def _table(resource: type[Resource]) -> dict[str, Any]:
    table: dict[str, Any] = {"name": resource.api.stream, "description": resource.summary()}
    days = _freshness(resource)
    if days is None:
        return table
    freshness = {
        "warn_after": {"count": days, "period": "day"},
        "error_after": {"count": 3 * days, "period": "day"},
    }
    return {**table, "config": {"loaded_at_query": "{{ last_loaded(this) }}", "freshness": freshness}}


def _freshness(resource: type[Resource]) -> int | None:
    """After how many days without a newly written row something is wrong; None where no news may be good news."""
    if resource.__name__ == Days().first[0]:
        return 4
    return 2 if resource.api.selected and isinstance(resource.api.bookmark, Snapshot | Days) else None


def _models(models: Iterable[Model]) -> dict[str, Any]:
    return {"version": 2, "models": [_model(model) for model in models]}


def _model(model: Model) -> dict[str, Any]:
    columns = [{"name": name, "description": words} for name, words in _columns(model).items()]
    keys = [key.name for key in model.keys]
    # The rows of a list are numbered, and so have no key that could be wrong.
    tests = {} if model.path else {"data_tests": [{"keyed": {"arguments": {"key": keys}}}]}
    return {
        "name": model.name,
        "description": about_list(model) if model.path else model.resource.summary(),
        "config": {"meta": {"stream": model.resource.api.stream, "docs": model.resource.api.docs}},
        **tests,
        "columns": columns,
    }


def _columns(model: Model) -> dict[str, str]:
    head = {key.name: about(key, model) for key in model.keys} if model.path else {}
    position = {"position": "Its place in the list, from 1 on."} if model.path else {}
    own = {column.name: about(column, model) for column in model.columns}
    return {**head, **position, **own, **about_mark(), **extensions(model)}


def _yaml(content: dict[str, Any]) -> str:
    writer = YAML()
    writer.width = _NO_LIMIT
    writer.indent(mapping=2, sequence=4, offset=2)
    with io.StringIO() as written:
        writer.dump(content, written)
        return HEAD + written.getvalue()
