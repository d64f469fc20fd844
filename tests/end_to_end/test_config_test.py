"""`meltano config test` says whether the settings are good, and spends no token for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lightspeed_sandbox.serve import Sandbox
from tests.end_to_end.project import Project
from tests.relaying import Relay, relaying
from tests.retailer import small_sandbox, small_store

COMMAND = ["meltano", "config", "test", "tap-lightspeed-retail"]
PREFIX = "TAP_LIGHTSPEED_RETAIL_"
SENTINEL = "sentinel5ecret"


@dataclass
class House:
    """A project over a sandbox, with a relay between the tap and the token endpoint."""

    project: Project
    sandbox: Sandbox
    relay: Relay

    def test(self, **variables: str) -> tuple[int, str]:
        """Let Meltano test the settings: its exit code, and what was said."""
        log = self.project.folder / "output.txt"
        code = self.project.start(COMMAND, log, **variables).wait(timeout=120)
        return code, log.read_text(encoding="utf-8", errors="replace")

    @property
    def store(self) -> Path:
        """Where the tokens are kept when nobody says otherwise."""
        return self.project.folder / ".lightspeed-retail" / "tokens.json"

    def secrets(self) -> frozenset[str]:
        """What must not be said."""
        return self.sandbox.server.grants.given | {self.sandbox.client_secret, SENTINEL}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    project = Project.copied(tmp_path)
    with small_sandbox(small_store(days=3, sales_per_day=4)) as sandbox, relaying(sandbox) as relay:
        project.variables = {**sandbox.environment(), f"{PREFIX}AUTH_URL": relay.url}
        yield House(project, sandbox, relay)


def test_good_settings_pass_and_the_second_time_the_stored_token_serves(house: House) -> None:
    for _ in range(2):
        code, said = house.test()
        assert (code, "Plugin configuration is valid" in said) == (0, True), said[-3000:]
        assert [secret for secret in house.secrets() if secret in said] == []
        assert house.relay.token_requests() == 1
        assert len(json.loads(house.store.read_text(encoding="utf-8"))["connections"]) == 1
    house.sandbox.forget_requests()
    house.project.run_well(["meltano", "invoke", "tap-lightspeed-retail", "--test=all"])
    assert house.relay.token_requests() == 1
    assert {entry["status"] for entry in house.sandbox.requests} == {200}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"CLIENT_SECRET": SENTINEL}, "check client_id and client_secret"),
        ({"REFRESH_TOKEN": SENTINEL}, "connect the account again"),
        ({"ACCOUNT_ID": SENTINEL}, "account_id has the wrong form"),
        ({"API_URL": "https://"}, "api_url"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_a_wrong_setting_fails_with_one_clear_line(house: House, change: dict[str, str], words: str) -> None:
    code, said = house.test(**{PREFIX + name: value for name, value in change.items()})
    assert code != 0
    assert "Plugin configuration is valid" not in said
    lines = [line for line in said.splitlines() if words in line]
    assert len(lines) == 1, said[-3000:]
    assert "Traceback" not in said
    assert [secret for secret in house.secrets() if secret in said] == []
    assert not house.store.exists() or json.loads(house.store.read_text(encoding="utf-8"))["connections"] == {}
    # What was wrong has spent nothing.
    assert house.test()[0] == 0
