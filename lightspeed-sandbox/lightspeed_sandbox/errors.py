"""What the API answers when it refuses.

Source: sections 1.6 and 3.5 of the API reference: recorded errors are JSON under `text/html`, all values texts.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

HTML = "text/html; charset=UTF-8"
JSON = "application/json"

_BAD_REQUEST = 400
_DESCRIPTIONS = {
    "access_denied": "The resource owner or authorization server denied the request.",
    "invalid_client": "Client authentication failed",
    "invalid_grant": "The provided authorization grant or refresh token is invalid, expired or revoked.",
    "invalid_request": "The request is missing a required parameter or is otherwise malformed.",
    "unsupported_grant_type": "The authorization grant type is not supported by the authorization server.",
    "rate_limited": "Too many requests",
    "server_error": "The authorization server encountered an unexpected condition.",
}


class ApiError(Exception):
    """A refusal of the API itself."""

    content_type = HTML

    def __init__(
        self, status: int, message: str, error_class: str = "Exception", headers: dict[str, str] | None = None
    ) -> None:
        """Say why."""
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self._error_class = error_class

    def body(self) -> dict[str, Any]:
        """The common error body."""
        return {
            "httpCode": str(self.status),
            "httpMessage": HTTPStatus(self.status).phrase,
            "message": str(self),
            "errorClass": self._error_class,
        }


class OutOfBalanceError(ApiError):
    """A sale cannot be completed because its payments are not what it costs; it stays, open.

    Source: a body that was quoted on the community's pages (section 3.5 of the API reference).
    """

    def __init__(self, reason: str, sale: int, balance: str) -> None:
        """Say which sale, and what is missing."""
        super().__init__(_BAD_REQUEST, f"Cannot complete an out of balance sale. {reason}", "OutOfBalanceError")
        self._sale = sale
        self._balance = balance

    def body(self) -> dict[str, Any]:
        """The common error body, with the sale that was stored."""
        return {**super().body(), "saleID": str(self._sale), "balance": self._balance}


class OAuthError(ApiError):
    """A refusal of the authorisation server, or of an access token."""

    content_type = JSON

    def __init__(self, status: int, error: str, hint: str | None = None) -> None:
        """Say why in the words of OAuth."""
        super().__init__(status, _DESCRIPTIONS[error])
        self._error = error
        self._hint = hint

    def body(self) -> dict[str, Any]:
        """The body as the authorisation server writes it."""
        body = {"error": self._error, "error_description": str(self)}
        return body if self._hint is None else {**body, "hint": self._hint}
