"""The areas of a shop, one for each module of declarations."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from lightspeed_retail.resources import Resource

_ORDER = (
    "sales",
    "payments",
    "customers",
    "items",
    "labels",
    "stock",
    "purchasing",
    "receiving",
    "workorders",
    "tills",
    "account",
    "company",
    "reports",
)
# Areas that are not in this list come last; it says only in which order they are read.


@dataclass(frozen=True)
class Area:
    """An area: its name, the sentence that its module begins with, and its resources in the order of declaration."""

    name: str
    about: str
    resources: tuple[type[Resource], ...]

    @property
    def title(self) -> str:
        """Its heading."""
        return self.name.replace("_", " ").capitalize()


def areas() -> tuple[Area, ...]:
    """All areas in which something is declared."""
    modules: dict[str, list[type[Resource]]] = {}
    for resource in Resource.all():
        modules.setdefault(resource.__module__, []).append(resource)
    found = (Area(_name(module), _about(module), tuple(resources)) for module, resources in modules.items())
    return tuple(sorted(found, key=_rank))


def _name(module: str) -> str:
    return module.rpartition(".")[2]


def _about(module: str) -> str:
    return (sys.modules[module].__doc__ or "").strip().partition("\n")[0]


def _rank(area: Area) -> tuple[int, str]:
    return (_ORDER.index(area.name) if area.name in _ORDER else len(_ORDER), area.name)
