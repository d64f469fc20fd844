"""What happens to invitations: who comes with a link is sent to Lightspeed, and who comes back is connected."""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lightspeed_retail import pages
from lightspeed_retail.connecting import Connector
from lightspeed_retail.consent import ConsentRequest, DeniedError
from lightspeed_retail.errors import LightspeedError
from lightspeed_retail.invitations import InvitationBook, InvitationError
from lightspeed_retail.pages import Page

_LOG = logging.getLogger(__name__)
_PATIENCE = 15 * 60
_MOST = 1000
_MOST_EACH = 10
_AGAIN = "Open the link of your invitation again: it still works."
_TROUBLE = "The account could not be connected. What went wrong is in the log of whoever sent you the link."


@dataclass
class _Visit:
    """Somebody has been sent to Lightspeed.

    Args:
        token: Of which invitation.
        label: Whom that is for.
        request: What Lightspeed was asked.
        cookie: What the browser has to bring back, so that nobody else can come in its place.
        since: When, by the monotonic clock.
        page: What it was shown in the end.
        turn: Held while the account is being connected.
    """

    token: str
    label: str
    request: ConsentRequest
    cookie: str
    since: float
    page: Page | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)


class Reception:
    """Receives the owners of accounts.

    Args:
        book: The invitations.
        connector: Connects accounts.
        redirect_uri: The registered address.
        scopes: What to ask for.
        clock: Seconds that only go forward.
    """

    def __init__(
        self,
        book: InvitationBook,
        connector: Connector,
        redirect_uri: str,
        scopes: Iterable[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open, with nobody there yet."""
        self._book = book
        self._connector = connector
        self._scopes = tuple(scopes)
        self._redirect = urlsplit(redirect_uri)
        self._host = self._redirect.hostname or "Somebody"
        self._clock = clock
        self._visits: dict[str, _Visit] = {}
        self._lock = threading.Lock()

    def invite(self, token: str) -> Page:
        """What the link of an invitation shows.

        Raises:
            LightspeedError: The invitation cannot be used.
        """
        found = self._book.open(token)
        return pages.invitation(found.label, self._host, self._scopes, found.expires)

    def send(self, token: str) -> tuple[str, str]:
        """Where to send somebody who goes on, and the cookie for the way back.

        Raises:
            LightspeedError: The invitation cannot be used.
        """
        found = self._book.open(token)
        request = self._connector.request(self._scopes)
        visit = _Visit(token, found.label, request, secrets.token_urlsafe(32), self._clock())
        self._remember(visit)
        return request.address, self._cookie(visit)

    def receive(self, answer: Mapping[str, str], cookies: str) -> Page:
        """Connect the account of somebody who comes back from Lightspeed.

        Args:
            answer: The query of the redirect.
            cookies: The Cookie header.
        """
        visit = self._known(answer.get("state", ""), cookies)
        if visit is None:
            return pages.failed(
                "This answer of Lightspeed belongs to no request of the last 15 minutes that began in this browser.",
                "Open the link of your invitation again, in one browser from beginning to end.",
            )
        with visit.turn:
            return visit.page or self._connect(visit, answer)

    def _connect(self, visit: _Visit, answer: Mapping[str, str]) -> Page:
        """What is shown stays with the visit, for a browser that loads the page again; a code works once."""
        try:
            with self._book.claimed(visit.token):
                visit.page = self._complete(visit, answer)
        except InvitationError as error:
            return pages.unusable(str(error))
        except DeniedError:
            _LOG.info("Invitation for %s: no access was given.", visit.label)
            visit.page = pages.denied(_AGAIN)
        except LightspeedError as error:
            # Its text speaks to whoever runs the server, of files and settings.
            _LOG.warning("Invitation for %s: not connected: %s", visit.label, error)
            visit.page = pages.failed(_TROUBLE, _AGAIN)
        return visit.page

    def _complete(self, visit: _Visit, answer: Mapping[str, str]) -> Page:
        found = self._connector.complete(visit.request, answer)
        _LOG.info("Invitation for %s: connected to account %s.", visit.label, found.account_id)
        self._book.spend(visit.token, found.account_id)
        return pages.thanks(found.account_name, found.account_id, self._host)

    def _remember(self, visit: _Visit) -> None:
        """Keep so many of each invitation and so many in all, the newest; the oldest come first in a dictionary."""
        with self._lock:
            for state, each in list(self._visits.items()):
                if each.since <= self._clock() - _PATIENCE:
                    del self._visits[state]
            same = [state for state, each in self._visits.items() if each.token == visit.token]
            for state in _surplus(same, _MOST_EACH) or _surplus(list(self._visits), _MOST):
                del self._visits[state]
            self._visits[visit.request.state] = visit

    def _known(self, state: str, cookies: str) -> _Visit | None:
        with self._lock:
            visit = self._visits.get(state)
        if visit is None or visit.since <= self._clock() - _PATIENCE:
            return None
        brought = _value(cookies, _name(visit))
        return visit if secrets.compare_digest(brought.encode(), visit.cookie.encode()) else None

    def _cookie(self, visit: _Visit) -> str:
        """One for each visit, so that an owner of two accounts can connect both at once."""
        secure = "; Secure" if self._redirect.scheme == "https" else ""
        path = self._redirect.path or "/"
        return f"{_name(visit)}={visit.cookie}; Path={path}; Max-Age={_PATIENCE}; HttpOnly; SameSite=Lax{secure}"


def _name(visit: _Visit) -> str:
    """A name for the cookie which does not tell the state."""
    return "lightspeed-" + hashlib.sha256(visit.request.state.encode()).hexdigest()[:16]


def _value(cookies: str, name: str) -> str:
    """One cookie of a header; what else the domain has set may be of any form."""
    pairs = (pair.strip().partition("=") for pair in cookies.split(";"))
    return next((value for key, _, value in pairs if key == name), "")


def _surplus(oldest_first: list[str], most: int) -> list[str]:
    """Which have to go so that there is room for one more."""
    return oldest_first[: max(0, len(oldest_first) - most + 1)]
