"""Takes out of an answer what was sent with the question: an error page may repeat it."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, quote, quote_plus

import requests

_SECRET = frozenset({"client_secret", "refresh_token", "code", "code_verifier"})
_MASK = "***"


def redacted(answer: requests.Response) -> bytes:
    """The content of an answer without the secrets of its question, however they are spelt there."""
    text = answer.content.decode("utf-8", "replace")
    for secret in _secrets(answer.request):
        for spelt in {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}:
            text = text.replace(spelt, _MASK)
    return text.encode()


def _secrets(asked: requests.PreparedRequest) -> set[str]:
    bearer = str(asked.headers.get("Authorization", "")).partition(" ")[2]
    body = asked.body if isinstance(asked.body, str) else ""
    return {value for name, value in parse_qsl(body) if name in _SECRET} | ({bearer} if bearer else set())
