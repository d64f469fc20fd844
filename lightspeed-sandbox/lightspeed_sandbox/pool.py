"""Stores that share a few open files: the ones used last keep theirs, the others open it again when they need it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Protocol


class Restful(Protocol):
    """What can let go of its file for a while."""

    def rest(self) -> bool:
        """Let go of it; False if that cannot be now."""


class Pool:
    """Bounds how many stores hold their file open.

    Args:
        most: How many; more only while none of them can rest.
    """

    def __init__(self, most: int) -> None:
        """None is open yet."""
        self._most = most
        self._open: OrderedDict[Restful, None] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def use(self, store: Restful) -> None:
        """Enter that a store is used now, and let the one rest that was not used for longest."""
        with self._lock:
            self._open[store] = None
            self._open.move_to_end(store)
            if len(self._open) > self._most:
                self._send_to_rest(store)

    def forget(self, store: Restful) -> None:
        """A store has let go of its file by itself."""
        with self._lock:
            self._open.pop(store, None)

    def _send_to_rest(self, present: Restful) -> None:
        for store in list(self._open):
            if store is not present and store.rest():
                del self._open[store]
            if len(self._open) <= self._most:
                return
