"""The burst limiter's one-second windows, wherever they begin.

Source: page "Rate limits" (section 2.2 of the API reference).
"""

from __future__ import annotations

from collections import deque

FIRST_BURST = 20
"""Requests in one second until the API has named its limit."""

WINDOW = 1.0
"""Seconds in a window of the burst limiter."""


class Windows:
    """Requests that may count in the running window of the server.

    A request is counted at some moment between its leave and its answer. One that was answered a second ago is in no
    window with one that leaves now; any other may be.
    """

    def __init__(self) -> None:
        """Begin with the usual limit and no requests."""
        self.burst = FIRST_BURST
        self.running = 0
        self._ends: deque[float] = deque()

    def leave(self) -> None:
        """A request goes."""
        self.running += 1

    def settle(self, now: float) -> None:
        """A request has ended."""
        self.running -= 1
        self._ends.append(now)

    def wait(self, now: float, allowed: int) -> float | None:
        """Seconds until another request is safe; None if only an answer to one that runs can tell.

        Args:
            now: The time.
            allowed: How many requests there may be in one window.
        """
        ends = self._ends
        while ends and ends[0] <= now - WINDOW:
            ends.popleft()
        excess = self.running + len(ends) - allowed
        if excess < 0:
            return 0.0
        return ends[excess] + WINDOW - now if excess < len(ends) else None
