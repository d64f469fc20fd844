"""The workflows on GitHub: what they run is fixed, what they may do is little, and they know no password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = [path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml"]

of_each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    """A workflow or a form; its keys are texts, `on` too."""
    return YAML(typ="safe").load(path)


def steps(path: Path) -> Iterator[dict[str, Any]]:
    """Every step of every job."""
    for job in read(path)["jobs"].values():
        yield from job["steps"]


@of_each_workflow
def test_actions_are_named_by_what_they_are_not_by_tags_that_move(path: Path) -> None:
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", each)] == []


@of_each_workflow
def test_jobs_may_only_read_unless_they_say_so_and_end_in_time(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    assert all(job["timeout-minutes"] <= 60 for job in workflow["jobs"].values())
    assert all(
        step["with"]["persist-credentials"] is False for step in steps(path) if "/checkout@" in step.get("uses", "")
    )


@of_each_workflow
def test_no_workflow_knows_a_password(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(r"\bsecrets\b|password", re.sub(r"^#.*$", "", text, flags=re.MULTILINE)) is None
    assert "pull_request_target" not in text


def test_tests_run_on_both_systems_and_every_python() -> None:
    matrix = read(ROOT / ".github" / "workflows" / "tests.yml")["jobs"]["tests"]["strategy"]["matrix"]
    assert matrix == {"os": ["ubuntu-latest", "macos-latest"], "python": ["3.11", "3.12", "3.13"]}


def test_a_release_is_tested_checked_attested_and_then_published() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    done = [step.get("run") or step["uses"].partition("@")[0] for step in jobs["build"]["steps"]]
    order = ["make lint types test", "make build", "tools/release.py --check", "actions/attest-build-provenance"]
    places = [max(place for place, each in enumerate(done) if wanted in each) for wanted in order]
    assert places == sorted(places)
    publish = jobs["publish"]
    assert (publish["needs"], publish["environment"], publish["permissions"]) == (
        "build",
        "release",
        {"id-token": "write"},
    )
    assert publish["steps"][-1]["with"] == {"attestations": True}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_asks_each_thing_once(path: Path) -> None:
    form = read(path)
    asked = [each for each in form["body"] if each["type"] != "markdown"]
    names = [each["id"] for each in asked]
    assert form["name"]
    assert form["description"]
    assert len(set(names)) == len(names) > 1
    assert all(each["attributes"]["label"] for each in asked)
    assert any(each.get("validations", {}).get("required") for each in asked)
