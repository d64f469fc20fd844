"""A relay on the wire between a process and a sandbox: it changes nothing and writes down every request line."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lightspeed_sandbox.serve import Sandbox

TOKEN_PATH = "/auth/oauth/token"

# A client of a proxy names host and port in the first line; the sandbox wants the path alone.
_FIRST_LINE = re.compile(rb"^([A-Z]+) (?:http://([^/ ]+))?(\S*) HTTP/1\.[01]\r$", re.MULTILINE)


@dataclass(frozen=True)
class Sent:
    """One request as it went over the wire.

    Args:
        method: Its method, whatever that is.
        host: Host and port that it was meant for, "" if the relay itself.
        path: Path without the query; for `CONNECT` the host.
    """

    method: str
    host: str
    path: str


@dataclass
class Relay:
    """A running relay.

    Args:
        url: Its address; it can be used as the server's, or as a proxy.
        sent: Every request so far.
    """

    url: str
    sent: list[Sent] = field(default_factory=list)

    def token_requests(self) -> int:
        """How often tokens were asked for."""
        return len([sent for sent in self.sent if sent.path == TOKEN_PATH])

    def note(self, data: bytes) -> bytes:
        """Write down the request lines in some bytes, and give the bytes as the sandbox wants them."""
        for method, host, target in _FIRST_LINE.findall(data):
            path = target.decode() if method == b"CONNECT" else urlsplit(target.decode()).path
            self.sent.append(Sent(method.decode(), host.decode(), path))
        return _FIRST_LINE.sub(rb"\1 \3 HTTP/1.1\r", data)


@contextmanager
def relaying(sandbox: Sandbox) -> Iterator[Relay]:
    """Run a relay to a sandbox, to whatever host its clients want to go."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        relay = Relay(f"http://127.0.0.1:{listening.getsockname()[1]}")
        threading.Thread(target=_accept, args=(listening, relay, sandbox.url), daemon=True).start()
        yield relay


def _accept(listening: socket.socket, relay: Relay, url: str) -> None:
    server = urlsplit(url)
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            host = socket.create_connection((server.hostname or "", server.port or 0))
            threading.Thread(target=_pass, args=(client, host, relay), daemon=True).start()
            threading.Thread(target=_pass, args=(host, client, None), daemon=True).start()


def _pass(source: socket.socket, sink: socket.socket, relay: Relay | None) -> None:
    """Pass bytes on until one side has had enough; whoever ends first closes the other's door."""
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(relay.note(data) if relay else data)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
