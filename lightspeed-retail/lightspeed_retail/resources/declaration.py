"""The words in which a resource of the API is declared.

A declaration is a plain class: annotated scalars in the order of the API's own page, nested records as
assigned values, and one `Endpoint` that says where and how the resource is reached. Everything else is derived from it.

    class Shop(Resource):
        \"\"\"A store, with its address and time zone.\"\"\"

        api = Endpoint(stream="shops", path="/Shop.json", key="shopID", sortable=("shopID",))

        shopID: int
        name: str
        Contact = to_one(parts.Contact)
        Registers = to_many("Register", "Register")
"""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args, get_type_hints

from lightspeed_retail.resources.endpoint import Endpoint

Money = Annotated[Decimal, "money"]
"""An amount in the currency of the account, exact to the last digit."""

Secret = Annotated[str, "secret"]
"""A credential that some answers carry: known by name, never converted, never emitted."""

Personal = Annotated[str, "personal"]
"""A text that tells who somebody is or how to reach them."""

PersonalDate = Annotated[date, "personal"]
"""A date that belongs to a person, such as a birthday."""

Flags = Annotated[dict[str, bool], "flags"]
"""Names that are set or not, as in `{"register": "true"}`; which names there are is up to the API."""


T = TypeVar("T")
_COMPUTED = "computed"

Computed = Annotated[T, _COMPUTED]
"""A field that the API works out itself, as in `Computed[Money]`: what a client sends for it goes unheeded."""


class FieldType(enum.Enum):
    """What a field holds once it is off the wire."""

    INTEGER = enum.auto()
    NUMBER = enum.auto()
    MONEY = enum.auto()
    STRING = enum.auto()
    BOOLEAN = enum.auto()
    DATETIME = enum.auto()
    DATE = enum.auto()
    OBJECT = enum.auto()
    LIST = enum.auto()
    FLAGS = enum.auto()
    SECRET = enum.auto()


_SCALARS: dict[Any, FieldType] = {
    int: FieldType.INTEGER,
    Decimal: FieldType.NUMBER,
    Money: FieldType.MONEY,
    str: FieldType.STRING,
    bool: FieldType.BOOLEAN,
    datetime: FieldType.DATETIME,
    date: FieldType.DATE,
    Personal: FieldType.STRING,
    PersonalDate: FieldType.DATE,
    Flags: FieldType.FLAGS,
    Secret: FieldType.SECRET,
}
_PERSONAL = (Personal, PersonalDate)
_SET_BY_API = ("createTime", "updateTime", "timeStamp", "timestamp")
"""The stamps of a row."""


@dataclass(frozen=True, kw_only=True)
class Nested:
    """A record or a list of records inside another one.

    Args:
        target: A part class, the name of a resource, or `str` for a list of plain texts.
        element: Key of the rows inside the wrapper of a list, "" where there is no wrapper; None for a single record.
        asked: Whether it only comes when named in `load_relations`, hence costs drips.
        default: Whether its property is selected by default. Unset: yes, unless it copies rows of another stream.
        rides: Whether its rows leave through the stream of their own resource.
        polled: Whether the list of those rows tells of every change, so that they ride on first loads only.
        children: Relations of the target that can be asked for along with it.
        wrapper: A second key around the record, as in `{"ItemUUID": {"ItemUUID": {...}}}`.
        empty: What the API sends for an empty list: `""`, or nothing at all.
        personal: Whether all texts in it belong to a person, whatever they are: notes on a customer, for example.
        computed: Whether the API works it out itself, so that what a client sends for it goes unheeded.
    """

    target: type[Part | str] | str
    element: str | None = None
    asked: bool = True
    default: bool | None = None
    rides: bool = False
    polled: bool = False
    children: tuple[str, ...] = ()
    wrapper: str | None = None
    empty: Literal[""] | None = None
    personal: bool = False
    computed: bool = False

    @property
    def many(self) -> bool:
        """Whether it holds a list."""
        return self.element is not None

    @property
    def part(self) -> type[Part] | None:
        """The class of its rows, or None where they are plain texts."""
        if isinstance(self.target, str):
            return Resource.named(self.target)
        return self.target if issubclass(self.target, Part) else None

    @property
    def resource(self) -> type[Resource] | None:
        """The resource whose rows it copies, or None where it holds parts that have no list of their own."""
        part = self.part
        return part if part is not None and issubclass(part, Resource) else None

    def offers(self, field: Field) -> bool:
        """Whether a relation of the target can be asked for with it: any of a part's, named ones of a resource's."""
        return self.resource is None or field.name in self.children

    @property
    def writable(self) -> bool:
        """Whether it can be written along with its owner: parts, single records, and lists whose rows ride."""
        return not self.computed and (self.resource is None or not self.many or self.rides)

    @property
    def selected_by_default(self) -> bool:
        """Whether its property is selected when nobody says otherwise."""
        return self.resource is None if self.default is None else self.default


def to_one(
    target: type[Part] | str,
    *,
    default: bool | None = None,
    children: tuple[str, ...] = (),
    wrapper: str | None = None,
    personal: bool = False,
    computed: bool = False,
) -> Nested:
    """Declare a relation to a single record: 0.2 drips on a list, 0.1 on a single read."""
    return Nested(
        target=target, default=default, children=children, wrapper=wrapper, personal=personal, computed=computed
    )


