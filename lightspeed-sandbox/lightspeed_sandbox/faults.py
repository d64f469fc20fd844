"""Answers that go wrong on purpose, to test clients."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

TRUNCATE, GARBAGE = "truncate", "garbage"

_GATEWAY_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and with every how many-th request."""

    kind: str
    every: int

    @classmethod
    def parse(cls, text: str) -> Fault:
        """A fault as it is written: `503:7`, `truncate:20`, `garbage:30`.

        Raises:
            ValueError: It is written otherwise.
        """
        kind, _, every = text.partition(":")
        known = kind in (TRUNCATE, GARBAGE) or (kind.isdecimal() and int(kind) in set(HTTPStatus))
        if not known or not every.isdecimal() or int(every) < 1:
            message = f"A fault is written like 503:7, truncate:20 or garbage:30, not {text!r}."
            raise ValueError(message)
        return cls(kind, int(every))

    @property
    def status(self) -> int | None:
        """The status with which a gateway answers instead of the API; None where the API itself answers."""
        return int(self.kind) if self.kind.isdecimal() else None

    def spoil(self, content: bytes) -> bytes:
        """What arrives in place of the body."""
        if self.kind == TRUNCATE:
            return content[: len(content) // 2]
        title = "It works!" if self.status is None else f"{self.status} {HTTPStatus(self.status).phrase}"
        return _GATEWAY_PAGE.format(title).encode()


class Faults:
    """Counts requests and says which of them go wrong."""

    def __init__(self, texts: list[str]) -> None:
        """Take the faults as they are written."""
        self._faults = [Fault.parse(text) for text in texts]
        self._seen = 0

    def next(self) -> Fault | None:
        """The fault of the next request, if it has one."""
        self._seen += 1
        return next((fault for fault in self._faults if self._seen % fault.every == 0), None)
