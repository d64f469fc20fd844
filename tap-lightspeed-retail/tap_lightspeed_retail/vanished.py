"""The check for rows that went without leaving a trace: deleted for good, or merged into another.

The state remembers which keys have been sent, as ranges: `1-812,814-900`. Every so many days they are compared with the
keys that the API lists, at the price of a walk without relations; a key that is gone is sent with a deletion stamp. A
version of the table (`ACTIVATE_VERSION`) would mark the rows of all other accounts in a shared table as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from lightspeed_retail.query import PAGE_SIZE, Filter, Query
from lightspeed_retail.resources import Field, Resource
from lightspeed_retail.source import Source
from lightspeed_retail.wire import Record, nested_rows
from tap_lightspeed_retail.keys import KeySet
from tap_lightspeed_retail.narrowing import Narrowing
from tap_lightspeed_retail.walks import key_sort

DELETED_AT = "_sdc_deleted_at"
"""The Singer name of the moment at which a row was found to be gone."""


def listed_keys(source: Source, resource: type[Resource], narrowing: Narrowing) -> KeySet:
    """The keys that the API lists now, archived ones included; of rows within others, of those that can lose some."""
    return KeySet.of(_listed(source, resource, narrowing))


def _listed(source: Source, resource: type[Resource], narrowing: Narrowing) -> Iterator[int]:
    vanishing = resource.api.vanishing
    if vanishing is not None and vanishing.within is not None:
        yield from _keys_within(source, Resource.named(vanishing.within), resource, vanishing.where, narrowing)
    elif resource.api.parent is not None:
        yield from _keys_below(source, Resource.named(resource.api.parent), resource, narrowing)
    else:
        for extra in ((), *((each,) for each in resource.api.passes)):
            yield from _keys(source, _query(resource, narrowing, *(Filter(name, "=", value) for name, value in extra)))


def _query(resource: type[Resource], narrowing: Narrowing, *conditions: Filter) -> Query:
    archived = narrowing.archived(resource)
    return Query(resource, (*conditions, *narrowing.filters(resource)), key_sort(resource), archived=archived)


def _keys(source: Source, query: Query) -> Iterator[int]:
    for page in source.pages(query):
        yield from (int(row[query.resource.api.key]) for row in page.rows)


def _keys_within(
    source: Source,
    parent: type[Resource],
    child: type[Resource],
    where: tuple[str, str] | None,
    narrowing: Narrowing,
) -> Iterator[int]:
    """The keys of the rows that still can lose some: the lines of open sales, for example."""
    field = _carrier(parent, child)
    if field is None or field.nested is None:
        raise TypeError(child.__name__)
    conditions = (Filter(where[0], "=", where[1]),) if where else ()
    query = replace(_query(parent, narrowing, *conditions), relations=(field.name,))
    for page in source.pages(query):
        for row in page.rows:
            rows = nested_rows(row.get(field.name), field.nested.element or "")
            yield from (int(inner[child.api.key]) for inner in rows)


def _keys_below(source: Source, parent: type[Resource], child: type[Resource], narrowing: Narrowing) -> Iterator[int]:
    """The keys of rows that have no list of their own: with their parents, or else parent by parent."""
    if _carrier(parent, child) is not None:
        yield from _keys_within(source, parent, child, None, narrowing)
        return
    for page in source.pages(_query(parent, narrowing)):
        for row in page.rows:
            if has_rows(child, row):
                yield from _keys(source, replace(_query(child, narrowing), parent=str(row[parent.api.key])))


def _carrier(parent: type[Resource], child: type[Resource]) -> Field | None:
    return next((each for each in parent.riders() if each.nested and each.nested.resource is child), None)


def has_rows(resource: type[Resource], parent: Record) -> bool:
    """Whether a parent can have such rows: only some kinds of custom fields have choices."""
    condition = resource.api.parents
    return condition is None or str(parent.get(condition[0])) in condition[1]


def still_there(source: Source, resource: type[Resource], keys: KeySet) -> KeySet:
    """Those of some keys that the API still knows: a drip for a hundred."""
    found = KeySet()
    key = resource.api.key
    each = iter(keys)
    while some := list(itertools.islice(each, PAGE_SIZE)):
        condition = Filter(key, "IN", f"[{','.join(map(str, some))}]")
        for page in source.pages(Query(resource, (condition,))):
            for row in page.rows:
                found.add(int(row[key]))
    return found


def is_listed(source: Source, resource: type[Resource], key: str) -> bool:
    """Whether the API still lists a row, archived or not; costs a drip."""
    return any(page.rows for page in source.pages(Query(resource, (Filter(resource.api.key, "=", key),))))
