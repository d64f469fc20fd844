"""One row while it is written, and the rules that hold for rows of its kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer


@dataclass
class Change:
    """A row that is made or changed.

    Args:
        resource: Whose row.
        row: As it will be.
        given: What the client gave, typed.
        before: As it was; None for a new row.
        nested: Whether it is written along with the row that holds it.
    """

    resource: type[Resource]
    row: Record
    given: Record
    before: Record | None
    nested: bool = False

    @property
    def key(self) -> int:
        """The key of the row."""
        return int(self.row[self.resource.api.key])

    def gives(self, *names: str) -> bool:
        """Whether the client gave one of these fields."""
        return any(name in self.given for name in names)


Step = Callable[["Writer", Change], None]
Removal = Callable[["Writer", Record], None]


def nothing(_writer: Writer, _change: Change) -> None:
    """Do nothing."""


def allow(_writer: Writer, _row: Record) -> None:
    """Refuse nothing."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What the API does with rows of one resource besides keeping them.

    Args:
        before: Checks a row and completes it.
        stored: What follows as soon as the row is there.
        after: What follows when the rows that hang on it are there too.
        removing: Refuses a DELETE, or does what goes before it.
        removed: What follows a DELETE.
    """

    before: Step = nothing
    stored: Step = nothing
    after: Step = nothing
    removing: Removal = allow
    removed: Removal = allow
