"""Signals and closed pipes: whatever a program is doing, it ends soon, in good order and quietly."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.sales import Sale
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.end_to_end.stopping import (
    CONNECT,
    SANDBOX,
    SIGNALS,
    TAP,
    TARGET,
    connection,
    file_of,
    maps,
    started,
)
from tests.retailer import WIDE, small_sandbox, small_store
from tests.scripted import Answer, scripted
from tests.tapping import selecting
from tests.targeting import messages

HANGING = "silence-120"


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=30, sales_per_day=16)) as running:
        yield running


@pytest.fixture
def sandbox(account: Sandbox) -> Iterator[Sandbox]:
    """A retailer whom nothing is wrong with at first."""
    account.forget_requests()
    yield account
    account.inject([])


@pytest.fixture
def empty() -> Iterator[Sandbox]:
    with Sandbox(Config(empty=True, **WIDE)) as running:
        yield running


def tap_arguments(sandbox: Sandbox, folder: Path, *streams: str, **settings: Any) -> tuple[str, ...]:
    catalog = selecting(*streams) if streams else selecting(everything=True)
    config = file_of(folder, "config.json", connection(sandbox, folder, **settings))
    return ("--config", config, "--catalog", file_of(folder, "catalog.json", catalog))


def target_arguments(sandbox: Sandbox, folder: Path, **settings: Any) -> tuple[str, ...]:
    own = {"ledger": str(folder / "ledger.sqlite"), "outcome_path": str(folder / "outcome.jsonl")}
    return ("--config", file_of(folder, "target.json", connection(sandbox, folder, **own, **settings)))


def items(*skus: str) -> bytes:
    said = messages("items", [{"customSku": sku, "description": f"Item {sku}"} for sku in skus], "customSku")
    return b"".join(json.dumps(message).encode() + b"\n" for message in said)


def input_of(folder: Path, content: bytes) -> str:
    place = folder / "input.jsonl"
    place.write_bytes(content)
    return str(place)


def skus(sandbox: Sandbox) -> list[str]:
    return sorted(str(row["customSku"]) for row in sandbox.rows(Item))


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("streams", [("sales", "sale_lines", "sale_payments"), ("items",), ("inventory_logs",), ()])
def test_a_tap_ends_while_its_requests_hang(
    sandbox: Sandbox, tmp_path: Path, number: int, streams: tuple[str, ...]
) -> None:
    """Whatever it reads, alone or with several connections; what it said before is whole and true."""
    sandbox.inject([f"{HANGING}:#3+"])
    arguments = tap_arguments(sandbox, tmp_path, *streams)
    with started(TAP, tmp_path, *arguments) as tap:
        tap.waits_for(lambda: sandbox.injected.get(HANGING))
        time.sleep(0.2)
        ended = tap.stopped(number)
    ended.is_quick_and_quiet()
    assert ended.code == 128 + number
    assert f"Stopped by signal {number}" in ended.stderr
    kinds = {message["type"] for message in ended.messages()}
    assert kinds <= {"SCHEMA", "RECORD", "STATE"}


def test_a_state_that_was_said_before_a_signal_is_where_the_next_run_begins(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.inject([f"{HANGING}:#4+:GET:/Sale"])
    arguments = tap_arguments(sandbox, tmp_path, "sales", max_connections=1)
    with started(TAP, tmp_path, *arguments) as tap:
        tap.waits_for(lambda: sandbox.injected.get(HANGING))
        time.sleep(0.2)
        ended = tap.stopped(signal.SIGTERM)
    said = ended.messages()
    states = [message["value"] for message in said if message["type"] == "STATE"]
    records = [message["record"]["saleID"] for message in said if message["type"] == "RECORD"]
    key = int(states[-1]["bookmarks"]["sales"]["first_load"]["key"])
    assert 0 < key <= max(records)
    sandbox.inject([])
    state = file_of(tmp_path, "state.json", states[-1])
    with started(TAP, tmp_path / "next", *arguments, "--state", state) as tap:
        resumed = tap.ended()
    assert resumed.code == 0, resumed.stderr[-3000:]
    again = [message["record"]["saleID"] for message in resumed.messages() if message["type"] == "RECORD"]
    read = {each for each in records if each <= key} | set(again)
    assert read == {row["saleID"] for row in sandbox.rows(Sale)}
    assert len(again) < len(read)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", ["tap", "target"])
def test_neither_waits_for_the_drips_when_it_is_told_to_end(tmp_path: Path, number: int, command: str) -> None:
    with Sandbox(Config(days=20, sales_per_day=40, bucket_size=10, drip_rate=0.02)) as poor:
        arguments = tap_arguments(poor, tmp_path, "sales", "items")
        if command == "target":
            content = items(*(f"D{n}" for n in range(40)))
            arguments = (*target_arguments(poor, tmp_path), "--input", input_of(tmp_path, content))
        with started(TAP if command == "tap" else TARGET, tmp_path, *arguments) as program:
            program.waits_for(lambda: poor.server.limits.level > 5)
            time.sleep(0.5)
            ended = program.stopped(number)
    ended.is_quick_and_quiet()
    assert ended.code == 128 + number


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", [TAP, TARGET])
def test_an_hour_that_the_api_asks_for_is_not_waited_for(
    sandbox: Sandbox, tmp_path: Path, number: int, command: tuple[str, ...]
) -> None:
    refused = Answer(429, {"message": "Rate Limit Exceeded"}, {"Retry-After": "3600"})
    with scripted(lambda _asked: refused) as host:
        settings = {"access_token": "a-token", "api_url": host.url, "auth_url": host.url, "account_id": 4711}
        config = file_of(tmp_path, "config.json", {**settings, "ledger": str(tmp_path / "ledger.sqlite")})
        more = ("--input", input_of(tmp_path, items("A"))) if command is TARGET else ()
        with started(command, tmp_path, "--config", config, *more) as program:
            program.waits_for(lambda: host.asked)
            time.sleep(0.3)
            ended = program.stopped(number)
    ended.is_quick_and_quiet()
    assert ended.code == 128 + number


@pytest.mark.parametrize("numbers", [(15, 15), (2, 15), (2, 2, 2, 15, 15)])
@pytest.mark.parametrize("command", ["tap", "target"])
def test_a_signal_that_comes_again_changes_nothing(
    sandbox: Sandbox, tmp_path: Path, numbers: tuple[int, ...], command: str
) -> None:
    """A terminal sends one to all, and the runner sends another: the first one counts."""
    sandbox.inject([f"{HANGING}:#4+"])
    if command == "tap":
        arguments = tap_arguments(sandbox, tmp_path, "sales", "items")
    else:
        content = items(*(f"Twice {n}" for n in range(40)))
        arguments = (*target_arguments(sandbox, tmp_path), "--input", input_of(tmp_path, content))
    with started(TAP if command == "tap" else TARGET, tmp_path, *arguments) as program:
        program.waits_for(lambda: sandbox.injected.get(HANGING))
        ended = program.stopped(*numbers)
    ended.is_quick_and_quiet()
    assert ended.code == 128 + numbers[0]
    assert ended.stderr.count("Stopped by signal") == 1
    ended.messages()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="the system does not tell what a process has loaded")
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", [TAP, TARGET])
def test_a_signal_at_start_up_leaves_no_trace(tmp_path: Path, number: int, command: tuple[str, ...]) -> None:
    with started(command, tmp_path, "--config", file_of(tmp_path, "config.json", {})) as program:
        program.waits_for(lambda: "msgspec" in maps(program.process))
        ended = program.stopped(number)
    assert ended.code in (-number, 128 + number)
    ended.is_quick_and_quiet()
    assert ended.stdout == b""


@pytest.fixture
def large(sandbox: Sandbox) -> Iterator[Sandbox]:
    """An item has a text that is larger than what a pipe, and the tap's own buffer, hold."""
    row = max(sandbox.rows(Item), key=lambda row: int(row["itemID"]))
    sandbox.edit(Item, row["itemID"], {"description": "x" * 3_000_000}, quiet=True)
    yield sandbox
    sandbox.edit(Item, row["itemID"], {"description": row["description"]}, quiet=True)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_line_is_never_torn_however_slowly_it_is_read(large: Sandbox, tmp_path: Path, number: int) -> None:
    arguments = tap_arguments(large, tmp_path, "items")
    with started(TAP, tmp_path, *arguments, stdout=subprocess.PIPE) as tap:
        assert tap.process.stdout is not None
        read = b""
        # Until the long line has begun, all is read; from then on it is in the middle of it.
        while b"x" * 1000 not in read:
            read += os.read(tap.process.stdout.fileno(), 4096)
        time.sleep(0.3)
        began = time.monotonic()
        tap.process.send_signal(number)
        time.sleep(0.3)
        read += tap.process.stdout.read()
        ended = tap.ended(began)
    ended.is_quick_and_quiet()
    assert ended.code == 128 + number
    assert read.endswith(b"\n")
    assert {json.loads(line)["type"] for line in read.splitlines()} == {"STATE", "SCHEMA", "RECORD"}


