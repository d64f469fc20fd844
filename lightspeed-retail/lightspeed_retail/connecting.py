"""Accounts that people have connected: from their consent to stored tokens, and back."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from lightspeed_retail import connection
from lightspeed_retail.client import Client
from lightspeed_retail.consent import ConsentRequest
from lightspeed_retail.errors import ApiError, SettingsError, UnreachableError
from lightspeed_retail.oauth import FixedToken
from lightspeed_retail.tokens import Tokens, TokenStore, account_name

_PROOF = "proof of a store that takes tokens"


@dataclass(frozen=True)
class Connection:
    """An account for which there are tokens; nothing of it is secret.

    Args:
        account_id: Number of the account; None if the tokens don't tell it.
        account_name: Its name, if known.
        client_id: The client that may read it.
        scopes: What the tokens allow.
        connected_at: Seconds since 1970 at which somebody consented; None where the tokens grew from a configured one.
        renewed_at: Seconds since 1970 at which the tokens were last renewed.
        name: The name under which the store keeps them.
    """

    account_id: int | None
    account_name: str
    client_id: str
    scopes: tuple[str, ...]
    connected_at: float | None
    renewed_at: float | None
    name: str

    @classmethod
    def of(cls, name: str, tokens: Tokens) -> Connection:
        """What may be told about some tokens."""
        return cls(
            account_id=tokens.holder.account_id,
            account_name=tokens.holder.account_name,
            client_id=tokens.holder.client_id,
            scopes=tuple(tokens.holder.scopes.split()),
            connected_at=tokens.holder.connected_at,
            renewed_at=tokens.renewed_at,
            name=name,
        )


def connections(store: TokenStore) -> list[Connection]:
    """All accounts in a store, by number; of several connections of one client the one that was renewed last."""
    found = sorted((Connection.of(name, tokens) for name, tokens in store.listed().items()), key=_age)
    newest = {(each.client_id, each.account_id or each.name): each for each in found}
    return sorted(newest.values(), key=lambda each: (each.account_id or 0, each.client_id))


def _age(known: Connection) -> float:
    return known.renewed_at or 0.0


class Connector:
    """Connects accounts for a client.

    Args:
        settings: Settings of the tap or the target: the client, the token store, and the addresses.

    Raises:
        SettingsError: A setting is missing or wrong.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Understand the settings; nothing is asked yet."""
        self._settings = {**settings, "access_token": None}
        self.store = connection.token_store(settings)
        self.endpoint = connection.endpoint(settings)

    def prove_store(self) -> None:
        """See that tokens can be kept, before anybody is asked for consent.

        Raises:
            SettingsError: They cannot.
        """
        with self.store.locked(_PROOF):
            self.store.remove(_PROOF)

    def request(self, scopes: Iterable[str]) -> ConsentRequest:
        """A new request for consent."""
        return ConsentRequest(self.endpoint.client_id, tuple(scopes), self.endpoint.auth_url)

    def complete(self, request: ConsentRequest, answer: Mapping[str, str]) -> Connection:
        """Exchange the code, find the account, and store the tokens.

        Args:
            request: The request for consent.
            answer: The query of the redirect.

        Raises:
            CredentialsError: There was no consent, or Lightspeed does not accept the code or the client.
            LightspeedError: The account cannot be found, or the tokens cannot be stored.
        """
        tokens = self.endpoint.exchange(request.code(answer), request.verifier)
        holder = replace(
            tokens.holder, connected_at=time.time(), scopes=tokens.holder.scopes or " ".join(request.scopes)
        )
        tokens = replace(tokens, holder=holder)
        if holder.account_id is not None:
            # A token that is on disk may be used: what comes next may fail, and the account is connected all the same.
            self._save(tokens)
        return self._save(self._named(tokens))

    def disconnect(self, known: Connection, *, revoke: bool = True) -> None:
        """Take back the consent at Lightspeed, and forget the tokens.

        Args:
            known: The account's connection.
            revoke: Whether Lightspeed is told.

        Raises:
            LightspeedError: Lightspeed could not be told; the tokens are still there then.
        """
        with self.store.locked(known.name):
            tokens = self.store.load(known.name) if revoke else None
            if tokens is not None:
                self.endpoint.revoke(tokens.refresh_token)
            self.store.remove(known.name)

    def _named(self, tokens: Tokens) -> Tokens:
        """The tokens with what the API says about their account."""
        client = connection.client(self._settings, FixedToken(tokens.access_token))
        try:
            account_id, name = _account(client)
        except (ApiError, UnreachableError):
            if tokens.holder.account_id is None:
                raise
            return tokens
        holder = replace(tokens.holder, account_id=tokens.holder.account_id or account_id, account_name=name)
        return replace(tokens, holder=holder)

    def _save(self, tokens: Tokens) -> Connection:
        name = account_name(self.endpoint.client_id, tokens.holder.account_id or 0)
        with self.store.locked(name):
            self.store.save(name, tokens)
        return Connection.of(name, tokens)


def _account(client: Client) -> tuple[int, str]:
    """Number and name of the account of a token."""
    found = client.accounts()
    if not found:
        raise SettingsError("Lightspeed names no account for this token: connect as an employee of the account.")
    return connection.account_number(found[0]), str(found[0].get("name") or "")
