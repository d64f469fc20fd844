"""The check for rows that went without leaving a trace: deleted for good, or merged into another.

The state remembers which keys have been sent, as ranges: `1-812,814-900`. Every so many days they are compared with the
keys that the API lists, at the price of a walk without relations; a key that is gone is sent with a deletion stamp. A
version of the table (`ACTIVATE_VERSION`) would mark the rows of all other accounts in a shared table as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from lightspeed_retail.client import Client
from lightspeed_retail.query import PAGE_SIZE, Filter, Query
from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import nested_rows
from tap_lightspeed_retail.narrowing import Narrowing

DELETED_AT = "_sdc_deleted_at"
"""The Singer name of the moment at which a row was found to be gone."""


def to_ranges(keys: Iterable[int]) -> str:
    """Keys as a text of ranges."""
    ordered = sorted(set(keys))
    groups = itertools.groupby(enumerate(ordered), lambda pair: pair[1] - pair[0])
    runs = [[key for _, key in group] for _, group in groups]
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def from_ranges(text: str) -> set[int]:
    """The keys in a text of ranges."""
    found: set[int] = set()
    for run in filter(None, text.split(",")):
        first, _, last = run.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def listed_keys(client: Client, resource: type[Resource], narrowing: Narrowing) -> set[int]:
    """The keys that the API lists now, archived ones included."""
    vanishing = resource.api.vanishing
    if vanishing is not None and vanishing.within is not None:
        return set(_keys_within(client, Resource.named(vanishing.within), resource, vanishing.where, narrowing))
    found: set[int] = set()
    for extra in ((), *((each,) for each in resource.api.passes)):
        conditions = (*(Filter(name, "=", value) for name, value in extra), *narrowing.filters(resource))
        query = Query(resource, conditions, resource.api.key, archived=narrowing.archived(resource))
        found.update(int(row[resource.api.key]) for page in client.pages(query) for row in page.rows)
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


def still_there(client: Client, resource: type[Resource], keys: Iterable[int]) -> set[int]:
    """Those of some keys that the API still knows: a drip for a hundred."""
    found: set[int] = set()
    key = resource.api.key
    ordered = sorted(keys)
    for start in range(0, len(ordered), PAGE_SIZE):
        condition = Filter(key, "IN", f"[{','.join(map(str, ordered[start : start + PAGE_SIZE]))}]")
        found.update(int(row[key]) for page in client.pages(Query(resource, (condition,))) for row in page.rows)
    return found
