"""Catalog and state from the files that the command line names."""

from __future__ import annotations

from typing import IO, Any

from singer_sdk.singerlib import Catalog

from lightspeed_retail.documents import json_object
from lightspeed_retail.errors import SettingsError


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
