"""Which staging models there are, and what they hold, out of the declarations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lightspeed_retail.resources import Field, FieldType, Nested, Part, Resource
from lightspeed_retail.wire import emitted
from lightspeed_sandbox.references import target_of
from tap_lightspeed_retail.naming import snake_case
from tap_lightspeed_retail.schema import ACCOUNT_KEY

_TYPES = {
    FieldType.INTEGER: "integer",
    FieldType.NUMBER: "number",
    FieldType.MONEY: "money",
    FieldType.STRING: "string",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATETIME: "datetime",
    FieldType.DATE: "date",
    FieldType.FLAGS: "json",
}


@dataclass(frozen=True)
class Column:
    """A column of a staging model.

    Args:
        path: Where the field stands in a record, in the names of the API; empty for a list's plain texts.
        kind: Its type, in the words of the macro `typed`.
        field: The declaration of the field, where there is one.
        owner: The declaration that has the field.
        leads_to: The resource whose key it holds.
    """

    path: tuple[str, ...]
    kind: str
    field: Field | None = None
    owner: type[Part] | None = None
    leads_to: type[Resource] | None = None

    @property
    def name(self) -> str:
        """What it is called in the model, as the macro `alias` has it."""
        return "__".join(map(snake_case, self.path)) or "value"


@dataclass(frozen=True)
class Model:
    """A staging model: of a stream, or of a list within its records.

    Args:
        resource: The resource of the stream.
        columns: What comes of the declared fields; of a list, without the keys of the record around it.
        path: Where the list stands in a record; empty for the stream itself.
        unique: Whether the model's name would be that of another one without the whole path.
    """

    resource: type[Resource]
    columns: tuple[Column, ...]
    path: tuple[str, ...] = ()
    unique: bool = True

    @property
    def name(self) -> str:
        """`stg_sales`; for a list `stg_item_prices`, after the singular of its owner and its own name."""
        if not self.path:
            return f"stg_{self.resource.api.stream}"
        owner = snake_case(self.resource.__name__)
        steps = self.path[-1:] if self.unique else self.path
        inner = "_".join(map(snake_case, steps))
        return f"stg_{inner}" if inner.startswith(f"{owner}_") else f"stg_{owner}_{inner}"

    @property
    def area(self) -> str:
        """The business area that it belongs to."""
        return self.resource.__module__.rpartition(".")[2]

    @property
    def keys(self) -> tuple[Column, ...]:
        """The primary key of the stream."""
        names = dict.fromkeys((ACCOUNT_KEY, *self.resource.api.keys))
        kinds = {field.name: _TYPES[field.type] for field in self.resource.fields() if field.name in names}
        return tuple(Column((name,), kinds.get(name, "integer")) for name in names)


def models() -> tuple[Model, ...]:
    """All staging models, those of a stream before those of its lists."""
    found = [model for resource in Resource.all() for model in (_of_stream(resource), *_of_lists(resource))]
    times = Counter(model.name for model in found)
    return tuple(_told_apart(model, times) for model in found)


def _told_apart(model: Model, times: Counter[str]) -> Model:
    shared = times[model.name] > 1 and len(model.path) > 1
    return replace(model, unique=False) if shared else model


def _of_stream(resource: type[Resource]) -> Model:
    columns = (Column((ACCOUNT_KEY,), "integer"), *_columns(resource, resource, ()))
    return Model(resource, tuple({column.path: column for column in columns}.values()))


def _of_lists(resource: type[Resource]) -> Iterator[Model]:
    for path, nested in _lists(resource, (), None):
        part = nested.part
        columns = (Column((), "string"),) if part is None else tuple(_columns(part, resource, (), nested))
        model = Model(resource, columns, path)
        keys = {key.name for key in model.keys}
        yield replace(model, columns=tuple(column for column in columns if column.name not in keys))


def _columns(
    part: type[Part], resource: type[Resource], path: tuple[str, ...], within: Nested | None = None
) -> Iterator[Column]:
    """The scalars of a declaration, and those of the single records in it."""
    for field, _ in emitted(part, within):
        here = (*path, field.name)
        nested = field.nested
        if nested is None:
            yield _column(field, part, here)
        elif nested.part is not None and nested.resource is None and not nested.many:
            yield from _columns(nested.part, resource, here, nested)


def _column(field: Field, owner: type[Part], path: tuple[str, ...]) -> Column:
    own = owner.api.keys if issubclass(owner, Resource) else (owner.own_key(),)
    if field.type is FieldType.INTEGER and field.name.endswith("ID") and field.name not in own:
        return Column(path, "key", field, owner, target_of(owner, field.name))
    return Column(path, _TYPES[field.type], field, owner)


def _lists(part: type[Part], path: tuple[str, ...], within: Nested | None) -> Iterator[tuple[tuple[str, ...], Nested]]:
    """The lists of parts in a record, those within single records of it too."""
    for field, _ in emitted(part, within):
        nested = field.nested
        if nested is None or nested.resource is not None:
            continue
        here = (*path, field.name)
        if nested.many:
            yield here, nested
        elif nested.part is not None:
            yield from _lists(nested.part, here, nested)
