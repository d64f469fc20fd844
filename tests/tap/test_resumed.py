"""A first load that ends where a stream has not said all: whatever a target has written by then, nothing gets lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES
from tests.retailer import by_key, small_sandbox, table
from tests.tapping import Message, Tap, selecting


@dataclass
class Load:
    """A first load with everything selected.

    Args:
        sandbox: The account.
        tap: The tap.
        whole: What the load said.
    """

    sandbox: Sandbox
    tap: Tap
    whole: list[Message]

    def until_the_end_of(self, stream: str) -> list[Message]:
        """The load up to the last state before the last record of a stream: it must not speak of that record."""
        last = max(number for number, message in enumerate(self.whole) if _is_record(message, stream))
        state = max(number for number, message in enumerate(self.whole[:last]) if message["type"] == "STATE")
        return self.whole[: state + 1]


def _is_record(message: Message, stream: str) -> bool:
    return bool(message["type"] == "RECORD" and message["stream"] == stream)


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    folder: Path = tmp_path_factory.mktemp("load")
    with small_sandbox() as sandbox:
        tap = Tap.over(sandbox, folder)
        yield Load(sandbox, tap, tap.run_well(catalog=selecting(everything=True)).messages)


# The account is read before anything can be known of it.
@pytest.mark.parametrize("resource", [resource for resource in RESOURCES if resource.__name__ != "Account"])
def test_a_state_speaks_of_no_row_that_has_not_been_sent(load: Load, resource: type[Resource]) -> None:
    stream = resource.api.stream
    before = load.until_the_end_of(stream)
    after = load.tap.run_well(catalog=selecting(stream, everything=True), state=before[-1]["value"])
    sent = [message["record"] for message in before if _is_record(message, stream)]
    assert by_key(resource, sent + after.records(stream)) == table(load.sandbox, resource)
