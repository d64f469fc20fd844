"""Catalog and state from the files that the command line names."""

from __future__ import annotations

from typing import IO, Any, Literal

import msgspec
from singer_sdk.singerlib import Catalog

from lightspeed_retail.documents import json_object
from lightspeed_retail.errors import SettingsError


class _Schema(msgspec.Struct):
    """What the SDK looks at in a schema, at any depth."""

    type: str | list[str] | None = None
    properties: dict[str, _Schema] = {}
    items: _Schema | list[_Schema] | None = None


class _Marks(msgspec.Struct, rename="kebab"):
    selected: bool | None = None
    selected_by_default: bool | None = None
    inclusion: Literal["available", "automatic", "unsupported"] | None = None
    forced_replication_method: str | None = None


class _Mark(msgspec.Struct):
    breadcrumb: list[str]
    metadata: _Marks


class _Entry(msgspec.Struct):
    tap_stream_id: str
    schema: _Schema
    stream: str | None = None
    replication_method: str | None = None
    metadata: list[_Mark] = []


class _Catalog(msgspec.Struct):
    """The form of a Singer catalog; what it holds beside that is not looked at."""

    streams: list[_Entry]


def state(file: IO[str] | None) -> dict[str, Any] | None:
    """The Singer state from a file.

    Raises:
        SettingsError: It is none.
    """
    document = _read("state", file)
    bookmarks = document.get("bookmarks", {}) if document else {}
    if not isinstance(bookmarks, dict) or not all(isinstance(entry, dict) for entry in bookmarks.values()):
        message = "--state holds no Singer state: bookmarks must be an object of objects. Remove it to begin anew."
        raise SettingsError(message)
    return document


def catalog(file: IO[str] | None) -> dict[str, Any] | None:
    """The Singer catalog from a file.

    Raises:
        SettingsError: It is none.
    """
    document = _read("catalog", file)
    if document is not None:
        try:
            msgspec.convert(document, _Catalog)
            Catalog.from_dict(document)
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
            message = "--catalog holds no Singer catalog: make one with --discover."
            raise SettingsError(message) from None
    return document


def _read(option: str, file: IO[str] | None) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        content = file.read()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"--{option} {file.name} must hold a JSON object.") from None
    return json_object(option, file.name, content)
