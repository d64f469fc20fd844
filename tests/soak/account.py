"""The account of a soak: a sandbox in a process of its own, moved from outside, and looked into through its file."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import requests

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.store import Store
from tests import forked
from tests.soak.processes import descriptors, memory

_NUMBER = re.compile(r"/\d+(?=[/.])")
_STARTED_IN = 60.0
_TICK = 0.05


@dataclass
class Account:
    """A sandbox that serves.

    Args:
        process: Where it runs.
        variables: What points clients at it.
        data: The file with its rows.
    """

    process: ForkServerProcess
    variables: dict[str, str]
    data: Path

    def rows(self, resource: type[Resource]) -> list[Record]:
        """All rows of a resource, typed, as they are now."""
        # One that is open longer does not notice what another process writes, and works out no report anew.
        store = Store(self.data)
        try:
            return store.select(resource)
        finally:
            store.close()

    def connection(self) -> dict[str, str]:
        """Settings for a client with a grant of its own."""
        url = self.variables["LIGHTSPEED_SANDBOX_URL"]
        names = ("client_id", "client_secret")
        told = {name: self.variables[f"TAP_LIGHTSPEED_RETAIL_{name.upper()}"] for name in names}
        grant = self._ask("POST", "grant")
        return {**told, "api_url": url, "auth_url": url, "refresh_token": grant["refresh_token"]}

    def trade(self) -> None:
        """A day passes."""
        self._ask("POST", "advance?days=1")

    def tie(self, stream: str, rows: int) -> None:
        """So many rows change within one second, or as many as there are."""
        there = self._ask("GET", "state")["rows"][stream]
        self._ask("POST", f"tie/{stream}?rows={min(rows, there)}")

    def inject(self, faults: Iterable[str], seed: int = 1) -> dict[str, int]:
        """Let other requests go wrong from now on; how many did until now, by kind."""
        found: dict[str, int] = self._ask("POST", "faults", {"faults": list(faults), "seed": seed})["injected"]
        return found

    def drips(self) -> Counter[str]:
        """What was charged since this was last asked, by path, but for reports."""
        asked = self._ask("GET", "requests")
        self._ask("DELETE", "requests")
        found: Counter[str] = Counter()
        for entry in asked:
            if "/Reports/" not in entry["path"]:
                found[_NUMBER.sub("/*", entry["path"].split("/Account/")[-1])] += entry["cost"]
        return found

    def size(self) -> int:
        """How many rows there are in all."""
        return sum(self._ask("GET", "state")["rows"].values())

    @property
    def memory(self) -> float:
        """What the sandbox holds in memory, in MB."""
        return memory(self.process.pid)

    @property
    def descriptors(self) -> int:
        """What the sandbox has open."""
        return descriptors(self.process.pid)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.variables['LIGHTSPEED_SANDBOX_URL']}/sandbox/{path}"
        answer = requests.request(method, url, json=body, timeout=120)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def serving(folder: Path, *, seed: int, days: int, sales_a_day: int) -> Iterator[Account]:
    """An account with some days of history, served meanwhile.

    Args:
        folder: Where its file is.
        seed: What its history is made from.
        days: How many days that has.
        sales_a_day: How many sales there are in a day.
    """
    data, files = folder / "account.sqlite", forked.Files(folder / "sandbox.json", folder / "sandbox.txt")
    process = forked.start("tests.soak.server:main", [str(seed), str(days), str(sales_a_day), str(data)], files)
    try:
        yield Account(process, _said(process, files), data)
    finally:
        process.terminate()
        forked.ended(process, 20)


def _said(process: ForkServerProcess, files: forked.Files) -> dict[str, str]:
    """What the sandbox says when it listens."""
    until = time.monotonic() + _STARTED_IN
    while time.monotonic() < until and process.is_alive():
        text = files.stdout.read_text(encoding="utf-8") if files.stdout.exists() else ""
        if text.endswith("\n"):
            return dict(json.loads(text))
        time.sleep(_TICK)
    raise RuntimeError(f"The sandbox does not start: {files.stderr.read_text(encoding='utf-8')}")
