"""What the settings say about writing, understood once."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.resources import Match, Resource


class Mode(StrEnum):
    """What becomes of a stream's records."""

    UPSERT = "upsert"
    CREATE = "create"
    UPDATE = "update"
    ARCHIVE = "archive"
    ANONYMIZE = "anonymize"


class Conflict(StrEnum):
    """What becomes of a record that is older than the row in Lightspeed."""

    REJECT = "reject"
    OVERWRITE = "overwrite"


@dataclass(frozen=True)
class Options:
    """How to write.

    Args:
        modes: By stream; those that are not named are upserted.
        matches: Ways to find a stream's rows, in order, by stream.
        create_missing: Streams in which a row may be made because a record names it.
        dry_run: Whether nothing is sent but questions.
        write_stock: Whether quantities on hand may be written.
        conflict: What becomes of records that are older than the row.
    """

    modes: Mapping[str, Mode] = field(default_factory=dict)
    matches: Mapping[str, tuple[Match, ...]] = field(default_factory=dict)
    create_missing: frozenset[str] = frozenset()
    dry_run: bool = False
    write_stock: bool = False
    conflict: Conflict = Conflict.REJECT

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Options:
        """What settings say.

        Raises:
            SettingsError: They name a stream or a field that there is not.
        """
        modes = {_stream(name, "mode"): Mode(mode) for name, mode in (settings.get("mode") or {}).items()}
        _see_that_they_can_be_anonymized(modes)
        keys = {_stream(name, "match_keys"): names for name, names in (settings.get("match_keys") or {}).items()}
        return cls(
            modes=modes,
            matches={stream: tuple(_match(stream, name) for name in names) for stream, names in keys.items()},
            create_missing=frozenset(_stream(name, "create_missing") for name in settings.get("create_missing") or []),
            dry_run=bool(settings.get("dry_run")),
            write_stock=bool(settings.get("write_stock")),
            conflict=Conflict(settings.get("on_conflict") or Conflict.REJECT),
        )

    def mode(self, stream: str) -> Mode:
        """What becomes of a stream's records."""
        return self.modes.get(stream, Mode.UPSERT)

    def match(self, resource: type[Resource]) -> tuple[Match, ...]:
        """How a stream's rows are found, in order."""
        return self.matches.get(resource.api.stream, resource.api.match)


def _see_that_they_can_be_anonymized(modes: Mapping[str, Mode]) -> None:
    for stream, mode in modes.items():
        if mode is Mode.ANONYMIZE and not can_anonymize(by_stream()[stream]):
            offered = ", ".join(name for name, resource in by_stream().items() if can_anonymize(resource))
            raise SettingsError(f"mode: {stream} cannot be anonymized, only {offered} can.")


def can_anonymize(resource: type[Resource]) -> bool:
    """Whether the API clears rows of what tells who they are about."""
    return any(action.name == Mode.ANONYMIZE for action in resource.api.actions)


def by_stream() -> dict[str, type[Resource]]:
    """All resources by the name of their stream."""
    return {resource.api.stream: resource for resource in Resource.all()}


def _stream(name: str, setting: str) -> str:
    """The name of a stream, or of its resource."""
    known = by_stream()
    if name in known:
        return name
    named = {resource.__name__: stream for stream, resource in known.items()}
    if name in named:
        return named[name]
    close = difflib.get_close_matches(name, known, n=1)
    raise SettingsError(f"{setting}: there is no stream {name}" + (f"; did you mean {close[0]}?" if close else "."))


def _match(stream: str, name: str) -> Match:
    """A declared way by its name or its field, or any field of the stream's own."""
    resource = by_stream()[stream]
    for declared in resource.api.match:
        if name in (declared.name, "+".join(declared.fields)):
            return declared
    fields = tuple(name.split("+"))
    unknown = [each for each in fields if each not in {field.name for field in resource.fields()}]
    if not unknown:
        return Match(name, fields)
    offered = ", ".join(declared.name for declared in resource.api.match)
    raise SettingsError(
        f"match_keys: {stream} has no field {unknown[0]}; it can be matched by {offered}, or by its fields."
    )
