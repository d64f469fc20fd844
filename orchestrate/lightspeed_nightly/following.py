"""The log of a run while it grows: Meltano's lines of JSON, handed on with the account that they are about."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

_log = logging.getLogger("lightspeed_nightly")
_EVERY = 0.5
_LEVELS = {"debug": logging.DEBUG, "warning": logging.WARNING, "error": logging.ERROR, "critical": logging.CRITICAL}
_OWN = {"event", "level", "timestamp", "_logger", "_name", "stdio", "thread_name", "app_name", "pid", "name", "run_id"}
"""What the lines say of the process that wrote them; further fields are figures."""


@dataclass(frozen=True)
class Line:
    """A line of the log.

    Args:
        text: What it says.
        level: How much it matters, as `logging` counts.
        plugin: Which plugin says it; empty if it is Meltano.
        fields: Figures that come with it.
    """

    text: str
    level: int = logging.INFO
    plugin: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Self:
        """A line as it stands in the file; one that is no JSON is text."""
        try:
            said = json.loads(text)
            level = _LEVELS.get(str(said.get("level")), logging.INFO)
        except (ValueError, AttributeError):
            return cls(text.strip())
        more = {name: value for name, value in said.items() if name not in _OWN}
        plugin = str(said.get("name", "")) if said.get("stdio") else ""
        return cls(str(said.get("event", "")).strip(), level, plugin, more)

    @property
    def is_error(self) -> bool:
        """Whether it tells of a failure."""
        return self.level >= logging.ERROR

    def log(self, **whose: Any) -> None:
        """Hand it on, with whose it is."""
        who = " ".join(f"{name}={value}" for name, value in whose.items())
        _log.log(
            self.level,
            "%s %s%s",
            who,
            f"{self.plugin}: " if self.plugin else "",
            self.text,
            extra={**self.fields, **whose},
        )


@contextmanager
def following(path: Path, tell: Callable[[Line], None]) -> Iterator[None]:
    """A context in which the lines that come to a file are told; at its end, all have been."""
    ended = threading.Event()
    follower = threading.Thread(target=_follow, args=(path, tell, ended), name="follower", daemon=True)
    follower.start()
    try:
        yield
    finally:
        ended.set()
        follower.join()


def _follow(path: Path, tell: Callable[[Line], None], ended: threading.Event) -> None:
    rest = ""
    with path.open(encoding="utf-8", errors="replace") as file:
        is_last = False
        while not is_last:
            # Looked at before reading: what is written before the end is read.
            is_last = ended.wait(_EVERY)
            *lines, rest = (rest + file.read()).split("\n")
            for line in lines:
                tell(Line.of(line))
    if rest:
        tell(Line.of(rest))
