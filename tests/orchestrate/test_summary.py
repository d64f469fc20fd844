"""What a night says of itself: to people in a few lines, to programs as JSON, to whoever waits for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from lightspeed_nightly.outcome import Kind, Run
from lightspeed_nightly.summary import Summary

AT = datetime(2024, 6, 1, 3, tzinfo=UTC)


def run(account: int, kind: Kind, reason: str = "", **figures: Any) -> Run:
    return Run(
        account_id=account,
        night="tonight",
        run_id=f"run of {account}",
        attempt=2,
        worker="here",
        began=AT + timedelta(minutes=account),
        ended=AT + timedelta(minutes=account, seconds=30),
        kind=kind,
        reason=reason,
        **figures,
    )


NIGHT = Summary(
    "tonight",
    [
        run(1, Kind.LOADED, rows=1_200, drips=40.0, requests=30, waited=1.5),
        run(2, Kind.INCOMPLETE, "Skipped for want of rights: shops.", rows=300, drips=9.5),
        run(3, Kind.CREDENTIALS, "Connect the account again."),
    ],
    [4, 5],
    {1: AT, 2: AT, 4: AT - timedelta(days=2)},
)
TEXT = """\
Lightspeed Retail, night tonight: 2 of 5 accounts loaded in 2 min 30 s: 1,500 rows for 50 drips.
Failed (1):
- 3: credentials: Connect the account again.
Not run (2):
- 4, last loaded 2024-05-30 03:00 UTC
- 5, never loaded
Loaded, but not whole (1):
- 2: Skipped for want of rights: shops."""


def test_people_read_who_failed_and_why() -> None:
    assert str(NIGHT) == TEXT
    assert not NIGHT.is_good


def test_a_night_with_nothing_wrong_is_one_line() -> None:
    assert str(Summary("n", [run(1, Kind.LOADED)])).count("\n") == 0
    assert Summary("n", [run(1, Kind.LOADED)]).is_good


def test_many_failures_are_counted_and_the_first_ones_named() -> None:
    lines = str(Summary("n", [run(number, Kind.OUTAGE, "x") for number in range(1, 81)])).splitlines()
    assert lines[1] == "Failed (80):"
    assert len(lines) == 53
    assert lines[-1] == "- and 30 more"


def test_programs_read_figures() -> None:
    found = json.loads(json.dumps(NIGHT.document()))
    assert found["kinds"] == {"loaded": 1, "incomplete": 1, "credentials": 1}
    assert (found["accounts"], found["rows"], found["drips"], found["waited"], found["seconds"]) == (
        5,
        1500,
        49.5,
        1.5,
        150,
    )
    assert found["failed"] == [
        {
            "account_id": 3,
            "kind": "credentials",
            "reason": "Connect the account again.",
            "attempts": 2,
            "run_id": "run of 3",
        }
    ]
    assert (found["not_run"], found["text"], found["is_good"]) == ([4, 5], TEXT, False)


def test_ages_are_those_of_the_last_good_runs() -> None:
    assert NIGHT.ages(AT + timedelta(hours=1)) == {1: 3600.0, 2: 3600.0, 4: 176_400.0}


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address that takes summaries, and what has come."""
    came: list[dict[str, Any]] = []

    class Inbox(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204 if self.path == "/hook" else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Inbox) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", came
        server.shutdown()
        thread.join()


def test_it_is_sent(inbox: tuple[str, list[dict[str, Any]]]) -> None:
    url, came = inbox
    assert NIGHT.send(f"{url}/hook")
    assert came == [json.loads(json.dumps(NIGHT.document()))]


@pytest.mark.parametrize("address", ["{url}/other", "http://127.0.0.1:9/", "no address"])
def test_a_night_is_not_lost_because_nobody_takes_its_summary(
    inbox: tuple[str, list[dict[str, Any]]], address: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert not NIGHT.send(address.format(url=inbox[0]))
    assert "could not be sent" in caplog.text
