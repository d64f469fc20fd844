"""The command `lightspeed-retail`: what a connection needs, and what is wrong with it."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from lightspeed_retail import scopes as oauth_scopes
from lightspeed_retail.doctor import Examination, Finding, State
from lightspeed_retail.errors import LightspeedError, SettingsError

app = typer.Typer(
    help="Lightspeed Retail POS (R-Series): what a connection needs, and what is wrong with it.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)

_STYLES = {State.OK: "green", State.WARNING: "yellow", State.PROBLEM: "bold red"}


class Format(StrEnum):
    """How to print."""

    TEXT = "text"
    JSON = "json"


Streams = Annotated[str, typer.Option(help="Streams to read, with commas between. Default: what the tap selects.")]
Write = Annotated[str, typer.Option(help="Streams to write, with commas between.")]


@app.command()
def scopes(
    *,
    streams: Streams = "",
    write: Write = "",
    format_: Annotated[Format, typer.Option("--format", help="For people or for programs.")] = Format.TEXT,
) -> None:
    """Print the least OAuth scopes that a selection needs; the first line is what to ask for."""
    needs = _needs(streams, write)
    found = oauth_scopes.least(needs)
    asked = set(_names(write))
    surplus = {scope: [stream for stream in oauth_scopes.writes(scope) if stream not in asked] for scope in found}
    also_write = {scope: names for scope, names in surplus.items() if names}
    if format_ is Format.JSON:
        typer.echo(json.dumps({"scopes": found, "also_write": also_write}))
        return
    typer.echo(" ".join(found) or "No scope is needed: any valid token reads these streams.")
    for scope, names in also_write.items():
        typer.echo(f"{scope} also allows writing {', '.join(names)}.")


@app.command()
def doctor(
    *,
    prefix: Annotated[
        str, typer.Option(help="What the environment variables of the settings begin with.")
    ] = "TAP_LIGHTSPEED_RETAIL_",
    config: Annotated[
        Path | None, typer.Option(help="JSON file to take the settings from instead of the environment.")
    ] = None,
    streams: Streams = "",
    write: Write = "",
) -> None:
    """Check settings, token store, token, account, scopes, bucket and clock; exit code 1 if there is a problem."""
    logging.getLogger("lightspeed_retail").addHandler(logging.NullHandler())
    settings = _of_environment(prefix) if config is None else _of_file(config)
    preset = settings.get("preset")
    needs = _needs(streams, write, str(preset) if preset else None)
    console = Console(soft_wrap=True, highlight=False)
    states = []
    for finding in Examination(settings, needs, strict=bool(_names(streams) or _names(write))).findings():
        console.print(_line(finding))
        states.append(finding.state)
    raise typer.Exit(1 if State.PROBLEM in states else 0)


def _line(finding: Finding) -> Text:
    return Text.assemble((f"{finding.state:<8}", _STYLES[finding.state]), f"{finding.check}: {finding.text}")


def _needs(streams: str, write: str, preset: str | None = None) -> list[oauth_scopes.Need]:
    read, written = _names(streams), _names(write)
    return oauth_scopes.needs(read if read or written else oauth_scopes.default_streams(preset), written)


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]


def _of_environment(prefix: str) -> Mapping[str, Any]:
    beginning = prefix.rstrip("_").upper() + "_"
    return {
        name.removeprefix(beginning).lower(): value for name, value in os.environ.items() if name.startswith(beginning)
    }


def _of_file(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        document = None
    if not isinstance(document, dict):
        raise SettingsError(f"--config: {path} is no file with a JSON object that can be read.")
    return document


def main() -> None:
    """The entry point; a mistake of the user's is one line and exit code 1."""
    try:
        app(prog_name="lightspeed-retail")
    except LightspeedError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(Text(str(error)))
        sys.exit(1)


if __name__ == "__main__":
    main()
