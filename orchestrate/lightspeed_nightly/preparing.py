"""What is done once before many loads begin side by side: Meltano's database, and schemas and tables of the warehouse.

Two loaders that make the same schema or table at the same time get in each other's way, and so do two runs of Meltano
that migrate its database. So it is done beforehand, without a record and without a question to the API. Tables that are
there already get the columns that a new version, or another selection, has more; else nothing changes.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_LOCK = Path(".meltano", "lightspeed-prepare.lock")
_SHOWN = 12
"""Lines of a failed command's log that its error repeats."""


class PreparationError(Exception):
    """The warehouse, or Meltano's database, could not be prepared; the text says which command failed and how."""


@dataclass(frozen=True)
class Prepared:
    """What was prepared.

    Attributes:
        streams: How many streams a night reads, each with a table.
        schemas: The schemas that have their tables; empty where only the project knows the name of its one.
        seconds: How long it took.
    """

    streams: int
    schemas: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Preparation:
    """A Meltano project, and how its programs are run.

    Args:
        project: Folder of the project.
        programs: Folder of the programs of the project's environment: `meltano`, the tap and the loader.
        environment: Variables for them, those of the nightly loads.
        extractor: Name of the tap in the project.
        loader: Name of the loader in the project.
        patience: Seconds that each command has.
    """

    project: Path
    programs: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    extractor: str = "tap-lightspeed-retail"
    loader: str = "target-postgres"
    patience: float = 900.0

    def prepare(self, schemas: Sequence[str] | None = None) -> Prepared:
        """Migrate Meltano's database, then make all tables of the selected streams; safe to repeat.

        Args:
            schemas: Schemas that get the tables; without it the one that project or environment name. None at all
                for a schema to each account: the account's own load makes it, and no other touches it.

        Raises:
            PreparationError: A command failed.
        """
        began = time.monotonic()
        with self._alone(), tempfile.TemporaryFile() as messages:
            streams = self._schemas(messages)
            for schema in (None,) if schemas is None else schemas:
                self._make_tables(messages, {self._schema_variable: schema} if schema else {})
        return Prepared(streams, tuple(schemas or ()), time.monotonic() - began)

    @property
    def _schema_variable(self) -> str:
        """Says where the loader puts the tables; without it the project does."""
        return f"{self.loader.upper().replace('-', '_')}_DEFAULT_TARGET_SCHEMA"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two at the same time would share the catalog that Meltano keeps in the project."""
        path = self.project / _LOCK
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _schemas(self, messages: IO[bytes]) -> int:
        """Have the tap say the schemas of the selected streams; how many there are.

        A plugin that is invoked with arguments takes the catalog that lies there, so it is made anew beforehand. Any
        command of Meltano brings its database up to date.
        """
        with tempfile.TemporaryFile() as catalog:
            self._meltano(["--refresh-catalog", "--dump=catalog", self.extractor], catalog)
        self._meltano([self.extractor, "--test=schema"], messages)
        messages.seek(0)
        streams = sum(1 for _ in messages)
        if not streams:
            message = f"No stream of {self.extractor} is selected, so there is nothing to load."
            raise PreparationError(message)
        return streams

    def _make_tables(self, messages: IO[bytes], variables: Mapping[str, str]) -> None:
        """Have the loader make what a schema lacks."""
        # The loader reads from where the file stands, and moves it.
        messages.seek(0)
        with tempfile.TemporaryFile() as state:
            self._meltano([self.loader], state, stdin=messages, variables=variables)

    def _meltano(
        self,
        arguments: list[str],
        stdout: IO[bytes],
        *,
        stdin: IO[bytes] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Invoke a plugin to a good end."""
        command = [str(self.programs / "meltano"), "invoke", *arguments]
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(
                command,
                cwd=self.project,
                env=self._environment(variables or {}),
                stdin=stdin or subprocess.DEVNULL,
                stdout=stdout,
                stderr=log,
                # What Meltano starts ends with it.
                start_new_session=True,
            )
            code = self._ended(process)
            if code != 0:
                raise PreparationError(_told(arguments, code, log))

    def _ended(self, process: subprocess.Popen[bytes]) -> int | None:
        """The exit code of a command; none where it had not ended in time, and was killed."""
        try:
            return process.wait(self.patience)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The environment of a command; Meltano finds the plugins' programs by the path."""
        path = os.pathsep.join([str(self.programs), self.environment.get("PATH", os.environ.get("PATH", os.defpath))])
        return {**self.environment, **variables, "PATH": path}


def _told(arguments: list[str], code: int | None, log: IO[bytes]) -> str:
    log.seek(0)
    said = log.read().decode(errors="replace").strip().splitlines()[-_SHOWN:]
    how = "did not end in time" if code is None else f"ended with code {code}"
    return "\n".join([f"meltano invoke {' '.join(arguments)} {how}:", *said])
