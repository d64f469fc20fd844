"""The check for rows that went without leaving a trace: deleted for good, or merged into another.

The state remembers which keys have been sent, as ranges: `1-812,814-900`. Every so many days they are compared with the
keys that the API lists, at the price of a walk without relations; a key that is gone is sent with a deletion stamp. A
version of the table (`ACTIVATE_VERSION`) would mark the rows of all other accounts in a shared table as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from lightspeed_retail.client import Client
from lightspeed_retail.query import PAGE_SIZE, Filter, Query
from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import nested_rows
from tap_lightspeed_retail.keys import KeySet
from tap_lightspeed_retail.narrowing import Narrowing

DELETED_AT = "_sdc_deleted_at"
"""The Singer name of the moment at which a row was found to be gone."""


def listed_keys(client: Client, resource: type[Resource], narrowing: Narrowing) -> KeySet:
    """The keys that the API lists now, archived ones included; of rows within others, of those that can lose some."""
    vanishing = resource.api.vanishing
    if vanishing is not None and vanishing.within is not None:
        return KeySet.of(_keys_within(client, Resource.named(vanishing.within), resource, vanishing.where, narrowing))
    found = KeySet()
    for extra in ((), *((each,) for each in resource.api.passes)):
        conditions = (*(Filter(name, "=", value) for name, value in extra), *narrowing.filters(resource))
        query = Query(resource, conditions, resource.api.key, archived=narrowing.archived(resource))
        for page in client.pages(query):
            for row in page.rows:
                found.add(int(row[resource.api.key]))
    return found


def _keys_within(
    client: Client,
    parent: type[Resource],
    child: type[Resource],
    where: tuple[str, str] | None,
    narrowing: Narrowing,
) -> Iterator[int]:
    """The keys of the rows that still can lose some: the lines of open sales, for example."""
    field = next(each for each in parent.riders() if each.nested is not None and each.nested.resource is child)
    element = (field.nested and field.nested.element) or ""
    conditions = (*([Filter(where[0], "=", where[1])] if where else []), *narrowing.filters(parent))
    for page in client.pages(Query(parent, conditions, parent.api.key, (field.name,))):
        for row in page.rows:
            yield from (int(inner[child.api.key]) for inner in nested_rows(row.get(field.name), element))


def still_there(client: Client, resource: type[Resource], keys: KeySet) -> KeySet:
    """Those of some keys that the API still knows: a drip for a hundred."""
    found = KeySet()
    key = resource.api.key
    each = iter(keys)
    while some := list(itertools.islice(each, PAGE_SIZE)):
        condition = Filter(key, "IN", f"[{','.join(map(str, some))}]")
        for page in client.pages(Query(resource, (condition,))):
            for row in page.rows:
                found.add(int(row[key]))
    return found
