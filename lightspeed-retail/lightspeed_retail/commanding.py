"""What the commands share: their options, and where they find settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from lightspeed_retail.documents import settings_file
from lightspeed_retail.errors import LightspeedError


class Format(StrEnum):
    """How to print."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="For people or for programs.")]
Streams = Annotated[str, typer.Option(help="Streams to read, with commas between. Default: what the tap selects.")]
Write = Annotated[str, typer.Option(help="Streams to write, with commas between.")]
Prefix = Annotated[str, typer.Option(help="What the environment variables of the settings begin with.")]
ConfigFile = Annotated[
    Path | None, typer.Option(help="JSON file to take the settings from instead of the environment.")
]

DEFAULT_PREFIX = "TAP_LIGHTSPEED_RETAIL_"


@contextmanager
def told_in_a_line() -> Iterator[None]:
    """A context in which a mistake of the user's is one line and exit code 1."""
    try:
        yield
    except LightspeedError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(Text(str(error)))
        sys.exit(1)


def new_console() -> Console:
    """Where commands print: lines are not broken, so that addresses can be copied."""
    return Console(soft_wrap=True, highlight=False)


def settings_of(prefix: str, config: Path | None) -> Mapping[str, Any]:
    """The settings as the tap or the target would find them.

    Raises:
        SettingsError: The file cannot be read.
    """
    return _of_environment(prefix) if config is None else settings_file(str(config))


def _of_environment(prefix: str) -> Mapping[str, Any]:
    beginning = prefix.rstrip("_").upper() + "_"
    return {
        name.removeprefix(beginning).lower(): value for name, value in os.environ.items() if name.startswith(beginning)
    }
