"""The outcome file and the rejects file: lines that a warehouse and a target can read, whatever happened before."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.private_lines import PrivateLines
from target_lightspeed_retail.outcome import Operation, Outcome, OutcomeFile, Rejects

AT = datetime(2024, 12, 6, 15, 23, 49, 5, tzinfo=UTC)
SCHEMA = {
    "type": "SCHEMA",
    "stream": "items",
    "schema": {"properties": {"price": {"type": "number"}}},
    "key_properties": ["sku"],
}
RECORD = {"type": "RECORD", "stream": "items", "record": {"sku": "a", "price": Decimal("1.50")}}


def outcome(**more: Any) -> Outcome:
    return Outcome(**{"run_id": "run", "stream": "items", "key": "a", "operation": Operation.CREATED, "at": AT, **more})


def lines(path: Path) -> list[Any]:
    return [json.loads(line, parse_float=Decimal) for line in path.read_text().splitlines()]


def test_a_line_has_every_key_in_one_order(tmp_path: Path) -> None:
    OutcomeFile(tmp_path / "o.jsonl").write(
        outcome(lightspeed_id="17", changed=["description", "upc"], drips=Decimal("10.5")),
        outcome(operation=Operation.REJECTED, reason="Several items hold é: 17, 18."),
    )
    assert (tmp_path / "o.jsonl").read_text().splitlines()[0] == (
        '{"run_id":"run","stream":"items","key":"a","operation":"created","lightspeed_id":"17",'
        '"changed":["description","upc"],"reason":null,"drips":10.5,"at":"2024-12-06T15:23:49+00:00","dry_run":false}'
    )
    first, second = lines(tmp_path / "o.jsonl")
    assert list(first) == list(second)
    assert second | {"reason": "Several items hold é: 17, 18.", "operation": "rejected", "changed": []} == second
    assert (second["lightspeed_id"], second["drips"]) == (None, 0)


def test_a_dry_run_says_field_by_field_what_would_change(tmp_path: Path) -> None:
    changed = {"price": (Decimal("1.50"), Decimal(2)), "Contact": ({"custom": None}, {"custom": "x"})}
    OutcomeFile(tmp_path / "o.jsonl").write(outcome(operation=Operation.UPDATED, changed=changed, dry_run=True))
    (line,) = lines(tmp_path / "o.jsonl")
    assert line["changed"] == {"price": [Decimal("1.50"), 2], "Contact": [{"custom": None}, {"custom": "x"}]}
    assert (line["operation"], line["dry_run"]) == ("updated", True)


def test_moments_are_in_utc_whatever_the_clock() -> None:
    assert outcome(at=AT.astimezone(timezone(timedelta(hours=-5)))).line()["at"] == "2024-12-06T15:23:49+00:00"


def test_lines_are_there_at_once_and_are_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "new" / "o.jsonl"
    first = OutcomeFile(path)
    first.write(outcome())
    assert len(lines(path)) == 1
    OutcomeFile(path).write(outcome(key="b"), outcome(key="c"))
    first.write(outcome(key="d"))
    assert [line["key"] for line in lines(path)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("torn", [b'{"run_id":"ru', b"x" * 200_000])
def test_what_a_crash_has_left_of_a_line_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "o.jsonl"
    OutcomeFile(path).write(outcome())
    with path.open("ab") as file:
        file.write(torn)
    OutcomeFile(path).write(outcome(key="b"))
    assert [line["key"] for line in lines(path)] == ["a", "b"]
    path.write_bytes(torn)
    OutcomeFile(path).write(outcome(key="c"))
    assert [line["key"] for line in lines(path)] == ["c"]


_ENDLESS = """
import sys
from datetime import datetime, UTC
from target_lightspeed_retail.outcome import *
file = OutcomeFile(sys.argv[1])
print("begun", flush=True)
while True:
    one = Outcome(run_id="r", stream="s", key="k" * 500, operation=Operation.CREATED, at=datetime.now(UTC))
    file.write(*[one] * 20)
