"""A host that means harm, with bytes as a test says, without end if need be; a client whose clock is its own."""

from __future__ import annotations

import contextlib
import itertools
import json
import resource
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from lightspeed_retail import errors
from lightspeed_retail.client import Client
from lightspeed_retail.oauth import FixedToken
from lightspeed_retail.pacing import Pacer
from lightspeed_retail.query import Query
from lightspeed_retail.resources.items import Item
from tests.scripted import Answer

SECRET = "sentinel-token"
DATE = "Sat, 06 Jan 2024 10:00:00 GMT"
PATH = "/API/V3/Account/7/Item.json"
MEGABYTE = 1024 * 1024

Script = Callable[[str], Iterable[bytes]]
"""What is sent for a path, piece by piece."""


@dataclass
class Wire:
    """A running host.

    Args:
        url: Its address.
        asked: The paths that were asked for.
        sent: Bytes that have been sent.
    """

    url: str
    asked: list[str] = field(default_factory=list)
    sent: int = 0


@contextmanager
def wired(script: Script) -> Iterator[Wire]:
    """Serve bytes as they are, for one request a connection; whoever hangs up is let go."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def serve(taken: socket.socket) -> None:
            with taken, taken.makefile("rb") as stream, contextlib.suppress(OSError, ValueError):
                path = stream.readline().decode().split(" ")[1]
                while stream.readline().strip():
                    pass
                host.asked.append(path)
                for piece in script(path):
                    if done.is_set():
                        return
                    taken.sendall(piece)
                    host.sent += len(piece)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield host
        finally:
            done.set()
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()


def head(length: int | None = None, status: int = 200, **headers: str) -> bytes:
    """A status line and headers; without a length the body goes on until the connection ends."""
    named = {"Date": DATE, "Connection": "close", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if length is not None:
        named["Content-Length"] = str(length)
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode()


def whole(body: bytes, status: int = 200, **headers: str) -> list[bytes]:
    """An answer in one piece."""
    return [head(len(body), status, **headers) + body]


def listed(*ids: Any, following: Any = "", **more: Any) -> dict[str, Any]:
    """A page of items."""
    rows = [{"itemID": str(number), **more} for number in ids]
    return {"@attributes": {"next": following, "previous": ""}, "Item": rows}


def page(*ids: Any, following: Any = "", headers: dict[str, str] | None = None, **more: Any) -> Answer:
    """The answer with a page of items."""
    return Answer(body=listed(*ids, following=following, **more), headers={"Date": DATE, **(headers or {})})


def body(*ids: Any, following: Any = "", **more: Any) -> bytes:
    """A page of items as bytes."""
    return json.dumps(listed(*ids, following=following, **more)).encode()


class Naps:
    """A clock that only moves when somebody sleeps, so that no test waits."""

    def __init__(self) -> None:
        """Begin at nought."""
        self.now = 0.0
        self.taken: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.now += seconds
        self.taken.append(seconds)


def client_of(url: str, naps: Naps | None = None) -> Client:
    """A client of account 7 that never sleeps for real."""
    naps = naps or Naps()
    pacer = Pacer(clock=lambda: naps.now, sleep=naps.sleep)
    client = Client(FixedToken(SECRET), api_url=url, pacer=pacer, retry_wait=0.0005)
    client.account_id = 7
    return client


def ids_of(client: Client, most: int | None = None) -> list[str]:
    """The keys of the items, of so many pages at the most."""
    pages = itertools.islice(client.pages(Query(Item)), most)
    return [row["itemID"] for each in pages for row in each.rows]


def peak() -> int:
    """Bytes that this process has taken at the most so far."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def refused(client: Client) -> errors.LightspeedError:
    """The one clear error of a walk."""
    with pytest.raises(errors.LightspeedError) as caught:
        ids_of(client)
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 1000
    assert SECRET not in text
    return caught.value


def read_or_refused(client: Client) -> list[str] | None:
    """The keys that a walk brings, or None where it ends with an error of ours; any other error is a failure."""
    try:
        return ids_of(client)
    except errors.LightspeedError:
        return None


def endless(first: bytes, piece: bytes) -> Iterator[bytes]:
    """A beginning, and a piece again and again."""
    yield first
    yield from itertools.repeat(piece)


TRIES = 3
"""How often a host is asked that has never been of use."""

DEEP = 100_000
"""Levels of nesting that no reader follows."""
