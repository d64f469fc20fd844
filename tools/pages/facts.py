"""What a page says of a stream, in words."""

from __future__ import annotations

from decimal import Decimal

from lightspeed_retail.query import Query, relation_price
from lightspeed_retail.resources import Days, Resource, Snapshot, Stamp, Tail
from tap_lightspeed_retail.plan import relations_of
from tap_lightspeed_retail.schema import off_by_default, primary_keys

from .kinship import Carriage, carriage


def code(*names: str, join: str = ", ") -> str:
    """Names as they are typed."""
    return join.join(f"`{name}`" for name in names)


def drips(price: Decimal) -> str:
    """A price to one decimal."""
    return f"{price:.1f}"


def key(resource: type[Resource]) -> str:
    """The primary key, without the account before it."""
    keys = primary_keys(resource)
    return code(*(keys if len(keys) == 1 else keys[1:]))


def later(resource: type[Resource]) -> str:
    """How a later run reads the stream."""
    carried = carriage(resource)
    if carried is None:
        return _each_parent(resource) if resource.api.parent else _alone(resource)
    parent = code(carried.parent.api.stream)
    if resource.api.parent:
        return f"with {parent}"
    return f"{_alone(resource)}; first load with {parent}" if carried.polled else f"with {parent}; {_alone(resource)}"


def _each_parent(resource: type[Resource]) -> str:
    parent = Resource.named(resource.api.parent or "").api
    return f"for each {'changed ' if isinstance(parent.bookmark, Stamp) else ''}row of {code(parent.stream)}"


def _alone(resource: type[Resource]) -> str:
    if not resource.api.enveloped:
        return "one record"
    match resource.api.bookmark:
        case Stamp() as stamp:
            return f"by {code(stamp.field)}, {'sorted' if resource.api.sorts_by_stamp else 'filter only'}"
        case Tail():
            return "new keys"
        case Snapshot(large=True):
            return "whole every few days, newest page in between"
        case Snapshot():
            return "whole"
        case Days():
            return "by day"
    raise TypeError(resource)


def price(resource: type[Resource]) -> str:
    """Drips for a page of 100 rows with the default selection; with a plus, what it adds to a page of its parent."""
    carried = carriage(resource)
    own = drips(Query(resource, relations=tuple(_default_relations(resource))).price)
    if carried is None:
        return f"{own} a parent" if resource.api.parent else own
    added = f"+{drips(addition(resource, carried))}"
    return added if resource.api.parent else f"{added}; {own}"


def addition(resource: type[Resource], carried: Carriage) -> Decimal:
    """What a rider adds to each page of its parent."""
    nested = carried.field.nested
    offered = [
        f"{carried.field.name}.{path}"
        for path in _default_relations(resource)
        if nested is not None and nested.offers(resource.field(path.partition(".")[0]))
    ]
    return sum((relation_price(carried.parent, path) for path in (carried.field.name, *offered)), Decimal(0))


def _default_relations(resource: type[Resource]) -> list[str]:
    unselected = off_by_default(resource)
    return relations_of(resource, lambda path: not any(path[: len(each)] == each for each in unselected))


def remarks(resource: type[Resource]) -> str:
    """What else must be known before the stream is selected; mostly nothing."""
    walks = code(*("=".join(each) for each in resource.api.passes))
    more = f"A walk of its own with {walks} brings what the plain list leaves out." if walks else ""
    return " ".join(sentence for sentence in (_off(resource), more) if sentence)


def _off(resource: type[Resource]) -> str:
    return "" if resource.api.selected else f"**Off by default**{_why_off(resource)}."


def _why_off(resource: type[Resource]) -> str:
    carried = carriage(resource)
    if carried is not None:
        return (
            f": it adds {drips(addition(resource, carried))} drips to every page of {code(carried.parent.api.stream)}"
        )
    if not resource.api.parent:
        return ""
    field, values = resource.api.parents or ("", ())
    which = f" whose {code(field)} is {code(*values, join=' or ')}" if field else ""
    return f": it takes a request for each parent{which}"


def needs(resource: type[Resource]) -> tuple[str, ...]:
    """Scopes for reading, whether archived rows come, properties that are off."""
    api = resource.api
    return (
        code(*api.read_scopes, join="<br>") or "any",
        "yes" if api.archived else "",
        code(*(".".join(path) for path in off_by_default(resource))),
    )


def presets() -> dict[str, list[str]]:
    """The named selections of streams."""
    found: dict[str, list[str]] = {}
    for resource in Resource.all():
        for preset in resource.api.presets:
            found.setdefault(preset, []).append(resource.api.stream)
    return {name: sorted(streams) for name, streams in sorted(found.items())}
