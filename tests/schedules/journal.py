"""What has been played of a long series, so that it can be ended at any time and gone on with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tests.schedules.common import Outcome


class Journal:
    """A file with a line for each schedule that was played.

    Args:
        path: The file, which need not be there yet; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        """Read what is there; of a line that was cut short, its schedule is played again."""
        self._path = path
        self._lines: list[dict[str, Any]] = []
        text = path.read_text(encoding="utf-8") if path is not None and path.exists() else ""
        for line in text.splitlines(keepends=True):
            if line.endswith("\n"):
                self._lines.append(json.loads(line))
        if path is not None and not text.endswith("\n"):
            path.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")

    @property
    def seeds(self) -> set[int]:
        """The seeds that have been played."""
        return {line["seed"] for line in self._lines}

    @property
    def seconds(self) -> float:
        """How long all of that took."""
        return max((float(line["after"]) for line in self._lines), default=0.0)

    def played(self, seeds: Collection[int]) -> Iterator[Outcome]:
        """What came of those of these seeds that have been played."""
        for line in self._lines:
            if line["seed"] in seeds:
                values = {name: value for name, value in line.items() if name != "after"}
                counted = {name: Counter(values[name]) for name in ("faults", "counts")}
                yield Outcome(**{**values, **counted})

    def note(self, outcome: Outcome, after: float) -> None:
        """Keep what came of one, so many seconds after the series began."""
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({**vars(outcome), "after": round(after, 1)}) + "\n")
