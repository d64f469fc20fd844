"""What of the account is read: shops, conditions of the user's own, and a period."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pendulum

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.query import Filter
from lightspeed_retail.resources import FieldType, Resource, Stamp
from lightspeed_retail.wire import stamp

_OPERATOR = re.compile(r"(><|>=|<=|!=|!~|>|<|~|=|IN),(.+)", re.DOTALL)
_ARCHIVED = ("true", "false", "only")
_SHOP = "shopID"


@dataclass(frozen=True)
class Narrowing:
    """What of the account is read.

    Args:
        start: Events last changed before it are left out of a first load.
        end: Events last changed after it are left out.
        shops: The shops whose rows are read; none for all.
        conditions: Conditions of the user's own by stream and field, in the words of the API.
        period: The period that is read once more, if one is.
    """

    start: datetime | None = None
    end: datetime | None = None
    shops: tuple[int, ...] = ()
    conditions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    period: tuple[datetime, datetime | None] | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Narrowing:
        """What the settings ask for.

        Raises:
            SettingsError: A moment is none, or lies in the wrong order.
        """
        start, end = moment(settings, "start_date"), moment(settings, "end_date")
        _in_order("end_date", "start_date", start, end)
        begin, until = moment(settings, "reread_from"), moment(settings, "reread_until")
        _in_order("reread_until", "reread_from", begin, until)
        if until is not None and begin is None:
            message = "reread_until needs reread_from, where the period begins."
            raise SettingsError(message)
        return cls(
            start=start,
            end=end,
            shops=tuple(settings.get("shop_ids") or ()),
            conditions=settings.get("filters") or {},
            period=None if begin is None else (begin, until),
        )

    def check(self, resources: Iterable[type[Resource]]) -> None:
        """See that the conditions name streams and fields that exist and leave the walks their own.

        Raises:
            SettingsError: One does not.
        """
        known = {resource.api.stream: resource for resource in resources}
        for stream, conditions in self.conditions.items():
            if stream not in known:
                raise SettingsError(f"filters: there is no stream {stream}{_meant(stream, known)}.")
            for name, value in conditions.items():
                _check_condition(known[stream], name, value)

    def filters(self, resource: type[Resource]) -> tuple[Filter, ...]:
        """Conditions on each list request of a resource."""
        own = self.conditions.get(resource.api.stream, {})
        found = [_filter(name, value) for name, value in own.items() if name != "archived"]
        if self.shops and names_shop(resource) and _SHOP not in own:
            listed = ",".join(map(str, self.shops))
            one = len(self.shops) == 1
            found.append(Filter(_SHOP, "=" if one else "IN", listed if one else f"[{listed}]"))
        return tuple(found)

    def archived(self, resource: type[Resource]) -> str:
        """Whether archived rows come too."""
        return self.conditions.get(resource.api.stream, {}).get("archived", "true")

    def cuts_off(self, child: type[Resource], parent: type[Resource]) -> bool:
        """Whether the list of a child would bring rows whose parents are left out."""
        if self.end is not None and parent.api.event:
            return True
        return bool(self.fingerprint(parent)) and not self.filters(child)

    def apart(self, child: type[Resource], parent: type[Resource]) -> bool:
        """Whether the rows of a child are narrowed by what its parent's are not, so that they cannot come with it."""
        if self.conditions.get(child.api.stream):
            return True
        if _is_polled(child, parent) and self.fingerprint(parent):
            return True
        return bool(self.shops) and names_shop(child) and not names_shop(parent)

    def fingerprint(self, resource: type[Resource]) -> str:
        """What narrows a stream, as a text to compare with that of another run."""
        pairs = [condition.param() for condition in self.filters(resource)]
        texts = [f"{name}={value}" for name, value in sorted(pairs)]
        archived = self.archived(resource)
        return "&".join([*texts, *([] if archived == "true" else [f"archived={archived}"])])

    def first(self, name: str) -> Filter | None:
        """The condition on the change stamp of events in a first load; None where all are read."""
        if self.start is None:
            return None if self.end is None else Filter(name, "<=", stamp(self.end))
        return self.since(name, stamp(self.start))

    def since(self, name: str, moment_: str) -> Filter:
        """The condition on the change stamp of events from a moment on: the API takes one condition a field."""
        if self.end is None:
            return Filter(name, ">=", moment_)
        return Filter(name, "><", f"{moment_},{stamp(self.end)}")

    def happened(self, resource: type[Resource]) -> Filter:
        """The condition on the moment of an event in the period that is read once more."""
        if self.period is None or resource.api.event is None:
            raise TypeError(resource.__name__)
        begin, until = self.period
        if until is None:
            return Filter(resource.api.event, ">=", stamp(begin))
        return Filter(resource.api.event, "><", f"{stamp(begin)},{stamp(until)}")


def _is_polled(child: type[Resource], parent: type[Resource]) -> bool:
    """Whether the own list of a child tells of all its rows, be their parents read or not."""
    return any(field.nested and field.nested.polled and field.nested.resource is child for field in parent.riders())


def names_shop(resource: type[Resource]) -> bool:
    """Whether the rows of a resource name their shop, so that they can be told apart by it."""
    own = _SHOP in resource.api.keys
    return not own and any(known.name == _SHOP and known.nested is None for known in resource.fields())


def moment(settings: Mapping[str, Any], name: str) -> datetime | None:
    """A setting as a moment; without an offset it is UTC.

    Raises:
        SettingsError: It is none.
    """
    text = settings.get(name)
    if not text:
        return None
    try:
        found = pendulum.parse(str(text), tz="UTC")
        if isinstance(found, pendulum.DateTime):
            return found.in_timezone("UTC")
    except (ValueError, OverflowError):
        pass
    message = f"{name} must be a date or date-time such as 2024-01-01T00:00:00Z."
    raise SettingsError(message)


def _in_order(later: str, earlier: str, begin: datetime | None, end: datetime | None) -> None:
    if begin is not None and end is not None and end <= begin:
        message = f"{later} must lie after {earlier}."
        raise SettingsError(message)


def _check_condition(resource: type[Resource], name: str, value: str) -> None:
    stream = resource.api.stream
    if name == "archived" and resource.api.archived:
        if value not in _ARCHIVED:
            raise SettingsError(f"filters: archived of {stream} must be one of {', '.join(_ARCHIVED)}.")
        return
    known = [each.name for each in resource.fields() if each.nested is None and each.type is not FieldType.SECRET]
    if name not in known and not hasattr(resource, "always_loaded"):
        raise SettingsError(f"filters: {stream} has no field {name}{_meant(name, known)}.")
    bookmark = resource.api.bookmark
    stamps = bookmark.candidates if isinstance(bookmark, Stamp) else ()
    if name == resource.api.key or name in stamps:
        message = f"filters: {name} of {stream} is what the tap walks by; use start_date, end_date or another field."
        raise SettingsError(message)


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _filter(name: str, value: str) -> Filter:
    found = _OPERATOR.fullmatch(value)
    return Filter(name, found[1], found[2]) if found else Filter(name, "=", value)
