"""How records leave: many at a time, in whole lines, and mapped or flattened where somebody wants that."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_sandbox.serve import Sandbox
from tap_lightspeed_retail.streams import ResourceStream
from tap_lightspeed_retail.tap import TapLightspeedRetail
from tests.retailer import small_sandbox, small_store
from tests.tapping import Message, Spoken, Tap, message_of, selecting

TICKETS = ("sales", "sale_lines", "sale_payments")


class Pipe(io.RawIOBase):
    """A standard output that remembers what each write to the system has brought."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.written: list[bytes] = []

    def writable(self) -> bool:
        """It is written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Take all of it."""
        self.written.append(bytes(data))
        return len(self.written[-1])

    @property
    def kinds(self) -> list[list[str]]:
        """The types of the messages of each write."""
        return [[message_of(line)["type"] for line in each.decode().splitlines()] for each in self.written]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose retailer has several pages of sales."""
    with small_sandbox(small_store()) as running:
        yield running


def run(sandbox: Sandbox, folder: Path, catalog: Message, **settings: Any) -> Spoken:
    return Tap.over(sandbox, folder, **settings).run_well(catalog=catalog)


@pytest.fixture(scope="module")
def plain(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    """Tickets as they leave when nobody wants anything in particular."""
    return run(sandbox, tmp_path_factory.mktemp("plain"), selecting(*TICKETS))


def within_this_process(sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Pipe:
    pipe = Pipe()
    tap = Tap.over(sandbox, folder, **settings)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(pipe), encoding="utf-8"))
    TapLightspeedRetail(config=tap.settings, catalog=selecting(*TICKETS)).sync_all()
    sys.stdout.flush()
    return pipe


def test_records_leave_many_at_a_time(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = within_this_process(sandbox, tmp_path, monkeypatch)
    records = sum(kinds.count("RECORD") for kinds in pipe.kinds)
    pages = sum(kinds.count("STATE") for kinds in pipe.kinds)
    longest = max(map(len, b"".join(pipe.written).splitlines()))
    full = sum(map(len, pipe.written)) / (io.DEFAULT_BUFFER_SIZE - longest)
    assert records > 1000
    # One write whenever the buffer is full, one at the end of each page, one for each state and each schema.
    assert len(pipe.written) <= full + 2 * pages + 2 * len(TICKETS)
    assert len(pipe.written) < records / 4


def test_every_write_is_of_whole_lines(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = within_this_process(sandbox, tmp_path, monkeypatch)
    assert [each[-40:] for each in pipe.written if not each.endswith(b"\n")] == []


def test_what_is_written_before_a_state_is_all_that_it_speaks_of(plain: Spoken) -> None:
    kinds = [message["type"] for message in plain.messages]
    state = kinds.index("STATE", kinds.index("RECORD"))
    read = plain.messages[state]["value"]["bookmarks"]["sales"]["first_load"]["rows"]
    before = [message for message in plain.messages[:state] if message["type"] == "RECORD"]
    assert len([message for message in before if message["stream"] == "sales"]) == read


def test_plain_records_do_not_pass_through_the_sdk(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def look(stream: ResourceStream, _record: Message) -> list[Message]:
        seen.append(stream.name)
        return []

    monkeypatch.setattr(ResourceStream, "_generate_record_messages", look)
    assert within_this_process(sandbox, tmp_path, monkeypatch).written
    assert seen == []


def test_stream_maps_do_what_they_say(sandbox: Sandbox, tmp_path: Path, plain: Spoken) -> None:
    maps = {
        "sales": {"__alias__": "tickets", "doubled": "float(calcTotal) * 2", "ticketNumber": None},
        "sale_lines": {"__filter__": "unitQuantity > 1"},
        "sale_payments": None,
    }
    mapped = run(sandbox, tmp_path, selecting(*TICKETS), stream_maps=maps)
    sales = plain.records("sales")
    assert mapped.streams == {"tickets", "sale_lines"}
    assert [record["doubled"] for record in mapped.records("tickets")] == [2 * each["calcTotal"] for each in sales]
    assert [each | {"ticketNumber": 0, "doubled": 0} for each in mapped.records("tickets")] == [
        each | {"ticketNumber": 0, "doubled": 0} for each in sales
    ]
    assert not any("ticketNumber" in record for record in mapped.records("tickets"))
    lines = plain.records("sale_lines")
    assert mapped.records("sale_lines") == [line for line in lines if line["unitQuantity"] > 1]


def test_flattening_spreads_nested_records(sandbox: Sandbox, tmp_path: Path, plain: Spoken) -> None:
    settings = {"flattening_enabled": True, "flattening_max_depth": 1}
    flat = run(sandbox, tmp_path, selecting(*TICKETS), **settings).records("sales")
    tips = [(sale["MetaData"] or {}).get("tipOption1") for sale in plain.records("sales")]
    assert any(tips)
    assert [record.get("MetaData__tipOption1") for record in flat] == tips
    assert not any(record.get("MetaData") for record in flat)


@pytest.mark.parametrize("settings", [{}, {"keep_unknown_fields": True}])
def test_what_is_deselected_is_left_out_at_every_depth(
    sandbox: Sandbox, tmp_path: Path, plain: Spoken, settings: dict[str, Any]
) -> None:
    off = [("sales", "calcTotal"), ("sales", "MetaData", "tipOption1"), ("sale_lines", "tax")]
    pruned = run(sandbox, tmp_path, selecting(*TICKETS, off=off), **settings)
    sales = pruned.records("sales")
    assert [record["saleID"] for record in sales] == [record["saleID"] for record in plain.records("sales")]
    assert not any("calcTotal" in record for record in sales)
    assert {name for record in sales for name in record["MetaData"] or {}} >= {"tipOption2", "tipOption3"}
    assert not any("tipOption1" in (record["MetaData"] or {}) for record in sales)
    assert not any("tax" in record for record in pruned.records("sale_lines"))


def test_unknown_fields_can_be_deselected_where_they_are_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, keep_unknown_fields=True)
    catalog = selecting("shops")
    (entry,) = (each for each in catalog["streams"] if each["tap_stream_id"] == "shops")
    crumb = ["properties", "unknown_fields"]
    kept = tap.run_well(catalog=catalog).records("shops")
    entry["schema"]["properties"]["unknown_fields"] = {"type": ["object", "null"]}
    entry["metadata"].append({"breadcrumb": crumb, "metadata": {"inclusion": "available", "selected": False}})
    left = tap.run_well(catalog=catalog).records("shops")
    assert all("unknown_fields" in record for record in kept)
    assert left
    assert not any("unknown_fields" in record for record in left)
