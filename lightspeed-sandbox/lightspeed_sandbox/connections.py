"""Connections that can be cut without an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

Peer = tuple[str, int]


class Connections:
    """The open connections, by the address at the other end."""

    def __init__(self) -> None:
        """There are none yet."""
        self._open: dict[Peer, asyncio.Transport] = {}
        self._held: dict[Peer, asyncio.AbstractEventLoop] = {}
        self._ending = False

    def cut(self, peer: Peer | None, *, flushed: bool = False) -> None:
        """End a connection at once; what was sent on it may be lost unless it is flushed."""
        transport = self._open.pop(peer, None) if peer is not None else None
        if transport is not None:
            (transport.close if flushed else transport.abort)()

    @contextmanager
    def held(self, peer: Peer | None) -> Iterator[None]:
        """Somebody is made to wait for an answer meanwhile."""
        if peer is None:
            yield
            return
        self._held[peer] = asyncio.get_running_loop()
        try:
            if self._ending:
                self.cut(peer)
            yield
        finally:
            self._held.pop(peer, None)

    def let_go(self) -> None:
        """Let nobody wait any more: cut the connections on which somebody is made to; for any thread."""
        self._ending = True
        for peer, loop in list(self._held.items()):
            loop.call_soon_threadsafe(self.cut, peer)

    def protocol(self) -> type[asyncio.Protocol]:
        """The server's protocol for HTTP, which enters its connections here."""
        opened = self._open
        self._ending = False

        class Entering(AutoHTTPProtocol):  # type: ignore[misc,valid-type]  # chosen when uvicorn is imported
            """Enters a connection, and forgets it when it ends."""

            def connection_made(self, transport: Any) -> None:
                """Enter it."""
                super().connection_made(transport)
                self.peer = _peer(transport)
                if self.peer is not None:
                    opened[self.peer] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                """Forget it."""
                super().connection_lost(exc)
                if self.peer is not None:
                    opened.pop(self.peer, None)

        return Entering


def _peer(transport: asyncio.Transport) -> Peer | None:
    name = transport.get_extra_info("peername")
    return (str(name[0]), int(name[1])) if name else None
