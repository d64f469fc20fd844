"""Files that the command line names: settings, catalog and state. What is wrong with one is said in a line."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import msgspec
from singer_sdk.singerlib import Catalog

from lightspeed_retail.errors import SettingsError

_ENVIRONMENT = "ENV"


def check_settings(path: str) -> None:
    """See that a settings file holds a JSON object; `ENV` stands for the environment.

    Raises:
        SettingsError: It does not.
    """
    if path == _ENVIRONMENT:
        return
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        message = f"--config {path} cannot be read: {error.strerror}."
        raise SettingsError(message) from None
    _object("config", path, content)


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
        except (KeyError, TypeError, AttributeError, ValueError):
            message = "--catalog holds no Singer catalog: make one with --discover."
            raise SettingsError(message) from None
    return document


def _read(option: str, file: IO[str] | None) -> dict[str, Any] | None:
    return None if file is None else _object(option, file.name, file.read())


def _object(option: str, name: str, content: str | bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = f"--{option} {name} must hold a JSON object."
        raise SettingsError(message) from None
