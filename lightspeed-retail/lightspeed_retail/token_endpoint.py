"""The endpoint that gives tokens: for a code, for a refresh token; and the one that takes them back.

Source: pages "Authentication overview" and "Refresh token" (sections 1.1 to 1.6 of the API reference).
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
import time
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from lightspeed_retail.bodies import decoded, read_whole
from lightspeed_retail.errors import CredentialsError, OutageError, UnreachableError, is_key, reason
from lightspeed_retail.redaction import redacted
from lightspeed_retail.sessions import unreachable
from lightspeed_retail.tokens import Holder, Tokens

DEFAULT_AUTH_URL = "https://cloud.lightspeedapp.com"
AUTHORISE_PATH = "/auth/oauth/authorize"
TOKEN_PATH = "/auth/oauth/token"  # noqa: S105  a path, no token
REVOKE_PATH = "/auth/oauth/revoke"
_TIMEOUT = 60.0
_LARGEST = 1024 * 1024
_REFUSED = 400
_USUAL = 1800.0
_LONGEST = 366 * 86_400.0
_PRINTABLE = re.compile(r"[!-~]+")
_REMEDIES = {
    "invalid_client": "check client_id and client_secret",
    "invalid_grant": "the refresh token is spent, revoked or another client's; "
    "connect the account again (lightspeed-retail connect)",
}
_CODE_REMEDIES = {**_REMEDIES, "invalid_grant": "a code works once, for a minute: connect again"}
_BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TokenEndpoint:
    """Lightspeed's authorisation server, for one client.

    Args:
        client_id: The client's id.
        client_secret: Its secret; None for a public client.
        session: Connection to use; certificate settings come with it.
        auth_url: Address of the server.
        token_url: Whole address of the token endpoint, where it is elsewhere.
    """

    client_id: str
    client_secret: str | None
    session: requests.Session
    auth_url: str = DEFAULT_AUTH_URL
    token_url: str | None = None

    def refresh(self, refresh_token: str) -> Tokens:
        """Buy a new pair.

        A try whose answer got lost is repeated once: the old token stays good until the new access token is first
        used (since 2026-01-15), and no token of a lost answer has ever been used.

        Raises:
            CredentialsError: The server does not accept the refresh token or the client.
            OutageError: It gave no usable answer.
            UnreachableError: It did not answer.
        """
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        try:
            answer = self._post(self._token_address, fields)
        except requests.ConnectionError:
            answer = self._told(self._token_address, fields)
        except _BROKEN as error:
            raise unreachable(self._token_address, self._setting, error) from None
        return self._tokens(answer, refresh_token, _REMEDIES)

    def exchange(self, code: str, verifier: str) -> Tokens:
        """The first pair of what somebody has just consented to; never asked for twice, because a code works once.

        Args:
            code: The code out of the redirect.
            verifier: The proof that belongs to the challenge in the request (PKCE).

        Raises:
            CredentialsError: The server does not accept the code or the client.
            OutageError: It gave no usable answer.
            UnreachableError: It did not answer.
        """
        fields = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        return self._tokens(self._told(self._token_address, fields), "", _CODE_REMEDIES)

    def revoke(self, refresh_token: str) -> None:
        """End a refresh token, and the access token that came with it.

        Raises:
            CredentialsError: The server does not accept the client.
            OutageError: It gave no usable answer.
            UnreachableError: It did not answer.
        """
        address = self.auth_url.rstrip("/") + REVOKE_PATH
        answer = self._told(address, {"refresh_token": refresh_token})
        self._judge(answer, address, _REMEDIES)

    @property
    def _setting(self) -> str:
        return "token_url" if self.token_url else "auth_url"

    @property
    def _token_address(self) -> str:
        return self.token_url or self.auth_url.rstrip("/") + TOKEN_PATH

    def _post(self, address: str, fields: dict[str, str]) -> requests.Response:
        # Form encoding and no scope: JSON with a scope made every refresh fail for one client (July 2026).
        own = {"client_id": self.client_id, **({"client_secret": self.client_secret} if self.client_secret else {})}
        answer = self.session.post(
            address, data={**own, **fields}, timeout=_TIMEOUT, allow_redirects=False, stream=True
        )
        return read_whole(answer, _LARGEST, _TIMEOUT)

    def _told(self, address: str, fields: dict[str, str]) -> requests.Response:
        """One try."""
        try:
            return self._post(address, fields)
        except _BROKEN as error:
            raise unreachable(address, self._setting, error) from None

    def _tokens(self, answer: requests.Response, spent: str, remedies: dict[str, str]) -> Tokens:
        body = self._judge(answer, self._token_address, remedies)
        access_token, refresh_token = _pair(body, spent)
        if not (access_token and refresh_token):
            raise _refused(answer.status_code, decoded(redacted(answer)), remedies)
        if not (_PRINTABLE.fullmatch(access_token) and _PRINTABLE.fullmatch(refresh_token)):
            raise CredentialsError(f"{self._token_address} gave a token that no header can carry: check auth_url.")
        lifetime, now = _seconds(body.get("expires_in")), time.time()
        _log.info("Got a new access token; it lasts %.0f seconds.", lifetime)
        return Tokens(
            access_token=access_token,
            refresh_token=refresh_token,
            expires_at=now + lifetime,
            lifetime=lifetime,
            renewed_at=now,
            holder=_holder(self.client_id, claims(access_token)),
        )

    @staticmethod
    def _judge(answer: requests.Response, address: str, remedies: dict[str, str]) -> Any:
        """The body of an accepted answer."""
        body = decoded(answer.content if answer.ok else redacted(answer))
        if answer.is_redirect:
            raise UnreachableError(f"{address} redirects elsewhere: check auth_url.")
        if _is_passing(answer.status_code, body):
            message = f"The authorisation server {address} gave no usable answer ({answer.status_code}): try later."
            raise OutageError(message, status=answer.status_code)
        if not answer.ok:
            raise _refused(answer.status_code, body, remedies)
        return body


def _is_passing(status: int, body: Any) -> bool:
    """Whether an answer says nothing about the credentials: an outage, too many tries, a broken body."""
    crowded = status == requests.codes.too_many_requests
    return crowded or status >= requests.codes.internal_server_error or (status < _REFUSED and body is None)


def _refused(status: int, body: Any, remedies: dict[str, str]) -> CredentialsError:
    message, error_class = reason(body)
    remedy = remedies.get(error_class or "", "check client_id, client_secret, refresh_token and auth_url")
    answer = f"{status} {error_class}: {message}" if error_class else f"{status}: {message}"
    return CredentialsError(f"Lightspeed refused the credentials ({answer}): {remedy}.")


def _pair(body: Any, spent: str) -> tuple[str, str]:
    """Access token and refresh token out of an answer, which may leave out the latter; "" for what is none."""
    given = body if isinstance(body, dict) else {}
    access_token, refresh_token = given.get("access_token"), given.get("refresh_token") or spent
    return (
        access_token if isinstance(access_token, str) else "",
        refresh_token if isinstance(refresh_token, str) else "",
    )


def _seconds(text: Any) -> float:
    """How long a token lasts; half an hour where the answer does not say so in a number."""
    try:
        found = float(text)
    except (TypeError, ValueError, OverflowError):
        return _USUAL
    return found if 0 < found < _LONGEST else _USUAL


def _holder(client_id: str, claimed: dict[str, Any]) -> Holder:
    account = claimed.get("acct")
    scope = claimed.get("scope")
    return Holder(
        client_id=client_id,
        account_id=int(str(account)) if is_key(account) else None,
        scopes=scope if isinstance(scope, str) else "",
    )


def claims(token: str) -> dict[str, Any]:
    """What a JWT says, its signature unverified: good for telling a person, not for deciding; empty if it is none."""
    _, _, rest = token.partition(".")
    payload, _, _ = rest.partition(".")
    try:
        found = decoded(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