"""


def test_a_process_that_is_killed_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", _ENDLESS, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        threading.Timer(0.1, os.kill, (process.pid, signal.SIGKILL)).start()
        process.communicate(timeout=60)
        OutcomeFile(path)
        assert lines(path)


def test_threads_do_not_write_into_each_others_lines(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    file = OutcomeFile(path)
    with ThreadPoolExecutor(8) as pool:
        for number in range(400):
            pool.submit(file.write, outcome(key=str(number), reason="x" * 5000))
    assert sorted(int(line["key"]) for line in lines(path)) == list(range(400))


def test_files_are_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "o.jsonl").write_text("")
    (tmp_path / "o.jsonl").chmod(0o644)
    OutcomeFile(tmp_path / "o.jsonl")
    before = os.umask(0)
    try:
        Rejects(tmp_path / "r.jsonl")
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("o.jsonl", "r.jsonl")] == [0o600, 0o600]


def test_a_device_is_no_file_to_be_closed_to_others() -> None:
    mode = Path(os.devnull).stat().st_mode
    OutcomeFile(os.devnull).write(outcome())
    assert Path(os.devnull).stat().st_mode == mode


@pytest.mark.parametrize(
    ("kind", "setting"), [(OutcomeFile, "outcome_path"), (Rejects, "rejects_path")], ids=["outcome", "rejects"]
)
def test_a_path_that_cannot_be_written_is_told_at_once(tmp_path: Path, kind: type, setting: str) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "o.jsonl", "a\x00b", "~nobody-of-this-name/o.jsonl"):
        with pytest.raises(SettingsError, match=f"^{setting}: the file cannot be written") as caught:
            kind(path)
        assert len(str(caught.value).splitlines()) == 1


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file can grow beyond a size, meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    file = OutcomeFile(path)
    file.write(outcome())
    with full_disk(path.stat().st_size + 50), pytest.raises(SettingsError, match=r"outcome_path.*File too large"):
        file.write(outcome(key="b"))
    OutcomeFile(path).write(outcome(key="c"))
    assert [line["key"] for line in lines(path)] == ["a", "c"]


def test_without_a_path_nothing_is_written(tmp_path: Path) -> None:
    OutcomeFile(None).write(outcome())
    rejects = Rejects(None)
    rejects.describe(SCHEMA)
    rejects.write(RECORD, "why")
    assert list(tmp_path.iterdir()) == []


def test_rejects_are_singer_messages_as_they_came_in(tmp_path: Path) -> None:
    record = {
        "sku": "é\ud800",
        "price": Decimal("11.4860025"),
        "n": 1.0,
        "at": "2024-12-06 15:23",
        "x": None,
        "y": [{}],
    }
    message = RECORD | {"record": record, "time_extracted": "2024-12-06T15:23:49Z", "version": 3}
    rejects = Rejects(tmp_path / "r.jsonl")
    rejects.describe(SCHEMA)
    rejects.write(message, "No vendor é.")
    assert lines(tmp_path / "r.jsonl") == [SCHEMA, message | {"reason": "No vendor é."}]
    assert '"price":11.4860025' in (tmp_path / "r.jsonl").read_text()


def test_a_schema_goes_before_the_first_reject_of_its_stream_and_again_when_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    changed = SCHEMA | {"key_properties": ["itemID"]}
    for _ in range(2):
        rejects = Rejects(path)
        rejects.describe(SCHEMA)
        rejects.describe(SCHEMA | {"stream": "sales"})
        rejects.write(RECORD, "1")
        rejects.describe(SCHEMA)
        rejects.write(RECORD, "2")
        rejects.describe(changed)
        rejects.write(RECORD, "3")
    kinds = [(line["type"], line["stream"], line.get("reason")) for line in lines(path)]
    schema = ("SCHEMA", "items", None)
    one_run = [schema, *(("RECORD", "items", reason) for reason in "12"), schema, ("RECORD", "items", "3")]
    assert kinds == one_run * 2


def test_rejects_go_through_a_target_once_more(tmp_path: Path) -> None:
    """The SDK's own reader takes them: it knows the messages, and pays the reason no heed."""
    from singer_sdk.singerlib.encoding import SimpleSingerReader  # noqa: PLC0415  no other test needs it

    rejects = Rejects(tmp_path / "r.jsonl")
    rejects.describe(SCHEMA)
    rejects.write(RECORD, "why")
    taken: list[Any] = []
    with (tmp_path / "r.jsonl").open() as file:
        SimpleSingerReader().process_lines(file, {"SCHEMA": taken.append, "RECORD": taken.append})
    assert taken == [SCHEMA, RECORD | {"reason": "why"}]


def test_lines_of_many_pieces_are_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    PrivateLines(tmp_path / "x.jsonl", "x").append(map(json.dumps, [{"a": "é" * 30}, {"b": 1}]))
    assert lines(tmp_path / "x.jsonl") == [{"a": "é" * 30}, {"b": 1}]
