"""A request to a person to let this client into the account, and what the browser brings back.

Source: page "Authentication overview" (section 1.2 of the API reference); PKCE is RFC 7636.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from lightspeed_retail.errors import CredentialsError
from lightspeed_retail.token_endpoint import AUTHORISE_PATH


class AnswerError(CredentialsError):
    """What came is no answer to this request; the right one may still come."""


class DeniedError(CredentialsError):
    """The person said no."""


@dataclass(frozen=True)
class ConsentRequest:
    """One request to a person.

    Args:
        client_id: Who asks.
        scopes: What for.
        auth_url: Address of the authorisation server.
        state: What the answer must bring back, so that it is known to be the answer to this request.
        verifier: What proves, when the code is exchanged, that one is who has asked (43 to 128 characters).
    """

    client_id: str
    scopes: tuple[str, ...]
    auth_url: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    @property
    def address(self) -> str:
        """Where to send the browser. The redirect is the one that was registered: it is no parameter."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "scope": " ".join(self.scopes),
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.auth_url.rstrip('/')}{AUTHORISE_PATH}?{urlencode(query)}"

    def code(self, answer: Mapping[str, str]) -> str:
        """The code in the query of the redirect.

        Raises:
            DeniedError: The person did not consent.
            AnswerError: It is the answer to another request, or there is no code in it.
            CredentialsError: Lightspeed did not accept the request.
        """
        if "state" in answer and not secrets.compare_digest(answer["state"].encode(), self.state.encode()):
            raise AnswerError("The answer belongs to an earlier request: connect again.")
        if answer.get("error") == "access_denied":
            raise DeniedError("Lightspeed was not allowed to let the client in: somebody chose to deny.")
        if answer.get("error"):
            what = " ".join(answer["error"].split())[:80]
            raise CredentialsError(f"Lightspeed did not accept the request ({what}): check client_id and the scopes.")
        if not answer.get("code"):
            raise AnswerError("There is no code in the answer: copy the whole address that the browser ended at.")
        return answer["code"]


def pasted(text: str) -> dict[str, str]:
    """What somebody pasted: the address that the browser ended at, its query, or the code alone."""
    text = text.strip().strip("'\"")
    query = urlsplit(text).query if "://" in text else text.removeprefix("?")
    found = dict(parse_qsl(query))
    return found if found.keys() & {"code", "error", "state"} or "://" in text else {"code": text}
