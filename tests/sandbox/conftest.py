"""A sandbox that the tests of a module share, and somebody who asks it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightspeed_sandbox.serve import Sandbox
from tests.retailer import small_sandbox
from tests.sandbox.calling import Api


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def api(sandbox: Sandbox) -> Api:
    return Api.of(sandbox)
