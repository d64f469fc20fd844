"""The tap reads and nothing else: whatever it is started for, every request to the API is a GET."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from lightspeed_sandbox.serve import Sandbox
from tests import tapping
from tests.relaying import TOKEN_PATH, Relay, Sent, relaying
from tests.retailer import small_sandbox, small_store
from tests.tapping import Tap, selecting

NO_PROXY = ("no_proxy", "NO_PROXY")


@dataclass
class Watched:
    """A tap whose every word to any host goes through a relay.

    Args:
        tap: The tap.
        sandbox: Who answers, and writes down what it was asked.
        relay: Writes down what goes over the wire.
    """

    tap: Tap
    sandbox: Sandbox
    relay: Relay

    def calls(self, *options: str) -> None:
        """Run the tap with some options to a good end."""
        done = subprocess.run(
            [*self.tap._command(None, None), *options], capture_output=True, text=True, check=False, timeout=240
        )
        assert done.returncode == 0, done.stderr[-3000:]

    @property
    def asked(self) -> list[str]:
        """The methods of all requests to the API, as the sandbox counts them."""
        return [entry["method"] for entry in self.sandbox.requests]

    def faults(self) -> list[Sent | str]:
        """Everything that is no reading: on the wire, and in the sandbox's own log."""
        host = self.sandbox.url.removeprefix("http://")
        wire = [sent for sent in self.relay.sent if sent.host != host or not _reads(sent)]
        return [*wire, *(method for method in self.asked if method != "GET")]


def _reads(sent: Sent) -> bool:
    """A question to the API, or a request for tokens: those are asked for with POST."""
    return sent.method == "POST" if sent.path == TOKEN_PATH else sent.method == "GET" and sent.path.startswith("/API/")


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    with small_sandbox(small_store(days=12, sales_per_day=8)) as sandbox, relaying(sandbox) as relay:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, relay.url)
        for name in NO_PROXY:
            monkeypatch.delenv(name, raising=False)
        yield Watched(Tap.over(sandbox, tmp_path), sandbox, relay)


def loads_twice(watched: Watched) -> None:
    """A first load of everything, a day of trade, a run that follows it and looks for vanished rows."""
    watched.tap.settings["vanished_check_days"] = 1
    first = watched.tap.run_well(catalog=selecting(everything=True))
    watched.sandbox.advance(2)
    assert len(first.streams) > 60
    watched.tap.run_well(catalog=selecting(everything=True), state=first.state)


def loads_by_the_older_version(watched: Watched) -> None:
    """The same by V2."""
    watched.tap.settings["api_version"] = "V2"
    loads_twice(watched)


def is_refused_the_token(watched: Watched) -> None:
    """A run after the access token has ended."""
    watched.tap.run_well(catalog=selecting("shops"))
    watched.sandbox.clock.advance(timedelta(hours=2))
    watched.tap.run_well(catalog=selecting("shops"))
    assert watched.relay.token_requests() > 1


def samples_each_stream(watched: Watched) -> None:
    """The SDK's own test: a record of each stream."""
    watched.calls("--test=all")


@pytest.mark.parametrize(
    "use",
    [loads_twice, loads_by_the_older_version, is_refused_the_token, samples_each_stream],
    ids=lambda use: use.__name__,
)
def test_all_that_the_tap_sends_to_the_api_is_get(watched: Watched, use: Callable[[Watched], None]) -> None:
    use(watched)
    assert watched.faults() == []
    assert len(watched.asked) > 1
    # The relay has seen what the sandbox has seen: nothing went by another way.
    assert len(watched.relay.sent) == len(watched.asked) + watched.relay.token_requests()
    assert watched.relay.token_requests() > 0


@pytest.mark.parametrize("options", [["--discover"], ["--about"], ["--about", "--format=json"], ["--test=schema"]])
def test_what_needs_no_account_sends_nothing_at_all(watched: Watched, options: list[str]) -> None:
    watched.calls(*options)
    assert (watched.relay.sent, watched.asked) == ([], [])


# A tap that also writes: before its first question it sends another request to the same address.
_WRITING = """
import sys, requests
send, method = requests.Session.send, sys.argv.pop(1)
def both(self, request, **options):
    if "Authorization" in request.headers:
        requests.Session.send = send
        writing = request.copy()
        writing.method = method
        send(self, writing, **options)
    return send(self, request, **options)
requests.Session.send = both
from tap_lightspeed_retail.cli import main
main()
"""


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_a_tap_that_writes_would_be_found_out(watched: Watched, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    catalog = selecting("shops")
    monkeypatch.setattr(tapping, "COMMAND", [sys.executable, "-c", _WRITING, method])
    watched.tap.run_well(catalog=catalog)
    found = watched.faults()
    assert [fault.method for fault in found if isinstance(fault, Sent)] == [method]
    assert [fault for fault in found if isinstance(fault, str)] == [method]


def test_a_word_to_another_host_would_be_found_out(watched: Watched) -> None:
    with pytest.raises(requests.RequestException):
        requests.get("https://elsewhere.invalid/", timeout=10)
    requests.get("http://elsewhere.invalid/API/V3/Account.json", timeout=10)
    found = [(fault.method, fault.host or fault.path) for fault in watched.faults() if isinstance(fault, Sent)]
    assert found == [("CONNECT", "elsewhere.invalid:443"), ("GET", "elsewhere.invalid")]
