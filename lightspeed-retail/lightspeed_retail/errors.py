"""What can go wrong, told apart by what to do about it.

Messages name the setting, the stream or the record and the remedy. They never hold a token, a secret, or the body of
an answer beyond the message and class that Lightspeed gives.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

_MOST_DIGITS = 18
_BEYOND_KEYS = 10**_MOST_DIGITS


class LightspeedError(Exception):
    """Anything that this package raises on purpose; its text is one line for a person.

    Attributes:
        kind: A word by which programs tell what to do about it.
    """

    kind: str = "failed"


class SettingsError(LightspeedError):
    """A setting is missing or wrong: change the configuration."""

    kind = "settings"


class CredentialsError(LightspeedError):
    """The credentials are not accepted (any more): connect the account again."""

    kind = "credentials"


class UnreachableError(LightspeedError):
    """No answer from the host: network, name, proxy, certificate, or an outage."""

    kind = "outage"


class SpentError(LightspeedError):
    """A limit that was set for the run, of drips or of time, is reached: nothing is wrong, the next run goes on."""


class RecordError(LightspeedError):
    """A record cannot be sent as it stands: change the record, or its mapping.

    Attributes:
        field: The field that is wrong, by its path from the root.
    """

    def __init__(self, text: str, *, field: str) -> None:
        """Carry the field."""
        super().__init__(text)
        self.field = field


class IncompleteError(LightspeedError):
    """Some streams were not read; all others were.

    Args:
        text: Which, and why.
        kind: The word for why.
    """

    def __init__(self, text: str, kind: str) -> None:
        """Take over the word."""
        super().__init__(text)
        self.kind = kind


class UncertainError(LightspeedError):
    """A write was sent, and nobody knows whether it was done: look the record up before anything is sent again.

    Attributes:
        method: POST, PUT or DELETE.
        path: Where it was sent.
        is_late: Whether it may well be done still: somebody, a gateway perhaps, has only stopped waiting.
    """

    def __init__(self, method: str, path: str, happened: str, *, is_late: bool = False) -> None:
        """Say what happened instead of an answer."""
        super().__init__(
            f"{method} {path}: {happened}, so it may or may not have been done: look it up before sending it again."
        )
        self.method = method
        self.path = path
        self.is_late = is_late


class ApiError(LightspeedError):
    """The API refused a request.

    Attributes:
        status: HTTP status of the answer.
        error_class: Lightspeed's name for the error, if it gave one.
        details: Ids that the answer names, such as the `saleID` of a sale that was stored, but not completed.
        is_doubtful: Whether the answer has not the form of the API's: a gateway before it may have given it.
    """

    is_doubtful = False

    def __init__(
        self, text: str, *, status: int, error_class: str | None = None, details: dict[str, str] | None = None
    ) -> None:
        """Carry the API's own status and class."""
        super().__init__(text)
        self.status = status
        self.error_class = error_class
        self.details = details or {}


class RightsError(ApiError):
    """403: the token's scopes or the employee's rights do not reach this far."""

    kind = "rights"


class NotFoundError(ApiError):
    """404: no such path or record."""

    kind = "refused"


class RequestRefusedError(ApiError):
    """400, 405, 409, 422: the question or the payload is not accepted as it stands."""

    kind = "refused"


class RetriableError(ApiError):
    """An answer that a later try may better; raised when the tries are used up."""


class RateLimitedError(RetriableError):
    """429: the bucket is full or too many requests came in one second.

    Attributes:
        seconds: How long the API asks to wait.
    """

    kind = "limit"

    def __init__(self, text: str, *, status: int, seconds: float = 0.0) -> None:
        """Carry the seconds."""
        super().__init__(text, status=status)
        self.seconds = seconds


class OutageError(RetriableError):
    """5xx, 408, 425, or an answer that is broken, truncated or no JSON."""

    kind = "outage"


class DoubtfulError(RetriableError):
    """A refusal that may be a gateway's: it is asked for again before it is believed."""

    kind = "outage"


class TooLargeError(OutageError):
    """An answer that is larger than is ever taken in."""


def reason(body: Any) -> tuple[str, str | None]:
    """Message and class out of an error body: the API's shape, or that of the authorisation server."""
    if not isinstance(body, dict):
        return "no reason given", None
    said = [one_line(body.get(name), 300) for name in ("message", "hint", "error_description")]
    classes = [one_line(body.get(name), 80) for name in ("errorClass", "error")]
    return next(filter(None, said), "no reason given"), next(filter(None, classes), None)


def one_line(value: Any, length: int) -> str:
    """The beginning of a text as one printable line; what is no text says nothing."""
    text = value[: 2 * length] if isinstance(value, str) else ""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:length]


def of_status(status: int, body: Any, what: str) -> ApiError:
    """The error for a refused request.

    Args:
        status: HTTP status.
        body: The decoded body, or None where it was no JSON.
        what: What was asked, for people: method and path.
    """
    message, error_class = reason(body)
    text = f"{what}: Lightspeed answered {status}: {message}" + (f" ({error_class})" if error_class else "")
    error = _kind(status)(text, status=status, error_class=error_class, details=_ids(body))
    error.is_doubtful = not isinstance(body, dict) and not isinstance(error, RetriableError)
    return error


def _kind(status: int) -> type[ApiError]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
        return OutageError
    return _KINDS.get(status, RequestRefusedError)


_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY)
_KINDS: dict[int, type[ApiError]] = {HTTPStatus.FORBIDDEN: RightsError, HTTPStatus.NOT_FOUND: NotFoundError}


def _ids(body: Any) -> dict[str, str]:
    """What is certain to be no text of a person: whole numbers under names of keys."""
    fields = body.items() if isinstance(body, dict) else ()
    return {str(name): str(value) for name, value in fields if str(name).endswith("ID") and is_key(value)}


def is_key(value: Any) -> bool:
    """Whether a value off the wire can be a key: a whole number, not below nought, of up to 18 digits."""
    if type(value) is str:
        return len(value) <= _MOST_DIGITS and value.isdecimal()
    return type(value) is int and 0 <= value < _BEYOND_KEYS
