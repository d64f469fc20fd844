"""What the small servers of this package have in common: pages out, nothing into any log, no client that blocks."""

from __future__ import annotations

import logging
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lightspeed_retail import pages
from lightspeed_retail.errors import LightspeedError
from lightspeed_retail.pages import Page

_LOG = logging.getLogger(__name__)
_SILENCE = 10.0
_PATIENCE = 30.0
_MOST = 64


class Handler(BaseHTTPRequestHandler):
    """Answers with pages; says nothing of addresses, which hold codes and links."""

    timeout = _SILENCE
    server: Server

    @property
    def asked_path(self) -> str:
        """The path that is asked for, without its query."""
        return self.path.partition("?")[0]

    @property
    def asked_query(self) -> str:
        """The query that is asked with, as it stands."""
        return self.path.partition("?")[2]

    def answer(self) -> None:
        """Answer a GET; a HEAD gets the same without the content."""
        raise NotImplementedError

    def take(self) -> None:
        """Answer a POST."""
        self.show(pages.refused(HTTPStatus.METHOD_NOT_ALLOWED))

    def do_GET(self) -> None:
        """Answer, whatever happens."""
        self._safely(self.answer)

    def do_HEAD(self) -> None:
        """Answer a scanner of links."""
        self._safely(self.answer)

    def do_POST(self) -> None:
        """Answer the button of a form."""
        self._safely(self.take)

    def _safely(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (ConnectionError, TimeoutError):
            raise
        except Exception:
            self.show(pages.unexpected())
            raise

    def show(self, page: Page, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Send a page.

        Args:
            page: The page.
            headers: What goes with it, beside what all pages have.
        """
        content = page.html()
        self.send_response(page.status)
        for name, value in (*pages.HEADERS.items(), ("Content-Length", str(len(content))), *headers):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def say(self, status: HTTPStatus, text: str = "", headers: Iterable[tuple[str, str]] = ()) -> None:
        """Send a status, and a line if there is one: what no person reads."""
        self.send_response(status)
        more = () if status is HTTPStatus.NO_CONTENT else (("Content-Length", str(len(text))),)
        for name, value in (("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"), *more, *headers):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    def parse_request(self) -> bool:
        """Read what is asked; from here on the client keeps nobody waiting."""
        try:
            return super().parse_request()
        finally:
            self.server.has_asked(self.connection)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002  the form of http.server
        """Show a page instead of the standard one, which repeats what was asked."""
        self.show(pages.refused(HTTPStatus(code)))

    def version_string(self) -> str:
        """Who answers."""
        return "lightspeed-retail"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the standard library's name
        """Keep quiet: a request holds codes, states and links."""


class Server(ThreadingHTTPServer):
    """A thread for each request, and an end to those that never come to the point.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        handler: What answers.
        family: IPv4 or IPv6.
    """

    # Whoever is being answered when the server stops still gets the answer.
    daemon_threads = False
    # Two programs on one port would share the requests.
    allow_reuse_port = False

    def __init__(
        self, host: str, port: int, handler: type[Handler], family: socket.AddressFamily = socket.AF_INET
    ) -> None:
        """Take the port."""
        self.address_family = family
        self._asking: dict[socket.socket, float] = {}
        self._open = 0
        self._lock = threading.Lock()
        super().__init__((host, port), handler)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.socket.getsockname()[1])

    def server_bind(self) -> None:
        """Bind, and ask no name server for the name of this machine."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.port

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002  the base's arguments
        """Take so many at once."""
        return self._open < _MOST

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread."""
        with self._lock:
            self._open += 1
            self._asking[request] = time.monotonic()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, in this thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open -= 1
                self._asking.pop(request, None)

    def has_asked(self, request: socket.socket) -> None:
        """A client has come to the point."""
        with self._lock:
            self._asking.pop(request, None)

    def service_actions(self) -> None:
        """Turn away those who take too long to ask."""
        self._turn_away(before=time.monotonic() - _PATIENCE)

    def server_close(self) -> None:
        """Stop: whoever is being answered is answered first, and whoever has asked nothing is turned away."""
        self._turn_away(before=time.monotonic())
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  the base's arguments
        """Say what went wrong, and none of the values that were around."""
        error = sys.exception()
        if isinstance(error, LightspeedError):
            _LOG.error("%s", error)
        elif not isinstance(error, ConnectionError | TimeoutError):
            _LOG.error("A request could not be answered: %s.", type(error).__name__)

    def _turn_away(self, *, before: float) -> None:
        with self._lock:
            late = [request for request, since in self._asking.items() if since <= before]
        for request in late:
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                _LOG.debug("A client that asked nothing has left.")
