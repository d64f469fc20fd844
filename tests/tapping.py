"""The tap as its users start it: a process with settings, a catalog and a state, and what it says on its way."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.serve import Sandbox
from tests import forked

COMMAND = [sys.executable, "-c", "from tap_lightspeed_retail.cli import main; main()"]
_FORKED = COMMAND
_LONGEST = 300.0

Message = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Spoken:
    """What a run of the tap has left behind.

    Args:
        code: Its exit code.
        lines: Standard output, line by line.
        stderr: Standard error.
    """

    code: int
    lines: list[str]
    stderr: str

    @cached_property
    def messages(self) -> list[Message]:
        """Every line of standard output as a Singer message, numbers digit for digit."""
        return [message_of(line) for line in self.lines]

    def of(self, kind: str) -> list[Message]:
        """Messages of one type."""
        return [message for message in self.messages if message["type"] == kind]

    def records(self, stream: str) -> list[Message]:
        """The records of a stream."""
        return [message["record"] for message in self.of("RECORD") if message["stream"] == stream]

    @property
    def streams(self) -> set[str]:
        """The streams that had records."""
        return {message["stream"] for message in self.of("RECORD")}

    @property
    def state(self) -> Message:
        """The last state: what a runner hands to the next run."""
        return dict(self.of("STATE")[-1]["value"])

    def settled(self) -> Spoken:
        """The run up to its last state: all that a target is sure to have written."""
        last = max(number for number, line in enumerate(self.lines) if message_of(line)["type"] == "STATE")
        return Spoken(self.code, self.lines[: last + 1], self.stderr)

    def errors(self) -> list[str]:
        """Lines of standard error that tell of an error."""
        return [line for line in self.stderr.splitlines() if "ERROR" in line or "CRITICAL" in line]

    def warnings(self) -> list[str]:
        """Lines of standard error that warn."""
        return [line for line in self.stderr.splitlines() if "WARNING" in line]


def message_of(line: str) -> Message:
    """A line of standard output as a Singer message."""
    found: Message = json.loads(line, parse_float=Decimal)
    return found


class Warehouse:
    """What a target makes of messages: one row for each key, the last one wins."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.rows: dict[str, dict[Key, Message]] = {}
        self._keys: dict[str, list[str]] = {}

    def load(self, *runs: Spoken) -> Warehouse:
        """Write the messages of some runs, one after the other."""
        for run in runs:
            for message in run.messages:
                if message["type"] == "SCHEMA":
                    self._keys[message["stream"]] = message["key_properties"]
                if message["type"] == "RECORD":
                    self._write(message)
        return self

    def _write(self, message: Message) -> None:
        stream, record = message["stream"], message["record"]
        key = tuple(record[name] for name in self._keys[stream])
        self.rows.setdefault(stream, {})[key] = record


@dataclass
class Tap:
    """The tap: its settings, and a folder for its files."""

    folder: Path
    settings: dict[str, Any]

    _runs: ClassVar[int] = 0

    @classmethod
    def over(cls, sandbox: Sandbox, folder: Path, **settings: Any) -> Tap:
        """A tap with a fresh grant and a token store of its own."""
        connection = {
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "refresh_token": sandbox.issue_refresh_token(),
            "token_store": str(folder / "tokens.json"),
            "api_url": sandbox.url,
            "auth_url": sandbox.url,
        }
        return cls(folder, connection | settings)

    def run(self, *, catalog: Message | None = None, state: Message | None = None) -> Spoken:
        """Run to the end."""
        command = self._command(catalog, state)
        # What Python itself is told by the environment it only hears when it starts.
        if command[: len(_FORKED)] == _FORKED and "PYTHONPATH" not in os.environ:
            return _forked(command[len(_FORKED) :])
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LONGEST)
        return Spoken(done.returncode, done.stdout.splitlines(), done.stderr)

    def run_well(self, *, catalog: Message | None = None, state: Message | None = None) -> Spoken:
        """Run to a good end."""
        spoken = self.run(catalog=catalog, state=state)
        assert spoken.code == 0, spoken.stderr[-3000:]
        return spoken

    def stop_midway(
        self,
        stop: Callable[[subprocess.Popen[str]], None],
        until: Callable[[Message], bool],
        *,
        catalog: Message | None = None,
        state: Message | None = None,
    ) -> Spoken:
        """Run until a message meets a condition, then stop the process; what it still says is kept."""
        errors = self.folder / f"stderr-{Tap._runs}.txt"
        command = self._command(catalog, state)
        with errors.open("w", encoding="utf-8") as stderr:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
            with process:
                lines = list(self._lines_until(process, stop, until))
                code = process.wait(timeout=60)
        return Spoken(code, lines, errors.read_text(encoding="utf-8"))

    @staticmethod
    def _lines_until(
        process: subprocess.Popen[str], stop: Callable[[subprocess.Popen[str]], None], until: Callable[[Message], bool]
    ) -> Iterator[str]:
        assert process.stdout is not None
        stopped = False
        for line in process.stdout:
            if not line.endswith("\n"):
                return
            yield line.rstrip("\n")
            if not stopped and until(message_of(line)):
                stopped = True
                stop(process)

    def _command(self, catalog: Message | None, state: Message | None) -> list[str]:
        Tap._runs += 1
        command = [*COMMAND, "--config", self._document("config", self.settings)]
        if catalog is not None:
            command += ["--catalog", self._document("catalog", catalog)]
        if state is not None:
            command += ["--state", self._document("state", state)]
        return command

    def _document(self, name: str, content: Mapping[str, Any]) -> str:
        path = self.folder / f"{name}-{Tap._runs}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)


