"""From settings to a client that knows its account."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lightspeed_retail.client import DEFAULT_API_URL, Client
from lightspeed_retail.errors import NotFoundError, RightsError, SettingsError, UnreachableError, is_key
from lightspeed_retail.oauth import Authorisation, FixedToken, RefreshingToken
from lightspeed_retail.query import Version
from lightspeed_retail.sealed import KEY_VARIABLE, SealedTokens
from lightspeed_retail.sessions import session_of
from lightspeed_retail.settings import check_address
from lightspeed_retail.token_endpoint import DEFAULT_AUTH_URL, TokenEndpoint
from lightspeed_retail.tokens import TokenFile, TokenStore, account_name, connection_name, default_path

# A drive of Windows has one letter.
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:")


def client(settings: Mapping[str, Any], authorised: Authorisation | None = None) -> Client:
    """A client for the settings; nothing is asked yet.

    Args:
        settings: Settings of the tap or the target.
        authorised: Who one is to the API, if not whom the settings say.

    Raises:
        SettingsError: A setting is missing or wrong.
    """
    api_url = settings.get("api_url") or DEFAULT_API_URL
    check_address("api_url", api_url)
    return Client(
        authorised or authorisation(settings),
        api_url=api_url,
        api_path=settings.get("api_path"),
        user_agent=settings.get("user_agent"),
        session=session_of(settings),
        version=Version[settings.get("api_version") or "V3"],
        connections=settings.get("max_connections"),
    )


def authorisation(settings: Mapping[str, Any], step: Callable[[str], None] = lambda _name: None) -> Authorisation:
    """Who one is to the API: a fixed token where one is set, else one that is refreshed.

    Args:
        settings: Settings of the tap or the target.
        step: Told of each step of a refresh, see `RefreshingToken`.

    Raises:
        SettingsError: A setting is missing or wrong, or no account is connected.
    """
    if settings.get("access_token"):
        return FixedToken(str(settings["access_token"]).strip())
    return RefreshingToken(
        endpoint(settings), token_store(settings), stored_name(settings), seed=_seed(settings), step=step
    )


def endpoint(settings: Mapping[str, Any]) -> TokenEndpoint:
    """The authorisation server of the settings.

    Raises:
        SettingsError: A setting is missing or wrong.
    """
    auth_url = settings.get("auth_url") or DEFAULT_AUTH_URL
    check_address("auth_url", auth_url)
    token_url = settings.get("token_url")
    if token_url and (urlsplit(token_url).username or urlsplit(token_url).query or urlsplit(token_url).fragment):
        raise SettingsError("token_url takes scheme, host and path only: no user name, no password, no query.")
    if not settings.get("client_id"):
        raise SettingsError("Set client_id: the id of your API client, from its registration at Lightspeed.")
    return TokenEndpoint(
        client_id=str(settings["client_id"]),
        client_secret=settings.get("client_secret"),
        session=session_of(settings),
        auth_url=auth_url,
        token_url=token_url,
    )


def stored_name(settings: Mapping[str, Any]) -> str:
    """The name under which the tokens of the settings are kept.

    Raises:
        SettingsError: No account is connected, or several are and none is named.
    """
    seed = _seed(settings)
    return connection_name(str(settings["client_id"]), seed) if seed else _connected(settings, token_store(settings))


def token_store(settings: Mapping[str, Any]) -> TokenStore:
    """Where the tokens of the settings are kept: a database where a URL is set, else a file; sealed if there is a key.

    Raises:
        SettingsError: It is neither the path of a file nor the URL of a database, or the key is no key.
    """
    return SealedTokens(_plain_store(settings), os.environ.get(KEY_VARIABLE))


def store_path(settings: Mapping[str, Any]) -> Path | None:
    """The file in which the tokens of the settings are kept; None where that is a database.

    Raises:
        SettingsError: It is no path of a file.
    """
    store = _place(settings)
    if store and "://" in store:
        return None
    return _store_path(store) if store else _followed(default_path())


def _plain_store(settings: Mapping[str, Any]) -> TokenStore:
    path = store_path(settings)
    if path is not None:
        return TokenFile(path)
    # SQLAlchemy takes a while to load, and few need it.
    from lightspeed_retail.token_database import TokenDatabase  # noqa: PLC0415  said above

    return TokenDatabase(str(_place(settings)))


def _place(settings: Mapping[str, Any]) -> str | None:
    return settings.get("token_store") or _meltanos_database()


def _meltanos_database() -> str | None:
    """Meltano's own database, where it is one that several machines share: a container's disk may not last."""
    address = os.environ.get("MELTANO_DATABASE_URI", "")
    return address if address.startswith("postgres") else None


def _seed(settings: Mapping[str, Any]) -> str | None:
    return str(settings.get("refresh_token") or "").strip() or None


def _connected(settings: Mapping[str, Any], store: TokenStore) -> str:
    """The name of a connection that was made beforehand."""
    client_id, wanted = str(settings["client_id"]), settings.get("account_id")
    holders = [tokens.holder for tokens in store.listed().values() if tokens.holder.connected_at is not None]
    offered = sorted(each.account_id for each in holders if each.client_id == client_id and each.account_id)
    if wanted and int(wanted) in offered:
        return account_name(client_id, int(wanted))
    if len(offered) == 1 and not wanted:
        return account_name(client_id, offered[0])
    if offered and not wanted:
        raise SettingsError(f"Several accounts are connected ({_listed(offered)}): set account_id to the one you mean.")
    what = f"Account {int(wanted)}" if wanted else "No account"
    raise SettingsError(
        f"{what} is {'not ' if wanted else ''}connected: run lightspeed-retail connect, or set refresh_token."
    )


def _followed(path: Path) -> Path:
    """What a link leads to: to replace the link itself would leave the file behind it with tokens that are spent."""
    return path.resolve() if path.is_symlink() else path


def _store_path(store: str) -> Path:
    if _SCHEME.match(store):
        raise SettingsError(
            "token_store looks like the URL of a database that lacks a slash: postgresql://user@host/..."
        )
    try:
        path = _followed(Path(store).expanduser())
        usable = not path.exists() or path.is_file()
    except (RuntimeError, ValueError, OSError):
        usable = False
    if not usable:
        message = "token_store must be the path of a file, or the URL of a database, and it is neither."
        raise SettingsError(message)
    return path


def connect(settings: Mapping[str, Any]) -> Client:
    """A client that has reached its account; costs one drip.

    Raises:
        SettingsError: The account of the settings is not one that the token can read, or there are several.
        CredentialsError: Lightspeed does not accept the credentials.
        UnreachableError: Nobody answered.
    """
    connected = client(settings)
    wanted = settings.get("account_id")
    try:
        offered = [account_number(account) for account in connected.accounts()]
    except (RightsError, NotFoundError):
        if not wanted:
            raise
        offered = [int(wanted)]
    connected.account_id = _choose(int(wanted) if wanted else None, offered)
    return connected


def account_number(account: Mapping[str, Any]) -> int:
    """The number of an account as it stands on the wire.

    Raises:
        UnreachableError: It has none, so whoever answers is not Lightspeed.
    """
    number = account.get("accountID")
    if not is_key(number):
        raise UnreachableError("The answer names an account without a number: check api_url.")
    return int(str(number))


def _choose(wanted: int | None, offered: list[int]) -> int:
    if wanted is not None and wanted not in offered:
        message = f"account_id {wanted} is not an account of this token; it reads {_listed(offered)}."
        raise SettingsError(message)
    if wanted is not None:
        return wanted
    if len(offered) != 1:
        message = f"The token reads {_listed(offered)}: set account_id to the one you mean."
        raise SettingsError(message)
    return offered[0]


def _listed(accounts: list[int]) -> str:
    return ", ".join(map(str, accounts)) or "no account"