def to_many(
    element: str,
    target: type[Part | str] | str,
    *,
    default: bool | None = None,
    rides: bool = False,
    polled: bool = False,
    children: tuple[str, ...] = (),
    empty: Literal[""] | None = None,
    personal: bool = False,
    computed: bool = False,
) -> Nested:
    """Declare a relation to a list of records: 0.4 drips on a list, 0.2 on a single read."""
    return Nested(
        target=target,
        element=element,
        default=default,
        rides=rides,
        polled=polled,
        children=children,
        empty=empty,
        personal=personal,
        computed=computed,
    )


def part(target: type[Part] | str, *, wrapper: str | None = None, computed: bool = False) -> Nested:
    """Declare a nested record that comes without being asked for."""
    return Nested(target=target, asked=False, wrapper=wrapper, computed=computed)


def parts(
    element: str, target: type[Part | str], *, empty: Literal[""] | None = None, computed: bool = False
) -> Nested:
    """Declare a nested list that comes without being asked for."""
    return Nested(target=target, element=element, asked=False, empty=empty, computed=computed)


@dataclass(frozen=True)
class Field:
    """One key of a record.

    Args:
        name: The API's name for it.
        type: What it holds.
        nested: How nested records are wrapped.
        personal: Whether it tells who somebody is.
        computed: Whether the API works it out itself.
        default: What a new row has when nobody gives a value; None for what is unset on the wire: 0, false, empty.
    """

    name: str
    type: FieldType
    nested: Nested | None = None
    personal: bool = False
    computed: bool = False
    default: Any = None

    @property
    def writable(self) -> bool:
        """Whether a client may give it a value."""
        if self.nested is not None:
            return self.nested.writable
        return not self.computed and self.type is not FieldType.SECRET


class Part:
    """A record without a list of its own: an address, a price, a note.

    A value assigned to a scalar is what a new row has when nobody gives another: `tax: bool = True`.
    """

    by: ClassVar[tuple[str, ...]] = ()
    """Fields of which the first that is given tells a row of a list apart from the others; none: its place does."""

    @classmethod
    @functools.cache
    def fields(cls) -> tuple[Field, ...]:
        """All fields in declared order, scalars first."""
        hints = get_type_hints(cls, include_extras=True)
        scalars = [_scalar(cls, name, hint) for name, hint in hints.items() if _stated(hint)[0] in _SCALARS]
        nested = [
            Field(name, FieldType.LIST if value.many else FieldType.OBJECT, value)
            for owner in reversed(cls.__mro__)
            for name, value in vars(owner).items()
            if isinstance(value, Nested)
        ]
        return (*scalars, *nested)

    @classmethod
    @functools.cache
    def field(cls, name: str) -> Field:
        """One field by its name.

        Raises:
            KeyError: The declaration has no such field.
        """
        for field in cls.fields():
            if field.name == name:
                return field
        raise KeyError(name)

    @classmethod
    @functools.cache
    def own_key(cls) -> str | None:
        """The field that numbers such records, where the API gives them a number: `noteID` of an `InternalNote`."""
        ends = [name for field in cls.fields() if (name := field.name).endswith("ID") and len(name) > len("ID")]
        fitting = [name for name in ends if cls.__name__.lower().endswith(name.removesuffix("ID").lower())]
        return max(fitting, key=len, default=None)

    @classmethod
    def relations(cls) -> tuple[Field, ...]:
        """The fields that only come when asked for."""
        return tuple(field for field in cls.fields() if field.nested is not None and field.nested.asked)


def _stated(hint: Any) -> tuple[Any, bool]:
    """An annotation without the mark of computed fields, and whether it bears that."""
    held, *marks = get_args(hint) if hasattr(hint, "__metadata__") else (hint,)
    if _COMPUTED not in marks:
        return hint, False
    rest = tuple(mark for mark in marks if mark != _COMPUTED)
    return (Annotated[(held, *rest)] if rest else held), True


def _scalar(owner: type[Part], name: str, hint: Any) -> Field:
    stated, computed = _stated(hint)
    return Field(
        name,
        _SCALARS[stated],
        personal=stated in _PERSONAL,
        computed=computed or name in _SET_BY_API,
        default=getattr(owner, name, None),
    )


class Resource(Part):
    """A list of records that the API serves, writes, or both."""

    api: ClassVar[Endpoint]
    _declared: ClassVar[dict[str, type[Resource]]] = {}

    def __init_subclass__(cls, *, register: bool = True) -> None:
        """Enter the declaration into the register of all resources, unless it is only for one run."""
        super().__init_subclass__()
        if register:
            Resource._declared[cls.__name__] = cls

    @classmethod
    def named(cls, name: str) -> type[Resource]:
        """The declaration of a resource by the API's name for it.

        Raises:
            KeyError: No such resource is declared.
        """
        return cls._declared[name]

    @classmethod
    def all(cls) -> tuple[type[Resource], ...]:
        """Every declared resource, in the order of declaration."""
        return tuple(cls._declared.values())

    @classmethod
    def envelope(cls) -> str:
        """Key of the rows in an answer."""
        return cls.api.envelope or cls.__name__

    @classmethod
    def summary(cls) -> str:
        """The one line that says what the resource is."""
        return (cls.__doc__ or "").strip().partition("\n")[0]

    @classmethod
    def writable(cls) -> tuple[Field, ...]:
        """The fields to which a client may give a value: all but the key, the stamps and what the API works out."""
        return tuple(field for field in cls.fields() if field.writable and field.name != cls.api.key)

    @classmethod
    def riders(cls) -> tuple[Field, ...]:
        """Nested lists whose rows leave through a stream of their own."""
        return tuple(field for field in cls.relations() if field.nested is not None and field.nested.rides)
