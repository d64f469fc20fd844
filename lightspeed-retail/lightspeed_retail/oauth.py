"""Who one is to the API: a fixed access token, or one that is refreshed.

Source: pages "Authentication overview" and "Refresh token" (section 1 of the API reference).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
import requests
import urllib3

from lightspeed_retail.errors import CredentialsError, OutageError, UnreachableError, reason
from lightspeed_retail.tokens import Tokens, TokenStore, connection_name

DEFAULT_AUTH_URL = "https://cloud.lightspeedapp.com"
_TOKEN_PATH = "/auth/oauth/token"  # noqa: S105  a path, no token
_EARLY = 60.0
_TIMEOUT = 60.0
_REFUSED = 400
_REMEDIES = {
    "invalid_client": "check client_id and client_secret",
    "invalid_grant": "the refresh token is spent, revoked or another client's; connect the account again",
}
_log = logging.getLogger(__name__)


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
        client_id: The client's id.
        client_secret: Its secret; None for a public client.
        refresh_token: The token that the configuration names, from which the stored chain has grown.
        store: Where the newest pair is kept.
        auth_url: Address of the authorisation server.
        session: Connection to use; certificate settings come with it.
        step: Told of each step of a refresh as it is reached: "request", "answer", "save", "saved", "use".
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str | None,
        refresh_token: str,
        store: TokenStore,
        session: requests.Session,
        auth_url: str = DEFAULT_AUTH_URL,
        step: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """Remember who one is; nothing is asked yet."""
        self._client_id = client_id
        self._client_secret = client_secret
        self._seed = refresh_token
        self._store = store
        self._session = session
        self._step = step
        self._url = auth_url.rstrip("/") + _TOKEN_PATH
        self._connection = connection_name(client_id, refresh_token)
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
            if self._tokens is None or _is_ending(self._tokens):
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
            if stored is not None and stored.access_token != refused and not _is_ending(stored):
                return stored
            tokens = self._redeem(stored.refresh_token if stored else self._seed)
            self._step("save")
            self._store.save(self._connection, tokens)
            self._step("saved")
        self._step("use")
        return tokens

    def _redeem(self, refresh_token: str) -> Tokens:
        """Buy a new pair.

        A try whose answer got lost is repeated once: the old token stays good until the new access token is first
        used (since 2026-01-15), and no token of a lost answer has ever been used.
        """
        fields = {"client_id": self._client_id, "grant_type": "refresh_token", "refresh_token": refresh_token}
        if self._client_secret:
            fields["client_secret"] = self._client_secret
        self._step("request")
        try:
            answer = self._post(fields)
        except requests.ConnectionError:
            answer = self._post_again(fields)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise self._unreachable(error) from None
        self._step("answer")
        return self._read(answer, refresh_token)

    def _post(self, fields: dict[str, str]) -> requests.Response:
        # Form encoding and no scope: JSON with a scope made every refresh fail for one client (July 2026).
        return self._session.post(self._url, data=fields, timeout=_TIMEOUT, allow_redirects=False)

    def _post_again(self, fields: dict[str, str]) -> requests.Response:
        try:
            return self._post(fields)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> UnreachableError:
        what = type(error).__name__
        return UnreachableError(f"Cannot reach {self._url} ({what}): check auth_url and the network.")

    def _read(self, answer: requests.Response, spent: str) -> Tokens:
        body = decoded(answer.content)
        if answer.is_redirect:
            raise UnreachableError(f"{self._url} redirects elsewhere: check auth_url.")
        if self._is_passing(answer.status_code, body):
            message = f"The authorisation server {self._url} gave no usable answer ({answer.status_code}): try later."
            raise OutageError(message, status=answer.status_code)
        if not answer.ok or not isinstance(body, dict) or "access_token" not in body:
            raise self._refused(answer.status_code, body)
        _log.info("Got a new access token; it lasts %s seconds.", body.get("expires_in", "?"))
        lifetime = _seconds(body.get("expires_in"))
        return Tokens(
            access_token=str(body["access_token"]),
            refresh_token=str(body.get("refresh_token") or spent),
            expires_at=time.time() + lifetime,
            lifetime=lifetime,
        )

    @staticmethod
    def _is_passing(status: int, body: Any) -> bool:
        """Whether an answer says nothing about the credentials: an outage, too many tries, a broken body."""
        crowded = status == requests.codes.too_many_requests
        return crowded or status >= requests.codes.internal_server_error or (status < _REFUSED and body is None)

    @staticmethod
    def _refused(status: int, body: Any) -> CredentialsError:
        message, error_class = reason(body)
        remedy = _REMEDIES.get(error_class or "", "check client_id, client_secret, refresh_token and auth_url")
        answer = f"{status} {error_class}: {message}" if error_class else f"{status}: {message}"
        return CredentialsError(f"Lightspeed refused the credentials ({answer}): {remedy}.")


def _is_ending(tokens: Tokens) -> bool:
    """Whether it is time to renew: a minute before the end, later where tokens live for seconds only."""
    return tokens.expires_at - min(_EARLY, tokens.lifetime / 10) <= time.time()


def _seconds(text: Any) -> float:
    """How long a token lasts; half an hour where the answer does not say so in a number."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return 1800.0


def decoded(content: bytes) -> Any:
    """A body as JSON, whatever its content type says; None where it is none."""
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
