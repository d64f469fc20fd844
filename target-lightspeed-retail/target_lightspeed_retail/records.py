"""What a record says, typed by the declaration: its fields, and whom it points at."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lightspeed_retail.errors import LightspeedError
from lightspeed_retail.resources import Field, FieldType, Part, Resource
from lightspeed_retail.scalars import UNFIT
from lightspeed_retail.wire import Record, nested_rows
from target_lightspeed_retail import values
from target_lightspeed_retail.values import key_or_name, text_of, value_converter

DELETED = "_sdc_deleted_at"
"""Set where the row is gone at its source."""


class RejectedError(LightspeedError):
    """A record that cannot be written as it stands; the text is the reason in the outcome."""


@dataclass(frozen=True)
class Pointer:
    """A row of another resource, as a record names it.

    Args:
        resource: Whose row it is.
        key: Its key, valid in the record's own account.
        text: A name of it, where the field for the key holds one.
        described: Fields of it by which it can be found.
    """

    resource: type[Resource]
    key: int | None = None
    text: str | None = None
    described: Record = field(default_factory=dict)

    def __hash__(self) -> int:
        """By identity of what it says."""
        return hash((self.resource, self.key, self.text, repr(sorted(self.described.items(), key=repr))))


_POINTERS: dict[tuple[type[Part], type[Resource]], dict[str, type[Resource]]] = {}


def pointers(part: type[Part], root: type[Resource]) -> dict[str, type[Resource]]:
    """The fields of a declaration that hold keys of other rows, and whose.

    A field is one if its name ends in the name of a key: `customerID`, `defaultVendorID`, `tipEmployeeID`.

    Args:
        part: The declaration.
        root: The resource in whose records it stands.
    """
    if (part, root) not in _POINTERS:
        own = {part.own_key(), root.api.key if part is root else None}
        # What stands in the record itself is no row of another list, whatever its name ends in.
        own |= {f"{each.name[0].lower()}{each.name[1:]}ID" for each in part.fields() if _is_own_part(each)}
        found = {each.name: _pointed_at(each.name, root) for each in part.fields() if _may_point(each, own)}
        _POINTERS[part, root] = {name: resource for name, resource in found.items() if resource is not None}
    return _POINTERS[part, root]


def _is_own_part(each: Field) -> bool:
    return each.nested is not None and each.nested.resource is None and not each.nested.many


def _may_point(each: Field, own: set[str | None]) -> bool:
    return each.type is FieldType.INTEGER and each.name.endswith("ID") and each.name not in own and not each.computed


def _pointed_at(name: str, root: type[Resource]) -> type[Resource] | None:
    if name == "parentID":
        return root
    if name == "customFieldID":
        return _by_key().get(f"{root.__name__}CustomField".lower())
    fitting = [key for key in _by_key() if name.lower().endswith(key)]
    return _by_key()[max(fitting, key=len)] if fitting else None


@functools.cache
def _by_key() -> dict[str, type[Resource]]:
    """Resources by their key, and those that share one by their name."""
    listed: dict[str, list[type[Resource]]] = {}
    for resource in Resource.all():
        if not resource.api.dimensions and resource.api.key.endswith("ID"):
            listed.setdefault(resource.api.key.lower(), []).append(resource)
    found = {key: resources[0] for key, resources in listed.items() if len(resources) == 1}
    return found | {
        each.__name__.lower(): each for resources in listed.values() if len(resources) > 1 for each in resources
    }


class Shape:
    """Types records of one declaration; only keys that a record has come out.

    Args:
        part: The declaration.
        root: The resource in whose records it stands.
        around: The key of the record around it, which a nested row may repeat: that is left out.
    """

    def __init__(self, part: type[Part], root: type[Resource] | None = None, around: str | None = None) -> None:
        """Note the fields; nested declarations are compiled when first met."""
        self._root = root or self._resource(part)
        self._around = around
        self._fields = {each.name: each for each in part.fields()}
        self._read = {name for name, each in self._fields.items() if name != around and is_read(each)}
        self._by_fold = {name.casefold(): name for name in self._fields}
        self._pointers = {name: found for name, found in pointers(part, self._root).items() if name != around}
        self._aliases = {alias(name): name for name in self._pointers}
        self._nested: dict[str, Shape] = {}
        taken = {*self._pointers, *self._aliases}
        self._scalars = {
            name: value_converter(self._fields[name].type)
            for name in self._read
            if name not in taken and self._fields[name].nested is None
        }

    def __call__(self, record: Mapping[str, Any], path: str = "") -> Record:
        """The typed record.

        Raises:
            RejectedError: A value does not fit its field.
        """
        found: Record = {}
        for name, value in record.items():
            convert = self._scalars.get(name)
            if convert is None:
                self._note(found, name, value, path)
                continue
            try:
                found[name] = convert(value)
            except UNFIT:
                raise RejectedError(f"{path}{name} is no {self._fields[name].type.name.lower()}.") from None
        return found

    def _note(self, found: Record, name: str, value: Any, path: str) -> None:
        """Note a value that is no plain scalar, or whose key is spelt in another case."""
        known = name if name in self._fields else self._by_fold.get(name.casefold(), "")
        if name in self._aliases and isinstance(described := parsed(value, path + name), Mapping):
            self._describe(found, self._aliases[name], described, f"{path}{name}.")
        elif known in self._scalars:
            found |= self({known: value}, path)
        elif known in self._read:
            found[known] = self._typed(self._fields[known], value, found, path)

    def unknown(self, record: Mapping[str, Any]) -> Iterator[str]:
        """Keys of a record that nobody knows."""
        for name in record:
            known = name in self._fields or name.casefold() in self._by_fold or name in self._aliases
            if not known and name != "accountID" and not name.startswith("_"):
                yield name

    def _typed(self, known: Field, value: Any, found: Record, path: str) -> Any:
        if known.nested is None:
            return self._pointer(known, value, found.get(known.name), path)
        value = parsed(value, path + known.name)
        if value is None or value == "":
            return None
        if not isinstance(value, Mapping | list | str):
            raise _misfit(path + known.name, known)
        return self._rows(known, value, path) if known.nested.many else self._row(known, value, path)

    def _row(self, known: Field, value: Any, path: str) -> Record | None:
        """A nested object; PHP, in which the API is written, has an empty list for an empty one."""
        shape = self._inner(known)
        if shape is None or value == []:
            return None
        if not isinstance(value, Mapping):
            raise _misfit(path + known.name, known)
        return shape(value, f"{path}{known.name}.")

    def _rows(self, known: Field, value: Any, path: str) -> list[Any]:
        shape, nested = self._inner(known), known.nested
        listed = rows_of(value, (nested.element if nested else None) or "")
        if shape is None:
            return [text for row in listed if (text := _text(row, path + known.name, known)) is not None]
        if not all(isinstance(row, Mapping) for row in listed):
            raise _misfit(path + known.name, known)
        return [shape(row, f"{path}{known.name}.") for row in listed]

    def _pointer(self, known: Field, value: Any, before: Any, path: str) -> Pointer | None:
        """Where a field points; a description that came before stays."""
        resource = self._pointers[known.name]
        described = before.described if isinstance(before, Pointer) else {}
        try:
            named = key_or_name(value)
        except UNFIT:
            raise RejectedError(f"{path}{known.name} is neither a key nor a name.") from None
        if named is None:
            return before if described else None
        if isinstance(named, int):
            return Pointer(resource, named, None, described)
        return Pointer(resource, None, named, described)

    def _describe(self, found: Record, name: str, value: Mapping[str, Any], path: str) -> None:
        resource = self._pointers[name]
        described = Shape(resource)(value, path)
        before = found.get(name)
        key = described.get(resource.api.key)
        pointer = (
            before if isinstance(before, Pointer) else Pointer(resource, key if isinstance(key, int) and key else None)
        )
        found[name] = replace(pointer, described=described)

    def _inner(self, known: Field) -> Shape | None:
        nested = known.nested
        if nested is None or nested.part is None:
            return None
        if known.name not in self._nested:
            root = nested.resource if nested.resource is not None else self._root
            self._nested[known.name] = Shape(nested.part, root, self._root.api.key)
        return self._nested[known.name]

    @staticmethod
    def _resource(part: type[Part]) -> type[Resource]:
        if not issubclass(part, Resource):
            raise TypeError(part)
        return part


def is_read(known: Field) -> bool:
    """Whether a field says something about what is to be written: copies of rows that cannot be made do not."""
    nested = known.nested
    if nested is None or nested.part is None or nested.resource is None:
        return known.type is not FieldType.SECRET
    made = nested.resource.api
    return nested.writable and (nested.many or ("POST" in made.verbs and not made.administrative))


def alias(name: str) -> str:
    """`customerID` is described by a `Customer`."""
    return name[0].upper() + name[1:].removesuffix("ID")


def parsed(value: Any, path: str) -> Any:
    """A nested value; databases often hold it as JSON in a text.

    Raises:
        RejectedError: The text looks like JSON and is none.
    """
    try:
        return values.parsed(value)
    except (ValueError, ArithmeticError, RecursionError):
        raise RejectedError(f"{path}: the text is no JSON.") from None


def rows_of(value: Any, element: str) -> list[Any]:
    """The rows of a nested list, as the tap sends them or in the wrappers of the API."""
    return value if _is_plain_list(value, element) else nested_rows(value, element)


def _is_plain_list(value: Any, element: str) -> bool:
    """Whether it is a list of rows as the tap sends it, not one in the wrappers of the API."""
    return isinstance(value, list) and not any(isinstance(row, Mapping) and row.keys() == {element} for row in value)


def _text(value: Any, path: str, known: Field) -> str | None:
    try:
        return text_of(value)
    except UNFIT:
        raise _misfit(path, known) from None


def _misfit(path: str, known: Field) -> RejectedError:
    nested = known.nested
    what = "object"
    if nested is not None and nested.many:
        what = "list of texts" if nested.part is None else "list of objects"
    return RejectedError(f"{path} is no {what}.")
