"""What Meltano tells the commands of a plugin in their environment: the selection, in its own patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec

SELECT = "TAP_LIGHTSPEED_RETAIL__SELECT"
"""The variable that holds the patterns as JSON."""

_PROPERTIES = "properties"


@dataclass(frozen=True)
class _Rule:
    """Selects, or leaves out, what a pattern means: a stream where it names no property."""

    stream: str
    path: str
    value: bool

    def meets(self, stream: str, breadcrumb: str) -> bool:
        return fnmatchcase(stream, self.stream) and fnmatchcase(breadcrumb, self.path)


def patterns(environment: Mapping[str, str]) -> list[str]:
    """The patterns of the selection; none where Meltano has not started the command."""
    try:
        return msgspec.json.decode(environment.get(SELECT, "[]"), type=list[str])
    except msgspec.DecodeError:
        return []


def select(catalog: dict[str, Any], chosen: Iterable[str]) -> dict[str, Any]:
    """Mark in a catalog what patterns select, by Meltano's rules: nothing else is, and what is left out wins."""
    rules = sorted((rule for pattern in chosen for rule in _rules(pattern)), key=lambda rule: not rule.value)
    for entry in catalog["streams"]:
        for mark in entry["metadata"]:
            breadcrumb = ".".join(mark["breadcrumb"])
            met = [rule.value for rule in rules if rule.meets(entry["tap_stream_id"], breadcrumb)]
            mark["metadata"]["selected"] = met[-1] if met else False
    return catalog


def _rules(pattern: str) -> Iterator[_Rule]:
    value = not pattern.startswith("!")
    stream, *steps = re.split(r"(?<!\\)\.", pattern.removeprefix("!"))
    steps = steps or ["*"]
    if value or steps == ["*"]:
        yield _Rule(stream, "", value)
    lengths = range(1, len(steps) + 1) if value else (len(steps),)
    yield from (_Rule(stream, _breadcrumb(steps[:length]), value) for length in lengths)


def _breadcrumb(steps: list[str]) -> str:
    return ".".join(f"{_PROPERTIES}.{step}" for step in steps)
