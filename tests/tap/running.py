"""Many short runs of the tap over one sandbox, with files that hold whatever a test puts in."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.serve import Sandbox
from tests import forked
from tests.retailer import by_key, table
from tests.tapping import Spoken, Tap, Warehouse

SPEED = 20.0


class Runs:
    """The tap over a sandbox.

    Args:
        sandbox: Whose account is read.
        folder: Where files are kept.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, **settings: Any) -> None:
        """Get a grant."""
        self._folder = folder
        self._numbers = itertools.count()
        self.settings = Tap.over(sandbox, folder, **settings).settings

    def file(self, name: str, content: Any) -> Path:
        """A file with some bytes, or a document."""
        place = self._folder / f"{next(self._numbers)}-{name}.json"
        place.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return place

    def run(self, *, settings: Any = None, **documents: Any) -> Spoken:
        """Run with a catalog, a state: documents, bytes, or places."""
        arguments: list[str] = []
        for name, content in {"config": self.settings if settings is None else settings, **documents}.items():
            if content is not None:
                arguments += [f"--{name}", str(content if isinstance(content, Path) else self.file(name, content))]
        return self.start(arguments)

    def start(self, arguments: list[str]) -> Spoken:
        """Run with a command line."""
        number = next(self._numbers)
        files = forked.Files(self._folder / f"{number}.out", self._folder / f"{number}.err")
        code = forked.ended(forked.start(forked.TAP, arguments, files, speed=SPEED))
        return Spoken(code, files.stdout.read_text("utf-8").splitlines(), files.stderr.read_text("utf-8"))


def is_survived_or_refused(spoken: Spoken) -> bool:
    """Whether a run ended well; if not, it ended with one clear line."""
    assert "Traceback" not in spoken.stderr, spoken.stderr[-3000:]
    if spoken.code == 0:
        return True
    assert spoken.code == 1, (spoken.code, spoken.stderr[-3000:])
    assert len(spoken.errors()) == 1, spoken.stderr[-3000:]
    assert len(spoken.errors()[0]) < 2000
    return False


def missing(sandbox: Sandbox, resources: list[type[Resource]], *runs: Spoken) -> dict[str, Any]:
    """The rows of the account that some runs together have not brought as they stand."""
    lacking: dict[str, Any] = {}
    warehouse = Warehouse().load(*runs)
    for resource in resources:
        brought = by_key(resource, warehouse.rows.get(resource.api.stream, {}).values())
        there = table(sandbox, resource)
        found = [key for key, row in there.items() if _version(resource, brought.get(key)) != _version(resource, row)]
        if found:
            lacking[resource.api.stream] = found[:5]
    return lacking


def _version(resource: type[Resource], row: Record | None) -> Any:
    """Which of the forms that a row has had this is, as far as its change stamp tells."""
    stamp = str(getattr(resource.api.bookmark, "field", ""))
    return row is not None and row.get(stamp)
