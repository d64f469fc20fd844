"""The authorisation server: grants, refresh tokens that rotate, access tokens that end.

Source: pages "Authentication overview" and "Refresh token" (sections 1.3 to 1.6 of the API reference).
"""

from __future__ import annotations

import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, MutableMapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

import orjson

from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.errors import OAuthError

DEFAULT_SCOPE = "employee:all"
_PREFIX = "grant."
_REVOKED = "Access token has been revoked"
_UNVERIFIED = "Access token could not be verified"
_REFRESH_LIFE = timedelta(days=30).total_seconds()
_TRIES, _TRY_WINDOW = 5, 60.0
_BAD_REQUEST, _UNAUTHORIZED, _TOO_MANY = 400, 401, 429


@dataclass
class Pair:
    """An access token and the refresh token that came with it."""

    refresh: str
    issued: float
    access: str = ""
    expires: float = 0.0


@dataclass
class Grant:
    """One connection: the pair in use, and pairs that were handed out but not used yet.

    The pair in use keeps its refresh token until the access token of a newer pair is first used (since 2026-01-15).
    """

    name: str
    scope: str
    settled: Pair
    offered: list[Pair] = field(default_factory=list)
    tries: list[float] = field(default_factory=list)

    @classmethod
    def load(cls, text: str) -> Grant:
        """A grant as it was written to the store."""
        data = orjson.loads(text)
        offered = [Pair(**pair) for pair in data.pop("offered")]
        return cls(settled=Pair(**data.pop("settled")), offered=offered, **data)

    def pairs(self) -> list[Pair]:
        """Every pair that may still be used."""
        return [self.settled, *self.offered]

    def settle(self, pair: Pair) -> None:
        """The client has the new pair: everything else ends."""
        if pair is not self.settled:
            self.settled, self.offered, self.tries = pair, [], []


@dataclass(frozen=True)
class Client:
    """The one application that is registered with the sandbox."""

    id: str
    secret: str


class Grants:
    """All grants of the account; several live side by side, and all survive with the store.

    Args:
        meta: Where grants are kept.
        clock: Time of the sandbox.
        client: Who may ask for tokens.
        account: Id of the account, told in the access tokens.
        lifetime: Real seconds until an access token ends.
        commit: Makes the store durable.
    """

    def __init__(
        self,
        meta: MutableMapping[str, str],
        clock: Clock,
        client: Client,
        *,
        account: str,
        lifetime: float,
        commit: Callable[[], None],
    ) -> None:
        """Load what was granted before."""
        self._meta = meta
        self._clock = clock
        self._client = client
        self._account = account
        self._lifetime = lifetime
        self._commit = commit
        self._lock = threading.RLock()
        self._grants = [Grant.load(meta[name]) for name in meta if name.startswith(_PREFIX)]

    def issue(self, scope: str = DEFAULT_SCOPE) -> str:
        """A refresh token of a fresh grant."""
        with self._lock:
            grant = Grant(secrets.token_hex(8), scope, Pair(_refresh_token(), self._now()))
            self._grants.append(grant)
            self._save(grant)
            return grant.settled.refresh

    def token(self, fields: dict[str, str]) -> dict[str, Any]:
        """The answer to a token request.

        Raises:
            OAuthError: The request, the client or the refresh token is not good.
        """
        self._check(fields)
        if fields["grant_type"] != "refresh_token":
            raise OAuthError(_BAD_REQUEST, "unsupported_grant_type", "Check that the grant type is refresh_token")
        with self._lock:
            grant, pair = self._holder(fields["refresh_token"])
            grant.settle(pair)
            self._count_try(grant)
            grant.settled.access = ""
            new = self._pair(grant.scope)
            grant.offered.append(new)
            self._save(grant)
        return {
            "token_type": "Bearer",
            "expires_in": int(self._lifetime),
            "access_token": new.access,
            "refresh_token": new.refresh,
        }

    def revoke(self, fields: dict[str, str]) -> dict[str, Any]:
        """End a grant with all its tokens; an unknown token is no error."""
        self._check(fields)
        with self._lock:
            for grant in [known for known in self._grants if _has_refresh(known, fields["refresh_token"])]:
                self._grants.remove(grant)
                del self._meta[_PREFIX + grant.name]
            self._commit()
        return {}

    def scope_of(self, authorization: str) -> frozenset[str]:
        """What the bearer of an access token may do; its first use ends the tokens before it.

        Raises:
            OAuthError: The token is unknown, revoked or has ended.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise OAuthError(_UNAUTHORIZED, "access_denied", _UNVERIFIED)
        with self._lock:
            for grant in self._grants:
                for pair in grant.pairs():
                    if pair.access == token:
                        return self._use(grant, pair)
        raise OAuthError(_UNAUTHORIZED, "access_denied", _REVOKED if token.count(".") == 2 else _UNVERIFIED)  # noqa: PLR2004  a JWT has two dots

    def _use(self, grant: Grant, pair: Pair) -> frozenset[str]:
        if pair.expires <= self._now():
            raise OAuthError(_UNAUTHORIZED, "access_denied", _UNVERIFIED)
        if pair is not grant.settled:
            grant.settle(pair)
            self._save(grant)
        return frozenset(grant.scope.split())

    def _check(self, fields: dict[str, str]) -> None:
        for name in ("client_id", "grant_type", "refresh_token"):
            if not fields.get(name):
                raise OAuthError(_BAD_REQUEST, "invalid_request", f"Check the `{name}` parameter")
        if (fields["client_id"], fields.get("client_secret")) != (self._client.id, self._client.secret):
            raise OAuthError(_UNAUTHORIZED, "invalid_client")

    def _holder(self, refresh: str) -> tuple[Grant, Pair]:
        for grant in self._grants:
            for pair in grant.pairs():
                if pair.refresh == refresh and pair.issued + _REFRESH_LIFE > self._now():
                    return grant, pair
        raise OAuthError(_BAD_REQUEST, "invalid_grant", "The refresh token is unknown, used up, revoked or expired")

    def _count_try(self, grant: Grant) -> None:
        now = time.time()
        grant.tries = [moment for moment in grant.tries if moment > now - _TRY_WINDOW]
        if len(grant.tries) >= _TRIES:
            raise OAuthError(_TOO_MANY, "rate_limited", "The same refresh can be tried five times a minute")
        grant.tries.append(now)

    def _pair(self, scope: str) -> Pair:
        now = self._now()
        expires = now + self._lifetime
        header = {"typ": "JWT", "alg": "RS256", "kid": "RT_OAUTH2_SANDBOX"}
        claims = {
            "jti": secrets.token_hex(16),
            "iss": "lightspeed-sandbox",
            "aud": self._client.id,
            "sub": "1",
            "acct": self._account,
            "scope": scope,
            "iat": now,
            "nbf": now,
            "exp": expires,
        }
        access = ".".join((_base64(orjson.dumps(header)), _base64(orjson.dumps(claims)), secrets.token_urlsafe(32)))
        return Pair(_refresh_token(), now, access, expires)

    def _save(self, grant: Grant) -> None:
        self._meta[_PREFIX + grant.name] = orjson.dumps(asdict(grant)).decode()
        self._commit()

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _has_refresh(grant: Grant, token: str) -> bool:
    return any(pair.refresh == token for pair in grant.pairs())


def _refresh_token() -> str:
    return "def502" + secrets.token_hex(48)


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
