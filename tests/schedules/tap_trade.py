"""What happens in the account while it is read: rows are edited, made, archived, taken away, and days pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from lightspeed_retail.resources import Field, FieldType, Resource, Snapshot, Stamp, Tail
from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.serve import Sandbox
from tests.comparing import Keys, above
from tests.schedules.tap_story import Deed, has_list
from tests.tapping import key_of

_MANY = 250
"""Rows with one and the same stamp: more than two pages."""

_READ_BY_TAP = ("timeZone",)
"""Texts that say how other rows are to be understood."""


class Trade:
    """Does deeds in an account; what it does is seen by the runs after it, by all that is documented.

    Args:
        sandbox: The account.
        streams: The resources whose rows are read: nobody would notice what happens to others.
        snapshots: Whether large lists without a stamp are read whole in every run.
    """

    def __init__(self, sandbox: Sandbox, streams: tuple[type[Resource], ...], *, snapshots: bool) -> None:
        """Begin; nothing has been done."""
        self.removed: dict[type[Resource], Keys] = {}
        self._sandbox = sandbox
        self._store = sandbox.store
        self._streams = streams
        self._snapshots = snapshots
        self._deeds: dict[str, Callable[[Random], str]] = {
            "edit": self._edit,
            "touch": self._touch,
            "copy": self._copy,
            "archive": self._archive,
            "complete": self._complete,
            "tie": self._tie,
            "remove": self._remove,
            "days": self._days,
        }

    def do(self, deed: Deed) -> str:
        """Do something; what it was, for people."""
        done = self._deeds[deed.name](Random(deed.number))
        self._store.commit()
        return done

    def _edit(self, chance: Random) -> str:
        """Change a text of a row."""
        found = self._some_row(chance, lambda each: bool(_texts(each)))
        if found is None:
            return "edit of nothing"
        resource, row = found
        name = chance.choice(_texts(resource)).name
        self._change(resource, row, {name: f"edited {chance.randint(1, 999)}"})
        return f"edit of {name} of {resource.__name__} {row[resource.api.key]}"

    def _touch(self, chance: Random) -> str:
        """Move the stamp of a row that stays as it is."""
        found = self._some_row(chance, lambda _each: True)
        if found is None:
            return "touch of nothing"
        resource, row = found
        self._change(resource, row, {})
        return f"touch of {resource.__name__} {row[resource.api.key]}"

    def _archive(self, chance: Random) -> str:
        """Archive a row, or bring it back."""
        found = self._some_row(chance, lambda each: _has_flag(each, "archived"))
        if found is None:
            return "archiving of nothing"
        resource, row = found
        self._change(resource, row, {"archived": not row["archived"]})
        return f"archiving of {resource.__name__} {row[resource.api.key]}"

    def _complete(self, chance: Random) -> str:
        """Complete a sale that was open."""
        opened = self._store.select(Sale, '"completed" = 0')
        if not opened:
            return "no open sale to complete"
        row = chance.choice(opened)
        self._change(Sale, row, {"completed": True, "completeTime": self._now, "timeStamp": self._now})
        return f"completion of Sale {row['saleID']}"

    def _remove(self, chance: Random) -> str:
        """Take a line from an open sale: nobody is told, unless the check for vanished rows is on."""
        opened = {row["saleID"] for row in self._store.select(Sale, '"completed" = 0')}
        lines = [row for row in self._store.select(SaleLine) if row["saleID"] in opened]
        if not lines:
            return "no line to remove"
        row = chance.choice(lines)
        self._sandbox.delete(SaleLine, row["saleLineID"], touch=True)
        self.removed.setdefault(SaleLine, set()).add(key_of(SaleLine, row))
        return f"removal of SaleLine {row['saleLineID']}"

    def _copy(self, chance: Random) -> str:
        """Make a row like another one, with all that hangs on it."""
        found = self._some_row(chance, lambda each: above(each) is None, may_grow=True)
        if found is None:
            return "copy of nothing"
        resource, row = found
        with self._store.transaction():
            key = self._copied(resource, row, {})
        return f"{resource.__name__} {key}, a copy of {row[resource.api.key]}"

    def _copied(self, resource: type[Resource], row: Record, given: Record) -> int:
        key = self._store.next_key(resource)
        times = {field.name: self._now for field in _times(resource) if row.get(field.name)}
        self._store.put(resource, [row | times | given | {resource.api.key: key}])
        own = resource.api.key
        for child in _riders(resource):
            for each in self._store.select(child, f'"{own}" = ?', (row[own],)):
                self._copied(child, each, {own: key})
        return key

    def _tie(self, chance: Random) -> str:
        """Many rows change in one and the same second."""
        listed = [each for each in self._streams if has_list(each) and _is_walked(each)]
        if not listed:
            return "tie of nothing"
        resource = chance.choice(listed)
        self._sandbox.tie(resource, min(_MANY, self._store.count(resource)))
        return f"tie of {resource.__name__}"

    def _days(self, chance: Random) -> str:
        """Some days of trade."""
        days = chance.choice((1, 1, 2, 8))
        self._sandbox.advance(days)
        return f"{days} days of trade"

    @property
    def _now(self) -> str:
        return stamp(self._sandbox.clock.now())

    def _some_row(
        self, chance: Random, fits: Callable[[type[Resource]], bool], *, may_grow: bool = False
    ) -> tuple[type[Resource], Record] | None:
        """A row of a resource in which changes are noticed."""
        known = [each for each in self._streams if _is_walked(each) and fits(each)]
        noticed = [each for each in known if self._is_noticed(each) or (may_grow and _grows(each))]
        filled = [each for each in noticed if self._store.count(each)]
        if not filled:
            return None
        resource = chance.choice(filled)
        place = chance.randrange(self._store.count(resource))
        names = ", ".join(f'"{name}"' for name in resource.api.keys)
        ((key, *_),) = self._store.query(
            f'SELECT {names} FROM "{resource.__name__}" ORDER BY {names} LIMIT 1 OFFSET {place}'  # noqa: S608  names come from the declarations
        )
        row = self._store.get(resource, key)
        return None if row is None else (resource, row)

    def _is_noticed(self, resource: type[Resource]) -> bool:
        """Whether a run notices that a row has changed: not in lists that only grow, or are read whole now and then."""
        bookmark = resource.api.bookmark
        if isinstance(bookmark, Tail):
            return above(resource) is not None
        return isinstance(bookmark, Stamp) or bookmark == Snapshot() or self._snapshots

    def _change(self, resource: type[Resource], row: Record, changes: Record) -> None:
        """Change a row, and move the stamps of those through which it is noticed: only afterwards, as the API does."""
        self._sandbox.edit(resource, row[resource.api.key], changes)
        parent = above(resource)
        if parent is None or has_list(resource):
            return
        around = self._store.get(parent, row[parent.api.key])
        if around is not None:
            self._change(parent, around, {})


def _is_walked(resource: type[Resource]) -> bool:
    """Whether rows have a number, so that one of them can be changed."""
    api = resource.api
    return api.enveloped and not api.dimensions and resource.field(api.key).type is FieldType.INTEGER


def _grows(resource: type[Resource]) -> bool:
    return isinstance(resource.api.bookmark, Tail) or resource.api.bookmark == Snapshot(large=True)


def _texts(resource: type[Resource]) -> list[Field]:
    """Plain texts that nothing else depends on."""
    api = resource.api
    bound = {*api.keys, *api.unique, *_READ_BY_TAP, *((api.parents[0],) if api.parents else ())}
    bound |= {each.api.parents[0] for each in Resource.all() if each.api.parents and _is_parent(resource, each)}
    plain = [field for field in resource.writable() if field.type is FieldType.STRING and field.nested is None]
    return [field for field in plain if field.name not in bound]


def _is_parent(resource: type[Resource], child: type[Resource]) -> bool:
    return child.api.parent == resource.__name__


def _times(resource: type[Resource]) -> Iterator[Field]:
    return (field for field in resource.fields() if field.type is FieldType.DATETIME)


def _has_flag(resource: type[Resource], name: str) -> bool:
    return any(field.name == name and field.type is FieldType.BOOLEAN for field in resource.fields())


def _riders(resource: type[Resource]) -> Iterator[type[Resource]]:
    for field in resource.riders():
        found: Any = field.nested.resource if field.nested is not None else None
        if found is not None:
            yield found
