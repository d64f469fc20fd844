"""Answers that go wrong on purpose, to test clients.

What matters to a client that writes is whether a request took effect that it has no good answer to: each fault has a
form that keeps the request from being carried out, and one that spoils the answer to a request that has been.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from random import Random

TRUNCATE, GARBAGE = "truncate", "garbage"
DROP_BEFORE, DROP_AFTER = "drop-before", "drop-after"
SLOW, LATE = "slow", "late"
TOO_MANY = "429"

_AFTER = "-after"
_NAMED = (TRUNCATE, GARBAGE, DROP_BEFORE, DROP_AFTER)
_FORM = re.compile(r"(?P<kind>[a-z0-9.-]+):(?P<when>[0-9.]+)(?::(?P<methods>[A-Z,]+))?")
_WAITING = re.compile(rf"({SLOW}|{LATE})-(\d+(?:\.\d+)?)")
_METHODS = {"GET", "POST", "PUT", "DELETE"}
_GATEWAY_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
HOW_TO_WRITE = "503:7, 504-after:20:POST, drop-after:0.05:POST,PUT, slow-2.5:10"


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and with which requests.

    Args:
        kind: What goes wrong.
        every: Every how many-th request of these methods; 0 where chance decides.
        rate: The share of requests, where chance decides.
        methods: Methods of the requests; none: all.
    """

    kind: str
    every: int = 0
    rate: float = 0.0
    methods: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Fault:
        """A fault as it is written: `503:7`, `drop-after:0.05:POST,PUT`.

        Raises:
            ValueError: It is written otherwise.
        """
        found = _FORM.fullmatch(text)
        methods = frozenset((found["methods"] or "").split(",")) - {""} if found else frozenset()
        if found is None or not _is_known(found["kind"]) or not methods <= _METHODS:
            raise ValueError(f"A fault is written like {HOW_TO_WRITE}, not {text!r}.")
        every, rate = _when(found["when"], text)
        return cls(found["kind"], every, rate, methods)

    @property
    def status(self) -> int | None:
        """The status with which something answers instead of the API; None where the API itself answers."""
        number = self.kind.removesuffix(_AFTER)
        return int(number) if number.isdecimal() else None

    @property
    def takes_effect(self) -> bool:
        """Whether the request is carried out all the same."""
        return self.kind != DROP_BEFORE and (self.status is None or self.kind.endswith(_AFTER))

    @property
    def refuses(self) -> bool:
        """Whether the API itself refuses the request as one too many."""
        return self.kind == TOO_MANY

    @property
    def drops(self) -> bool:
        """Whether the connection ends without an answer."""
        return self.kind in (DROP_BEFORE, DROP_AFTER)

    @property
    def waits_before(self) -> float:
        """Seconds that pass before the request is carried out."""
        return self._seconds(LATE)

    @property
    def waits_after(self) -> float:
        """Seconds that pass before the answer goes out."""
        return self._seconds(SLOW)

    def _seconds(self, name: str) -> float:
        found = _WAITING.fullmatch(self.kind)
        return float(found[2]) if found and found[1] == name else 0.0

    def spoil(self, content: bytes) -> bytes:
        """What arrives in place of the body."""
        if self.kind == TRUNCATE:
            return content[: len(content) // 2]
        if self.refuses or (self.status is None and self.kind != GARBAGE):
            return content
        title = "It works!" if self.status is None else f"{self.status} {HTTPStatus(self.status).phrase}"
        return _GATEWAY_PAGE.format(title).encode()


def _is_known(kind: str) -> bool:
    number = kind.removesuffix(_AFTER)
    return kind in _NAMED or bool(_WAITING.fullmatch(kind)) or (number.isdecimal() and int(number) in set(HTTPStatus))


def _when(text: str, whole: str) -> tuple[int, float]:
    """A whole number is every how many-th request, a fraction below 1 is a share of them."""
    if text.isdecimal() and int(text) > 0:
        return int(text), 0.0
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 1:
        raise ValueError(f"A fault is written like {HOW_TO_WRITE}, not {whole!r}.")
    return 0, rate


class Faults:
    """Counts requests and says which of them go wrong.

    Args:
        texts: The faults as they are written.
        seed: Seed of the chance that decides.
    """

    def __init__(self, texts: list[str], seed: int = 1) -> None:
        """Take the faults as they are written."""
        self._faults = [Fault.parse(text) for text in texts]
        self._seen = [0] * len(self._faults)
        self._chance = Random(f"{seed}:faults")  # noqa: S311  nothing to be kept secret

    def next(self, method: str = "GET") -> Fault | None:
        """The fault of the next request, if it has one; of several the first."""
        hits = [self._hits(place, fault, method) for place, fault in enumerate(self._faults)]
        return next((fault for fault, hit in zip(self._faults, hits, strict=True) if hit), None)

    def _hits(self, place: int, fault: Fault, method: str) -> bool:
        if fault.methods and method not in fault.methods:
            return False
        self._seen[place] += 1
        if fault.every:
            return self._seen[place] % fault.every == 0
        return self._chance.random() < fault.rate
