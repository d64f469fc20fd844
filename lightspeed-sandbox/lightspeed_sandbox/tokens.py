"""The texts of tokens and codes: each names its account, so that one server can serve many.

Lightspeed's own do that too, in a form that only Lightspeed can read: to a client they are texts without meaning.
"""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import orjson

_MARK = "def502"
_DIGITS = 10
_OPAQUE = re.compile(rf"(?:{_MARK})?(?P<account>[0-9a-f]{{{_DIGITS}}})[0-9a-f]{{20,}}", re.ASCII)
_HEADER = {"typ": "JWT", "alg": "RS256", "kid": "RT_OAUTH2_SANDBOX"}


def refresh_token(account: str, *, old: bool = False) -> str:
    """A refresh token, or one in the form of the server before 2024-07-31."""
    return _opaque(account, 15, "") if old else _opaque(account, 43)


def authorisation_code(account: str) -> str:
    """A code that stands for consent."""
    return _opaque(account, 27)


def access_token(claims: Mapping[str, Any]) -> str:
    """An access token with these claims: a JWT."""
    return ".".join((base64(orjson.dumps(_HEADER)), base64(orjson.dumps(claims)), secrets.token_urlsafe(32)))


def base64(data: bytes) -> str:
    """Base64 as addresses have it, without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def account_of_token(token: str) -> int | None:
    """The account that a token or a code names; whether it is good is not known by that."""
    _, *claims = token.split(".", maxsplit=1)
    if claims:
        return _account_of_claims(claims[0].partition(".")[0])
    found = _OPAQUE.fullmatch(token)
    return int(found["account"], 16) if found else None


def _account_of_claims(text: str) -> int | None:
    try:
        claims = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return int(claims["acct"])
    except (ValueError, TypeError, KeyError):
        return None


def _opaque(account: str, size: int, mark: str = _MARK) -> str:
    return f"{mark}{int(account):0{_DIGITS}x}{secrets.token_hex(size)}"
