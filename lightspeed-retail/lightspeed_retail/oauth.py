"""Who one is to the API: a fixed access token, or one that is refreshed.

Source: pages "Authentication overview" and "Refresh token" (section 1 of the API reference).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from lightspeed_retail.errors import CredentialsError
from lightspeed_retail.token_endpoint import TokenEndpoint
from lightspeed_retail.tokens import Holder, Tokens, TokenStore


class Authorisation(Protocol):
    """Something that has a bearer for the next request."""

    def bearer(self) -> str:
        """The access token to send."""

    def renew(self, refused: str) -> bool:
        """Get a new access token after the API refused one; False where there is none to be had."""


class FixedToken:
    """An access token from the configuration; it ends when it ends."""

    def __init__(self, access_token: str) -> None:
        """Keep the token."""
        self._access_token = access_token

    def bearer(self) -> str:
        """The configured token."""
        return self._access_token

    def renew(self, refused: str) -> bool:  # noqa: ARG002  the protocol names it
        """There is nothing to renew it with."""
        return False


class RefreshingToken:
    """An access token that is renewed with a refresh token; shared by threads, and through the store by processes.

    Args:
        endpoint: Where new pairs are bought.
        store: Where the newest pair is kept.
        connection: The name under which it is kept there.
        seed: The refresh token that the configuration names, from which the stored chain grows; None where the
            chain began in the store.
        step: Told of each step of a refresh as it is reached: "request", "answer", "save", "saved", "use".
    """

    def __init__(
        self,
        endpoint: TokenEndpoint,
        store: TokenStore,
        connection: str,
        *,
        seed: str | None = None,
        step: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """Remember who one is; nothing is asked yet."""
        self._endpoint = endpoint
        self._store = store
        self._connection = connection
        self._seed = seed
        self._step = step
        self._tokens: Tokens | None = None
        self._lock = threading.Lock()

    def bearer(self) -> str:
        """An access token that has not ended yet, renewed if need be.

        Raises:
            CredentialsError: The authorisation server does not accept the refresh token or the client.
            UnreachableError: The authorisation server did not answer.
            SettingsError: The token store cannot be used.
        """
        with self._lock:
            if self._tokens is None or self._tokens.is_ending():
                self._tokens = self._newest(refused=None)
            return self._tokens.access_token

    def renew(self, refused: str) -> bool:
        """Replace an access token that the API refused, unless another thread or process has done so already."""
        with self._lock:
            if self._tokens is None or self._tokens.access_token == refused:
                self._tokens = self._newest(refused=refused)
            return True

    def _newest(self, refused: str | None) -> Tokens:
        """Adopt what another process has just got, or redeem: with the lock held from reading to saving."""
        with self._store.locked(self._connection):
            stored = self._store.load(self._connection)
            if stored is not None and stored.access_token != refused and not stored.is_ending():
                return stored
            tokens = self._redeemed(stored)
            self._step("save")
            self._store.save(self._connection, tokens)
            self._step("saved")
        self._step("use")
        return tokens

    def _redeemed(self, stored: Tokens | None) -> Tokens:
        """A new pair; what was known about its holder is still true."""
        spent = stored.refresh_token if stored else self._seed
        if not spent:
            raise CredentialsError(
                "The account is not connected any more: connect it again (lightspeed-retail connect)."
            )
        self._step("request")
        tokens = self._endpoint.refresh(spent)
        self._step("answer")
        return replace(tokens, holder=_merged(tokens.holder, stored.holder)) if stored else tokens


def _merged(new: Holder, known: Holder) -> Holder:
    return replace(
        known,
        client_id=new.client_id,
        account_id=new.account_id or known.account_id,
        scopes=new.scopes or known.scopes,
    )
