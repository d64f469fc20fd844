"""A sample of the tap's fault schedules; `python -m tests.schedules tap --seeds 1-1000` plays as many as one likes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightspeed_sandbox.warehouse import Warehouse
from tests.schedules.common import careless_warehouse, play

SEEDS = range(1, 201 if os.environ.get("LIGHTSPEED_RETAIL_FULL") else 11)


@pytest.fixture(scope="module")
def server() -> Iterator[Warehouse]:
    with careless_warehouse() as running:
        yield running


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_goes_wrong_the_warehouse_ends_as_the_account_is(seed: int, server: Warehouse, tmp_path: Path) -> None:
    outcome = play("tap", seed, server, keep=tmp_path)
    assert outcome.is_good, outcome.told("tap")
