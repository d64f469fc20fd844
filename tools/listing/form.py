"""The form of the Hub's YAML: keys sorted, lists not indented, texts of several lines as they are."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

_NO_LIMIT = 100_000


def text(value: Any) -> str:
    """A file's content."""
    writer = YAML()
    writer.width = _NO_LIMIT
    with io.StringIO() as written:
        writer.dump(_formed(value), written)
        return written.getvalue()


def _formed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _formed(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_formed(each) for each in value]
    if isinstance(value, str):
        return _string(value)
    return value


def _string(value: str) -> str:
    """Lines stay lines; a text that looks like a number is marked as a text."""
    form = LiteralScalarString if "\n" in value else DoubleQuotedScalarString
    found: str = form(value) if "\n" in value or value.replace(".", "", 1).isdigit() else value
    return found
