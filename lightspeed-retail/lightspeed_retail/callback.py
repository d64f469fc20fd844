"""The end of a redirect to this machine: catches what Lightspeed sends the browser back with, and shows how it went."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from lightspeed_retail import pages
from lightspeed_retail.connecting import Connection
from lightspeed_retail.consent import DeniedError
from lightspeed_retail.errors import LightspeedError, SettingsError
from lightspeed_retail.pages import Page
from lightspeed_retail.web import Handler, Server

Finish = Callable[[Mapping[str, str]], Connection]

_ADDRESSES = {
    "127.0.0.1": ((socket.AF_INET, "127.0.0.1"),),
    "::1": ((socket.AF_INET6, "::1"),),
    "localhost": ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")),
}
_HTTP = 80
_POLL = 0.05
_MOST_FIELDS = 20
_ABSENT = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_REMEDY = "Go back to the terminal: it says what to do next."


@dataclass(frozen=True)
class Redirect:
    """A redirect address on this machine.

    Args:
        host: One of the names of this machine.
        port: The port.
        path: The path.
    """

    host: str
    port: int
    path: str

    @classmethod
    def of(cls, redirect_uri: str) -> Redirect | None:
        """The parts of an address; None if it is not one that a program on this machine can answer."""
        try:
            parts = urlsplit(redirect_uri)
            port = _HTTP if parts.port is None else parts.port
        except ValueError:
            return None
        if parts.scheme != "http" or parts.hostname not in _ADDRESSES or not port:
            return None
        return cls(parts.hostname, port, parts.path or "/")

    def is_named(self, host: str) -> bool:
        """Whether a Host header names it: a foreign name that leads here is somebody's trick (DNS rebinding)."""
        names = {f"[{name}]" if ":" in name else name for name in _ADDRESSES}
        named = {f"{name}:{self.port}" for name in names} | (names if self.port == _HTTP else set())
        return host.lower() in named


def is_local(redirect_uri: str) -> bool:
    """Whether `listening` can catch the redirect: plain http, to this machine."""
    return Redirect.of(redirect_uri) is not None


@contextlib.contextmanager
def listening(redirect_uri: str, finish: Finish) -> Iterator[None]:
    """Answer a redirect as long as the block runs.

    Args:
        redirect_uri: The registered address.
        finish: Gets what the browser brings, and connects the account; what it raises is shown.

    Raises:
        SettingsError: The address is not on this machine, or another program has its port.
    """
    redirect = Redirect.of(redirect_uri)
    if redirect is None:
        raise SettingsError(
            "The redirect address is not http on this machine: paste the address that the browser ends at instead."
        )
    desk = _Desk(redirect, finish)
    with contextlib.ExitStack() as open_servers:
        for server in _servers(desk, open_servers):
            thread = threading.Thread(target=server.serve_forever, args=(_POLL,), daemon=True)
            thread.start()
            open_servers.callback(server.shutdown)
        yield


class _Desk:
    """Takes answers one at a time; the first one that connects an account stays."""

    def __init__(self, redirect: Redirect, finish: Finish) -> None:
        self.redirect = redirect
        self._finish = finish
        self._turn = threading.Lock()
        self._connected: Page | None = None

    def answer(self, query: str) -> Page:
        """What to show to somebody who comes with a query."""
        try:
            answer = dict(parse_qsl(query, max_num_fields=_MOST_FIELDS))
        except ValueError:
            return pages.refused(HTTPStatus.BAD_REQUEST)
        with self._turn:
            if self._connected is not None:
                return self._connected
            # A code without a state may be anybody's: another page can send the browser here too.
            if "error" not in answer and not {"code", "state"} <= answer.keys():
                return pages.waiting()
            return self._take(answer)

    def _take(self, answer: Mapping[str, str]) -> Page:
        try:
            found = self._finish(answer)
        except DeniedError:
            return pages.denied(_REMEDY)
        except LightspeedError as error:
            return pages.failed(str(error), _REMEDY)
        self._connected = pages.connected(found.account_name, found.account_id)
        return self._connected


class _Callback(Handler):
    """Answers the redirect's path, and no other."""

    server: _CallbackServer

    def answer(self) -> None:
        """Take what Lightspeed has sent."""
        desk = self.server.desk
        if not desk.redirect.is_named(self.headers.get("Host", "")):
            self.show(pages.refused(HTTPStatus.MISDIRECTED_REQUEST))
        elif self.asked_path == desk.redirect.path:
            self.show(desk.answer(self.asked_query))
        elif self.asked_path == "/favicon.ico":
            self.say(HTTPStatus.NO_CONTENT)
        else:
            self.show(pages.refused(HTTPStatus.NOT_FOUND))


class _CallbackServer(Server):
    """Listens on one address of this machine."""

    def __init__(self, family: socket.AddressFamily, address: str, desk: _Desk) -> None:
        self.desk = desk
        super().__init__(address, desk.redirect.port, _Callback, family)


def _servers(desk: _Desk, opened: contextlib.ExitStack) -> list[_CallbackServer]:
    """One for each address of the host; where this machine has no IPv6, that one may be missing."""
    found: list[_CallbackServer] = []
    for family, address in _ADDRESSES[desk.redirect.host]:
        try:
            server = _CallbackServer(family, address, desk)
        except OSError as error:
            if found and error.errno in _ABSENT:
                continue
            raise _taken(desk.redirect, error) from error
        opened.callback(server.server_close)
        found.append(server)
    return found


def _taken(redirect: Redirect, error: OSError) -> SettingsError:
    place = f"Port {redirect.port} of {redirect.host}"
    if error.errno == errno.EADDRINUSE:
        return SettingsError(
            f"{place} is taken by another program: end that one, or paste the address that the browser ends at instead."
        )
    why = error.strerror or "no reason given"
    return SettingsError(f"{place} cannot be used ({why}): paste the address that the browser ends at instead.")
