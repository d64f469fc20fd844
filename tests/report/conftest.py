"""What the tests of the report share: one PostgreSQL, and the browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightspeed_sandbox import warehouse
from tests.browser import chromium

__all__ = ["chromium"]


@pytest.fixture(scope="module")
def dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a warehouse of the tests' own."""
    with warehouse.running(tmp_path_factory.mktemp("warehouse")) as server:
        yield server.dsn