def _forked(arguments: list[str]) -> Spoken:
    """Run the tap in a process that need not import it: there are thousands of such runs."""
    with tempfile.TemporaryDirectory() as folder:
        files = forked.Files(Path(folder, "stdout"), Path(folder, "stderr"))
        code = forked.ended(forked.start(forked.TAP, arguments, files), _LONGEST)
        return Spoken(code, files.stdout.read_text("utf-8").splitlines(), files.stderr.read_text("utf-8"))


@cache
def _discovered() -> str:
    command = [*COMMAND, "--discover", "--config", os.devnull]
    with _settings_file() as path:
        command[-1] = path
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@contextmanager
def _settings_file() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "settings.json")
        path.write_text('{"access_token": "unused"}', encoding="utf-8")
        yield str(path)


def discovered() -> Message:
    """The catalog as the tap's own command line prints it."""
    found: Message = json.loads(_discovered())
    return found


def selecting(
    *streams: str,
    off: Iterable[tuple[str, ...]] = (),
    on: Iterable[tuple[str, ...]] = (),
    everything: bool = False,
) -> Message:
    """A catalog with only some streams selected.

    Args:
        streams: Their names; none for all.
        off: Properties to deselect, as paths that begin with the stream.
        on: Properties to select, likewise.
        everything: Whether every property of these streams is selected.
    """
    return choosing(discovered(), *streams, off=off, on=on, everything=everything)


def choosing(
    catalog: Message,
    *streams: str,
    off: Iterable[tuple[str, ...]] = (),
    on: Iterable[tuple[str, ...]] = (),
    everything: bool = False,
) -> Message:
    """A copy of any catalog, with only some streams and properties selected: see `selecting`."""
    catalog = copy.deepcopy(catalog)
    for entry in catalog["streams"]:
        wanted = not streams or entry["tap_stream_id"] in streams
        for mark in entry["metadata"]:
            path = (entry["tap_stream_id"], *(step for step in mark["breadcrumb"] if step not in _STRUCTURE))
            _mark(mark, path, wanted=wanted, off=set(off), on=set(on), everything=everything)
    return catalog


_STRUCTURE = {"properties", "items"}


def _mark(
    mark: Message,
    path: tuple[str, ...],
    *,
    wanted: bool,
    off: set[tuple[str, ...]],
    on: set[tuple[str, ...]],
    everything: bool,
) -> None:
    metadata = mark["metadata"]
    if len(path) == 1:
        metadata["selected"] = wanted
    elif path in off:
        metadata["selected"] = False
    elif everything or path in on:
        metadata["selected"] = True


def catalog_for(tap: Tap) -> Message:
    """The catalog that the tap prints with the settings that it has."""
    command = [*tap._command(None, None), "--discover"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    found: Message = json.loads(done.stdout)
    return found


def is_refused_in_a_line(spoken: Spoken, *words: str) -> None:
    """A run that ended with code 1 and a single line of error that holds these words, without a trace."""
    assert spoken.code == 1, spoken.stderr[-3000:]
    assert len(spoken.errors()) == 1, spoken.stderr[-3000:]
    assert [word for word in words if word not in spoken.errors()[0]] == [], spoken.errors()[0]
    assert "Traceback" not in spoken.stderr


def key_of(resource: type[Resource], row: Mapping[str, Any]) -> Key:
    """The key of a row within its account."""
    return tuple(row[name] for name in resource.api.keys)
