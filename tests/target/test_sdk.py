"""The SDK's own test class, and what becomes of each of its inputs: the class itself would pass if nothing happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_target_test_class, target_test_streams
from singer_sdk.testing.runners import TargetTestRunner
from singer_sdk.testing.suites import target_tests

from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.target import TargetLightspeedRetail
from tests.retailer import small_sandbox, small_store
from tests.targeting import Message, messages, run

_BASE: Any = get_target_test_class(TargetLightspeedRetail, config={"access_token": "unused"}, parse_env_config=False)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=2)) as running:
        yield running


class TestTheSdksOwnDemands(_BASE):  # type: ignore[misc]  # the SDK makes the class at run time
    """The target does what the SDK expects of any target."""

    @pytest.fixture
    def runner(self, sandbox: Sandbox, tmp_path: Path) -> TargetTestRunner:
        """The SDK's runner, over a sandbox."""
        config = {
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "refresh_token": sandbox.issue_refresh_token(),
            "token_store": str(tmp_path / "tokens.json"),
            "ledger": str(tmp_path / "ledger.sqlite"),
            "api_url": sandbox.url,
            "auth_url": sandbox.url,
        }
        return TargetTestRunner(TargetLightspeedRetail, config, SuiteConfig(), parse_env_config=False)


def said(name: str) -> list[Message]:
    """The messages of one of the SDK's inputs."""
    text = (resources.files(target_test_streams) / f"{name}.singer").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


ENDED = {
    "invalid_schema": "no Singer message",
    "record_before_schema": "before the SCHEMA",
    "record_missing_key_property": "lacks a field",
}
"""Inputs that end the run, and what is said then."""

INPUTS = sorted(str(test.name) for test in target_tests.tests if test.name != "cli_prints")


@pytest.mark.parametrize("name", [name for name in INPUTS if name not in ENDED])
def test_each_record_of_an_input_ends_rejected_because_lightspeed_has_no_such_stream(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    records = [message for message in said(name) if message["type"] == "RECORD"]
    done = run(sandbox, said(name), tmp_path)
    assert done.code == 0, done.errors
    assert [(line["stream"], line["operation"], line["reason"]) for line in done.outcomes] == [
        (each["stream"], "rejected", f"Lightspeed has no stream {each['stream']}.") for each in records
    ]
    assert [each["record"] for each in done.rejects if each["type"] == "RECORD"] == [each["record"] for each in records]
    states = [message["value"] for message in said(name) if message["type"] == "STATE" and message["value"]]
    # The last one is said once more at the end.
    assert done.states in (states, [*states, *states[-1:]])
    assert done.writes == []


@pytest.mark.parametrize("name", ENDED)
def test_an_input_that_is_no_singer_ends_the_run_in_one_line(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    done = run(sandbox, said(name), tmp_path)
    assert done.code == 1
    assert "Traceback" not in done.errors
    assert ENDED[name] in [line for line in done.errors.splitlines() if "ERROR" in line][-1]
    assert "8214" not in done.errors
    assert done.states == []
    assert done.operations == (["rejected"] if name == "record_missing_key_property" else [])


def test_a_stream_that_is_nearly_named_right_is_told_by_its_name(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, messages("customer", [{"firstName": "Ada"}]), tmp_path)
    assert done.reasons == ["Lightspeed has no stream customer; did you mean customers?"]
    assert done.writes == []


def test_a_stream_that_lightspeed_only_gives_is_named_once_and_left_out(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, messages("inventory_logs", [{"inventoryLogID": 1}, {"inventoryLogID": 2}]), tmp_path)
    assert (done.code, done.outcomes, done.rejects) == (0, [], [])
    assert done.errors.count("inventory_logs cannot be written") == 1
    assert done.states


def test_without_a_limit_a_run_of_rejects_alone_counts_as_done_and_with_one_it_does_not(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    done = run(sandbox, messages("widgets", [{"a": 1}, {"a": 2}]), tmp_path, max_rejects="1")
    assert done.code == 1
    assert done.operations == ["rejected", "rejected"]
    assert "max_rejects" in done.errors
    assert "What became of the records" in done.errors
    assert done.states == []
