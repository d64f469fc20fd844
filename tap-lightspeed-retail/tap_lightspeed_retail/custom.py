"""Streams that nobody has declared yet: resources made from the setting `custom_streams`."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.resources import Endpoint, Resource, Snapshot, Stamp

_TYPES: dict[str, Any] = {
    "integer": int,
    "number": Decimal,
    "string": str,
    "boolean": bool,
    "datetime": datetime,
    "date": date,
}
_INTRODUCTION = "https://developers.lightspeedhq.com/retail/introduction/introduction/"


class CustomResource(Resource, register=False):
    """A list that the declarations do not know; fields that nobody named are kept as they come."""

    always_loaded: tuple[str, ...] = ()


def custom_resources(descriptions: Iterable[Mapping[str, Any]] | None) -> list[type[CustomResource]]:
    """The resources that the setting describes.

    Raises:
        SettingsError: A name is taken already, or given twice.
    """
    taken = {resource.api.stream for resource in Resource.all()}
    found = []
    for description in descriptions or ():
        if description["name"] in taken:
            message = f"custom_streams: there is a stream {description['name']} already."
            raise SettingsError(message)
        taken.add(description["name"])
        found.append(_resource(description))
    return found


def _resource(description: Mapping[str, Any]) -> type[CustomResource]:
    name = _envelope(description)
    key = description["key"]
    stamp = description.get("replication_key")
    annotations = {key: _TYPES[description.get("key_type", "integer")]}
    annotations |= {stamp: datetime} if stamp else {}
    annotations |= {field: _TYPES[kind] for field, kind in description.get("fields", {}).items() if field != key}
    endpoint = Endpoint(
        stream=description["name"],
        path=_path(description["path"]),
        key=key,
        docs=_INTRODUCTION,
        envelope=name,
        bookmark=Stamp(stamp) if stamp else Snapshot(),
        archived=bool(description.get("archived")),
    )
    body = {
        "__doc__": f"The list at {endpoint.path}.",
        "__annotations__": annotations,
        "__module__": __name__,
        "api": endpoint,
        "always_loaded": tuple(description.get("relations", ())),
    }
    return types.new_class(name, (CustomResource,), {"register": False}, lambda namespace: namespace.update(body))


def _envelope(description: Mapping[str, Any]) -> str:
    """Key of the rows: the last name in the path, unless it is given."""
    last = _path(description["path"]).removesuffix(".json").rpartition("/")[2]
    return str(description.get("envelope") or last)


def _path(path: str) -> str:
    return path if path.endswith(".json") else f"{path}.json"
