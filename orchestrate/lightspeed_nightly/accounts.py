"""The accounts that a night reads, and where they are listed."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lightspeed_nightly.runs import Runs
from lightspeed_nightly.settings import Settings, SettingsError, variable

TOKENS = "tokens"
"""The setting by which all connected accounts are read."""

_TABLE = "table:"
_OFF = {"false", "0", "no", "off"}


@dataclass(frozen=True)
class Account:
    """An account to read.

    Args:
        account_id: Its number at Lightspeed.
        variables: Variables of the environment for its runs alone.
        seconds: How long its last run took, if that is known.
    """

    account_id: int
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float | None = None

    @property
    def state_id(self) -> str:
        """What Meltano knows the account's bookmarks by."""
        return f"lightspeed-{self.account_id}"


def listed(settings: Settings, runs: Runs) -> list[Account]:
    """The accounts to read, in the order of their numbers; with how long the last run of each took.

    Raises:
        SettingsError: The list cannot be read, or is wrong.
    """
    known = runs.seconds()
    found = {each.account_id: each for each in map(_account, _rows(settings, runs)) if each is not None}
    if not found:
        message = f"No account is listed: see {variable('accounts')}, or connect one with lightspeed-retail connect."
        raise SettingsError(message)
    accounts = (found[number] for number in sorted(found))
    return [replace(each, seconds=known.get(each.account_id, each.seconds)) for each in accounts]


def chosen(settings: Settings, runs: Runs, numbers: Sequence[int]) -> list[Account]:
    """Accounts by their numbers, in that order, with their variables; those that are listed no more are left out."""
    if settings.accounts == TOKENS:
        # The token store has no variables, and asking for it takes a second.
        return [Account(number) for number in numbers]
    found = {each.account_id: each for each in map(_account, _rows(settings, runs)) if each is not None}
    return [found[number] for number in numbers if number in found]


def _rows(settings: Settings, runs: Runs) -> Iterable[Mapping[str, Any]]:
    where = settings.accounts
    if where == TOKENS:
        return _connected(settings)
    if where.startswith(_TABLE):
        return runs.listed(where.removeprefix(_TABLE))
    return _file(settings.project / where)


def _connected(settings: Settings) -> list[Mapping[str, Any]]:
    """The accounts of the token store, as the project's own command lists them."""
    command = [str(settings.program("meltano")), "invoke", f"{settings.extractor}:accounts", "--format", "json"]
    try:
        done = subprocess.run(
            command, cwd=settings.project, env=settings.environment(), capture_output=True, text=True, check=False
        )
    except OSError as error:
        message = f"{command[0]} cannot be run ({error.strerror}): see {variable('programs')}."
        raise SettingsError(message) from None
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        message = f"The connected accounts cannot be listed: {last}"
        raise SettingsError(message)
    found: list[Mapping[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
    return [row for row in found if row["account_id"] is not None]


def _file(path: Path) -> list[Mapping[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        message = f"{variable('accounts')}: {path.name} cannot be read: name a file, table:NAME, or tokens."
        raise SettingsError(message) from None
    try:
        if path.suffix == ".csv":
            return list(csv.DictReader(text.splitlines()))
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        found: list[Mapping[str, Any]] = json.loads(text)
    except ValueError:
        message = f"{variable('accounts')}: {path.name} is no {path.suffix.lstrip('.').upper() or 'JSON'}."
        raise SettingsError(message) from None
    return found


def _account(row: Any) -> Account | None:
    """An account out of a row; none where it is switched off."""
    given = {"account_id": row} if isinstance(row, int | str) else row
    number = str(given.get("account_id", "")).strip() if isinstance(given, Mapping) else ""
    if not (number.isascii() and number.isdecimal()):
        message = f"{variable('accounts')}: each row needs an account_id, which is a number."
        raise SettingsError(message)
    if str(given.get("enabled", True)).strip().lower() in _OFF:
        return None
    return Account(int(number), _variables(given), _seconds(given.get("seconds")))


def _variables(row: Mapping[str, Any]) -> dict[str, str]:
    given = row.get("variables") or {}
    inner = json.loads(given) if isinstance(given, str) else dict(given)
    columns = {name: value for name, value in row.items() if name.isupper() and value not in (None, "")}
    return {str(name): str(value) for name, value in {**inner, **columns}.items()}


def _seconds(value: Any) -> float | None:
    return None if value in (None, "") else float(value)
