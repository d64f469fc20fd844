"""What a run says of itself: the estimate at its start, how it gets on, the bill at its end; bars on a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_sandbox.serve import Sandbox
from tests.retailer import small_sandbox, small_store
from tests.tapping import COMMAND, Tap, message_of, selecting

OFTEN = "import tap_lightspeed_retail.journal as j; j._LINE_EVERY = j._DRAWN_EVERY = 0.1; "
STRUCTURED = """
version: 1
disable_existing_loggers: false
formatters:
  structured: {"()": singer_sdk.logging.StructuredFormatter}
handlers:
  stderr: {class: logging.StreamHandler, formatter: structured, stream: "ext://sys.stderr"}
root: {level: INFO, handlers: [stderr]}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=40, sales_per_day=30), latency=0.05) as running:
        yield running


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tap:
    sandbox.forget_requests()
    monkeypatch.setattr("tests.tapping.COMMAND", [*COMMAND[:2], OFTEN + COMMAND[2]])
    return Tap.over(sandbox, tmp_path)


@pytest.fixture
def structured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log as Meltano has it: a JSON object a line."""
    path = tmp_path / "logging.yml"
    path.write_text(STRUCTURED, encoding="utf-8")
    monkeypatch.setenv("SINGER_SDK_LOG_CONFIG", str(path))


def told(stderr: str, beginning: str) -> list[dict[str, Any]]:
    """Lines of a structured log whose message begins with some words."""
    lines = [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"].startswith(beginning)]


def test_a_run_begins_with_what_it_takes_and_ends_with_its_bill(sandbox: Sandbox, tap: Tap) -> None:
    spoken = tap.run_well(catalog=selecting("sales", "sale_lines", "sale_payments", "shops"))
    lines = [line.rpartition(" | ")[2] for line in spoken.stderr.splitlines()]
    begun = [number for number, line in enumerate(lines) if line.startswith("This run takes at least ")]
    first = next(number for number, line in enumerate(lines) if line.startswith("Beginning "))
    assert len(begun) == 1
    assert begun[0] < first
    assert "2 x first load" in lines[begun[0]]
    assert "tap-lightspeed-retail-plan finds out more" in lines[begun[0]]
    (bill,) = [line for line in lines if line.startswith("Read ")]
    drips = sum(entry["cost"] for entry in sandbox.requests)
    records = len(spoken.of("RECORD"))
    assert f"Read {records:,} rows of 4 streams in " in bill
    assert f"{len(sandbox.requests)} requests for {drips:,.1f} drips, {records / drips:,.1f} rows a drip" in bill
    assert "0 times refused (429)" in bill


@pytest.mark.usefixtures("structured")
def test_programs_get_the_figures_as_fields_and_as_metrics(sandbox: Sandbox, tap: Tap) -> None:
    spoken = tap.run_well(catalog=selecting("sales", "shops"))
    drips = sum(entry["cost"] for entry in sandbox.requests)
    (begun,) = told(spoken.stderr, "This run takes")
    assert (begun["extra"]["requests"], begun["extra"]["basis"]) == (3, "at least")
    (bill,) = told(spoken.stderr, "Read ")
    assert bill["extra"]["drips"] == pytest.approx(drips)
    assert bill["extra"]["requests"] == len(sandbox.requests)
    assert bill["extra"]["rows"] == len(spoken.of("RECORD"))
    assert bill["extra"]["received"] > 10_000
    assert (bill["extra"]["refused"], bill["extra"]["streams"]) == (0, 2)
    points = {line["metric_info"]["metric"]: line["metric_info"]["value"] for line in told(spoken.stderr, "METRIC")}
    assert points["http_request_count"] == len(sandbox.requests)
    assert points["drip_count"] == pytest.approx(drips)
    assert points["http_request_refused_count"] == 0
    assert points["http_response_byte_count"] == bill["extra"]["received"]


@pytest.mark.usefixtures("structured")
def test_every_few_seconds_a_line_tells_how_a_run_gets_on(tap: Tap) -> None:
    spoken = tap.run_well(catalog=selecting("sales", "sale_lines", "sale_payments", "inventory_logs"))
    lines = told(spoken.stderr, "Reading ")
    assert lines != []
    assert {line["stream_name"] for line in lines} <= {"sales", "inventory_logs"}
    rows = [line["extra"]["rows"] for line in lines]
    assert rows == sorted(rows)
    for line in lines:
        assert line["extra"].keys() >= {"rows_per_second", "bucket_level", "bucket_size", "seconds_left", "drips"}
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", line["extra"]["reached"])
        assert re.search(r"bucket \d+/\d+; at least .* left\.$", line["message"])


def test_where_the_size_is_known_a_line_tells_the_share(tap: Tap, sandbox: Sandbox) -> None:
    tap.settings["shop_ids"] = [1]
    catalog = selecting("inventory_logs")
    state = tap.run_well(catalog=catalog).state
    state["bookmarks"]["inventory_logs"] = {"rows": 5000}
    spoken = tap.run_well(catalog=catalog, state=state)
    assert "1 x first load" in spoken.stderr
    assert re.search(r"as far as 20\d\d-\d\d-\d\d \(\d+%\)", spoken.stderr)
    assert re.search(r"; about \d+ s left\.", spoken.stderr)


def test_a_later_run_knows_the_lists_that_are_read_whole(tap: Tap) -> None:
    catalog = selecting("payment_types", "shops")
    state = tap.run_well(catalog=catalog).state
    again = tap.run_well(catalog=catalog, state=state)
    assert "This run takes about 3.4 drips and 0 s: 1 x changes, 1 x whole list." in again.stderr
    assert again.state["bookmarks"]["payment_types"] == state["bookmarks"]["payment_types"]
    assert again.state["bookmarks"]["shops"]["rows"] == state["bookmarks"]["shops"]["rows"] == 3


def on_a_terminal(tap: Tap, **variables: str) -> tuple[list[str], str]:
    """Standard output, which goes elsewhere, and what appears on the terminal."""
    owner, terminal = pty.openpty()
    command = tap._command(selecting("sales", "sale_lines", "inventory_logs"), None)
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "30", **variables}
    output = tap.folder / "output.jsonl"
    with (
        output.open("wb") as stdout,
        subprocess.Popen(command, stdout=stdout, stderr=terminal, env=environment) as process,
    ):
        os.close(terminal)
        shown = _everything(owner)
        assert process.wait(timeout=60) == 0, shown
    return output.read_text(encoding="utf-8").splitlines(), shown


def _everything(owner: int) -> str:
    """What a terminal shows until nobody writes to it any more; Linux ends with an error."""
    pieces: list[bytes] = []
    with os.fdopen(owner, "rb", buffering=0) as reader:
        while True:
            try:
                piece = reader.read(65536)
            except OSError:
                piece = b""
            if not piece:
                return b"".join(pieces).decode()
            pieces.append(piece)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_on_a_terminal_there_are_bars_and_whole_log_lines(tap: Tap) -> None:
    lines, shown = on_a_terminal(tap)
    assert {message_of(line)["type"] for line in lines} == {"SCHEMA", "RECORD", "STATE"}
    assert "all streams" in shown
    assert "\x1b[2K" in shown
    assert "Reading " not in shown
    whole = [line for line in re.split(r"\r?\n", shown) if "Read " in line]
    assert re.search(
        r"\| INFO +\| tap_lightspeed_retail\.bill +\| Read [\d,]+ rows of 3 streams in \d+ s: .* MB\.$", whole[0]
    )
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_without_colours_the_bars_have_none(tap: Tap) -> None:
    _, shown = on_a_terminal(tap, NO_COLOR="1")
    assert "all streams" in shown
    assert re.search(r"\x1b\[3\d|\x1b\[38;", shown) is None


def test_on_a_simple_terminal_there_are_lines(tap: Tap) -> None:
    _, shown = on_a_terminal(tap, TERM="dumb")
    assert "all streams" not in shown
    assert "\x1b[" not in shown
    assert "Reading " in shown
