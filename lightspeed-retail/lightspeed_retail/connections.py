"""How many requests are on their way at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType


class Connections:
    """Lets in only so many at a time; the number may change meanwhile.

    Args:
        most: How many there may be now.
    """

    def __init__(self, most: Callable[[], int]) -> None:
        """Begin with none."""
        self._most = most
        self._open = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        """Wait for a free one."""
        with self._changed:
            self._changed.wait_for(lambda: self._open < max(1, self._most()))
            self._open += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the next in, or several where there may be more by now."""
        with self._changed:
            self._open -= 1
            self._changed.notify_all()
