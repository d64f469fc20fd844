"""Relations that a request asks for.

Source: page "Relations" (section 4 of the API reference).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from lightspeed_retail.query import relation_field
from lightspeed_retail.resources import Resource
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.memo import remembered

Tree = dict[str, Any]
"""Relations by name; each leads to the relations asked for below it."""

_BAD_REQUEST = 400
_UNNAMED = "CustomFieldValues"
"""The one relation that `all` leaves out."""
_REMEMBERED = 1000


@dataclass(frozen=True)
class Relations:
    """What `load_relations` asks for."""

    paths: tuple[str, ...] = ()
    tree: Tree = field(default_factory=dict)


@remembered(_REMEMBERED)
def parse(resource: type[Resource], text: str | None) -> Relations:
    """The relations of a request; nobody may change them, because the next request may ask for the same.

    Raises:
        ApiError: The text is neither `all` nor a JSON list of relations that the resource has.
    """
    if text is None:
        return Relations()
    paths = tuple(_every(resource)) if text == "all" else _named(resource, text)
    return Relations(paths, planted(paths))


def planted(paths: Iterable[str]) -> Tree:
    """Dotted paths of relations as a tree."""
    tree: Tree = {}
    for path in paths:
        _plant(tree, path.split("."))
    return tree


def _named(resource: type[Resource], text: str) -> tuple[str, ...]:
    try:
        paths = orjson.loads(text)
    except orjson.JSONDecodeError:
        paths = None
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise ApiError(_BAD_REQUEST, "load_relations must be 'all' or a JSON array of relation names.")
    for path in paths:
        try:
            relation_field(resource, path)
        except KeyError:
            raise ApiError(_BAD_REQUEST, f"{resource.__name__} has no relation '{path}'.") from None
    return tuple(dict.fromkeys(paths))


def _every(resource: type[Resource]) -> Iterator[str]:
    """All that the declaration names: its relations, and those it names below them."""
    for outer in resource.relations():
        nested = outer.nested
        if nested is None or outer.name == _UNNAMED:
            continue
        yield outer.name
        if nested.part is not None and not nested.many:
            yield from (f"{outer.name}.{inner.name}" for inner in nested.part.relations() if nested.offers(inner))


def _plant(tree: Tree, names: Sequence[str]) -> None:
    for name in names:
        tree = tree.setdefault(name, {})
