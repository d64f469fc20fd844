"""A sandbox that was loaded into a PostgreSQL, and the command `lightspeed-retail verify` over both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import URL_VARIABLE, Warehouse
from tests.forked import TAP, TARGET_POSTGRES, Files, ended, start
from tests.tapping import Message, selecting

VERIFY = "lightspeed_retail.cli:main"
SCHEMA = "lightspeed"


@dataclass(frozen=True)
class Said:
    """What a run of the command left behind.

    Args:
        code: Its exit code.
        text: Standard output.
        errors: Standard error.
        drips: What the sandbox charged for it.
    """

    code: int
    text: str
    errors: str
    drips: float

    @property
    def found(self) -> dict[str, Any]:
        """What it printed as JSON."""
        document: dict[str, Any] = json.loads(self.text)
        return document

    def differences(self) -> dict[str, dict[str, list[int]]]:
        """The keys that differ, by stream and kind."""
        kinds = ("missing", "surplus", "changed", "doubled")
        found = {
            stream: {kind: each[kind]["first_keys"] for kind in kinds if each[kind]["rows"]}
            for stream, each in self.found["streams"].items()
        }
        return {stream: each for stream, each in found.items() if each}


@dataclass
class Loaded:
    """An account, a warehouse, and a folder for the files of processes."""

    sandbox: Sandbox
    server: Warehouse
    folder: Path
    runs: int = field(default=0)

    def load(self, catalog: Message | None = None, schema: str = SCHEMA, **settings: Any) -> None:
        """Load the account into a schema, as `meltano run tap-lightspeed-retail target-postgres` does."""
        files = self._files()
        given = {"sqlalchemy_url": self.server.url, "default_target_schema": schema, "load_method": "upsert"}
        tap = ["--config", self._document("tap", {**self._connection(), **settings})]
        tap += ["--catalog", self._document("catalog", catalog or selecting())]
        assert ended(start(TAP, tap, files)) == 0, files.stderr.read_text()[-3000:]
        fed = Files(self._file("none"), self._file("target"), files.stdout)
        target = start(TARGET_POSTGRES, ["--config", self._document("target", given)], fed, environment={"PGTZ": "UTC"})
        assert ended(target) == 0, fed.stderr.read_text()[-3000:]

    def verify(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Said:
        """Run the command."""
        files, before = self._files(), len(self.sandbox.requests)
        settings = self._document("verify", self._connection())
        variables = {URL_VARIABLE: self.server.url} if environment is None else dict(environment)
        process = start(VERIFY, ["verify", "--config", settings, *arguments], files, environment=variables)
        code = ended(process)
        asked = self.sandbox.requests[before:]
        return Said(code, _text(files.stdout), _text(files.stderr), float(sum(each["cost"] for each in asked)))

    def execute(self, query: str, *values: Any) -> None:
        """Change the warehouse by hand."""
        with psycopg.connect(self.server.dsn) as connection:
            connection.execute(sql.SQL(query), values)  # type: ignore[arg-type]  # the queries are those of the tests

    def value(self, query: str) -> Any:
        """One value out of the warehouse."""
        with psycopg.connect(self.server.dsn) as connection:
            found = connection.execute(sql.SQL(query)).fetchone()  # type: ignore[arg-type]  # as above
        assert found is not None
        return found[0]

    def _connection(self) -> dict[str, Any]:
        return {
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "refresh_token": self.sandbox.issue_refresh_token(),
            "token_store": str(self.folder / "tokens.json"),
            "api_url": self.sandbox.url,
            "auth_url": self.sandbox.url,
        }

    def _files(self) -> Files:
        self.runs += 1
        return Files(self._file("out"), self._file("err"))

    def _file(self, name: str) -> Path:
        return self.folder / f"{self.runs}-{name}"

    def _document(self, name: str, content: Mapping[str, Any]) -> str:
        path = self._file(f"{name}.json")
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
