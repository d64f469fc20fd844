"""A sandbox in a process of its own, asked by its control endpoints what clients have done to it."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cells import UNLIMITED, Cell
from benchmarks.places import own

_NO_LIMITS = {"--bucket-size": "1e9", "--drip-rate": "1e6"}
_FOR_EVER = "1000000000"
_TOO_MANY = 429
_PREFIX = "TAP_LIGHTSPEED_RETAIL_"


@dataclass(frozen=True)
class Account:
    """A sandbox that is running.

    Args:
        url: Where.
        settings: The tap's settings for it.
    """

    url: str
    settings: dict[str, str]

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return urllib.parse.urlsplit(self.url).port or 0

    def requests(self) -> list[dict[str, Any]]:
        """The log of requests."""
        found: list[dict[str, Any]] = self._get("/sandbox/requests")
        return found

    def forget(self) -> None:
        """Begin a new log."""
        self._get("/sandbox/requests", method="DELETE")

    def state(self) -> dict[str, Any]:
        """Clock, bucket and numbers of rows."""
        found: dict[str, Any] = self._get("/sandbox/state")
        return found

    def refresh_token(self) -> str:
        """A refresh token of a fresh grant, since each is good for one exchange only."""
        return str(self._get("/sandbox/grant", method="POST")["refresh_token"])

    def access_token(self) -> str:
        """A token for peers, which are spared the exchange."""
        names = ("client_id", "client_secret", "refresh_token")
        fields = {"grant_type": "refresh_token", **{name: self.settings[name] for name in names}}
        body = urllib.parse.urlencode(fields).encode()
        return str(self._get("/auth/oauth/token", data=body)["access_token"])

    def _get(self, path: str, *, data: bytes | None = None, method: str | None = None) -> Any:
        # The address is the one that the sandbox has just printed.
        request = urllib.request.Request(self.url + path, data=data, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)


@contextmanager
def serving(data: Path, cell: Cell) -> Iterator[Account]:
    """Serve a data file under the conditions of a cell."""
    with (
        (data.parent / "sandbox.err").open("wb") as errors,
        subprocess.Popen(_command(data, cell), stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            yield _said(process)
        finally:
            process.terminate()


def _command(data: Path, cell: Cell) -> list[str]:
    options = {
        "--data": str(data),
        "--port": "0",
        "--time-scale": str(cell.scale),
        "--expires-in": _FOR_EVER,
        "--latency": str(cell.latency),
        "--registers": str(max(1, cell.registers)),
    }
    if cell.registers == UNLIMITED:
        options |= _NO_LIMITS
    elif cell.bucket is not None:
        options["--bucket-size"] = str(cell.bucket)
    return [own("lightspeed-sandbox"), "serve", *(word for option in options.items() for word in option)]


def _said(process: subprocess.Popen[str]) -> Account:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise RuntimeError("The sandbox did not start: see .bench/scratch.")
    said = json.loads(line)
    settings = {name.removeprefix(_PREFIX).lower(): said[name] for name in said if name.startswith(_PREFIX)}
    return Account(said["LIGHTSPEED_SANDBOX_URL"], settings)


@dataclass(frozen=True)
class Bill:
    """What a client has asked for.

    Args:
        requests: How many answers it got.
        drips: What they cost.
        refused: How many of them were refusals for coming too fast.
    """

    requests: int
    drips: float
    refused: int

    @classmethod
    def of(cls, log: list[dict[str, Any]]) -> Bill:
        """Add up a log."""
        return cls(
            requests=len(log),
            drips=round(sum(entry["cost"] for entry in log), 2),
            refused=sum(entry["status"] == _TOO_MANY for entry in log),
        )
