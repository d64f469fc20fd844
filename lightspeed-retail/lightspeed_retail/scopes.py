"""Which OAuth scopes a selection of streams needs, worked out from the declarations.

Source: pages "Authentication scopes" and those of the endpoints (sections 1.7 and 5 of the API reference).
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.resources import Resource

EVERYTHING = "employee:all"
"""The scope that covers all others."""

SCOPES = {
    "employee:all": "Everything that the employee may see and change",
    "employee:admin": "Change the settings of the account",
    "employee:admin_employees": "See and change employees and their hours",
    "employee:admin_inventory": "Change the settings of the inventory",
    "employee:admin_purchases": "Change the settings of taxes and payments",
    "employee:admin_shops": "Change shops and registers",
    "employee:admin_void_sale": "Void completed sales, and see which were voided",
    "employee:categories": "See and change categories",
    "employee:customers": "See and change customers",
    "employee:customers_read": "See customers",
    "employee:customers_view_gift_card_numbers": "See the numbers of customers' gift cards",
    "employee:inventory": "See and change items and stock",
    "employee:inventory_counts": "See and make inventory counts",
    "employee:inventory_counts_reconcile": "Reconcile inventory counts",
    "employee:inventory_read": "See items and stock",
    "employee:manufacturers": "See and change manufacturers",
    "employee:product_cost": "See and change what items cost",
    "employee:product_edit": "Change items",
    "employee:purchase_orders": "See and change purchase orders",
    "employee:register": "See sales, make and change them",
    "employee:register_layaway": "Put sales on layaway",
    "employee:register_read": "See sales",
    "employee:register_refund": "Refund sales",
    "employee:reports": "See reports",
    "employee:special_orders": "See and change special orders",
    "employee:tags": "See and change tags",
    "employee:transfers": "See and change transfers between shops",
    "employee:vendor_returns": "See and change returns to vendors",
    "employee:vendors": "See and change vendors",
    "employee:workbench": "See and change work orders",
}
"""Every scope that one may ask for, in words.

Endpoint pages name others beside these (`inventory_log`, `register_withdraw` ...): rights of an employee, which the
page on scopes does not offer.
"""


@dataclass(frozen=True)
class Need:
    """What one stream needs for one purpose.

    Args:
        stream: The stream.
        purpose: What is to be done with it.
        any_of: Scopes of which any one is enough, as the declaration names them; none: any valid token.
    """

    stream: str
    purpose: Literal["read", "write"]
    any_of: tuple[str, ...]

    @property
    def choices(self) -> tuple[str, ...]:
        """The scopes of which one has to be asked for; the one for everything where the API offers no other."""
        return tuple(scope for scope in self.any_of if scope in SCOPES) or (EVERYTHING,)

    def is_met(self, granted: Collection[str]) -> bool:
        """Whether scopes are enough for it."""
        return not self.any_of or EVERYTHING in granted or any(scope in granted for scope in self.any_of)


def default_streams(preset: str | None = None) -> list[str]:
    """The streams of a preset, or those that are selected where nobody says which.

    Raises:
        SettingsError: There is no such preset.
    """
    if preset is None:
        return [resource.api.stream for resource in Resource.all() if resource.api.selected]
    found = [resource.api.stream for resource in Resource.all() if preset in resource.api.presets]
    if not found:
        raise SettingsError("preset names no selection of streams that there is.")
    return found


def needs(read: Iterable[str], write: Iterable[str] = ()) -> list[Need]:
    """What it takes to read some streams and to write others; who writes records also looks them up.

    Args:
        read: Names of streams to read.
        write: Names of streams to write.

    Raises:
        SettingsError: There is no such stream, or the API does not let it be written.
    """
    written = [_writable(name) for name in dict.fromkeys(write)]
    wanted = [*(_resource(name) for name in dict.fromkeys(read)), *written]
    reading = [
        Need(resource.api.stream, "read", each.api.read_scopes) for resource in wanted for each in _on_the_way(resource)
    ]
    writing = [Need(resource.api.stream, "write", resource.api.write_scopes) for resource in written]
    return list(dict.fromkeys([*reading, *writing]))


def least(wanted: Iterable[Need]) -> tuple[str, ...]:
    """The least scopes that meet all needs.

    Of all sets that suffice it is one that lets the fewest streams be written beside those that are to be, and of
    those one of the smallest; what is left open, the order in the declarations decides.
    """
    found = list(wanted)
    asked = {need.stream for need in found if need.purpose == "write"}
    sets = list(dict.fromkeys(need.choices for need in found if need.any_of))
    forced = dict.fromkeys(choices[0] for choices in sets if len(choices) == 1)
    if EVERYTHING in forced:
        return (EVERYTHING,)
    still_open = [choices for choices in sets if not forced.keys() & set(choices)]
    candidates = [tuple(dict.fromkeys([*forced, *chosen])) for chosen in itertools.product(*still_open)]
    best = min(candidates, key=lambda candidate: (_surplus(candidate, asked), len(candidate)))
    return tuple(sorted(best))


def known(scopes: Iterable[str]) -> tuple[str, ...]:
    """Scopes as somebody named them, with or without `employee:`.

    Raises:
        SettingsError: There is no such scope.
    """
    return tuple(dict.fromkeys(_scope(name) for name in scopes))


def _scope(name: str) -> str:
    scope = name if name.startswith("employee:") else f"employee:{name}"
    if scope in SCOPES:
        return scope
    close = difflib.get_close_matches(scope, SCOPES, n=1)
    raise SettingsError(f"There is no scope {name}" + (f": did you mean {close[0]}?" if close else "."))


def writes(scope: str) -> list[str]:
    """The streams that a scope allows to be written."""
    return [
        resource.api.stream
        for resource in Resource.all()
        if _is_writable(resource) and (scope == EVERYTHING or scope in resource.api.write_scopes)
    ]


def _surplus(scopes: Iterable[str], asked: Collection[str]) -> int:
    return len({stream for scope in scopes for stream in writes(scope)}.difference(asked))


def _on_the_way(resource: type[Resource]) -> list[type[Resource]]:
    """The resource, and the one whose keys its paths begin with: that one's list is read first."""
    parent = resource.api.parent
    return [resource, *_on_the_way(Resource.named(parent))] if parent else [resource]


def _resource(stream: str) -> type[Resource]:
    known = {resource.api.stream: resource for resource in Resource.all()}
    if stream in known:
        return known[stream]
    close = difflib.get_close_matches(stream, known, n=1)
    raise SettingsError(f"There is no stream {stream}" + (f": did you mean {close[0]}?" if close else "."))


def _writable(stream: str) -> type[Resource]:
    resource = _resource(stream)
    if not _is_writable(resource):
        raise SettingsError(f"{stream} cannot be written: the API only lets it be read.")
    return resource


def _is_writable(resource: type[Resource]) -> bool:
    return any(verb != "GET" for verb in resource.api.verbs)
