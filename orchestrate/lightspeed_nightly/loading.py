"""One run of one account, from the lock to the line in the table of runs."""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lightspeed_nightly.accounts import Account
from lightspeed_nightly.catalogs import Catalogs
from lightspeed_nightly.following import Line, following
from lightspeed_nightly.outcome import Kind, Run
from lightspeed_nightly.runs import Runs
from lightspeed_nightly.settings import Settings
from lightspeed_nightly.warm import Ended, Starter

_PREFIXES = ("TAP_LIGHTSPEED_RETAIL_", "TARGET_LIGHTSPEED_RETAIL_")
_BILL, _OUTCOMES, _LOG = "bill.jsonl", "outcomes.jsonl", "run.log"
_FIGURES = ("rows", "requests", "drips", "waited", "refused", "received")


@dataclass(frozen=True)
class Attempt:
    """A try to run an account.

    Args:
        account: Which.
        night: What the night is known by.
        number: The how manieth try of the night.
        run_id: What Meltano's log knows the run by.
    """

    account: Account
    night: str
    number: int
    run_id: str


class Loading:
    """Runs accounts one after the other.

    Args:
        settings: Those of the night.
        runs: The table of runs.
        starter: Starts Meltano.
        patience: Seconds to wait for another run of an account, such as one whose worker was killed.
    """

    def __init__(self, settings: Settings, runs: Runs, starter: Starter, patience: float = 60.0) -> None:
        """Start nothing yet."""
        self._patience = patience
        self._settings = settings
        self._runs = runs
        self._starter = starter

    def run(self, account: Account, night: str, attempt: int) -> Run:
        """Run an account, unless another worker does; and keep what became of it."""
        tried = Attempt(account, night, attempt, str(uuid.uuid4()))
        began = datetime.now(UTC)
        with self._runs.alone(account.account_id, self._patience) as is_alone, tempfile.TemporaryDirectory() as folder:
            if is_alone:
                ended = self._start(tried, Path(folder))
                found = _result(ended, Path(folder))
            else:
                found = {"kind": Kind.BUSY, "reason": "Another run of the account is at work; this one did nothing."}
            run = _run(tried, began, found)
            # Within the lock: whoever takes it next sees this line.
            self._runs.add(run)
        return run

    def _start(self, tried: Attempt, folder: Path) -> Ended:
        log = folder / _LOG
        log.touch(mode=0o600)
        environment = self._environment(tried.account, folder)
        command = self._command(tried, environment)
        with following(log, lambda line: _tell(line, tried)), self._tidied(tried):
            return self._starter.run(command, environment, log, 60 * self._settings.minutes)

    def _command(self, tried: Attempt, environment: Mapping[str, str]) -> list[str]:
        """The command line of Meltano; a state id of its own gives each account a folder of its own while it runs."""
        settings = self._settings
        catalogs = Catalogs(self._starter, settings.project, tried.night, settings.extractor, settings.loader)
        # The lock stands in for Meltano's own check, which takes a killed run for alive for five minutes.
        names = ["--no-install", "--force", "--state-id", tried.account.state_id, "--run-id", tried.run_id]
        own = [*names, *catalogs.arguments(environment)]
        return ["--log-format", "json", "el", *own, settings.extractor, settings.loader]

    def _environment(self, account: Account, folder: Path) -> dict[str, str]:
        """All that a run finds in its environment; what the list says of an account comes last."""
        files = {"TAP_LIGHTSPEED_RETAIL_BILL_PATH": _BILL, "TARGET_LIGHTSPEED_RETAIL_OUTCOME_PATH": _OUTCOMES}
        return {
            **self._settings.environment(),
            **{f"{prefix}ACCOUNT_ID": str(account.account_id) for prefix in _PREFIXES},
            **self._settings.placed(account.account_id),
            **account.variables,
            **{name: str(folder / file) for name, file in files.items()},
        }

    @contextmanager
    def _tidied(self, tried: Attempt) -> Iterator[None]:
        """Take away the megabyte of catalog and settings that Meltano leaves behind for each run."""
        try:
            yield
        finally:
            for place in (self._settings.project / ".meltano" / "run").glob(f"*/*/{tried.run_id}"):
                shutil.rmtree(place, ignore_errors=True)


def _run(tried: Attempt, began: datetime, found: Mapping[str, Any]) -> Run:
    return Run(
        account_id=tried.account.account_id,
        night=tried.night,
        run_id=tried.run_id,
        attempt=tried.number,
        worker=socket.gethostname(),
        began=began,
        ended=datetime.now(UTC),
        **found,
    )


def _result(ended: Ended, folder: Path) -> dict[str, Any]:
    """How a run has ended, by the tap's bill, the target's outcomes and the log."""
    bill = (_lines(folder / _BILL) or [{}])[-1]
    kind, reason = _verdict(ended, bill, folder / _LOG)
    rejects = sum(line.get("operation") == "rejected" for line in _lines(folder / _OUTCOMES))
    return {
        "kind": kind,
        "reason": reason,
        "rejects": rejects,
        **{name: bill[name] for name in _FIGURES if name in bill},
    }


def _verdict(ended: Ended, bill: Mapping[str, Any], log: Path) -> tuple[Kind, str]:
    if ended.hung:
        return Kind.HUNG, f"Ended after {ended.seconds / 60:,.0f} minutes, which is as long as a run may take."
    if ended.code == 0:
        skipped = ", ".join(bill.get("skipped") or ())
        return (Kind.INCOMPLETE, f"Skipped for want of rights: {skipped}.") if skipped else (Kind.LOADED, "")
    if ended.code < 0 or ended.code in _SIGNALLED:
        return Kind.KILLED, f"Ended by signal {_SIGNALLED.get(ended.code, -ended.code)}."
    said = bill.get("reason")
    if isinstance(said, dict) and said["kind"] in set(Kind):
        return Kind(said["kind"]), str(said["text"])
    return _by_the_log(said, log)


def _by_the_log(said: Any, log: Path) -> tuple[Kind, str]:
    """What a run that the tap does not explain died of: mostly the loader, whose last error says it."""
    lines = [Line.of(text) for text in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    errors = [line for line in lines if line.is_error]
    loader = [line for line in errors if line.plugin.startswith("target-")]
    if loader or (isinstance(said, dict) and said["kind"] == "unread"):
        return Kind.LOADER, (loader or errors or lines or [Line.of("The loader ended.")])[-1].text
    tap = [line for line in errors if line.plugin.startswith("tap-")]
    return Kind.FAILED, (tap or errors or lines or [Line.of("It said nothing.")])[-1].text


_SIGNALLED = {128 + number: number for number in (1, 2, 9, 15)}


def _lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of lines; none where there is no file, and a line that was cut off is left out."""
    if not path.exists():
        return []
    found = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            found.append(json.loads(text))
        except ValueError:
            continue
    return found


def _tell(line: Line, tried: Attempt) -> None:
    """Hand a line of the run's log on, with whose it is."""
    line.log(account_id=tried.account.account_id, run_id=tried.run_id, night=tried.night)
