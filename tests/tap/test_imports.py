"""What a start of the tap does not import: an account with little news costs a start and not much more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.retailer import small_sandbox, small_store
from tests.tapping import COMMAND, Message, Tap, selecting

NEVER = {
    "altair",
    "great_tables",
    "jinja2",
    "lightspeed_sandbox",
    "meltano",
    "polars",
    "questionary",
    "starlette",
    "typer",
}
"""What other commands of the project need."""

WHEN_ASKED_FOR = {"cryptography", "psycopg", "rich", "sqlalchemy"}
"""What a token store in a database, a key for it, and a terminal need."""

STREAMS = ("sales", "sale_lines", "items", "shops")


class Observed(Tap):
    """The tap, and what its real command imports, as Python tells."""

    def _command(self, catalog: Message | None, state: Message | None) -> list[str]:
        return observed(*super()._command(catalog, state)[len(COMMAND) :])


def observed(*arguments: str) -> list[str]:
    """The command line by which the tap is run so."""
    program = Path(sys.executable).with_name("tap-lightspeed-retail")
    return [sys.executable, "-X", "importtime", str(program), *arguments]


def packages(stderr: str) -> set[str]:
    """The packages that a process says it has imported."""
    lines = (line for line in stderr.splitlines() if line.startswith("import time:"))
    found = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert {"singer_sdk", "tap_lightspeed_retail", "lightspeed_retail"} <= found
    return found


def test_saying_the_version_loads_nothing_for_databases_and_terminals() -> None:
    done = subprocess.run(observed("--version"), capture_output=True, text=True, check=True)
    assert not packages(done.stderr) & (NEVER | WHEN_ASKED_FOR)


def test_a_run_with_nothing_new_loads_nothing_for_databases_and_terminals(tmp_path: Path) -> None:
    catalog = selecting(*STREAMS)
    with small_sandbox(small_store(days=2, sales_per_day=3)) as sandbox:
        first = Tap.over(sandbox, tmp_path).run_well(catalog=catalog)
        tap = Observed.over(sandbox, tmp_path, bill_path=str(tmp_path / "bill.jsonl"))
        second = tap.run_well(catalog=catalog, state=first.state)
    assert (tmp_path / "bill.jsonl").exists()
    assert not packages(second.stderr) & (NEVER | WHEN_ASKED_FOR)


def test_a_token_store_in_a_database_loads_what_it_needs(tmp_path: Path) -> None:
    with small_sandbox(small_store(days=2, sales_per_day=3)) as sandbox:
        tap = Observed.over(sandbox, tmp_path, token_store=f"sqlite:///{tmp_path}/tokens.db")
        spoken = tap.run_well(catalog=selecting("shops"))
    assert packages(spoken.stderr) & WHEN_ASKED_FOR == {"sqlalchemy"}
