"""The settings of a night: environment variables, each declared once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

PREFIX = "LIGHTSPEED_NIGHTLY_"
_REPOSITORY = Path(__file__).resolve().parent.parent.parent
_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off", ""})


class SettingsError(Exception):
    """A setting is missing or wrong; its text says which and what it should be."""


@dataclass(frozen=True)
class About:
    """What a setting is.

    Args:
        title: Its name for people.
        description: What it says.
    """

    title: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a night is told."""

    project: Annotated[
        Path, About("Meltano project", "Folder with `meltano.yml`. Left out: this repository, which has one.")
    ] = _REPOSITORY
    programs: Annotated[
        Path | None,
        About(
            "Programs", "Folder in which `meltano` and the plugins are installed. Left out: `.venv/bin` of the project."
        ),
    ] = None
    database: Annotated[
        str,
        About(
            "Database",
            "URL of the PostgreSQL that keeps what became of each run. Left out: that of `MELTANO_DATABASE_URI`.",
        ),
    ] = ""
    accounts: Annotated[
        str,
        About(
            "Accounts",
            "Where the accounts are listed: `tokens` (all that are connected), a file (`.json`, `.jsonl`, `.csv`), or "
            "`table:NAME`, a table or view of the database. A list has `account_id` and, if you like, `enabled`, "
            "`seconds`, and `variables`: an object of environment variables, or a column for each, in capitals.",
        ),
    ] = "tokens"
    extractor: Annotated[str, About("Extractor", "Name of the tap in `meltano.yml`.")] = "tap-lightspeed-retail"
    loader: Annotated[str, About("Loader", "Name of the target in `meltano.yml`.")] = "target-postgres"
    schema: Annotated[
        str,
        About(
            "Schema",
            "Schema of the loaded tables, the same for all accounts; with `{account_id}` in it, one for each account. "
            "Left out: as the loader is set.",
        ),
    ] = ""
    minutes: Annotated[float, About("Most minutes", "A run of an account is ended after so many minutes.")] = 240.0
    group_seconds: Annotated[
        float,
        About(
            "Seconds of a group",
            "Accounts whose last runs were shorter share a task of about so many seconds; 0 gives each its own.",
        ),
    ] = 60.0
    warm: Annotated[
        bool,
        About("Warm starts", "Whether a task with several accounts loads Meltano once and forks it for each of them."),
    ] = True
    retries: Annotated[int, About("Retries", "How often a limit, an outage or a broken run is tried again.")] = 2
    retry_seconds: Annotated[
        float, About("Seconds between tries", "After the first try; twice as long after each further one.")
    ] = 300.0
    pool: Annotated[str, About("Pool", "Airflow's pool whose slots say how many tasks run at a time.")] = "default_pool"
    schedule: Annotated[
        str, About("Schedule", "When nights begin, as cron has it, in UTC; `none` for never by itself.")
    ] = "0 3 * * *"
    after: Annotated[
        str,
        About(
            "Afterwards",
            "What Meltano is told to do once all accounts are through, if any was loaded; `none` for nothing.",
        ),
    ] = "run dbt-postgres:build"
    summary_url: Annotated[
        str,
        About("Summary's address", "Gets the summary as JSON by POST, with `text` as Slack and its kind show it."),
    ] = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read them.

        Args:
            environment: Variables; those of this process, if left out.

        Raises:
            SettingsError: One is not what it should be, or there is none of such a name.
        """
        given = os.environ if environment is None else environment
        known = {variable(each.name): each for each in fields(cls)}
        unknown = sorted(name for name in given if name.startswith(PREFIX) and name not in known)
        if unknown:
            message = f"There is no setting {', '.join(unknown)}: see python -m lightspeed_nightly settings."
            raise SettingsError(message)
        kinds = get_type_hints(cls)
        texts = {each.name: given[name] for name, each in known.items() if given.get(name)}
        return cls(**{name: _value(variable(name), kinds[name], text) for name, text in texts.items()})

    def program(self, name: str) -> Path:
        """A program of the project's environment."""
        return (self.programs or self.project / ".venv" / "bin") / name

    def environment(self) -> dict[str, str]:
        """What the project's programs find in their environment: this one's, with the programs on the path."""
        programs = self.program("meltano").parent
        path = os.pathsep.join((str(programs), os.environ.get("PATH", os.defpath)))
        # Airflow's own Python is not that of the programs.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))}
        return {**kept, "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1", "PATH": path}

    def placed(self, account_id: int) -> dict[str, str]:
        """Where the loader puts an account's rows, if that is not left to it."""
        schema = self.schema.replace("{account_id}", str(account_id))
        prefix = self.loader.upper().replace("-", "_")
        return {f"{prefix}_DEFAULT_TARGET_SCHEMA": schema} if schema else {}

    @property
    def address(self) -> str:
        """URL of the database.

        Raises:
            SettingsError: There is none.
        """
        found = self.database or os.environ.get("MELTANO_DATABASE_URI", "")
        if not found.startswith("postgres"):
            message = f"Set {variable('database')} (or MELTANO_DATABASE_URI) to a postgresql://user@host/database."
            raise SettingsError(message)
        return found


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def table() -> str:
    """All settings, as a table in Markdown."""
    hints = get_type_hints(Settings, include_extras=True)
    rows = [
        f"| `{variable(each.name)}` | {_default(each.default)} | {hints[each.name].__metadata__[0].description} |"
        for each in fields(Settings)
    ]
    return "\n".join(("| Variable | Default | What it says |", "| --- | --- | --- |", *rows))


def _default(value: Any) -> str:
    if value in (None, "", _REPOSITORY):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _value(name: str, kind: Any, text: str) -> Any:
    read, words = _KINDS[kind]
    try:
        return read(text.strip())
    except ValueError:
        message = f"{name} must be {words}."
        raise SettingsError(message) from None


def _positive(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def _flag(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(text)
    return text.lower() in _TRUE


_KINDS: dict[Any, tuple[Callable[[str], Any], str]] = {
    str: (str, "a text"),
    Path: (Path, "a path"),
    Path | None: (Path, "a path"),
    float: (_positive, "a number that is not below nought"),
    int: (lambda text: int(_positive(text)), "a whole number"),
    bool: (_flag, "true or false"),
}
