"""Catalogs that are old, foreign, damaged or from the future: what they select arrives, or one clear line is said."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.serve import Sandbox
from tests.anything import mutated
from tests.retailer import small_sandbox, small_store
from tests.tap.running import Runs, is_survived_or_refused, missing
from tests.tapping import Message, is_refused_in_a_line, selecting

FULL = bool(os.environ.get("LIGHTSPEED_RETAIL_FULL"))
SHOP, TAG = Resource.named("Shop"), Resource.named("Tag")
STREAMS = [SHOP.api.stream, TAG.api.stream]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=2, sales_per_day=3)) as running:
        yield running


@pytest.fixture(scope="module")
def runs(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(sandbox, tmp_path_factory.mktemp("runs"))


def only(*streams: str) -> Message:
    """A catalog that holds no other streams."""
    catalog = selecting(*streams)
    return {"streams": [entry for entry in catalog["streams"] if entry["tap_stream_id"] in streams]}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b"5", b"\xff\xfe\x00", b"\x80abc", b'{"streams": ' + b"[" * 100_000],
    ids=lambda content: f"{content!r:.20}",
)
def test_a_file_that_is_no_object_is_one_clear_line(runs: Runs, content: bytes) -> None:
    is_refused_in_a_line(runs.run(catalog=content), "--catalog", "must hold a JSON object")


@pytest.mark.parametrize(
    "catalog",
    [
        {},
        {"streams": 5},
        {"streams": {}},
        {"streams": [5]},
        {"streams": [{}]},
        {"streams": [{"tap_stream_id": 5}]},
        {"streams": [{"tap_stream_id": "shops", "schema": 5, "metadata": []}]},
        {"streams": [{"tap_stream_id": "shops", "schema": {}, "metadata": 5}]},
        {"streams": [{"tap_stream_id": "shops", "schema": {}, "metadata": [{"breadcrumb": 5, "metadata": {}}]}]},
        {"streams": [{"tap_stream_id": "shops", "schema": {}, "metadata": [{"metadata": {}}]}]},
        {"streams": [{"stream": "shops", "schema": {"type": ["object"]}}]},
    ],
    ids=str,
)
def test_a_catalog_of_another_form_is_one_clear_line_or_selects_what_it_says(runs: Runs, catalog: Any) -> None:
    spoken = runs.run(catalog=catalog)
    if not is_survived_or_refused(spoken):
        assert "atalog" in spoken.errors()[0]


def test_streams_fields_and_keys_that_are_not_known_do_no_harm(sandbox: Sandbox, runs: Runs) -> None:
    catalog = only(*STREAMS)
    entry = json.loads(json.dumps(catalog["streams"][0]))
    entry |= {"tap_stream_id": "no_such_stream", "stream": "no_such_stream"}
    catalog["streams"].append(entry)
    for each in catalog["streams"]:
        each["from_the_future"] = {"a": [1]}
        each["schema"]["properties"]["no_such_field"] = {"type": ["string", "null"]}
        each["schema"]["from_the_future"] = 1
        mark = {"breadcrumb": ["properties", "no_such_field"], "metadata": {"selected": True, "from_the_future": 1}}
        each["metadata"].append(mark)
    catalog["version"] = 7
    spoken = runs.run(catalog=catalog)
    assert spoken.code == 0, spoken.stderr[-2000:]
    assert missing(sandbox, [SHOP, TAG], spoken) == {}


def test_a_catalog_from_before_a_field_was_known_selects_the_others(sandbox: Sandbox, runs: Runs) -> None:
    catalog = only(*STREAMS)
    for each in catalog["streams"]:
        name = next(name for name in each["schema"]["properties"] if not name.endswith("ID"))
        del each["schema"]["properties"][name]
        each["metadata"] = [mark for mark in each["metadata"] if name not in mark["breadcrumb"]]
    spoken = runs.run(catalog=catalog)
    assert spoken.code == 0, spoken.stderr[-2000:]
    assert missing(sandbox, [SHOP, TAG], spoken) == {}


@pytest.mark.parametrize("keys", [None, [], ["name"], [[], "tagID"], "tagID", 5], ids=str)
def test_keys_are_not_the_catalogs_to_choose(runs: Runs, keys: Any) -> None:
    catalog = only(TAG.api.stream)
    (entry,) = catalog["streams"]
    for place, name in ((entry, "key_properties"), (entry["metadata"][-1]["metadata"], "table-key-properties")):
        place.pop(name, None)
        place.update({} if keys is None else {name: keys})
    entry["replication_key"] = keys
    spoken = runs.run(catalog=catalog)
    assert spoken.code == 0, spoken.stderr[-2000:]
    assert [message["key_properties"] for message in spoken.of("SCHEMA")] == [["accountID", "tagID"]]


@pytest.mark.parametrize("key", [None, "name", 5, ["timeStamp"]], ids=str)
def test_a_full_table_is_read_whole_whatever_replication_key_a_catalog_names(
    sandbox: Sandbox, runs: Runs, key: Any
) -> None:
    state = runs.run(catalog=only(SHOP.api.stream)).state
    catalog = only(SHOP.api.stream)
    (entry,) = catalog["streams"]
    entry |= {"replication_key": key, "replication_method": "FULL_TABLE"}
    entry["metadata"][-1]["metadata"].pop("replication-key", None)
    spoken = runs.run(catalog=catalog, state=state)
    assert spoken.code == 0, spoken.stderr[-2000:]
    assert missing(sandbox, [SHOP], spoken) == {}


def test_another_taps_catalog_reads_nothing_and_says_so_or_is_refused(runs: Runs) -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
    mark = {"breadcrumb": [], "metadata": {"selected": True}}
    spoken = runs.run(catalog={"streams": [{"tap_stream_id": "issues", "schema": schema, "metadata": [mark]}]})
    is_survived_or_refused(spoken)
    assert spoken.of("RECORD") == []


@pytest.mark.parametrize("option", ["catalog", "state", "config"])
def test_what_is_no_file_is_refused_without_a_trace(runs: Runs, tmp_path: Path, option: str) -> None:
    for place in (tmp_path, tmp_path / "nothing.json", tmp_path / ("x" * 300)):
        given_ = {"config": runs.file("config", runs.settings), option: place}
        spoken = runs.start([part for name, file in given_.items() for part in (f"--{name}", str(file))])
        assert spoken.code in (1, 2)
        assert "Traceback" not in spoken.stderr
        assert f"--{option}" in spoken.stderr


def test_a_catalog_of_fifty_megabytes_is_read(sandbox: Sandbox, runs: Runs) -> None:
    catalog = only(*STREAMS)
    catalog["streams"][0]["schema"]["description"] = "x" * 50_000_000
    spoken = runs.run(catalog=catalog)
    assert spoken.code == 0, spoken.stderr[-2000:]
    assert missing(sandbox, [SHOP, TAG], spoken) == {}


@pytest.mark.parametrize("seed", range(1000 if FULL else 15))
def test_a_catalog_that_was_changed_anywhere_is_survived_or_refused_in_a_line(runs: Runs, seed: int) -> None:
    spoken = runs.run(catalog=mutated(only(TAG.api.stream), seed))
    is_survived_or_refused(spoken)
    assert {tuple(message["key_properties"]) for message in spoken.of("SCHEMA")} <= {("accountID", TAG.api.key)}
