"""The authorisation server: grants, refresh tokens that rotate, access tokens that end.

Source: pages "Authentication overview" and "Refresh token" (sections 1.2 to 1.6 of the API reference).
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import orjson

from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.errors import OAuthError
from lightspeed_sandbox.tokens import access_token, authorisation_code, base64, refresh_token

DEFAULT_SCOPE = "employee:all"
_PREFIX = "grant."
_REVOKED = "Access token has been revoked"
_UNVERIFIED = "Access token could not be verified"
_REFRESH_LIFE = timedelta(days=30).total_seconds()
_TRIES, _TRY_WINDOW = 5, 60.0
_NEEDED = {"authorization_code": "code", "refresh_token": "refresh_token"}
_PROOF = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
"""Form of verifiers and challenges (RFC 7636, sections 4.1 and 4.2)."""
_BAD_REQUEST, _UNAUTHORIZED, _TOO_MANY = 400, 401, 429


@dataclass
class Pair:
    """An access token and the refresh token that came with it.

    Args:
        refresh: The refresh token.
        issued: When it was given out.
        access: The access token, "" if there is none.
        expires: When that ends.
        old: Whether the refresh token is one of the server before 2024-07-31.
    """

    refresh: str
    issued: float
    access: str = ""
    expires: float = 0.0
    old: bool = False


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
    """The one application that is registered with the sandbox.

    Args:
        id: What it calls itself in requests.
        secret: What proves that it is itself.
        name: What people read.
        redirect_uri: Where the browser goes after consent; it is fixed at registration.
        public: Whether it is distributed to the public: PKCE is a must then, and the secret is not.
    """

    id: str
    secret: str
    name: str
    redirect_uri: str
    public: bool = False

    def __post_init__(self) -> None:
        """Check where the browser is to go.

        Raises:
            ValueError: The redirect address is no address of a page.
        """
        parts = urlsplit(self.redirect_uri)
        whole = parts.scheme in ("http", "https") and parts.hostname and self.redirect_uri.isascii()
        if not whole or parts.fragment:
            raise ValueError(f"The redirect address {self.redirect_uri!r} is not of the form http(s)://HOST/PATH.")

    def is_proven_by(self, secret: str | None) -> bool:
        """Whether a request with this secret, or with none, comes from this client."""
        return secret == self.secret or (self.public and not secret)


@dataclass(frozen=True)
class Challenge:
    """What the verifier of PKCE has to answer."""

    value: str
    method: str = "plain"

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Challenge | None:
        """The challenge of an authorisation request, if it has one.

        Raises:
            OAuthError: It is not in the form that RFC 7636 asks for.
        """
        value, method = fields.get("code_challenge"), fields.get("code_challenge_method") or "plain"
        if not value:
            return None
        if method not in ("plain", "S256"):
            raise OAuthError(_BAD_REQUEST, "invalid_request", "Check the `code_challenge_method` parameter")
        if not _PROOF.fullmatch(value):
            raise OAuthError(_BAD_REQUEST, "invalid_request", "Check the `code_challenge` parameter")
        return cls(value, method)

    def is_met_by(self, verifier: str) -> bool:
        """Whether the verifier is the one that the challenge was made from."""
        if not _PROOF.fullmatch(verifier):
            return False
        answer = verifier if self.method == "plain" else base64(sha256(verifier.encode()).digest())
        return secrets.compare_digest(answer, self.value)


@dataclass(frozen=True)
class Code:
    """What somebody consented to, until the client fetches tokens for it."""

    scope: str
    expires: float
    challenge: Challenge | None

    def is_proven_by(self, verifier: str | None) -> bool:
        """Whether the client that asked is the client that fetches; a verifier without a challenge proves nothing."""
        if self.challenge is None:
            return not verifier
        return self.challenge.is_met_by(verifier or "")


class Grants:
    """All grants of the account; several live side by side, and all survive with the store.

    Args:
        meta: Where grants are kept.
        clock: Time of the sandbox.
        client: Who may ask for tokens.
        account: Id of the account, told in the access tokens.
        lifetime: Real seconds until an access token ends.
        code_lifetime: Real seconds until an unused code ends.
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
        code_lifetime: float,
        commit: Callable[[], None],
    ) -> None:
        """Load what was granted before."""
        self._meta = meta
        self._clock = clock
        self._client = client
        self._account = account
        self._lifetime = lifetime
        self._code_lifetime = code_lifetime
        self._commit = commit
        self._lock = threading.RLock()
        self._codes: dict[str, Code] = {}
        self._grants = [Grant.load(meta[name]) for name in meta if name.startswith(_PREFIX)]
        self._given = {
            token for grant in self._grants for pair in grant.pairs() for token in (pair.refresh, pair.access)
        }

    @property
    def given(self) -> frozenset[str]:
        """All tokens and codes that were ever given out as far as is known, spent ones included."""
        with self._lock:
            return frozenset(self._given) - {""}

    def issue(self, scope: str = DEFAULT_SCOPE, *, old: bool = False) -> str:
        """A refresh token of a fresh grant.

        Args:
            scope: What it allows.
            old: Whether it has the form of the server before 2024-07-31, to be exchanged for a new one.
        """
        with self._lock:
            text = refresh_token(self._account, old=old)
            grant = Grant(secrets.token_hex(8), scope, Pair(text, self._now(), old=old))
            self._given.add(text)
            self._grants.append(grant)
            self._save(grant)
            return grant.settled.refresh

    def code(self, scope: str, challenge: Challenge | None = None) -> str:
        """A code that stands for consent; it lives for a minute and works once."""
        with self._lock:
            now, text = self._now(), authorisation_code(self._account)
            self._codes = {known: code for known, code in self._codes.items() if code.expires > now}
            self._codes[text] = Code(scope, now + self._code_lifetime, challenge)
            self._given.add(text)
            return text

    def token(self, fields: dict[str, str]) -> dict[str, Any]:
        """The answer to a token request.

        Raises:
            OAuthError: The request, the client, the code or the refresh token is not good.
        """
        kind = fields.get("grant_type", "")
        self._check(fields, "client_id", "grant_type", *filter(None, [_NEEDED.get(kind)]))
        if kind not in _NEEDED:
            hint = "Check that the grant type is authorization_code or refresh_token"
            raise OAuthError(_BAD_REQUEST, "unsupported_grant_type", hint)
        with self._lock:
            new = self._refreshed(fields) if kind == "refresh_token" else self._redeemed(fields)
        return {
            "token_type": "Bearer",
            "expires_in": int(self._lifetime),
            "access_token": new.access,
            "refresh_token": new.refresh,
        }

    def revoke(self, fields: dict[str, str]) -> dict[str, Any]:
        """End a grant with all its tokens; an unknown token is no error."""
        self._check(fields, "client_id", "refresh_token")
        with self._lock:
            self._end([grant for grant, pair in self._pairs() if pair.refresh == fields["refresh_token"]])
        return {}

    def end(self, token: str) -> bool:
        """End the grant that an access or refresh token belongs to; False if there is none.

        It is what happens when a person disconnects the client.
        """
        with self._lock:
            ended = [grant for grant, pair in self._pairs() if token and token in (pair.refresh, pair.access)]
            self._end(ended)
            return bool(ended)

    def end_all(self) -> int:
        """End all grants; answers how many there were."""
        with self._lock:
            ended = list(self._grants)
            self._end(ended)
            return len(ended)

    def expire(self, authorization: str) -> bool:
        """End an access token before its time; False if it has ended already. Its refresh token stays good."""
        token = authorization.partition(" ")[2]
        with self._lock:
            for grant, pair in self._pairs():
                if token and pair.access == token and pair.expires > self._now():
                    pair.expires = 0.0
                    self._save(grant)
                    return True
        return False

    def scope_of(self, authorization: str) -> frozenset[str]:
        """What the bearer of an access token may do; its first use ends the tokens before it.

        Raises:
            OAuthError: The token is unknown, revoked or has ended.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise OAuthError(_UNAUTHORIZED, "access_denied", _UNVERIFIED)
        with self._lock:
            for grant, pair in self._pairs():
                if pair.access == token:
                    return self._use(grant, pair)
        raise OAuthError(_UNAUTHORIZED, "access_denied", _REVOKED if token.count(".") == 2 else _UNVERIFIED)  # noqa: PLR2004  a JWT has two dots

    def _pairs(self) -> Iterator[tuple[Grant, Pair]]:
        for grant in self._grants:
            for pair in grant.pairs():
                yield grant, pair

    def _end(self, grants: list[Grant]) -> None:
        for grant in grants:
            self._grants.remove(grant)
            del self._meta[_PREFIX + grant.name]
        self._commit()

    def _use(self, grant: Grant, pair: Pair) -> frozenset[str]:
        if pair.expires <= self._now():
            raise OAuthError(_UNAUTHORIZED, "access_denied", _UNVERIFIED)
        if pair is not grant.settled:
            grant.settle(pair)
            self._save(grant)
        return frozenset(grant.scope.split())

    def _refreshed(self, fields: dict[str, str]) -> Pair:
        """A new pair beside the one that the refresh token belongs to.

        A token of the old server "can be exchanged once": nothing says that it may be tried again, so it ends here.
        """
        grant, pair = self._holder(fields["refresh_token"])
        grant.settle(pair)
        self._count_try(grant)
        grant.settled.access = ""
        new = self._pair(grant.scope)
        grant.offered.append(new)
        if pair.old:
            grant.settle(new)
        self._save(grant)
        return new

    def _redeemed(self, fields: dict[str, str]) -> Pair:
        """The first pair of what was consented to; whatever comes of it, the code is spent."""
        code = self._codes.pop(fields["code"], None)
        if code is None or code.expires <= self._now():
            raise OAuthError(_BAD_REQUEST, "invalid_grant", "The code is unknown, used up or expired")
        if not code.is_proven_by(fields.get("code_verifier")):
            raise OAuthError(_BAD_REQUEST, "invalid_grant", "Check the `code_verifier` parameter")
        grant = Grant(secrets.token_hex(8), code.scope, self._pair(code.scope))
        self._grants.append(grant)
        self._save(grant)
        return grant.settled

    def _check(self, fields: dict[str, str], *names: str) -> None:
        for name in names:
            if not fields.get(name):
                raise OAuthError(_BAD_REQUEST, "invalid_request", f"Check the `{name}` parameter")
        if fields["client_id"] != self._client.id or not self._client.is_proven_by(fields.get("client_secret")):
            raise OAuthError(_UNAUTHORIZED, "invalid_client")

    def _holder(self, refresh: str) -> tuple[Grant, Pair]:
        for grant, pair in self._pairs():
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
        new = Pair(refresh_token(self._account), now, access_token(claims), expires)
        self._given |= {new.refresh, new.access}
        return new

    def _save(self, grant: Grant) -> None:
        self._meta[_PREFIX + grant.name] = orjson.dumps(asdict(grant)).decode()
        self._commit()

    def _now(self) -> float:
        return self._clock.now().timestamp()
