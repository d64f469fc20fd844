"""What the pages on many accounts say: settings, simulated figures, kinds, metrics and alerts are those of the code."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ruamel.yaml import YAML

from lightspeed_nightly import settings, simulation
from lightspeed_nightly.outcome import Kind, Run
from lightspeed_nightly.runs import TABLE
from lightspeed_nightly.simulated_run import Costs
from lightspeed_nightly.summary import Summary
from tests.conftest import ROOT
from tests.project.consoles import Command, blocks, commands, text_of

MANY, OPERATIONS = "docs/many-accounts.md", "docs/operations.md"
(DAG,) = (path.read_text(encoding="utf-8") for path in (ROOT / "orchestrate" / "dags").glob("*.py"))
SIMULATE = [command for command in commands(MANY) if " simulate " in command.bare]


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table that begins with such a cell."""
    found = re.search(rf"^\| {heading} \|.*\n\|.*\n((?:\|.*\n)+)", text_of(page), re.MULTILINE)
    assert found, heading
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found[1].splitlines()]


def test_the_table_of_settings_is_theirs() -> None:
    """Printed by `python -m lightspeed_nightly settings`."""
    assert settings.table() in text_of(MANY)


def test_the_table_of_simulated_nights_is_what_is_simulated() -> None:
    """Printed by `python -m lightspeed_nightly simulate --table`."""
    assert "\n".join(simulation.table()) in text_of(MANY)


@pytest.mark.parametrize("command", SIMULATE, ids=lambda command: command.bare)
def test_commands_that_simulate_run(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    words = command.bare.replace("\\\n", " ").split()
    given = words[words.index("simulate") + 1 :]
    if given == ["--help"]:
        with pytest.raises(SystemExit, match="0"):
            simulation.main(given)
    else:
        assert simulation.main(given) == 0
    assert capsys.readouterr().out


def test_figures_that_a_page_changes_are_some() -> None:
    known = {each.name for each in fields(Costs)}
    named = re.findall(r"--set (\w+)=", text_of(MANY))
    assert named
    assert set(named) <= known


def test_the_table_of_kinds_is_whole_and_says_which_are_tried_again() -> None:
    found = {cells[0].strip("| `"): cells[-1].strip(" |") for cells in rows(OPERATIONS, "Kind")}
    assert list(found) == [str(each) for each in Kind]
    for kind in Kind:
        assert found[str(kind)] == ("" if kind.is_good and kind is Kind.LOADED else "yes" if kind.is_passing else "no")


def metrics() -> set[str]:
    """The metrics that the DAG hands out."""
    figures = next(
        ast.literal_eval(node.value)
        for node in ast.parse(DAG).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_FIGURES"
    )
    return {f"lightspeed.{name}" for name in figures} | set(re.findall(r'"(lightspeed\.\w+)"', DAG))


def test_the_table_of_metrics_is_what_the_dag_hands_out() -> None:
    assert {cells[0].strip("| `") for cells in rows(OPERATIONS, "Metric")} == metrics()


def test_alerts_are_about_metrics_that_there_are() -> None:
    (text,) = (text for language, text in blocks(OPERATIONS) if language == "yaml")
    (group,) = YAML(typ="safe").load(text)["groups"]
    known = {f"airflow_{each.replace('.', '_')}" for each in metrics()}
    for rule in group["rules"]:
        used = set(re.findall(r"airflow_\w+", rule["expr"]))
        assert used
        assert used <= known, rule["alert"]
        assert rule["labels"]["severity"] in {"warning", "critical"}
        outcomes = {each for _, said in re.findall(r'outcome(=|!~)"([^"]+)"', rule["expr"]) for each in said.split("|")}
        assert outcomes <= set(Kind), rule["alert"]


def test_questions_to_the_table_of_runs_name_columns_that_it_has() -> None:
    texts = [text for language, text in blocks(OPERATIONS) if language == "sql" and TABLE.name in text]
    assert texts
    used = {
        name for text in texts for name in re.findall(r"\b(account_id|began|ended|kind|reason|night|outcome)\b", text)
    }
    assert used <= {column.name for column in TABLE.columns}


def test_the_summary_on_the_page_is_written_as_the_code_writes_it() -> None:
    began = datetime(2026, 11, 21, 3, tzinfo=UTC)
    whose: dict[str, Any] = {"night": "n", "run_id": "r", "attempt": 1, "worker": "w", "began": began}
    good = Run(account_id=1, kind=Kind.LOADED, ended=began + timedelta(minutes=69), rows=1000, drips=1000.0, **whose)
    bad = Run(account_id=2, kind=Kind.CREDENTIALS, reason="Why.", ended=began, **whose)
    lines = str(Summary("n", [good, bad])).splitlines()
    shown = re.findall(
        r"^ {4}(Lightspeed Retail, night .*|Failed .*|- \d+: \w+: .*)$", text_of(OPERATIONS), re.MULTILINE
    )
    assert [_shape(line) for line in shown[:2]] == [_shape(line) for line in lines[:2]]
    assert _shape(shown[2]).startswith("- #: credentials: ")


def _shape(line: str) -> str:
    """A line without its numbers, and without the name of the night."""
    return re.sub(r"\d[\d,.]*(?<![,.])", "#", re.sub(r"night \S+:", "night:", line))
