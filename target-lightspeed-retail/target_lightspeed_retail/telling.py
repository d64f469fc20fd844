"""What tells a row from others, where its key is not known: the values of a match, as they are compared."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lightspeed_retail.resources import Match

Value = tuple[str, ...]
"""What tells a row, in the order of a match's fields, in a form in which spellings do not differ."""


def values(match: Match, record: Mapping[str, Any]) -> dict[Value, Value]:
    """All that a match has to go by in a record, as it is compared and as it is written.

    One value, or several where a path leads through a list. The field that is asked for must have one; others may be
    empty, as the parent of a category at the top.
    """
    found = [_at(record, path.split(".")) for path in match.fields]
    needed = place(match, match.asked[0]) if match.asked else 0
    if not found[needed]:
        return {}
    combined = itertools.product(*(sorted(parts.items()) or [("", "")] for parts in found))
    return {tuple(folded for folded, _ in each): tuple(text for _, text in each) for each in combined}


def _at(value: Any, steps: list[str]) -> dict[str, str]:
    if isinstance(value, list):
        return {folded: text for row in value for folded, text in _at(row, steps).items()}
    if steps:
        return _at(value.get(steps[0]), steps[1:]) if isinstance(value, Mapping) else {}
    if isinstance(value, Decimal):
        value = f"{value.normalize():f}"
    text = " ".join(str(value).split()) if isinstance(value, str | int) else ""
    return {text.casefold(): text} if text not in ("", "0") else {}


def place(match: Match, name: str) -> int:
    """Which field of a match a filter stands for."""
    return match.fields.index(name) if name in match.fields else 0
