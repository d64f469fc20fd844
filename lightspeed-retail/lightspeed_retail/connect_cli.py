"""The commands about accounts: connect, disconnect, accounts."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import questionary
import typer
from rich.console import Console
from rich.table import Table

from lightspeed_retail import invitation_server, selection
from lightspeed_retail import scopes as oauth_scopes
from lightspeed_retail.awaiting import Waiting
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
)
from lightspeed_retail.connecting import Connection, Connector, connections
from lightspeed_retail.connection import store_path, token_store
from lightspeed_retail.errors import SettingsError
from lightspeed_retail.invitations import DEFAULT_DAYS, InvitationBook, link
from lightspeed_retail.tokens import default_path

_IDLE_LIFE = 30 * 86_400
_YAML = """\
plugins:
  {group}:
  - name: {plugin}
    config:
      client_id: {client_id}
      account_id: "{account_id}"
"""

Scopes = Annotated[str, typer.Option(help="Scopes to ask for, with blanks between, instead of the least ones.")]
Account = Annotated[int | None, typer.Option(help="Number of the account.", min=1)]
Redirect = Annotated[
    str | None,
    typer.Option(
        help="The redirect address that is registered for your client. One on this machine "
        "(http://127.0.0.1:PORT/PATH) is caught; from any other the address or the code is pasted.",
        envvar="LIGHTSPEED_RETAIL_REDIRECT_URI",
    ),
]
Serve = Annotated[
    bool, typer.Option("--serve", help="Receive people who were invited, behind your own https address, until stopped.")
]
Invite = Annotated[
    list[str] | None, typer.Option(help="Make a link that works once, for whoever this names; repeatable.")
]
Days = Annotated[float, typer.Option(help="Days for which the links are good.")]
Host = Annotated[str, typer.Option(help="Address to listen on with --serve.")]
Port = Annotated[int, typer.Option(help="Port to listen on with --serve.", min=0, max=65535)]
Seconds = Annotated[float, typer.Option(help="Seconds to wait for consent.", min=1)]


def connect(  # noqa: PLR0913  the options of a command
    *,
    client_id: Annotated[str | None, typer.Option(help="Id of your API client. Default: the setting.")] = None,
    streams: Streams = "",
    write: Write = "",
    scopes: Scopes = "",
    redirect_uri: Redirect = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    timeout: Seconds = 600.0,
    serve: Serve = False,
    invite: Invite = None,
    days: Days = DEFAULT_DAYS,
    host: Host = "127.0.0.1",
    port: Port = 8766,
    prefix: Prefix = DEFAULT_PREFIX,
    config: ConfigFile = None,
) -> None:
    """Connect an account: ask for consent in the browser, and keep the tokens where the plugins find them."""
    console = new_console()
    given = settings_of(prefix, config)
    settings = _with_client(given, client_id)
    connector = Connector(settings)
    connector.prove_store()
    asked = _asked(settings, scopes, streams, write) if serve or not invite else ()
    if invite:
        _invite(console, _book(settings), _registered(redirect_uri), invite, days)
    if serve:
        invitation_server.serve(_book(settings), connector, _registered(redirect_uri), asked, host, port)
    if serve or invite:
        return
    request = connector.request(asked)
    connected = Waiting(connector, request, console).result(redirect_uri, browser=browser, timeout=timeout)
    _tell(console, connected, given, prefix)


def disconnect(
    *,
    account_id: Account = None,
    revoke: Annotated[bool, typer.Option(help="Tell Lightspeed; without, the tokens are only forgotten.")] = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    prefix: Prefix = DEFAULT_PREFIX,
    config: ConfigFile = None,
) -> None:
    """Disconnect an account: take back its tokens at Lightspeed, and forget them."""
    settings = settings_of(prefix, config)
    wanted = account_id or settings.get("account_id")
    known = _chosen(connections(token_store(settings)), int(wanted) if wanted else None)
    if not yes and sys.stdin.isatty():
        typer.confirm(f"Disconnect {_name(known)}? What reads it will stop", abort=True)
    connector = Connector(_with_client({**settings, "client_id": known.client_id}, None) if revoke else settings)
    connector.disconnect(known, revoke=revoke)
    new_console().print(f"Disconnected: {_name(known)}.", markup=False)


def accounts(
    *, format_: FormatOption = Format.TEXT, prefix: Prefix = DEFAULT_PREFIX, config: ConfigFile = None
) -> None:
    """List the accounts that are connected."""
    found = connections(token_store(settings_of(prefix, config)))
    if format_ is Format.JSON:
        typer.echo(json.dumps([_document(known) for known in found], ensure_ascii=False))
    elif found:
        new_console().print(_table(found))
    else:
        typer.echo("No account is connected: run lightspeed-retail connect.")


def _invite(console: Console, book: InvitationBook, redirect_uri: str, labels: list[str], days: float) -> None:
    """Print a link for each of those who are invited."""
    for label in labels:
        console.print(f"{label}: {link(redirect_uri, book.add(label, days))}", markup=False)


def _book(settings: Mapping[str, Any]) -> InvitationBook:
    return InvitationBook((store_path(settings) or default_path()).with_name("invitations.json"))


def _registered(redirect_uri: str | None) -> str:
    if redirect_uri is None:
        raise SettingsError("--redirect-uri is missing: the https address that is registered for your client.")
    return redirect_uri


def _with_client(given: Mapping[str, Any], client_id: str | None) -> Mapping[str, Any]:
    """The settings with the client, for which a person is asked where it is missing."""
    settings = {**given, **({"client_id": client_id} if client_id else {})}
    if sys.stdin.isatty():
        settings["client_id"] = settings.get("client_id") or typer.prompt("Client id").strip()
        if settings.get("client_secret") is None:
            hint = "Client secret (nothing is shown; leave it empty for a public client)"
            settings["client_secret"] = typer.prompt(hint, default="", hide_input=True, show_default=False).strip()
    return settings


def _asked(settings: Mapping[str, Any], scopes: str, streams: str, write: str) -> Sequence[str]:
    """The scopes to ask for: those named, those ticked, or the least ones for the selection."""
    if scopes:
        return oauth_scopes.known(scopes.split())
    least = oauth_scopes.least(selection.needs(settings, streams, write)) or (oauth_scopes.EVERYTHING,)
    if not sys.stdin.isatty():
        return least
    choices = [
        questionary.Choice(f"{scope:<45}{words}", value=scope, checked=scope in least)
        for scope, words in oauth_scopes.SCOPES.items()
    ]
    question = "What may it do? Ticked is what your streams need."
    ticked: list[str] | None = questionary.checkbox(question, choices=choices, validate=_is_one).ask()
    if ticked is None:
        raise typer.Abort
    return ticked


def _is_one(ticked: list[str]) -> bool | str:
    return bool(ticked) or "Tick at least one."


def _chosen(known: list[Connection], wanted: int | None) -> Connection:
    found = [each for each in known if wanted in (None, each.account_id)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise SettingsError(
            f"{f'Account {wanted}' if wanted else 'No account'} is {'not ' if wanted else ''}connected."
        )
    listed = ", ".join(str(each.account_id) for each in found)
    raise SettingsError(f"Several connections fit ({listed}): choose one with --account-id.")


def _name(known: Connection) -> str:
    number = f"account {known.account_id}" if known.account_id else "an account without a number"
    return f"{known.account_name} ({number})" if known.account_name else number


def _tell(console: Console, connected: Connection, given: Mapping[str, Any], prefix: str) -> None:
    """What is connected, and what to put where; never a secret."""
    plugin = prefix.rstrip("_").lower().replace("_", "-")
    group = "loaders" if plugin.startswith("target") else "extractors"
    values = {"client_id": connected.client_id, "account_id": connected.account_id}
    console.print(f"\nConnected: {_name(connected)}.", style="bold green", markup=False)
    console.print(f"It may: {' '.join(connected.scopes)}\n\nPut this into meltano.yml:\n", markup=False)
    console.print(_YAML.format(group=group, plugin=plugin, **values), markup=False)
    if not given.get("client_secret"):
        console.print(f"and the client secret, if your client has one, into .env as {prefix}CLIENT_SECRET=...")
    if given.get("refresh_token"):
        console.print("Take refresh_token out of your settings: it would be used instead of this connection.")


def _document(known: Connection) -> dict[str, Any]:
    return {
        "account_id": known.account_id,
        "account_name": known.account_name or None,
        "client_id": known.client_id or None,
        "scopes": list(known.scopes),
        "connected_at": _moment(known.connected_at),
        "renewed_at": _moment(known.renewed_at),
        "ends_unused_at": _moment(known.renewed_at + _IDLE_LIFE if known.renewed_at else None),
    }


def _moment(seconds: float | None) -> str | None:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}" if seconds else None


def _table(found: list[Connection]) -> Table:
    table = Table("account", "name", "client", "connected", "last renewed", "ends unused", box=None, pad_edge=False)
    for known in found:
        document = _document(known)
        cells = ("account_id", "account_name", "client_id", "connected_at", "renewed_at", "ends_unused_at")
        table.add_row(*(str(document[cell] or "-") for cell in cells))
    return table
