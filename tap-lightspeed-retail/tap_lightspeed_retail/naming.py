"""What fields are called in the warehouse: as in the API, or in snake case."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from lightspeed_retail.errors import SettingsError

Naming = Callable[[str], str]

# Before a capital that follows a small letter or a figure, and before the last of several capitals that begins a word.
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@functools.cache
def snake_case(name: str) -> str:
    """`saleID` as `sale_id`, `calcFIFOCost` as `calc_fifo_cost`."""
    return _BOUNDARY.sub("_", name).lower()


def as_in_api(name: str) -> str:
    """The name as it is."""
    return name


NAMINGS: dict[str, Naming] = {"api": as_in_api, "snake_case": snake_case}
"""The ways to name fields, by the value of the setting `field_names`."""


def naming_of(settings: Mapping[str, Any]) -> Naming:
    """The way that the settings ask for.

    Raises:
        SettingsError: There is no such way.
    """
    name = settings.get("field_names") or "api"
    if not isinstance(name, str) or name not in NAMINGS:
        # Discovery comes before settings are checked.
        raise SettingsError(f"field_names must be one of: {', '.join(NAMINGS)}.")
    return NAMINGS[name]
