"""Writes rows as the API does: keys, stamps, defaults, parts, rows that hang on them. It knows nothing of HTTP.

Source: section 6 of the API reference. A row that is made takes defaults for what is left out; a row that is changed
keeps it. What belongs to one resource alone is in `lightspeed_sandbox.rules`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource, Stamp
from lightspeed_retail.resources.parts import Contact, CustomFieldValue
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.bodies import Upload
from lightspeed_sandbox.changing import Change, Rule
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.values import completed, record
from lightspeed_sandbox.memo import compiled
from lightspeed_sandbox.merging import Merger, owned_parts
from lightspeed_sandbox.references import foreign_keys, target_of
from lightspeed_sandbox.store import Key, Store

_BAD_REQUEST, _NOT_FOUND, _INVALID = 400, 404, 422
_STAMPS = ("createTime", "updateTime", "timeStamp", "timestamp")
_NUMBERS = (FieldType.INTEGER, FieldType.NUMBER, FieldType.MONEY)


class Writer:
    """Writes for one request.

    Args:
        store: Where the rows are.
        at: When the request is answered.
        rules: What the API does with rows besides keeping them, by the name of the resource.
        upload: The file that came with the request.
        archiving_stamps: Whether archiving moves the change stamp.
    """

    def __init__(
        self,
        store: Store,
        at: datetime,
        rules: dict[str, Rule],
        *,
        upload: Upload | None = None,
        archiving_stamps: bool = True,
    ) -> None:
        """Write at a moment."""
        self.store = store
        self.at = at
        self.now = stamp(at)
        self.upload = upload
        self.books = Books(store)
        self._rules = rules
        self._archiving_stamps = archiving_stamps
        self._merger = Merger(self.now, self.books.part_key)

    def get(self, resource: type[Resource], key: Key) -> Record | None:
        """A row by its key; None where there is none, or the key is 0."""
        row = self.store.get(resource, key) if key else None
        return None if row is None else completed(resource, row)

    def select(
        self, resource: type[Resource], where: str = "1", params: Sequence[Any] = (), limit: int | None = None
    ) -> list[Record]:
        """Rows that meet an SQL condition, with what is unset as the API keeps it."""
        return [completed(resource, row) for row in self.store.select(resource, where, params, limit=limit)]

    def existing(self, resource: type[Resource], key: Key) -> Record:
        """The row with a key.

        Raises:
            ApiError: There is none.
        """
        row = self.get(resource, key)
        if row is None:
            message = f"Object of type '{resource.__name__}' not found with primary ID '{key}'."
            raise ApiError(_NOT_FOUND, message)
        return row

    def put(self, resource: type[Resource], row: Record) -> None:
        """Store a row as it is, with what is unset as the API keeps it."""
        self.store.put(resource, [completed(resource, row)])

    def create(self, resource: type[Resource], given: Record, *, nested: bool = False, **fixed: Any) -> int:
        """Make a row; answers its key.

        Args:
            resource: Whose row.
            given: What the client gave.
            nested: Whether it is written along with the row that holds it.
            fixed: Fields that are set whatever the client gave.
        """
        row = record(resource) | _defaults(resource) | {resource.api.key: self.store.next_key(resource)}
        row |= {field.name: self.now for field in resource.fields() if field.name in _STAMPS}
        return self._write(Change(resource, row, given | fixed, None, nested), fixed)

    def update(self, resource: type[Resource], key: Key, given: Record, *, nested: bool = False, **fixed: Any) -> int:
        """Change a row; answers its key.

        Raises:
            ApiError: There is no such row, or it cannot be changed like that.
        """
        before = self.existing(resource, key)
        changes = resource.api.updates if not nested else ()
        given = {name: value for name, value in given.items() if name in changes} if changes else given
        row = dict(before)
        if isinstance(resource.api.bookmark, Stamp) and not _only_hanging(resource, given):
            row[resource.api.bookmark.field] = self.now
        return self._write(Change(resource, row, given | fixed, before, nested), fixed)

    def delete(self, resource: type[Resource], key: Key) -> Record:
        """Archive a row, or remove it for good, as the declaration says; answers the row as it was or has become."""
        row = self.existing(resource, key)
        rule = self._rule(resource)
        rule.removing(self, row)
        if resource.api.delete == "archive":
            bookmark = resource.api.bookmark
            stamps = {bookmark.field: self.now} if isinstance(bookmark, Stamp) and self._archiving_stamps else {}
            row = row | stamps | {"archived": True}
            self.put(resource, row)
        else:
            self.store.delete(resource, row[resource.api.key])
        rule.removed(self, row)
        self.finish()
        return row

    def finish(self) -> None:
        """Enter what rules have left in the books, and the numbers that parts were given."""
        self.books.flush()

    def _rule(self, resource: type[Resource]) -> Rule:
        return self._rules.get(resource.__name__, _NO_RULE)

    def _write(self, change: Change, fixed: Record) -> int:
        resource, rule = change.resource, self._rule(change.resource)
        self._require(change)
        self._refer(change)
        for name, value in change.given.items():
            if _is_own(resource, name) or name in fixed:
                change.row[name] = _unset(resource.field(name), value)
        self._merge(change)
        rule.before(self, change)
        self._check(change)
        self.put(resource, change.row)
        rule.stored(self, change)
        self._hang(change)
        rule.after(self, change)
        self.finish()
        return change.key

    def _require(self, change: Change) -> None:
        """Refuse a row without what it needs.

        Source: recorded for Category (`name cannot be blank.`).
        """
        for name in change.resource.api.required:
            wanted = change.before is None or name in change.given
            if wanted and not change.given.get(name):
                if change.resource.__name__ == "Item":
                    done = "created" if change.before is None else "updated"
                    raise ApiError(_BAD_REQUEST, f"Item not {done}. An Item must have a {name}.")
                raise ApiError(_BAD_REQUEST, f"{name} cannot be blank.")

    def _refer(self, change: Change) -> None:
        """Single records of other resources stand for their keys; those without a key are made.

        Source: the pages of Item and Order list them among what a POST takes; that of Sale makes a customer like that.
        """
        for field, target, key in _references(change.resource):
            inner = change.given.get(field.name)
            if inner and not _belongs(change.resource, target):
                known = inner.get(target.api.key)
                change.given.setdefault(key, known or self.create(target, inner, nested=True))

    def _merge(self, change: Change) -> None:
        resource, row = change.resource, change.row
        for field, nested in owned_parts(resource):
            if field.name not in change.given and not (change.before is None and _always(resource, nested)):
                continue
            given = change.given.get(field.name, {})
            self._check_parts(nested, given)
            row[field.name] = self._merger.merge(nested, row.get(field.name), given)
            if nested.part is CustomFieldValue:
                self._name_values(resource, row[field.name])
            key = nested.part.own_key() if nested.part is not None and not nested.many else None
            if key is not None and _holds(resource, key):
                row[key] = (row[field.name] or {}).get(key, 0)

    def _check_parts(self, nested: Nested, given: Any) -> None:
        rows = given if isinstance(given, list) else [given]
        for row in rows:
            if nested.part is not None and row:
                self._check_keys(nested.part, row)

    def _name_values(self, resource: type[Resource], values: list[Record]) -> None:
        """The value of a custom field has name and type from the field, which must be there.

        Source: pages "Customer CustomField" and "Item CustomField".
        """
        for value in values:
            field = self.get(Resource.named(f"{resource.__name__}CustomField"), value["customFieldID"])
            if field is None:
                raise ApiError(_BAD_REQUEST, "Invalid foreign keys for CustomField.")
            value |= {"name": field["name"], "type": field["type"]}

    def _check(self, change: Change) -> None:
        """Refuse keys that lead nowhere, and values that another row has already.

        Source: section 3.5 of the API reference (quoted: 400 "Invalid foreign keys for Customer", 422 for a code that
        exists already).
        """
        self._check_keys(change.resource, change.given)
        for name in change.resource.api.unique:
            value = change.given.get(name)
            where = f'"{name}" = ? AND "{change.resource.api.key}" <> ?'
            if value and self.store.count(change.resource, where, (value, change.key)):
                raise ApiError(_INVALID, f"An {change.resource.__name__} with {name} '{value}' already exists.")

    def _check_keys(self, part: type[Part], given: Record) -> None:
        for name, value in given.items():
            target = target_of(part, name) if isinstance(value, int) and value and _is_foreign(part, name) else None
            if target is not None and not self.store.count(target, f'"{target.api.key}" = ?', (value,)):
                raise ApiError(_BAD_REQUEST, f"Invalid foreign keys for {target.__name__}.")

    def _hang(self, change: Change) -> None:
        """Write the rows of other resources that hang on this one."""
        for field in change.resource.fields():
            nested, inner = field.nested, change.given.get(field.name)
            target = nested.resource if nested is not None else None
            if nested is None or target is None or not inner:
                continue
            if nested.many:
                for row in inner:
                    self._hang_row(change, target, row)
            elif _belongs(change.resource, target):
                self._hang_one(change, target, inner)

    def _hang_row(self, change: Change, target: type[Resource], row: Record) -> None:
        owner = {change.resource.api.key: change.key}
        key = row.get(target.api.key) or self._by(change, target, row)
        if key:
            self.update(target, key, row, nested=True, **owner)
        else:
            self.create(target, row, nested=True, **owner)

    def _by(self, change: Change, target: type[Resource], row: Record) -> int | None:
        """The key of a row that is told apart by other fields: the stock of a shop by the shop."""
        for name in target.by:
            if row.get(name) is not None:
                where = f'"{change.resource.api.key}" = ? AND "{name}" = ?'
                found = self.store.select(target, where, (change.key, row[name]), limit=1)
                return int(found[0][target.api.key]) if found else None
        return None

    def _hang_one(self, change: Change, target: type[Resource], inner: Record) -> None:
        """What belongs to a row alone, such as the credit account of a customer, is changed or made."""
        key, owner = target.api.key, {change.resource.api.key: change.key}
        number = change.row.get(key) or inner.get(key)
        if number:
            self.update(target, number, inner, nested=True, **owner)
        else:
            number = self.create(target, inner, nested=True, **owner)
        change.row[key] = number
        self.put(change.resource, change.row)


_NO_RULE = Rule()


@compiled
def _defaults(resource: type[Resource]) -> Record:
    found = {field.name: field.default for field in resource.fields() if field.default is not None}
    return found | {field.name: [] for field, nested in owned_parts(resource) if nested.many}


def _only_hanging(resource: type[Resource], given: Record) -> bool:
    """Whether nothing but rows that hang on a row was given.

    Source: page of Item: its stamp "doesn't include changes to related records (e.g., ItemShops)".
    """
    hanging = {field.name for field in resource.riders()}
    return bool(given) and given.keys() <= hanging


@compiled
def _is_own(resource: type[Resource], name: str) -> bool:
    """Whether a field is a scalar that a client may set."""
    return any(field.name == name and field.nested is None for field in resource.writable())


def _unset(field: Field, value: Any) -> Any:
    """A blank key of another row is 0."""
    return 0 if value is None and field.type in _NUMBERS else value


@compiled
def _is_foreign(part: type[Part], name: str) -> bool:
    key = part.api.key if issubclass(part, Resource) else part.own_key()
    return name != key and any(field.name == name and field.nested is None for field in part.fields())


@compiled
def _references(resource: type[Resource]) -> tuple[tuple[Field, type[Resource], str], ...]:
    """The relations to single rows, whose they are, and which column holds the key."""
    columns = {target: field.name for field, target in reversed(foreign_keys(resource))}
    single = [field for field in resource.fields() if field.nested is not None and not field.nested.many]
    found = [(field, field.nested.resource) for field in single if field.nested is not None]
    return tuple((field, target, columns[target]) for field, target in found if target in columns)


@compiled
def _belongs(owner: type[Resource], target: type[Resource]) -> bool:
    """Whether rows of one resource exist for a row of the other alone: each names the key of the other."""
    return _holds(target, owner.api.key) and _holds(owner, target.api.key)


def _holds(resource: type[Resource], name: str) -> bool:
    return any(field.name == name for field in resource.fields())


@compiled
def _always(resource: type[Resource], nested: Nested) -> bool:
    """Whether a new row has such a part even if nobody gave one: its number stands in the row (`contactID`)."""
    part = nested.part
    return part is Contact and _holds(resource, str(part.own_key()))
