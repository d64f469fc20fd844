"""From settings to a client that knows its account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from lightspeed_retail.client import DEFAULT_API_URL, Client
from lightspeed_retail.errors import NotFoundError, RightsError, SettingsError
from lightspeed_retail.oauth import DEFAULT_AUTH_URL, Authorisation, FixedToken, RefreshingToken
from lightspeed_retail.query import Version
from lightspeed_retail.sealed import KEY_VARIABLE, SealedTokens
from lightspeed_retail.settings import check_address
from lightspeed_retail.tokens import TokenFile, TokenStore, default_path


def client(settings: Mapping[str, Any]) -> Client:
    """A client for the settings; nothing is asked yet.

    Raises:
        SettingsError: A setting is missing or wrong.
    """
    api_url = settings.get("api_url") or DEFAULT_API_URL
    check_address("api_url", api_url)
    return Client(
        authorisation(settings),
        api_url=api_url,
        user_agent=settings.get("user_agent"),
        session=_session(settings),
        version=Version[settings.get("api_version") or "V3"],
    )


def authorisation(settings: Mapping[str, Any]) -> Authorisation:
    """Who one is to the API: a fixed token where one is set, else one that is refreshed."""
    if settings.get("access_token"):
        return FixedToken(str(settings["access_token"]).strip())
    auth_url = settings.get("auth_url") or DEFAULT_AUTH_URL
    check_address("auth_url", auth_url)
    return RefreshingToken(
        client_id=str(settings["client_id"]),
        client_secret=settings.get("client_secret"),
        refresh_token=str(settings["refresh_token"]).strip(),
        store=token_store(settings),
        auth_url=auth_url,
        session=_session(settings),
    )


def token_store(settings: Mapping[str, Any]) -> TokenStore:
    """Where the tokens of the settings are kept: a database where a URL is set, else a file; sealed if there is a key.

    Raises:
        SettingsError: It is neither the path of a file nor the URL of a database, or the key is no key.
    """
    return SealedTokens(_plain_store(settings), os.environ.get(KEY_VARIABLE))


def _plain_store(settings: Mapping[str, Any]) -> TokenStore:
    store = settings.get("token_store")
    if store and "://" in store:
        # SQLAlchemy takes a while to load, and few need it.
        from lightspeed_retail.token_database import TokenDatabase  # noqa: PLC0415

        return TokenDatabase(store)
    return TokenFile(_store_path(store) if store else default_path())


def _store_path(store: str) -> Path:
    try:
        path = Path(store).expanduser()
        usable = not path.exists() or path.is_file()
    except (RuntimeError, ValueError):
        usable = False
    if not usable:
        message = f"token_store must be the path of a file, and {store!r} is none."
        raise SettingsError(message)
    return path


def _session(settings: Mapping[str, Any]) -> requests.Session:
    session = requests.Session()
    bundle = settings.get("ca_bundle")
    if bundle:
        if not Path(bundle).is_file():
            message = f"ca_bundle: there is no file {bundle}."
            raise SettingsError(message)
        session.verify = str(bundle)
    return session


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
        offered = [int(account["accountID"]) for account in connected.accounts()]
    except (RightsError, NotFoundError):
        if not wanted:
            raise
        offered = [int(wanted)]
    connected.account_id = _choose(int(wanted) if wanted else None, offered)
    return connected


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
