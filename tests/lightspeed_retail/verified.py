"""A sandbox that was loaded into a PostgreSQL, and the command `lightspeed-retail verify` over both."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, LiteralString

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

    def verify(self, *arguments: str, environment: Mapping[str, str] | None = None, stdin: Path | None = None) -> Said:
        """Run the command."""
        files, before = replace(self._files(), stdin=stdin), len(self.sandbox.requests)
        settings = self._document("verify", self._connection())
        variables = {URL_VARIABLE: self.server.url} if environment is None else dict(environment)
        process = start(VERIFY, ["verify", "--config", settings, *arguments], files, environment=variables)
        code = ended(process)
        asked = self.sandbox.requests[before:]
        return Said(code, _text(files.stdout), _text(files.stderr), float(sum(each["cost"] for each in asked)))

    def execute(self, schema: str, query: LiteralString, *values: Any) -> Any:
        """Change the tables of a schema by hand, or look into them; the first value that comes back."""
        with psycopg.connect(self.server.dsn) as connection:
            connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(schema)))
            found = connection.execute(query, values or None)
            row = found.fetchone() if found.description else None
        return row[0] if row else None

    def copy(self, schema: str, *streams: str) -> str:
        """Copy loaded tables into another schema, without the keys that forbid doubles."""
        name = sql.Identifier(schema)
        with psycopg.connect(self.server.dsn) as connection:
            connection.execute(sql.SQL("drop schema if exists {} cascade").format(name))
            connection.execute(sql.SQL("create schema {}").format(name))
            for stream in streams:
                names = (sql.Identifier(schema, stream), sql.Identifier(SCHEMA, stream))
                connection.execute(sql.SQL("create table {} as table {}").format(*names))
        return schema

    def rename_columns(self, schema: str, renamed: Callable[[str], str]) -> None:
        """Give all columns of a schema other names."""
        named = "select table_name, column_name from information_schema.columns where table_schema = %s"
        with psycopg.connect(self.server.dsn) as connection:
            for table, column in connection.execute(named, [schema]).fetchall():
                names = (sql.Identifier(schema, table), sql.Identifier(column), sql.Identifier(renamed(column)))
                if renamed(column) != column:
                    connection.execute(sql.SQL("alter table {} rename column {} to {}").format(*names))

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
