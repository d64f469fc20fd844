"""Connections that can be cut without an answer."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

Peer = tuple[str, int]


class Connections:
    """The open connections, by the address at the other end."""

    def __init__(self) -> None:
        """There are none yet."""
        self._open: dict[Peer, asyncio.Transport] = {}

    def cut(self, peer: Peer | None) -> None:
        """End a connection at once; the other end sees it reset."""
        transport = self._open.pop(peer, None) if peer is not None else None
        if transport is not None:
            transport.abort()

    def protocol(self) -> type[asyncio.Protocol]:
        """The server's protocol for HTTP, which enters its connections here."""
        opened = self._open

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
