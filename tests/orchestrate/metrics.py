"""A server for StatsD, which keeps what it hears."""

from __future__ import annotations

import re
import socket
import threading
from dataclasses import dataclass
from typing import Self

_LARGEST = 65_536
_PREFIX = "airflow."
_FIGURE = re.compile(r":-?[\d.e+-]+\|")


@dataclass(frozen=True)
class Measured:
    """A line of StatsD in the form that InfluxDB has given it: `airflow.lightspeed.rows,account_id=7:12|g`.

    Args:
        name: Its name, without the prefix.
        tags: What it is told apart by, each as `name=value`.
        value: The figure.
    """

    name: str
    tags: frozenset[str]
    value: float

    @classmethod
    def of(cls, line: str) -> Measured:
        """What a line says."""
        told, _, value = line.rpartition(":")
        name, *tags = told.split(",")
        return cls(name.removeprefix(_PREFIX), frozenset(tags), float(value.partition("|")[0]))


class Metrics:
    """Hears what is measured, over UDP on this machine."""

    def __init__(self) -> None:
        """Take a port."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._heard: list[Measured] = []

    @property
    def variables(self) -> dict[str, str]:
        """What tells Airflow to measure, and whom to tell."""
        settings = {"ON": True, "INFLUXDB_ENABLED": True, "HOST": "127.0.0.1", "PORT": self._socket.getsockname()[1]}
        return {f"AIRFLOW__METRICS__STATSD_{name}": str(value) for name, value in settings.items()}

    @property
    def names(self) -> set[str]:
        """What has been measured."""
        return {each.name for each in list(self._heard)}

    def last(self, name: str, *tags: str) -> float:
        """The last figure of a name with some tags."""
        return self._of(name, tags)[-1].value

    def total(self, name: str, *tags: str) -> float:
        """The sum of all figures of a name with some tags."""
        return sum(each.value for each in self._of(name, tags))

    def _of(self, name: str, tags: tuple[str, ...]) -> list[Measured]:
        found = [each for each in list(self._heard) if each.name == name and each.tags >= set(tags)]
        assert found, f"{name} {tags} was not measured"
        return found

    def _listen(self) -> None:
        while packet := self._socket.recv(_LARGEST):
            self._heard += [Measured.of(line) for line in packet.decode().splitlines() if _FIGURE.search(line)]

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop: an empty packet ends the listening."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()
