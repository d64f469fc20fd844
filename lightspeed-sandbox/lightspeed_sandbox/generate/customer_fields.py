"""The fields of its own that the retailer gives its customers, and the values that they offer."""

from __future__ import annotations

from datetime import datetime

from lightspeed_retail.resources.customers import CustomerCustomField, CustomerCustomFieldChoice
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import nth
from lightspeed_sandbox.generate.words import LOYALTY_ID, SHOE_SIZE
from lightspeed_sandbox.generate.world import World

_RIDES, _FOUND_US = (11, "Rides", "multi_choice"), (12, "How they found us", "single_choice")
_FIELDS: tuple[tuple[tuple[int, str, str], Record], ...] = (
    (SHOE_SIZE, {}),
    (LOYALTY_ID, {}),
    (_RIDES, {}),
    (_FOUND_US, {}),
    ((13, "Weight", "float"), {"uom": "lb", "decimalPrecision": 1}),
    ((14, "Student", "boolean"), {"default": "false"}),
    ((15, "Fax on file", "boolean"), {"archived": True}),
)
_CHOICES = (
    (_RIDES[0], ("Road", "Gravel", "Mountain", "Commuter")),
    (_FOUND_US[0], ("Friend", "Web search", "Walked by")),
)
_NEW_CHOICES = ("Trail race", "School visit", "Newspaper", "Group ride")


def found(plan: Founding) -> None:
    """Enter the custom fields and their choices."""
    for (number, name, kind), more in _FIELDS:
        plan.books.add(CustomerCustomField, customFieldID=number, name=name, type=kind, **more)
    for field, choices in _CHOICES:
        for turn, name in enumerate(choices, start=1):
            _choice(plan.books, field, name, plan.moment(0.1 * turn))


def _choice(books: Books, field: int, name: str, at: datetime) -> None:
    # Choices of customers, items and orders share one row of numbers.
    number = books.part_key("customFieldChoice")
    books.add(
        CustomerCustomFieldChoice,
        customFieldChoiceID=number,
        name=name,
        value=name.lower() if nth(number, 2) else "",
        canBeDeleted=nth(number, 3),
        customFieldID=field,
        timeStamp=stamp(at),
    )


def choice_offered(world: World, at: datetime) -> None:
    """A custom field offers another choice."""
    if world.books.get(CustomerCustomField, _FOUND_US[0]) is not None:
        _choice(world.books, _FOUND_US[0], f"{world.rng.choice(_NEW_CHOICES)} {at:%Y-%m-%d}", at)
