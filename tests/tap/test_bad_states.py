"""States that are old, foreign, damaged or from the future: no row is lost, or one clear line says what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from lightspeed_retail.resources import Days, Resource, Snapshot, Stamp, Tail
from lightspeed_retail.resources.sales import SaleLine
from lightspeed_retail.wire import instant, stamp
from lightspeed_sandbox.serve import Sandbox
from tests.anything import changed, mutated, places, without
from tests.declared import RESOURCES
from tests.retailer import TODAY, small_sandbox, small_store
from tests.tap.running import Runs, is_survived_or_refused, missing
from tests.tapping import Message, Spoken, is_refused_in_a_line, selecting

FULL = bool(os.environ.get("LIGHTSPEED_RETAIL_FULL"))
DEEP = b'{"bookmarks": ' + b"[" * 100_000
BOOKMARKS = ("replication_key_value", "key", "keys", "read_whole", "at")


def _one_of_each_kind() -> list[type[Resource]]:
    """A resource for each way in which streams are bookmarked, and those that ride on it."""
    kinds: dict[Any, type[Resource]] = {}
    for resource in RESOURCES:
        bookmark = resource.api.bookmark
        kind = (type(bookmark), resource.api.sorts_by_stamp, bool(resource.api.parent), bool(resource.api.passes))
        kinds.setdefault(kind, resource)
    riding = [Resource.named(name) for name in ("Sale", "SaleLine", "SalePayment")]
    return list(dict.fromkeys([*riding, *kinds.values()]))


CHOSEN = _one_of_each_kind()
STREAMS = [resource.api.stream for resource in CHOSEN]


@dataclass
class Story:
    """A run that has read all, days of trade after it, and what later runs are started with."""

    sandbox: Sandbox
    runs: Runs
    first: Spoken
    catalog: Message

    @property
    def state(self) -> Message:
        """The state that the run has left."""
        return self.first.state

    def lost(self, spoken: Spoken) -> dict[str, Any]:
        """What the account has and the two runs together have not brought."""
        return missing(self.sandbox, CHOSEN, self.first, spoken)

    def loses_nothing(self, state: Any) -> bool:
        """Whether a run ends well; it has lost nothing then."""
        spoken = self.runs.run(catalog=self.catalog, state=state)
        is_well = is_survived_or_refused(spoken)
        assert not is_well or self.lost(spoken) == {}
        return is_well


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("story")
    with small_sandbox(small_store(days=6, sales_per_day=4)) as sandbox:
        runs = Runs(sandbox, folder)
        catalog = selecting(*STREAMS)
        first = runs.run(catalog=catalog)
        assert first.code == 0, first.stderr[-3000:]
        sandbox.advance(1)
        yield Story(sandbox, runs, first, catalog)


def test_the_streams_are_of_all_kinds_and_trade_goes_on(story: Story) -> None:
    kinds = {type(resource.api.bookmark) for resource in CHOSEN}
    assert kinds >= {Stamp, Tail, Snapshot, Days}
    assert len(story.lost(story.first)) > 3
    assert story.loses_nothing(story.state)
    assert story.loses_nothing(None)


# Files that hold no state


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b"5", b'"text"', b"\xff\xfe\x00", b"\x80abc", DEEP, b"{} {}", b'{"bookmarks": NaN}'],
    ids=lambda content: f"{content!r:.20}",
)
def test_a_file_that_is_no_object_is_one_clear_line(story: Story, content: bytes) -> None:
    is_refused_in_a_line(story.runs.run(catalog=story.catalog, state=content), "--state", "must hold a JSON object")


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"  \r\n"])
def test_a_mark_or_blanks_before_a_state_do_no_harm(story: Story, mark: bytes) -> None:
    assert story.loses_nothing(mark + json.dumps(story.state).encode())


@pytest.mark.parametrize(
    "state",
    [
        {"bookmarks": []},
        {"bookmarks": 5},
        {"bookmarks": {"sales": 5}},
        {"bookmarks": {"other": []}},
        {"bookmarks": None},
    ],
    ids=str,
)
def test_bookmarks_of_another_form_are_one_clear_line(story: Story, state: Any) -> None:
    is_refused_in_a_line(story.runs.run(catalog=story.catalog, state=state), "--state")


# Old, foreign, from the future


@pytest.mark.parametrize(
    "more",
    [
        {"bookmarks": {"no_such_stream": {"replication_key": "x", "replication_key_value": "0T"}}},
        {"bookmarks": {"no_such_stream": {"replication_key_value": "2999-01-01T00:00:00+00:00"}}},
        {"bookmarks": {"no_such_stream": {"partitions": [{"context": {}, "replication_key_value": 5}]}}},
        {"format": 2, "currently_syncing": "sales"},
        {"bookmarks": {"shops": {"unknown": {"deeper": [1, None]}, "rows_a_week": "many"}}},
    ],
    ids=str,
)
def test_streams_and_keys_that_are_not_known_do_no_harm(story: Story, more: Message) -> None:
    bookmarks = {**story.state["bookmarks"]}
    for name, entry in more.get("bookmarks", {}).items():
        bookmarks[name] = {**bookmarks.get(name, {}), **entry}
    assert story.loses_nothing({**more, "bookmarks": bookmarks})


@pytest.mark.parametrize("resource", CHOSEN)
def test_a_bookmark_by_another_taps_field_is_one_clear_line(story: Story, resource: type[Resource]) -> None:
    entry = {"replication_key": "updated_at", "replication_key_value": "2024-06-14T00:00:00Z"}
    spoken = story.runs.run(catalog=story.catalog, state={"bookmarks": {resource.api.stream: entry}})
    is_refused_in_a_line(spoken, resource.api.stream, "another tap's", "updated_at", "full refresh")


@pytest.mark.parametrize("ahead", [timedelta(days=2), timedelta(days=365 * 900)], ids=["two days", "centuries"])
def test_what_lies_ahead_of_the_servers_clock_is_read_anew(story: Story, ahead: timedelta) -> None:
    now = TODAY + timedelta(days=1)
    state: Message = json.loads(json.dumps(story.state))
    for at in places(state):
        value = _at(state, at)
        if isinstance(value, str) and at[-1] != "replication_key" and _is_moment(value):
            later = stamp(now + ahead)
            state = changed(state, at, later[: len(value)] if len(value) == len("2024-01-01") else later)
    assert state != story.state
    spoken = story.runs.run(catalog=story.catalog, state=state)
    assert is_survived_or_refused(spoken), spoken.stderr[-2000:]
    assert story.lost(spoken) == {}
    assert "ahead of Lightspeed's clock" in spoken.stderr
    again = story.runs.run(catalog=story.catalog, state=spoken.state)
    assert again.code == 0
    assert "ahead of" not in again.stderr


def test_where_only_its_own_bookmark_lies_ahead_a_stream_is_not_read_on_from_where_its_parents_stand(
    story: Story,
) -> None:
    state: Message = json.loads(json.dumps(story.state))
    entry = state["bookmarks"]["sale_lines"]
    assert entry["replication_key_value"]
    assert entry["with"]["sales"]["replication_key_value"]
    entry["replication_key_value"] = stamp(TODAY + timedelta(days=9))
    line = story.sandbox.rows(SaleLine)[0]
    story.sandbox.edit(SaleLine, line["saleLineID"], {"unitQuantity": 77})
    spoken = story.runs.run(catalog=story.catalog, state=state)
    assert spoken.code == 0, spoken.stderr[-2000:]
    assert story.lost(spoken) == {}


def test_a_bookmark_a_little_ahead_of_the_clock_is_kept(story: Story) -> None:
    entry = {"replication_key": "timeStamp", "replication_key_value": stamp(TODAY + timedelta(days=1, hours=2))}
    spoken = story.runs.run(catalog=selecting("shops"), state={"bookmarks": {"shops": entry}})
    assert spoken.code == 0
    assert "ahead of" not in spoken.stderr


# Damaged


@pytest.mark.parametrize("seed", range(1000 if FULL else 12))
def test_a_state_that_was_changed_anywhere_loses_nothing_or_is_refused_in_a_line(story: Story, seed: int) -> None:
    state = mutated(story.state, seed)
    spoken = story.runs.run(catalog=story.catalog, state=state)
    if is_survived_or_refused(spoken) and not _claims_more(story.state, state):
        assert story.lost(spoken) == {}


@pytest.mark.parametrize("seed", range(500 if FULL else 8))
def test_the_state_of_a_first_load_that_was_cut_short_may_be_changed_anywhere(story: Story, seed: int) -> None:
    began = stamp(TODAY)
    load = {"began": began, "clock": began, "rows": 4, "key": 5, "newest": began}
    entries: Message = {name: {"first_load": {**load}} for name in ("sales", "items", "customers")}
    entries["sale_lines"] = {"with": {"sales": {"first_load": {**load}}}}
    state = mutated({"bookmarks": entries}, seed)
    is_survived_or_refused(story.runs.run(catalog=story.catalog, state=state))


def _claims_more(before: Message, after: Any) -> bool:
    """Whether a changed state says in the right form that something has been read: nobody can tell that it lies."""
    known = set(places(before))
    for at in places(after):
        value = _at(after, at)
        was = _at(before, at) if at in known else None
        is_claim = bool(at) and at[-1] in BOOKMARKS and value != was
        if is_claim and (isinstance(value, int) or (isinstance(value, str) and value)):
            return True
    return False


def _is_moment(text: str) -> bool:
    try:
        return bool(instant(text))
    except ValueError:
        return False


def _at(document: Any, at: tuple[Any, ...]) -> Any:
    for step in at:
        document = document[step]
    return document


def test_every_node_of_the_state_can_go(story: Story) -> None:
    """Whatever is missing is read again; one run for each kind of node."""
    seen: set[tuple[Any, ...]] = set()
    for at in list(places(story.state)):
        kind = tuple(step for step in at if step not in STREAMS)
        if not at or kind in seen:
            continue
        seen.add(kind)
        story.loses_nothing(without(story.state, at))
    assert len(seen) > 5
