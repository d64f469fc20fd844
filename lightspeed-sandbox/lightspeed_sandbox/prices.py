"""What requests cost, worked out from the request alone.

Source: pages "Rate limits" and "Query parameters" (section 2.4 of the API reference). The two disagree about what
skipped rows cost; this is the changelog's figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from lightspeed_retail.query import BASE_PRICE, Version, relation_price
from lightspeed_retail.resources import Part, Resource
from lightspeed_retail.wire import nested_rows
from lightspeed_sandbox.answers import inner_rows
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.paths import Target
from lightspeed_sandbox.relations import parse
from lightspeed_sandbox.sorting import sorts_by

COUNT_PRICE = Decimal(10)
SKIPPED_PRICE = Decimal("0.0005")
ORDER_PRICE = Decimal(4)
_HALF = Decimal("0.5")


def price_of_write(target: Target, method: str, fields: Mapping[str, Any], query: Mapping[str, str]) -> Decimal:
    """Drips that a writing request costs.

    Source: section 2.4 of the API reference. Every record that the body nests counts, at any depth: the page says "each
    nested relation entity", and its example is a line of a sale.
    """
    resource, body = target.resource, method in ("POST", "PUT")
    nested = _entities(resource, fields) * _HALF if body else Decimal(0)
    if target.action is not None:
        return target.action.price + nested
    dearer = sum(extra for name, extra in resource.api.surcharges if body and _is_true(fields.get(name)))
    return resource.api.write_price + dearer + nested + _relations_price(resource, query, single=True)


def _is_true(value: object) -> bool:
    return value in (True, "true", "1", 1)


def _entities(part: type[Part], fields: Mapping[str, Any]) -> int:
    """How many records and texts are nested."""
    count = 0
    for field in part.fields():
        nested, value = field.nested, fields.get(field.name)
        if nested is None or not value:
            continue
        if nested.part is None:
            count += len(nested_rows(value, nested.element or ""))
        else:
            count += sum(1 + _entities(nested.part, row) for row in inner_rows(value, nested))
    return count


def price(target: Target, query: Mapping[str, str]) -> Decimal:
    """Drips that a request costs; relations that do not exist cost nothing."""
    single = target.key is not None
    if query.get("count") and not single:
        return COUNT_PRICE
    relations = _relations_price(target.resource, query, single=single)
    return BASE_PRICE + relations + (_paging_price(target.resource, query) if target.version is Version.V2 else 0)


def _paging_price(resource: type[Resource], query: Mapping[str, str]) -> Decimal:
    """What V2 charges for rows that are skipped, and for an order that V3 does not offer."""
    offset, order = query.get("offset", ""), query.get("orderby")
    skipped = SKIPPED_PRICE * int(offset) if offset.isdecimal() else Decimal(0)
    return skipped + (ORDER_PRICE if order and not sorts_by(resource, order) else 0)


def _relations_price(resource: type[Resource], query: Mapping[str, str], *, single: bool) -> Decimal:
    try:
        paths: Sequence[str] = parse(resource, query.get("load_relations")).paths
    except ApiError:
        paths = ()
    return sum((_relation_price(resource, path, single=single) for path in paths), Decimal(0))


def _relation_price(resource: type[Resource], path: str, *, single: bool) -> Decimal:
    """The price on a list; half of it on a single record, unless a list of that record nests it."""
    full = relation_price(resource, path)
    return full if not single or _below_many(resource, path) else full * _HALF


def _below_many(resource: type[Resource], path: str) -> bool:
    *outer, _ = path.split(".")
    part: type[Part] | None = resource
    for name in outer:
        nested = part.field(name).nested if part is not None else None
        if nested is not None and nested.many:
            return True
        part = nested.part if nested is not None else None
    return False
