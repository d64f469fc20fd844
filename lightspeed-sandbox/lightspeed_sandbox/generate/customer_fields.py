"""The fields of its own that the retailer gives its customers, and the values that they offer."""

from __future__ import annotations

from datetime import datetime

from lightspeed_retail.resources.customers import CustomerCustomField, CustomerCustomFieldChoice
from lightspeed_retail.wire import stamp
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import nth
from lightspeed_sandbox.generate.world import World

SHOE_SIZE = (1, "Shoe size", "string")
LOYALTY_ID = (2, "Loyalty id", "string")

_FIELDS = (
    (*SHOE_SIZE[1:], {}),
    (*LOYALTY_ID[1:], {}),
    ("Rides", "multi_choice", {}),
    ("How they found us", "single_choice", {}),
    ("Weight", "float", {"uom": "lb", "decimalPrecision": 1}),
    ("Student", "boolean", {"default": "false"}),
    ("Fax on file", "boolean", {"archived": True}),
)
_CHOICES = {3: ("Road", "Gravel", "Mountain", "Commuter"), 4: ("Friend", "Web search", "Walked by")}
_NEW_CHOICES = ("Trail race", "School visit", "Newspaper", "Group ride")


def found(plan: Founding) -> None:
    """Enter the custom fields and their choices."""
    for name, kind, more in _FIELDS:
        plan.books.add(CustomerCustomField, name=name, type=kind, **more)
    for field, choices in _CHOICES.items():
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
    if world.books.get(CustomerCustomField, max(_CHOICES)) is not None:
        _choice(world.books, max(_CHOICES), f"{world.rng.choice(_NEW_CHOICES)} {at:%Y-%m-%d}", at)
