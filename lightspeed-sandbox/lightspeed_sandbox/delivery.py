"""Answers that do not reach the client in one piece: connections that end, bytes that dribble, silence."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lightspeed_sandbox.connections import Connections, Peer
from lightspeed_sandbox.kinds import DRIP, DROP_AFTER, DROP_BEFORE, DROP_MIDWAY, SILENCE, SLOW, Kind

_DISTURBED = {SLOW, DRIP, SILENCE, DROP_BEFORE, DROP_MIDWAY, DROP_AFTER}
_ENDING = 5.0
_STEP = 0.05


def delivered(response: Response, kind: Kind, connections: Connections) -> ASGIApp:
    """An answer on the way that is left to it."""
    return Delivery(response, kind, connections) if kind.name in _DISTURBED else response


@dataclass(frozen=True)
class Delivery:
    """An answer that something happens to on its way.

    Args:
        response: The answer.
        kind: What happens to it.
        connections: The connections that can be cut.
    """

    response: Response
    kind: Kind
    connections: Connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what gets through; whoever has gone meanwhile is not waited for."""
        peer = scope.get("client")
        with self.connections.held(peer):
            if self.kind.name == DRIP:
                await self._drip(receive, send)
            elif self.kind.name == SLOW:
                if not await _has_gone(receive, self.kind.seconds):
                    await self.response(scope, receive, send)
            else:
                await self._break_off(peer, receive, send)

    async def _break_off(self, peer: Peer | None, receive: Receive, send: Send) -> None:
        if self.kind.name == SILENCE:
            await _has_gone(receive, self.kind.seconds)
        elif self.kind.name == DROP_MIDWAY:
            await self._begin(send)
            await _send(send, _half(self.response), more=True)
        self.connections.cut(peer, flushed=self.kind.name == DROP_MIDWAY)
        # The server takes an answer that is missing for a mistake, unless the connection has ended by then.
        await _has_gone(receive, _ENDING)

    async def _drip(self, receive: Receive, send: Send) -> None:
        content = bytes(self.response.body)
        pieces = max(1, min(len(content), round(self.kind.seconds / _STEP)))
        size = max(1, math.ceil(len(content) / pieces))
        await self._begin(send)
        for place in range(0, max(1, len(content)), size):
            if await _has_gone(receive, self.kind.seconds / pieces):
                return
            await _send(send, content[place : place + size], more=place + size < len(content))

    async def _begin(self, send: Send) -> None:
        head = {"status": self.response.status_code, "headers": self.response.raw_headers}
        await send({"type": "http.response.start", **head})


async def _send(send: Send, content: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": content, "more_body": more})


async def _has_gone(receive: Receive, seconds: float) -> bool:
    """Wait for the client to go, but no longer than this."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
    return False


def _half(response: Response) -> bytes:
    return bytes(response.body[: len(response.body) // 2])
