"""The commands of the plugins, as Meltano runs them: an account is connected, examined, used and disconnected."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from lightspeed_sandbox.serve import Sandbox
from tests.end_to_end.project import Project
from tests.retailer import small_sandbox

CONNECT = ["meltano", "invoke", "tap-lightspeed-retail:connect", "--redirect-uri", "https://agency.example/back"]


def settings_of(sandbox: Sandbox) -> dict[str, str]:
    """What somebody has before anything is connected."""
    found = sandbox.environment()
    return {name: value for name, value in found.items() if not name.endswith("REFRESH_TOKEN")}


def connected(project: Project, **variables: str) -> str:
    """Consent to the page that the command names, and paste where the browser ends."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        CONNECT, cwd=project.folder, env=project.environment(variables), stdin=pipe, stdout=pipe, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    address = next(line.strip() for line in process.stdout if "/auth/oauth/authorize?" in line)
    fields = dict(parse_qsl(urlsplit(address).query)) | {"employee": "Ann", "decision": "authorise"}
    sent = requests.post(address.partition("?")[0], data=fields, allow_redirects=False, timeout=10)
    said, _ = process.communicate(sent.headers["Location"] + "\n", timeout=60)
    assert process.returncode == 0
    return said


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.copied(tmp_path)


def test_an_account_is_connected_examined_used_and_disconnected(project: Project) -> None:
    with small_sandbox() as sandbox:
        settings = settings_of(sandbox)
        said = connected(project, **settings)
        assert "- name: tap-lightspeed-retail" in said
        assert (project.folder / ".lightspeed-retail" / "tokens.json").is_file()
        listed = project.run_well(
            ["meltano", "invoke", "tap-lightspeed-retail:accounts", "--format", "json"], **settings
        )
        accounts = next(json.loads(line) for line in listed.splitlines() if line.startswith("[{"))
        assert [each["account_id"] for each in accounts] == [int(sandbox.account)]
        for plugin in ("tap-lightspeed-retail", "target-lightspeed-retail"):
            assert "ok      account" in project.run_well(["meltano", "invoke", f"{plugin}:doctor"], **settings)
        tested = project.run_well(["meltano", "config", "test", "tap-lightspeed-retail"], **settings)
        assert "Plugin configuration is valid" in tested
        gone = project.run_well(["meltano", "invoke", "tap-lightspeed-retail:disconnect"], **settings)
        assert f"(account {sandbox.account})" in gone
        left = project.run_well(["meltano", "invoke", "tap-lightspeed-retail:accounts"], **settings)
        assert "No account is connected" in left


def test_scopes_are_those_of_the_selection(project: Project) -> None:
    variable = {"TAP_LIGHTSPEED_RETAIL__SELECT": '["sales.*", "sale_lines.*"]'}
    said = project.run_well(["meltano", "invoke", "tap-lightspeed-retail:scopes"], **variable)
    assert "\nemployee:register_read\n" in f"\n{said}"


def test_a_run_is_priced_before_it_is_made(project: Project) -> None:
    with small_sandbox() as sandbox:
        command = ["meltano", "invoke", "tap-lightspeed-retail:plan"]
        said = project.run_well(command, **sandbox.environment())
        assert "In all about" in said
        assert "sales, sale_lines, sale_payments" in said
        assert all(entry["method"] == "GET" for entry in sandbox.requests)
