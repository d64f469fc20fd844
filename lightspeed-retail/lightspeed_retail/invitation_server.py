"""Serves invitations behind an agency's own https address; the proxy that ends TLS passes paths on as they are."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from lightspeed_retail import pages
from lightspeed_retail.connecting import Connector
from lightspeed_retail.errors import SettingsError
from lightspeed_retail.invitations import InvitationBook, InvitationError, folder
from lightspeed_retail.reception import Reception
from lightspeed_retail.web import Handler, Server

_LOG = logging.getLogger(__name__)
_PACKAGE = "lightspeed_retail"
_MOST_FIELDS = 20
_MOST_BYTES = 4096


class InvitationServer(Server):
    """Answers the links of invitations, and the redirect.

    Args:
        reception: Who receives those who come.
        redirect_uri: The registered address; the links lie in the same folder.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.

    Raises:
        SettingsError: The redirect is no address of a page, or the port cannot be had.
    """

    def __init__(self, reception: Reception, redirect_uri: str, host: str, port: int) -> None:
        """Take the port."""
        parts = urlsplit(redirect_uri)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError("The redirect must be the https address that you registered at Lightspeed.")
        self.reception = reception
        self.callback = parts.path or "/"
        self.folder = folder(redirect_uri)
        try:
            super().__init__(host, port, _Answer)
        except OSError as error:
            why = error.strerror or "no reason given"
            raise SettingsError(f"Port {port} of {host} cannot be used ({why}): choose another one.") from error


def serve(
    book: InvitationBook,
    connector: Connector,
    redirect_uri: str,
    scopes: Iterable[str],
    host: str = "127.0.0.1",
    port: int = 8080,
) -> None:
    """Serve invitations until somebody stops it with Ctrl-C.

    Args:
        book: The invitations.
        connector: Connects accounts.
        redirect_uri: The registered address, as in https://agency.example/lightspeed/callback.
        scopes: What to ask for.
        host: Address to listen on.
        port: Port to listen on.

    Raises:
        SettingsError: The redirect is no address of a page, or the port cannot be had.
    """
    _log_to_stderr()
    reception = Reception(book, connector, redirect_uri, scopes)
    with InvitationServer(reception, redirect_uri, host, port) as server, contextlib.suppress(KeyboardInterrupt):
        _LOG.info("Invitations to %s are served on port %s of %s.", urlsplit(redirect_uri).hostname, server.port, host)
        server.serve_forever()


def _log_to_stderr() -> None:
    """One line for each thing that happens, unless somebody has said how to log."""
    log = logging.getLogger(_PACKAGE)
    if not log.hasHandlers():
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)


class _Answer(Handler):
    """Knows the paths."""

    server: InvitationServer

    def answer(self) -> None:
        """Show an invitation, or the end of one."""
        if self.asked_path == self.server.callback:
            self._receive()
        elif self._token:
            self._invite()
        elif self.asked_path == "/healthz":
            self.say(HTTPStatus.OK, "ok\n")
        elif self.asked_path == "/favicon.ico":
            self.say(HTTPStatus.NO_CONTENT)
        else:
            self.show(pages.refused(HTTPStatus.NOT_FOUND))

    def take(self) -> None:
        """Send somebody who goes on to Lightspeed."""
        if self.headers.get("Content-Length", "0") != "0":
            # The button sends nothing; what is left unread would cut off the answer.
            self.rfile.read1(_MOST_BYTES)
        if not self._token:
            self.show(pages.refused(HTTPStatus.NOT_FOUND))
            return
        try:
            address, cookie = self.server.reception.send(self._token)
        except InvitationError as error:
            self.show(pages.unusable(str(error)))
        else:
            self.say(HTTPStatus.SEE_OTHER, headers=[("Location", address), ("Set-Cookie", cookie)])

    @property
    def _token(self) -> str:
        """The secret part of an invitation's link."""
        place = self.server.folder
        return self.asked_path.removeprefix(place) if self.asked_path.startswith(place) else ""

    def _invite(self) -> None:
        try:
            page = self.server.reception.invite(self._token)
        except InvitationError as error:
            page = pages.unusable(str(error))
        self.show(page)

    def _receive(self) -> None:
        try:
            answer = dict(parse_qsl(self.asked_query, max_num_fields=_MOST_FIELDS))
        except ValueError:
            self.show(pages.refused(HTTPStatus.BAD_REQUEST))
            return
        self.show(self.server.reception.receive(answer, self.headers.get("Cookie", "")))
