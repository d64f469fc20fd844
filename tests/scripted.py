"""A host that answers exactly what a test says: for answers that no well-behaved server gives."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Headers = dict[str, str]


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What the host answers; `cut` drops the connection in the middle of the body."""

    status: int = 200
    body: Any = None
    headers: Headers = field(default_factory=dict)
    cut: bool = False

    def content(self) -> bytes:
        """The body as bytes: JSON unless it is bytes already."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Host:
    """A running scripted host.

    Args:
        url: Its address.
        asked: Every request so far.
    """

    url: str
    asked: list[Asked]


@contextmanager
def scripted(reply: Callable[[Asked], Answer] | list[Answer]) -> Iterator[Host]:
    """Serve a function of the request, or answers in order (the last one again and again)."""
    host = Host("", [])
    queue = list(reply) if isinstance(reply, list) else []

    def answer(asked: Asked) -> Answer:
        if callable(reply):
            return reply(asked)
        return queue.pop(0) if len(queue) > 1 else queue[0]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, dict(self.headers), body)
            host.asked.append(asked)
            found = answer(asked)
            content = found.content()
            self.send_response_only(found.status)
            for name, value in {"Content-Type": "text/html", **found.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if found.cut else content)
            self.close_connection = self.close_connection or found.cut

        do_GET = do_POST = _serve  # noqa: N815  names of the standard library

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the standard library's name
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
