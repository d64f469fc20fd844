"""A sample of the fault schedules of the target: nothing missing, nothing twice, nothing acknowledged too early.

`python -m tests.schedules target --seeds 1-1000` runs as many as one likes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from lightspeed_sandbox.warehouse import Warehouse
from tests.schedules.common import careless_warehouse, play

IS_FULL = os.environ.get("LIGHTSPEED_RETAIL_FULL") == "1"
SEEDS = range(1, 201 if IS_FULL else 15)


@pytest.fixture(scope="module")
def server() -> Iterator[Warehouse]:
    """A PostgreSQL for ledgers."""
    with careless_warehouse() as running:
        yield running


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_sent_is_there_once(server: Warehouse, seed: int) -> None:
    outcome = play("target", seed, server)
    assert outcome.is_good, outcome.told("target")
