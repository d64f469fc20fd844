"""What is asked of the API, in its own words, and what the question costs.

Source: pages "Query parameters", "Relations" and "Rate limits" (sections 2.4, 3.2 and 4 of the API reference).
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, replace
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


class Version(enum.Enum):
    """A version of the API: the same rows below other paths, paged and sorted in other words."""

    V3 = "/API/V3"
    V2 = "/API"

    @property
    def root(self) -> str:
        """What its paths begin with."""
        return self.value

    def path(self, resource: type[Resource], account: int | None, parent: str | None = None) -> str:
        """The path of a resource's list.

        Args:
            resource: Whose list.
            account: Id of the account.
            parent: Key of the row whose list it is, where lists hang below a parent.
        """
        path = _with_parent(resource.api.path, parent)
        return self.below(path, account)

    def below(self, path: str, account: int | None) -> str:
        """A path as declared, completed with version and account."""
        if path.startswith(Version.V3.root + "/"):
            return self.root + path.removeprefix(Version.V3.root)
        return path if path.startswith("/API/") else f"{self.root}/Account/{account}{path}"


def _with_parent(path: str, parent: str | None) -> str:
    before, brace, rest = path.partition("{")
    return f"{before}{quote(str(parent), safe='')}{rest.partition('}')[2]}" if brace else path


@dataclass(frozen=True)
class Query:
    """A walk through the list of a resource.

    Args:
        resource: Which list.
        filters: Conditions, all of which must hold; one for each field at the most.
        sort: Field to sort by, ascending; None for the API's own order, the primary key.
        relations: Relations to load with the rows, as dotted paths.
        limit: Rows on a page.
        archived: Whether archived rows come too, or only they; "" leaves it to the API, which hides them.
        parent: Key of the row whose list it is, where lists hang below a parent.
    """

    resource: type[Resource]
    filters: tuple[Filter, ...] = ()
    sort: str | None = None
    relations: tuple[str, ...] = ()
    limit: int = PAGE_SIZE
    archived: str = "true"
    parent: str | None = None

    @property
    def price(self) -> Decimal:
        """Drips that each page costs, known before it is asked for."""
        return BASE_PRICE + sum((relation_price(self.resource, path) for path in self.relations), Decimal(0))

    def params(self, version: Version = Version.V3) -> list[tuple[str, str]]:
        """The query parameters in the order in which they are sent."""
        params = [condition.param() for condition in self.filters]
        if self.resource.api.archived and self.archived:
            params.append(("archived", self.archived))
        if self.relations:
            params.append(("load_relations", json.dumps(list(self.relations), separators=(",", ":"))))
        if self.sort:
            params.append(("sort" if version is Version.V3 else "orderby", self.sort))
        params.append(("limit", str(self.limit)))
        return params

    def encoded(self, version: Version = Version.V3) -> str:
        """The query string, everything percent-encoded: a bare `+` would arrive as a space."""
        return encoded(self.params(version))

    def after(self, key: int) -> Query:
        """The rest of a walk by key."""
        others = tuple(condition for condition in self.filters if condition.field != self.resource.api.key)
        return replace(self, filters=(*others, Filter(self.resource.api.key, ">", str(key))))


def encoded(params: list[tuple[str, str]]) -> str:
    """Query parameters as a query string."""
    return urlencode(params, quote_via=quote, safe="")


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
    """What one relation adds to each page of a list; one that no declaration knows may be the dearer kind."""
    try:
        nested = relation_field(resource, path).nested
    except KeyError:
        return TO_MANY_PRICE
    return TO_MANY_PRICE if nested is not None and nested.many else TO_ONE_PRICE