def test_a_reader_who_reads_no_more_does_not_keep_the_tap(large: Sandbox, tmp_path: Path) -> None:
    arguments = tap_arguments(large, tmp_path, "items")
    with started(TAP, tmp_path, *arguments, stdout=subprocess.PIPE) as tap:
        assert tap.process.stdout is not None
        read = b""
        while b"x" * 1000 not in read:
            read += os.read(tap.process.stdout.fileno(), 4096)
        time.sleep(0.3)
        ended = tap.stopped(signal.SIGTERM)
    assert ended.code == 128 + signal.SIGTERM
    assert ended.took < 12
    ended.is_quiet()


def piped(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command line of a shell, which says the codes of all its parts."""
    shell = ["bash", "-c", f"{command}; echo codes ${{PIPESTATUS[*]}} >&2"]
    return subprocess.run(shell, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def codes(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The codes, once it is seen that there is no trace."""
    for word in ("Traceback", "Exception ignored", "ERROR", "BrokenPipe"):
        assert word not in done.stderr, done.stderr[-3000:]
    return done.stderr.split("codes ")[1].split()


@pytest.mark.parametrize("streams", [("sales", "sale_lines"), ()])
def test_a_tap_whose_reader_has_seen_enough_ends_quietly(
    sandbox: Sandbox, tmp_path: Path, streams: tuple[str, ...]
) -> None:
    arguments = tap_arguments(sandbox, tmp_path, *streams)
    done = piped(f"{shlex.join([*TAP, *arguments])} | head -1", tmp_path)
    assert codes(done) == [str(128 + signal.SIGPIPE), "0"]
    assert json.loads(done.stdout)["type"] == "STATE"


@pytest.mark.parametrize("option", ["--discover", "--about --format=json", "--help"])
def test_what_is_only_looked_into_ends_quietly(sandbox: Sandbox, tmp_path: Path, option: str) -> None:
    arguments = tap_arguments(sandbox, tmp_path, "sales")[:2]
    done = piped(f"{shlex.join([*TAP, *arguments])} {option} | head -c 1", tmp_path)
    assert codes(done)[0] in ("0", "1", str(128 + signal.SIGPIPE))


def test_a_target_whose_states_nobody_reads_ends_quietly_and_loses_nothing(empty: Sandbox, tmp_path: Path) -> None:
    content = input_of(tmp_path, items("A", "B"))
    target = shlex.join([*TARGET, *target_arguments(empty, tmp_path), "--input", content])
    done = piped(f"{target} | true", tmp_path)
    assert codes(done) == [str(128 + signal.SIGPIPE), "0"]
    again = piped(target, tmp_path)
    assert (codes(again), json.loads(again.stdout)["bookmarks"]["items"]) == (["0"], {"seen": 2})
    assert skus(empty) == ["A", "B"]


@pytest.mark.parametrize("command", ["tap", "target"])
def test_an_output_that_is_closed_is_told_in_a_line(sandbox: Sandbox, tmp_path: Path, command: str) -> None:
    arguments = tap_arguments(sandbox, tmp_path, "shops")
    if command == "target":
        arguments = (*target_arguments(sandbox, tmp_path), "--input", input_of(tmp_path, items("A")))
    done = piped(f"{shlex.join([*(TAP if command == 'tap' else TARGET), *arguments])} >&-", tmp_path)
    assert done.stderr == (
        "Standard output is closed: messages are written there, so it must lead somewhere.\ncodes 1\n"
    )
    assert sandbox.requests == []


def test_an_input_that_is_closed_is_told_in_a_line(empty: Sandbox, tmp_path: Path) -> None:
    done = piped(f"{shlex.join([*TARGET, *target_arguments(empty, tmp_path)])} <&-", tmp_path)
    assert done.stderr.endswith("codes 1\n")
    assert [line.split("| ")[-1] for line in done.stderr.splitlines() if "ERROR" in line] == [
        "Standard input is closed: messages are read there, or from the file that --input names."
    ]
    assert "Traceback" not in done.stderr


def test_a_log_that_nobody_reads_is_no_end_of_a_run(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = shlex.join([*TAP, *tap_arguments(sandbox, tmp_path, "sales")])
    done = piped(f"{tap} 2>&1 >messages.jsonl | true", tmp_path)
    assert done.stderr.split("codes ")[1].split() == ["0", "0"]
    last = (tmp_path / "messages.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(last)["type"] == "STATE"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_target_ends_while_a_write_hangs_and_the_next_one_settles_it(
    empty: Sandbox, tmp_path: Path, number: int
) -> None:
    """The record may have been made: it is looked up, and the lock is free at once."""
    empty.inject(["slow-60:#2:POST"])
    arguments = (*target_arguments(empty, tmp_path, batch_size_rows=1), "--input", input_of(tmp_path, items(*"ABC")))
    with started(TARGET, tmp_path, *arguments) as target:
        target.waits_for(lambda: skus(empty) == ["A", "B"])
        ended = target.stopped(number)
    ended.is_quick_and_quiet()
    assert (ended.code, ended.messages()) == (128 + number, [])
    assert "What became of the records" in ended.stderr
    empty.inject([])
    with started(TARGET, tmp_path / "next", *arguments) as target:
        settled = target.ended()
    assert settled.code == 0, settled.stderr[-3000:]
    assert (skus(empty), settled.messages()[-1]["bookmarks"]["items"]) == (["A", "B", "C"], {"seen": 3})


@pytest.mark.parametrize("number", SIGNALS)
def test_a_target_that_waits_for_input_ends_with_what_it_has_acknowledged(
    empty: Sandbox, tmp_path: Path, number: int
) -> None:
    arguments = target_arguments(empty, tmp_path, batch_size_rows=1)
    with started(TARGET, tmp_path, *arguments, stdin=subprocess.PIPE) as target:
        assert target.process.stdin is not None
        target.process.stdin.write(items("A") + items("B")[:-20])
        target.process.stdin.flush()
        target.waits_for((tmp_path / "stdout").read_bytes)
        ended = target.stopped(number)
    ended.is_quick_and_quiet()
    assert ended.code == 128 + number
    assert {message["bookmarks"]["items"]["seen"] for message in ended.messages()} == {1}
    assert skus(empty)[0] == "A"


@pytest.mark.parametrize("number", SIGNALS)
def test_connect_ends_while_it_waits_for_consent_and_keeps_nothing(
    sandbox: Sandbox, tmp_path: Path, number: int
) -> None:
    names = ("client_id", "client_secret", "token_store", "api_url", "auth_url")
    given = connection(sandbox, tmp_path)
    variables = {f"TAP_LIGHTSPEED_RETAIL_{name.upper()}": given[name] for name in names}
    arguments = ("--no-browser", "--redirect-uri", "https://agency.example/back")
    unbuffered = variables | {"PYTHONUNBUFFERED": "1"}
    with started(CONNECT, tmp_path, *arguments, stdin=subprocess.PIPE, environment=unbuffered) as program:
        program.waits_for(lambda: b"/authorize?" in (tmp_path / "stdout").read_bytes())
        ended = program.stopped(number)
    assert ended.code in (-number, 128 + number, 1)
    ended.is_quick_and_quiet()
    assert "refresh_token" not in (tmp_path / "tokens.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_sandbox_ends_while_it_keeps_somebody_waiting(tmp_path: Path, number: int) -> None:
    options = ("serve", "--days", "2", "--sales-per-day", "4", "--port", "0", "--fault", "silence-60:1")
    with started(SANDBOX, tmp_path, *options) as program:
        program.waits_for(lambda: (tmp_path / "stdout").read_bytes().endswith(b"\n"))
        told = json.loads((tmp_path / "stdout").read_bytes())
        url = told["LIGHTSPEED_SANDBOX_URL"]
        waiting = subprocess.Popen(
            [sys.executable, "-c", f"import requests; requests.get({url!r} + '/API/V3/Account.json')"],
            stderr=subprocess.DEVNULL,
        )
        try:
            program.waits_for(lambda: requests.get(f"{url}/sandbox/state", timeout=5).json()["requests"])
            ended = program.stopped(number)
        finally:
            waiting.kill()
            waiting.wait()
    ended.is_quick_and_quiet()
    assert ended.code == 0


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("run", "--no-warehouse", "--", "true")])
def test_a_sandbox_ends_while_it_makes_up_its_retailer(tmp_path: Path, number: int, words: tuple[str, ...]) -> None:
    data = tmp_path / "account.sqlite"
    size = ("--days", "3650", "--sales-per-day", "500", "--data", str(data))
    with started(SANDBOX, tmp_path, words[0], *size, *words[1:]) as program:
        program.waits_for(data.exists)
        time.sleep(0.3)
        ended = program.stopped(number)
    assert ended.code in (-number, 128 + number)
    ended.is_quick_and_quiet()
