"""What is asked of the API, in its own words, and what the question costs.

Source: pages "Query parameters", "Relations" and "Rate limits" (sections 2.4, 3.2 and 4 of the API reference).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote, urlencode

from lightspeed_retail.resources import Field, Part, Resource

PAGE_SIZE = 100
"""Rows on a page: the most that the API gives."""

BASE_PRICE = Decimal(1)
TO_ONE_PRICE = Decimal("0.2")
TO_MANY_PRICE = Decimal("0.4")


@dataclass(frozen=True)
class Filter:
    """A condition on one field: `Filter("timeStamp", ">=", "2024-01-01T00:00:00+00:00")`."""

    field: str
    operator: str
    value: str

    def param(self) -> tuple[str, str]:
        """The query parameter, not yet percent-encoded."""
        value = self.value if self.operator == "=" else f"{self.operator},{self.value}"
        return self.field, value


@dataclass(frozen=True)
class Query:
    """A walk through the list of a resource.

    Args:
        resource: Which list.
        filters: Conditions, all of which must hold; one for each field at the most.
        sort: Field to sort by, ascending; None for the API's own order, the primary key.
        relations: Relations to load with the rows, as dotted paths.
        limit: Rows on a page.
    """

    resource: type[Resource]
    filters: tuple[Filter, ...] = ()
    sort: str | None = None
    relations: tuple[str, ...] = ()
    limit: int = PAGE_SIZE

    @property
    def price(self) -> Decimal:
        """Drips that each page costs, known before it is asked for."""
        return BASE_PRICE + sum((relation_price(self.resource, path) for path in self.relations), Decimal(0))

    def params(self) -> list[tuple[str, str]]:
        """The query parameters in the order in which they are sent."""
        params = [condition.param() for condition in self.filters]
        if self.resource.api.archived:
            params.append(("archived", "true"))
        if self.relations:
            params.append(("load_relations", json.dumps(list(self.relations), separators=(",", ":"))))
        if self.sort:
            params.append(("sort", self.sort))
        params.append(("limit", str(self.limit)))
        return params

    def encoded(self) -> str:
        """The query string, everything percent-encoded: a bare `+` would arrive as a space."""
        return urlencode(self.params(), quote_via=quote, safe="")


def relation_field(resource: type[Resource], path: str) -> Field:
    """The declaration of a relation, by its dotted path from the resource.

    Raises:
        KeyError: The declaration knows no such relation.
    """
    part: type[Part] | None = resource
    field: Field | None = None
    for name in path.split("."):
        if part is None:
            raise KeyError(path)
        field = part.field(name)
        part = field.nested.part if field.nested is not None else None
    if field is None or field.nested is None or not field.nested.asked:
        raise KeyError(path)
    return field


def relation_price(resource: type[Resource], path: str) -> Decimal:
    """What one relation adds to each page of a list."""
    nested = relation_field(resource, path).nested
    return TO_MANY_PRICE if nested is not None and nested.many else TO_ONE_PRICE
