"""JSON files that a command line names: what is wrong with one is said in a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from lightspeed_retail.errors import SettingsError

_ENVIRONMENT = "ENV"
# Editors of Windows begin a file with it.
_MARK = "\ufeff".encode()


@dataclass
class Settings:
    """What the options `--config` have brought, in the form in which the Singer SDK passes it on.

    Args:
        config: The settings in the files; of two values the later one counts.
        parse_env: Whether environment variables count as well.
    """

    config: dict[str, Any] = field(default_factory=dict)
    parse_env: bool = False


def settings(paths: Iterable[str]) -> Settings:
    """Read settings files, each once, for one may be a pipe; `ENV` stands for the environment.

    Raises:
        SettingsError: One cannot be read, or holds no JSON object.
    """
    found = Settings()
    for path in paths:
        if path == _ENVIRONMENT:
            found.parse_env = True
        else:
            found.config |= settings_file(path)
    return found


def settings_file(path: str) -> dict[str, Any]:
    """The settings in a file.

    Raises:
        SettingsError: It cannot be read, or holds no JSON object.
    """
    try:
        return json_object("config", path, Path(path).read_bytes())
    except OSError as error:
        raise SettingsError(f"--config {path} cannot be read: {error.strerror}.") from None


def json_object(option: str, name: str, content: str | bytes) -> dict[str, Any]:
    """The object that a file holds.

    Args:
        option: The option that names the file.
        name: Name of the file.
        content: What is in it.

    Raises:
        SettingsError: It is no JSON object.
    """
    mark = _MARK if isinstance(content, bytes) else _MARK.decode()
    try:
        return msgspec.json.decode(content.removeprefix(mark), type=dict[str, Any])  # type: ignore[arg-type]  # either
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SettingsError(f"--{option} {name} must hold a JSON object.") from None
