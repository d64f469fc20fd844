"""Streams that are sent to paths that nobody has declared: each record once, as far as that can be known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.errors import SettingsError
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.custom import custom_sinks
from tests import targeting
from tests.retailer import small_sandbox
from tests.targeting import Done, messages

SINK: dict[str, Any] = {
    "stream": "reasons",
    "path": "/Discount.json",
    "key": ["code"],
    "body": {"name": "title", "discountPercent": "share"},
}
LOOKED_UP = {**SINK, "lookup": {"field": "name", "value": "title"}}
POST = "POST /Discount.json"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox() as running:
        yield running


def reason(code: str, title: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "title": title, "share": "0.1", **more}


def write(sandbox: Sandbox, folder: Path, *rows: dict[str, Any], sink: dict[str, Any] = SINK, **settings: Any) -> Done:
    return targeting.run(sandbox, messages(sink["stream"], rows, "code"), folder, custom_sinks=[sink], **settings)


def named(sandbox: Sandbox, *titles: str) -> list[int]:
    """How many discounts there are of each name."""
    return [len(discounts(sandbox, title)) for title in titles]


def discounts(sandbox: Sandbox, title: str) -> list[dict[str, Any]]:
    return [row for row in targeting.rows(sandbox, "Discount") if row["name"] == title]


def test_a_record_is_posted_once(sandbox: Sandbox, tmp_path: Path) -> None:
    rows = [reason("a", "Moved"), reason("b", "Lost")]
    done = write(sandbox, tmp_path, *rows)
    assert (done.code, done.operations, done.writes) == (0, ["created", "created"], [POST, POST]), done.errors
    assert done.outcomes[0]["key"] == '{"code": "a"}'
    (row,) = discounts(sandbox, "Moved")
    assert (done.ids[0], f"{row['discountPercent']:f}") == (row["discountID"], "0.1")
    again = write(sandbox, tmp_path, *rows)
    assert (again.operations, again.writes) == (["unchanged", "unchanged"], [])


def test_other_content_of_a_key_is_posted(sandbox: Sandbox, tmp_path: Path) -> None:
    write(sandbox, tmp_path, reason("a", "Moved"))
    assert write(sandbox, tmp_path, reason("a", "Gone")).writes == [POST]
    assert write(sandbox, tmp_path, reason("a", "Gone", unmapped=3)).writes == []


def test_the_record_itself_is_sent_without_a_mapping(sandbox: Sandbox, tmp_path: Path) -> None:
    sink = {"stream": "labels", "path": "/Discount", "key": ["name"]}
    done = write(sandbox, tmp_path, {"name": "Whole", "discountPercent": "0.2", "_sdc_batched_at": "x"}, sink=sink)
    assert (done.operations, named(sandbox, "Whole")) == (["created"], [1])
    assert done.outcomes[0]["changed"] == ["discountPercent", "name"]


def test_a_path_takes_fields_and_the_methods_put_and_delete(sandbox: Sandbox, tmp_path: Path) -> None:
    (number,) = write(sandbox, tmp_path, reason("a", "Moved")).ids
    row = {"code": number, "title": "Renamed"}
    path = {"path": "/Discount/{code}.json", "body": {"name": "title"}}
    put = write(sandbox, tmp_path, row, sink={**SINK, **path, "stream": "renames", "method": "PUT"})
    assert (put.operations, put.writes) == (["updated"], ["PUT /Discount/{}.json"])
    assert named(sandbox, "Moved", "Renamed") == [0, 1]
    drop = {**SINK, **path, "stream": "drops", "method": "DELETE"}
    assert write(sandbox, tmp_path, row, sink=drop, max_archives=0).code == 1
    deleted = write(sandbox, tmp_path, row, sink=drop)
    assert (deleted.operations, deleted.writes) == (["archived"], ["DELETE /Discount/{}.json"])


def test_a_record_without_key_or_what_stands_in_the_path_is_rejected(sandbox: Sandbox, tmp_path: Path) -> None:
    sink = {**SINK, "path": "/Discount/{other}.json"}
    done = write(sandbox, tmp_path, {"title": "x"}, reason("a", "y"), reason("b", "z", other=".."), sink=sink)
    assert (done.operations, done.writes) == (["rejected"] * 3, [])
    assert "lacks code" in done.reasons[0]
    assert all("lacks other" in why for why in done.reasons[1:])


def test_a_refused_record_is_rejected_and_tried_again(sandbox: Sandbox, tmp_path: Path) -> None:
    sink = {**SINK, "path": "/NoSuchThing.json"}
    for _ in range(2):
        done = write(sandbox, tmp_path, reason("a", "x"), sink=sink)
        assert (done.operations, len(done.writes)) == (["rejected"], 1)


def test_an_unknown_outcome_is_left_to_people_and_never_repeated(tmp_path: Path) -> None:
    with small_sandbox(fault=["drop-after:1:POST"]) as sandbox:
        rows = [reason("a", "Moved")]
        for tries in (1, 0):
            done = write(sandbox, tmp_path, *rows)
            assert (done.operations, len(done.writes)) == (["rejected"], tries)
            assert "unknown: sent" in done.reasons[0]
        assert write(sandbox, tmp_path, *rows, sink={**SINK, "unknown": "sent"}).operations == ["created"]
        assert write(sandbox, tmp_path, *rows).operations == ["unchanged"]
        assert named(sandbox, "Moved") == [1]


def test_an_unknown_outcome_is_sent_again_on_demand(tmp_path: Path) -> None:
    with small_sandbox(fault=["drop-before:2:POST"]) as sandbox:
        assert write(sandbox, tmp_path, reason("z", "First")).operations == ["created"]
        assert write(sandbox, tmp_path, reason("a", "Moved")).operations == ["rejected"]
        again = write(sandbox, tmp_path, reason("a", "Moved"), sink={**SINK, "unknown": "again"})
        assert (again.operations, named(sandbox, "Moved")) == (["created"], [1])


@pytest.mark.parametrize("fault", ["drop-after:1:POST", "504:2:POST"])
def test_an_unknown_outcome_is_looked_up(tmp_path: Path, fault: str) -> None:
    with small_sandbox(fault=[fault]) as sandbox:
        done = write(sandbox, tmp_path, reason("a", "Moved"), reason("b", "Lost"), sink=LOOKED_UP)
        assert (done.code, done.operations) == (0, ["created", "created"]), done.errors
        assert named(sandbox, "Moved", "Lost") == [1, 1]
        assert done.ids == [discounts(sandbox, title)[0]["discountID"] for title in ("Moved", "Lost")]


@pytest.mark.parametrize("fault", ["slow-1:1:POST", "late-1:1:POST"])
def test_a_killed_run_is_settled_by_a_look(tmp_path: Path, fault: str) -> None:
    with small_sandbox(fault=[fault]) as sandbox:
        said = messages("reasons", [reason("a", "Moved")], "code")
        # What is done late has its answer at once then, so the run is killed before.
        killed = targeting.run_until(
            sandbox, said, tmp_path, lambda _: bool(sandbox.injected), custom_sinks=[LOOKED_UP]
        )
        assert killed.code < 0
        done = targeting.run(sandbox, said, tmp_path, custom_sinks=[LOOKED_UP])
        assert (done.operations, named(sandbox, "Moved")) == (["created"], [1])
        assert [asked["method"] for asked in sandbox.requests].count("POST") == 1


def test_a_dry_run_sends_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    done = write(sandbox, tmp_path, reason("a", "Moved"), dry_run=True)
    assert (done.operations, done.writes) == (["created"], [])
    assert write(sandbox, tmp_path, reason("a", "Moved")).writes == [POST]


def test_custom_sinks_come_after_all_other_streams(sandbox: Sandbox, tmp_path: Path) -> None:
    said = [*messages("reasons", [reason("a", "Moved")], "code"), *messages("tags", [{"name": "New"}], "name")]
    done = targeting.run(sandbox, said, tmp_path, custom_sinks=[SINK])
    assert done.writes == ["POST /Tag.json", POST]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stream": "items"}, "items is written already"),
        ({"path": "https://example.com/x"}, "is no path"),
        ({"path": "/Account/../1.json"}, "is no path"),
        ({"lookup": {"field": "name", "path": "?x"}}, "is no path"),
    ],
)
def test_settings_that_make_no_sense_are_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        custom_sinks([{**SINK, **changes}])


def test_a_stream_is_described_once() -> None:
    with pytest.raises(SettingsError, match="reasons is written already"):
        custom_sinks([SINK, SINK])
