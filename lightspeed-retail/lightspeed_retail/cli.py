"""The command `lightspeed-retail`: connects accounts, says what is wrong with a connection, verifies and reports."""

from __future__ import annotations

import json
import logging

import typer
from rich.text import Text

from lightspeed_retail import connect_cli, selection
from lightspeed_retail import scopes as oauth_scopes
from lightspeed_retail.commanding import (
    DEFAULT_PREFIX,
    ConfigFile,
    Format,
    FormatOption,
    Prefix,
    Streams,
    Write,
    new_console,
    settings_of,
    told_in_a_line,
)
from lightspeed_retail.doctor import Examination, Finding, State
from lightspeed_retail.report.cli import report
from lightspeed_retail.verify.cli import verify

app = typer.Typer(
    help="Accounts of Lightspeed Retail POS (R-Series): connect them, and see what is wrong.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)

for _command in (connect_cli.connect, connect_cli.disconnect, connect_cli.accounts):
    app.command()(_command)
app.command()(verify)
app.command()(report)

_STYLES = {State.OK: "green", State.WARNING: "yellow", State.PROBLEM: "bold red"}


@app.command()
def scopes(
    *,
    streams: Streams = "",
    write: Write = "",
    format_: FormatOption = Format.TEXT,
    prefix: Prefix = DEFAULT_PREFIX,
    config: ConfigFile = None,
) -> None:
    """Print the least OAuth scopes that a selection needs; the first line is what to ask for."""
    needs = selection.needs(settings_of(prefix, config), streams, write)
    found = oauth_scopes.least(needs)
    asked = set(selection.names(write))
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
    prefix: Prefix = DEFAULT_PREFIX,
    config: ConfigFile = None,
    streams: Streams = "",
    write: Write = "",
) -> None:
    """Check settings, token store, token, account, scopes, bucket and clock; exit code 1 if there is a problem."""
    logging.getLogger("lightspeed_retail").addHandler(logging.NullHandler())
    settings = settings_of(prefix, config)
    needs = selection.needs(settings, streams, write)
    console = new_console()
    states = []
    strict = bool(selection.names(streams + write))
    for finding in Examination(settings, needs, strict=strict).findings():
        console.print(_line(finding))
        states.append(finding.state)
    raise typer.Exit(1 if State.PROBLEM in states else 0)


def _line(finding: Finding) -> Text:
    return Text.assemble((f"{finding.state:<8}", _STYLES[finding.state]), f"{finding.check}: {finding.text}")


def main() -> None:
    """The entry point; a mistake of the user's is one line and exit code 1."""
    with told_in_a_line():
        app(prog_name="lightspeed-retail")


if __name__ == "__main__":
    main()
