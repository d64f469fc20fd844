"""What has been measured, in a file that grows cell by cell, so that a long series can be ended and resumed."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.cells import Cell


@dataclass
class Results:
    """The content of results.json.

    Args:
        path: The file.
        machine: On what it was measured.
        versions: What was measured, by tool.
        cells: What was measured under which conditions, by the key of the cell.
    """

    path: Path
    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    cells: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Results:
        """What is there already."""
        if not path.exists():
            return cls(path)
        content = json.loads(path.read_text(encoding="utf-8"))
        return cls(path, content["machine"], content["versions"], content["cells"])

    def note(self, cell: Cell, measured: dict[str, Any], version: str) -> None:
        """Keep a measurement at once."""
        self.machine = {"cores": os.cpu_count(), "system": sys.platform, "python": platform.python_version()}
        self.versions = dict(sorted({**self.versions, cell.tool: version}.items()))
        self.cells = dict(sorted({**self.cells, cell.key: {**cell.fields(), **measured}}.items()))
        self.save()

    def keep(self, cells: Iterable[Cell]) -> None:
        """Forget what is no longer planned."""
        keys = {cell.key for cell in cells}
        self.cells = {key: content for key, content in self.cells.items() if key in keys}

    def save(self) -> None:
        """Write the file; never half of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = {"machine": self.machine, "versions": self.versions, "cells": self.cells}
        unfinished = self.path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        unfinished.replace(self.path)

    def of(self, part: str) -> Iterator[tuple[Cell, dict[str, Any]]]:
        """The cells of a part with what was measured."""
        names = Cell.__dataclass_fields__
        for content in self.cells.values():
            if content["part"] == part:
                yield Cell(**{name: content[name] for name in names if name in content}), content

    def measured(self, cell: Cell) -> dict[str, Any] | None:
        """What was measured in a cell, if anything was."""
        return self.cells.get(cell.key)
