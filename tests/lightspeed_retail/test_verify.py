"""The command `lightspeed-retail verify` over a sandbox and what was loaded of it into a PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightspeed_sandbox import warehouse
from tests.lightspeed_retail.verified import Loaded
from tests.retailer import small_sandbox, small_store
from tests.tapping import selecting


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("verify")
    with warehouse.running(folder / "pg") as server, small_sandbox(small_store(days=30)) as sandbox:
        house = Loaded(sandbox, server, folder)
        house.load(selecting(everything=True))
        yield house


def test_try(loaded: Loaded) -> None:
    said = loaded.verify("--yes")
    print(said.code, said.drips, said.errors, said.text)
    said = loaded.verify("--yes", "--stream", "*", "--format", "json")
    print(said.code, said.drips, said.errors, said.differences())
    assert said.code == 2
