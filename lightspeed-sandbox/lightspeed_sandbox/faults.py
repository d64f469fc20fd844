"""Which requests go wrong on purpose, to test clients: rules by number, chance, method and path."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random

from lightspeed_sandbox.kinds import Kind

OAUTH = "/oauth"
"""Paths of the authorisation server begin with it, and none of the API."""

HOW_TO_WRITE = "503:7, 504-after:20:POST, drop-after:0.05:POST,PUT, slow-2.5:#3-5:/Sale/*, 500:#1:POST:/oauth/token"

_METHODS = {"GET", "POST", "PUT", "DELETE"}
_SUFFIX = ".json"
_FORM = re.compile(r"(?P<kind>[a-z0-9.-]+):(?P<when>[^:]+)(?::(?P<methods>[A-Z,]+))?(?::(?P<path>/[^\s:]*))?")
_EVERY = re.compile(r"(?P<every>[1-9]\d*)", re.ASCII)
_RATE = re.compile(r"(?P<rate>0?\.\d*[1-9]\d*)", re.ASCII)
_NUMBERED = re.compile(r"#(?P<first>[1-9]\d*)(?:(?P<on>\+)|-(?P<last>[1-9]\d*))?", re.ASCII)
_LOCAL = re.compile(r"^/API(?:/V3)?(?:/Account/[^/]+(?=/))?")


@dataclass(frozen=True)
class When:
    """Which of the requests that a rule is about go wrong; of the four ways one is set.

    Args:
        every: Every how many-th.
        rate: A share of them, by chance.
        first: All from this number on ...
        last: ... up to this one; None: without end.
    """

    every: int = 0
    rate: float = 0.0
    first: int = 0
    last: int | None = None

    @classmethod
    def parse(cls, text: str) -> When | None:
        """It as it is written: `7`, `0.05`, `#3`, `#3-5`, `#3+`; None if it is written otherwise."""
        if _EVERY.fullmatch(text):
            return cls(every=int(text))
        if _RATE.fullmatch(text):
            return cls(rate=float(text))
        found = _NUMBERED.fullmatch(text)
        if found is None:
            return None
        first = int(found["first"])
        last = None if found["on"] else int(found["last"] or first)
        return None if last is not None and last < first else cls(first=first, last=last)

    def meets(self, number: int, chance: Random) -> bool:
        """Whether it is the turn of the request with this number."""
        if self.rate:
            return chance.random() < self.rate
        if self.every:
            return number % self.every == 0
        return number >= self.first and (self.last is None or number <= self.last)


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and with which requests.

    Args:
        kind: What goes wrong.
        when: Which of these requests go wrong.
        methods: Methods of the requests; none: all.
        path: Which paths they go to, as a pattern; "": all of the API.
    """

    kind: Kind
    when: When
    methods: frozenset[str] = frozenset()
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Fault:
        """A fault as it is written: `503:7`, `drop-after:0.05:POST,PUT`, `429:#3-5:/Item*`.

        Raises:
            ValueError: It is written otherwise.
        """
        found = _FORM.fullmatch(text)
        if found is not None:
            kind, when = Kind.parse(found["kind"]), When.parse(found["when"])
            methods = frozenset((found["methods"] or "").split(",")) - {""}
            path = (found["path"] or "").removesuffix(_SUFFIX)
            misplaced = kind is not None and kind.api_only and path.startswith(OAUTH)
            if kind is not None and when is not None and methods <= _METHODS and not misplaced:
                return cls(kind, when, methods or kind.methods, path)
        raise ValueError(f"A fault is written like {HOW_TO_WRITE}, not {text!r}.")

    def concerns(self, method: str, path: str) -> bool:
        """Whether it is about requests like this one."""
        if self.methods and method not in self.methods:
            return False
        if path.startswith(OAUTH) != self.path.startswith(OAUTH):
            return False
        return not self.path or fnmatchcase(path, self.path)


class Faults:
    """Counts requests and says which of them go wrong.

    Args:
        texts: The faults as they are written.
        seed: Seed of the chance that decides.
    """

    def __init__(self, texts: Iterable[str], seed: int = 1) -> None:
        """Take the faults as they are written."""
        self.texts = tuple(texts)
        self.seed = seed
        self.chance = Random(f"{seed}:deeds")
        self._faults = [Fault.parse(text) for text in self.texts]
        self._seen = [0] * len(self._faults)
        self._chance = Random(f"{seed}:faults")
        self._injected: Counter[str] = Counter()

    @property
    def injected(self) -> dict[str, int]:
        """How many faults of each kind there have been."""
        return dict(self._injected)

    def next(self, method: str = "GET", path: str = "/") -> Fault | None:
        """The fault of the next request, if it has one; of several the first.

        Args:
            method: Method of the request.
            path: Its path, wherever the account is: `/API/V3/Account/1/Sale/7.json`, `/Sale/7`, `/oauth/token`.
        """
        if not self._faults:
            return None
        local = _LOCAL.sub("", path, count=1).removesuffix(_SUFFIX)
        hits = [self._hits(place, fault, method, local) for place, fault in enumerate(self._faults)]
        return next((fault for fault, hit in zip(self._faults, hits, strict=True) if hit), None)

    def count(self, kind: Kind) -> None:
        """Enter that a request went wrong like this."""
        self._injected[kind.text] += 1

    def _hits(self, place: int, fault: Fault, method: str, path: str) -> bool:
        if not fault.concerns(method, path):
            return False
        self._seen[place] += 1
        return fault.when.meets(self._seen[place], self._chance)
