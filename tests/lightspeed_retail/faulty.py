"""A host that breaks off where a test wants it: before it reads, before it answers, in the middle of its answer."""

from __future__ import annotations

import enum
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO


class Break(enum.Enum):
    """What a host does instead of answering a request that it has read."""

    CLOSE = "closes the connection"
    RESET = "resets the connection"
    SILENCE = "says nothing any more"


@dataclass(frozen=True)
class Reply:
    """An answer; `cut` ends it in its middle, `closing` ends the connection afterwards without having said so."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    closing: bool = False

    def content(self) -> bytes:
        """Status line, headers and body."""
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"Content-Length": str(len(body)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        whole = f"HTTP/1.1 {self.status} X\r\n{head}\r\n".encode() + body
        return whole[: -len(body) // 2] if self.cut else whole


@dataclass(frozen=True)
class Heard:
    """A request, and the number of the connection on which it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Faulty:
    """A running host.

    Args:
        port: Where it listens.
        heard: Every request that it has read in full.
        connections: How many it has taken.
    """

    port: int
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def faulty(*script: Reply | Break) -> Iterator[Faulty]:
    """Serve a script, one step for each request; the last one again and again."""
    steps = list(script)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = Faulty(listener.getsockname()[1])

        def serve(taken: socket.socket, number: int) -> None:
            with taken, taken.makefile("rb") as stream:
                while (heard := _request(stream, number)) is not None:
                    host.heard.append(heard)
                    step = steps.pop(0) if len(steps) > 1 else steps[0]
                    if not _follow(step, taken, done):
                        return

        def accept() -> None:
            while True:
                try:
                    taken, _ = listener.accept()
                except OSError:
                    return
                host.connections += 1
                threading.Thread(target=serve, args=(taken, host.connections), daemon=True).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield host
        finally:
            done.set()
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _request(stream: BinaryIO, connection: int) -> Heard | None:
    try:
        method, path, _ = stream.readline().decode().split(" ")
    except (ValueError, OSError):
        return None
    headers: dict[str, str] = {}
    while line := stream.readline().decode().strip():
        name, _, value = line.partition(": ")
        headers[name] = value
    return Heard(method, path, headers, stream.read(int(headers.get("Content-Length", "0"))), connection)


def _follow(step: Reply | Break, taken: socket.socket, done: threading.Event) -> bool:
    """Do what the script says; whether the connection stays open."""
    if isinstance(step, Reply):
        taken.sendall(step.content())
        return not (step.cut or step.closing)
    if step is Break.SILENCE:
        done.wait(30)
    if step is Break.RESET:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False
