"""What a stream's state remembers of what was selected, so that nothing selected later is silently missing."""

from __future__ import annotations

from collections.abc import Iterator

from lightspeed_retail.resources import FieldType, Nested, Part, Resource
from lightspeed_retail.wire import is_offered
from tap_lightspeed_retail.plan import Mask
from tap_lightspeed_retail.progress import State


class Memory:
    """The part of a stream's state that says what its rows lack.

        without: ["Note", "Contact.Emails"]   properties that were not selected, as dotted paths
        narrowed: "shopID=1"                  conditions that left rows out

    Args:
        state: The entry of the stream, written in place.
        resource: Whose rows they are.
        mask: What is selected now.
        narrowed: What narrows the stream now.
    """

    def __init__(self, state: State, resource: type[Resource], mask: Mask, narrowed: str) -> None:
        """Compare what was selected with what is."""
        self._state = state
        self._now = {".".join(path) for path in unselected(resource, mask)}
        self._narrowed = narrowed

    @property
    def is_new(self) -> bool:
        """Whether there is nothing yet to compare with."""
        return "without" not in self._state

    @property
    def added(self) -> list[str]:
        """What is selected now and was not when the history was read."""
        if self.is_new:
            return []
        properties = sorted(set(self._state["without"]) - self._now)
        before = self._state.get("narrowed", "")
        wider = [f"rows beyond {before}"] if before and before != self._narrowed else []
        return properties + wider

    def note(self) -> None:
        """Remember what rows lack from now on; what older rows lack already, they lack until history is read again."""
        self._state["without"] = sorted({*self._state.get("without", ()), *self._now})
        if self._narrowed:
            self._state.setdefault("narrowed", self._narrowed)

    def settle(self) -> None:
        """Remember that all history has been read as it is selected now."""
        self._state["without"] = sorted(self._now)
        self._state.pop("narrowed", None)
        if self._narrowed:
            self._state["narrowed"] = self._narrowed


def unselected(resource: type[Resource], mask: Mask) -> Iterator[tuple[str, ...]]:
    """The paths of the properties that are not selected; what is below one of them is not told apart."""
    return _unselected(resource, mask, (), None)


def _unselected(
    part: type[Part], mask: Mask, path: tuple[str, ...], within: Nested | None
) -> Iterator[tuple[str, ...]]:
    for field in part.fields():
        if field.type is FieldType.SECRET or (within is not None and not is_offered(within, field)):
            continue
        here = (*path, field.name)
        if not mask(here):
            yield here
        elif field.nested is not None and field.nested.part is not None:
            yield from _unselected(field.nested.part, mask, here, field.nested)
