"""The main job over recorded answers: what Lightspeed sent is in the warehouse, row by row and field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from tests.end_to_end.project import (
    EVERYTHING,
    MAIN_JOB,
    Project,
    by_key,
    differences,
    own,
    passing_warehouse,
    selected,
    tables,
)
from tests.end_to_end.recordings import Tables, account_of, recorded_tables

WIDE = ["--bucket-size", "100000", "--drip-rate", "1000"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.copied(tmp_path)


def compare(expected: Tables, found: dict[type[Resource], list[dict[str, Any]]], *, everything: bool) -> dict[str, Any]:
    """Differences by stream; properties that nobody selected are not asked for."""
    wrong = {}
    for resource, rows in expected.items():
        if not everything and not resource.api.selected:
            continue
        typed = {key: own(resource, row) for key, row in rows.items()}
        one = typed if everything else {key: selected(resource, row) for key, row in typed.items()}
        other = {key: own(resource, row) for key, row in by_key(resource, found[resource]).items()}
        if difference := differences(one, other):
            wrong[resource.api.stream] = difference
    return wrong


@pytest.mark.parametrize("select", [{}, EVERYTHING], ids=["as the project selects", "with every property selected"])
def test_every_recorded_row_is_in_the_warehouse_with_every_field_as_recorded(
    recordings: Path, project: Project, select: dict[str, str]
) -> None:
    expected = recorded_tables(recordings)
    assert sum(map(len, expected.values())) > 80, "the recordings hold more"

    sandbox = ["lightspeed-sandbox", "run", "--recorded", str(recordings), *WIDE]
    project.run_well([*sandbox, "--", *MAIN_JOB], **select)

    with passing_warehouse(project.warehouse) as server:
        found = tables(server)
    assert compare(expected, found, everything=bool(select)) == {}
    assert {row["accountID"] for rows in found.values() for row in rows} == {account_of(recordings)}
