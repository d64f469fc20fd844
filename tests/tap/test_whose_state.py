"""A state says whose it is: no account goes on from where another was, which would leave out rows in silence."""

from __future__ import annotations

from pathlib import Path

from tests.retailer import small_sandbox
from tests.tapping import Tap, is_refused_in_a_line, selecting

CATALOG = ("shops", "customers")


def test_a_state_is_taken_by_its_own_account_alone(tmp_path: Path) -> None:
    with small_sandbox() as sandbox:
        tap = Tap.over(sandbox, tmp_path)
        state = tap.run_well(catalog=selecting(*CATALOG)).state
        assert state["accountID"] == int(sandbox.account)
        assert tap.run_well(catalog=selecting(*CATALOG), state=state).state["accountID"] == int(sandbox.account)
        foreign = {**state, "accountID": int(sandbox.account) + 1}
        refused = tap.run(catalog=selecting(*CATALOG), state=foreign)
        is_refused_in_a_line(refused, str(foreign["accountID"]), str(sandbox.account), "--state-id")
        assert refused.of("RECORD") == []


def test_a_state_from_before_it_said_so_is_taken(tmp_path: Path) -> None:
    with small_sandbox() as sandbox:
        tap = Tap.over(sandbox, tmp_path)
        first = tap.run_well(catalog=selecting(*CATALOG))
        nameless = {"bookmarks": first.state["bookmarks"]}
        later = tap.run_well(catalog=selecting(*CATALOG), state=nameless)
        assert len(later.records("customers")) < len(first.records("customers")) / 10
        assert later.state["accountID"] == int(sandbox.account)
