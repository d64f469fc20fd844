"""Changes to rows that a test asks for: edits, ties, rows that go for good, customers that are merged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from random import Random

from lightspeed_retail.resources import Resource, Stamp
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.links import link
from lightspeed_sandbox.store import Key, Store

_BAD_REQUEST, _NOT_FOUND = 400, 404


def edit(store: Store, clock: Clock, resource: type[Resource], key: Key, changes: Record, *, quiet: bool) -> Record:
    """Change fields of a row.

    Args:
        store: Where the row is.
        clock: What time it is.
        resource: Whose row.
        key: Its key.
        changes: The fields to change.
        quiet: Whether its change stamp stays; otherwise it moves, unless it is among the fields.

    Raises:
        ApiError: There is no such row or field.
    """
    record = existing(store, resource, key)
    unknown = changes.keys() - record.keys()
    if unknown:
        raise ApiError(_BAD_REQUEST, f"{resource.__name__} has no field {', '.join(sorted(unknown))}.")
    stamps = {} if quiet else _moved(resource, clock)
    store.put(resource, [record | stamps | changes])
    store.commit()
    return existing(store, resource, key)


def edit_any(store: Store, clock: Clock, resource: type[Resource], chance: Random) -> bool:
    """Move the change stamp of the row that chance picks; False if there is none that has one."""
    number = store.count(resource) if _moved(resource, clock) and not resource.api.dimensions else 0
    if not number:
        return False
    ((key,),) = store.rows(resource, (resource.api.key,), limit=1, offset=chance.randrange(number))
    edit(store, clock, resource, key, {}, quiet=False)
    return True


def tie(store: Store, clock: Clock, resource: type[Resource], number: int, at: datetime | None = None) -> None:
    """Let rows have changed within one second.

    Args:
        store: Where the rows are.
        clock: What time it is.
        resource: Whose rows; those with the lowest keys are taken.
        number: How many rows.
        at: The second; the present one unless it is given.

    Raises:
        ApiError: There are not so many rows, or they have no change stamp.
    """
    bookmark = resource.api.bookmark
    if not isinstance(bookmark, Stamp):
        raise ApiError(_BAD_REQUEST, f"Rows of {resource.api.stream} have no change stamp.")
    rows = store.select(resource, limit=number)
    if len(rows) < number:
        raise ApiError(_BAD_REQUEST, f"There are only {len(rows)} {resource.api.stream}, not {number}.")
    moment = {bookmark.field: stamp(at or clock.now())}
    store.put(resource, [row | moment for row in rows])
    store.commit()


def delete(store: Store, clock: Clock, resource: type[Resource], key: Key, *, touch: bool) -> None:
    """Remove a row for good.

    Args:
        store: Where the row is.
        clock: What time it is.
        resource: Whose row.
        key: Its key.
        touch: Whether the change stamps of the rows around it move, such as that of the sale around a line.

    Raises:
        ApiError: There is no such row.
    """
    record = existing(store, resource, key)
    store.delete(resource, key)
    for owner, column in _owners(resource) if touch else ():
        around = store.get(owner, record[column])
        if around is not None:
            store.put(owner, [around | _moved(owner, clock)])
    store.commit()


def merge_customers(store: Store, clock: Clock, winner: Key, loser: Key) -> None:
    """Let one customer take over the sales of another, who goes without a trace.

    Raises:
        ApiError: One of them does not exist, or both are the same.
    """
    customer, sale = Resource.named("Customer"), Resource.named("Sale")
    kept, gone = existing(store, customer, winner), existing(store, customer, loser)
    if kept == gone:
        raise ApiError(_BAD_REQUEST, "A customer cannot be merged with itself.")
    moved = {"customerID": kept["customerID"]} | _moved(sale, clock)
    store.put(sale, [row | moved for row in store.select(sale, '"customerID" = ?', (gone["customerID"],))])
    store.delete(customer, loser)
    store.commit()


def existing(store: Store, resource: type[Resource], key: Key) -> Record:
    """The row with a key.

    Raises:
        ApiError: There is none, or rows have no key of their own.
    """
    record = None if resource.api.dimensions else store.get(resource, key)
    if record is None:
        raise ApiError(_NOT_FOUND, f"{resource.__name__} {key} does not exist.")
    return record


def _moved(resource: type[Resource], clock: Clock) -> Record:
    """The change stamp of a row that changes now."""
    bookmark = resource.api.bookmark
    return {bookmark.field: stamp(clock.now())} if isinstance(bookmark, Stamp) else {}


def _owners(resource: type[Resource]) -> Iterator[tuple[type[Resource], str]]:
    """The resources that hold rows of this one in lists, and the column that names their row."""
    for owner in Resource.all():
        for field in owner.fields():
            tie = link(owner, field)
            if tie is not None and tie.target is resource and field.nested is not None and field.nested.many:
                yield owner, tie.there
