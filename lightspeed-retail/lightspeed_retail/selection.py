"""Which streams a command is about: named ones, a preset, Meltano's selection, or the default."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from lightspeed_retail import scopes
from lightspeed_retail.resources import Resource


def needs(settings: Mapping[str, Any], streams: str = "", write: str = "") -> list[scopes.Need]:
    """What the streams of a command need.

    Args:
        settings: Settings of the tap or the target; a preset and Meltano's selection count.
        streams: Names of streams to read, with commas between.
        write: Names of streams to write, with commas between.

    Raises:
        SettingsError: There is no such stream or preset, or a stream cannot be written.
    """
    read, written = names(streams), names(write)
    return scopes.needs(read if read or written else _streams(settings), written)


def names(listed: str) -> list[str]:
    """Names with commas between."""
    return [name.strip() for name in listed.split(",") if name.strip()]


def _streams(settings: Mapping[str, Any]) -> list[str]:
    preset, patterns = settings.get("preset"), _patterns(settings.get("_select"))
    if preset or not patterns:
        return scopes.default_streams(str(preset) if preset else None)
    return [resource.api.stream for resource in Resource.all() if _is_selected(resource.api.stream, patterns)]


def _patterns(select: Any) -> list[str]:
    """Meltano hands its selection to a plugin's commands as JSON in the variable `..._SELECT`."""
    try:
        found = json.loads(select) if isinstance(select, str) else select
    except (ValueError, RecursionError):
        return []
    return [str(pattern) for pattern in found] if isinstance(found, list) else []


def _is_selected(stream: str, patterns: list[str]) -> bool:
    """By Meltano's rules: an exclusion of the whole stream wins."""
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    excluded = [pattern[1:].partition(".") for pattern in patterns if pattern.startswith("!")]
    if any(fnmatchcase(stream, name) and rest in ("", "*") for name, _, rest in excluded):
        return False
    return any(fnmatchcase(stream, pattern.partition(".")[0]) for pattern in wanted)
