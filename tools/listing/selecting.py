"""Examples of a selection in the texts: streams by name, without what is off by default in them."""

from __future__ import annotations

import re

from lightspeed_retail.resources import Resource
from tools import meltano_settings

_EXAMPLE = re.compile(r"^<!-- select: (.+) -->\n", re.MULTILINE)


def filled(text: str) -> str:
    """A text in which the streams that a mark names have become patterns, indented as in meltano.yml."""
    return _EXAMPLE.sub(lambda mark: "".join(f"    - {each}\n" for each in _patterns(mark[1].split(", "))), text)


def _patterns(streams: list[str]) -> list[str]:
    """What selects these streams as they are selected by default, in the API's names."""
    fields = {
        stream: {field.name for field in resource.fields()}
        for resource in Resource.all()
        if (stream := resource.api.stream) in streams
    }
    off = [pattern for pattern in meltano_settings.selection() if _concerns(pattern, fields)]
    return [f"{stream}.*" for stream in streams if fields[stream]] + [f"'{pattern}'" for pattern in off]


def _concerns(pattern: str, fields: dict[str, set[str]]) -> bool:
    if not pattern.startswith("!"):
        return False
    stream, name = pattern[1:].split(".")[:2]
    holders = fields.values() if stream == "*" else [fields.get(stream, set())]
    return any(name in names for names in holders)
