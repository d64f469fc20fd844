"""A first load that ends where a stream has not said all: whatever a target has written by then, nothing gets lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES
from tests.retailer import by_key, small_sandbox, table
from tests.tapping import Spoken, Tap, Warehouse, selecting


@dataclass
class Load:
    """A first load with everything selected, and runs that go on from points in it.

    Args:
        sandbox: The account.
        tap: The tap.
        whole: The load.
        resumed: The runs that went on, by the number of lines before them.
    """

    sandbox: Sandbox
    tap: Tap
    whole: Spoken
    resumed: dict[int, Spoken] = field(default_factory=dict)

    def until_the_end_of(self, stream: str) -> int:
        """The line of the last state before the last record of a stream: it must not speak of that record."""
        kinds = [(message["type"], message.get("stream")) for message in self.whole.messages]
        last = max(number for number, kind in enumerate(kinds) if kind == ("RECORD", stream))
        return max(number for number, (kind, _) in enumerate(kinds[:last]) if kind == "STATE")

    def resume(self, line: int) -> list[Spoken]:
        """The load up to a line, and the run that goes on from there."""
        before = Spoken(0, self.whole.lines[: line + 1], "")
        if line not in self.resumed:
            self.resumed[line] = self.tap.run_well(catalog=selecting(everything=True), state=before.state)
        return [before, self.resumed[line]]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    folder: Path = tmp_path_factory.mktemp("load")
    with small_sandbox() as sandbox:
        tap = Tap.over(sandbox, folder)
        yield Load(sandbox, tap, tap.run_well(catalog=selecting(everything=True)))


# The account is read before anything can be known of it.
@pytest.mark.parametrize("resource", [resource for resource in RESOURCES if resource.__name__ != "Account"])
def test_a_state_speaks_of_no_row_that_has_not_been_sent(load: Load, resource: type[Resource]) -> None:
    runs = load.resume(load.until_the_end_of(resource.api.stream))
    rows = Warehouse().load(*runs).rows[resource.api.stream]
    assert by_key(resource, rows.values()) == table(load.sandbox, resource)
