"""The API refuses to filter by time for a while, and the list that is then read whole fails too: nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest

from lightspeed_retail.resources import Resource, Stamp
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES, rides
from tests.forwarding import Change, forwarding
from tests.retailer import by_key, small_sandbox, small_store, table
from tests.scripted import Answer, Asked
from tests.tapping import Key, Spoken, Tap, Warehouse, key_of, selecting

LISTED = [each for each in RESOURCES if isinstance(each.api.bookmark, Stamp) and each.api.parent is None]
NAMES = {name for each in LISTED if isinstance(each.api.bookmark, Stamp) for name in each.api.bookmark.candidates}
REFUSED = Answer(400, {"httpCode": "400", "message": "Not today.", "errorClass": "Exception"})


def lists_some(asked: Asked, resources: list[type[Resource]]) -> bool:
    """Whether a list of some resources is asked for; that of shops tells the time zone, too."""
    path = urlsplit(asked.path).path
    return any(path.endswith(each.api.path) for each in resources if each.api.stream != "shops")


def refuse_children(asked: Asked, usual: Answer) -> Answer:
    """A host that answers no list of rows that come with others, too."""
    return REFUSED if lists_some(asked, [each for each in LISTED if rides(each)]) else usual


def refuse_filters_and_later_pages_of_children(asked: Asked, usual: Answer) -> Answer:
    """A host that does not filter such lists by stamps, and has the first page of each only."""
    query = parse_qs(urlsplit(asked.path).query)
    refused = NAMES & query.keys() or "after" in query
    return refuse_children(asked, usual) if refused else usual


HOSTS = [refuse_children, refuse_filters_and_later_pages_of_children]


@dataclass
class Refused:
    """A run that ended well, one that was refused most of what it asked, and two that were not.

    Args:
        sandbox: The account.
        edited: The keys of the rows that were edited before the run that was refused, and after it.
        runs: All runs.
    """

    sandbox: Sandbox
    edited: dict[type[Resource], tuple[Key, Key]]
    runs: list[Spoken]


def edit_all(sandbox: Sandbox, place: int) -> dict[type[Resource], Key]:
    """Edit a row of every list, and nothing around it."""
    found = {}
    for number, resource in enumerate(LISTED):
        rows = sandbox.rows(resource)
        row = rows[(place + number) % len(rows)]
        found[resource] = key_of(resource, sandbox.edit(resource, row[resource.api.key], {}))
    return found


@pytest.fixture(scope="module", params=HOSTS)
def refused(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refused]:
    change: Change = request.param
    catalog = selecting(everything=True)
    with small_sandbox(small_store(days=20)) as sandbox:
        tap = Tap.over(sandbox, tmp_path_factory.mktemp("refused"), lookback_seconds=0)
        runs = [tap.run_well(catalog=catalog)]
        sandbox.advance(2)
        before = edit_all(sandbox, 0)
        with forwarding(sandbox, change) as host:
            tap.settings["api_url"] = host.url
            runs.append(tap.run(catalog=catalog, state=runs[-1].state))
        tap.settings["api_url"] = sandbox.url
        after = edit_all(sandbox, 7)
        for _ in range(2):
            runs.append(tap.run_well(catalog=catalog, state=runs[-1].state))
        yield Refused(sandbox, {each: (before[each], after[each]) for each in LISTED}, runs)


def test_the_run_that_was_refused_tells_of_it(refused: Refused) -> None:
    assert refused.runs[1].code == 1
    assert "could not be read" in refused.runs[1].errors()[-1]


@pytest.mark.parametrize("resource", LISTED)
def test_what_changed_before_the_refusal_and_after_it_arrives(refused: Refused, resource: type[Resource]) -> None:
    arrived = Warehouse().load(*refused.runs).rows[resource.api.stream]
    there = table(refused.sandbox, resource)
    assert by_key(resource, arrived.values()) == there
    assert set(refused.edited[resource]) <= there.keys()


def test_no_load_stays_open(refused: Refused) -> None:
    assert "first_load" not in str(refused.runs[-1].state)
