"""The command `lightspeed-retail scopes`, as a process, and what it works out."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib

import pytest

from lightspeed_retail import cli
from lightspeed_retail.errors import SettingsError
from lightspeed_retail.resources import Resource
from lightspeed_retail.scopes import EVERYTHING, default_streams, least, needs, writes
from tests.conftest import ROOT


def lightspeed_retail(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lightspeed_retail.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_package_declares_the_command() -> None:
    project = tomllib.loads((ROOT / "lightspeed-retail" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"lightspeed-retail": f"{cli.__name__}:{cli.main.__name__}"}


def test_the_first_line_is_what_to_ask_for() -> None:
    done = lightspeed_retail("scopes", "--streams", "sales,items", "--write", "customers")
    first, *rest = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert first == "employee:customers employee:inventory_read employee:register_read"
    assert [line.partition(",")[0] for line in rest] == ["employee:customers also allows writing customer_types"]


def test_programs_get_json_and_the_scopes_that_have_no_form_for_reading_only() -> None:
    done = lightspeed_retail("scopes", "--streams", "workorders", "--format", "json")
    assert json.loads(done.stdout) == {
        "scopes": ["employee:workbench"],
        "also_write": {"employee:workbench": ["workorders", "workorder_images"]},
    }


def test_streams_that_any_token_reads_need_no_scope() -> None:
    assert lightspeed_retail("scopes", "--streams", "shops").stdout.startswith("No scope is needed")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--streams", "salse"], "There is no stream salse: did you mean sales?"),
        (["--streams", "xyzzy"], "There is no stream xyzzy."),
        (["--write", "sessions"], "sessions cannot be written: the API only lets it be read."),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], line: str) -> None:
    done = lightspeed_retail("scopes", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", line + "\n")


@pytest.mark.parametrize("stream", [resource.api.stream for resource in Resource.all()])
def test_the_least_scopes_are_enough_and_none_can_be_spared(stream: str) -> None:
    wanted = needs([stream])
    found = least(wanted)
    assert all(need.is_met(found) for need in wanted)
    for scope in found:
        assert not all(need.is_met(set(found) - {scope}) for need in wanted)


def test_reading_prefers_two_scopes_that_write_nothing_to_one_that_does() -> None:
    assert least(needs(["sales", "register_withdraws"])) == ("employee:register_read", "employee:reports")


def test_a_right_of_the_employee_is_not_asked_for_as_a_scope() -> None:
    assert least(needs(["inventory_logs"])) == ("employee:product_cost",)
    assert least(needs([], ["register_withdraws"])) == (EVERYTHING,)


def test_who_writes_may_look_up_what_there_is() -> None:
    assert [need.purpose for need in needs([], ["customers"])] == ["read", "write"]
    assert least(needs(["customers"], ["customers"])) == ("employee:customers",)


def test_the_default_is_what_the_tap_selects_and_a_preset_is_less() -> None:
    presets = {preset for resource in Resource.all() for preset in resource.api.presets}
    everything = set(default_streams())
    assert "sales" in everything
    assert presets
    assert all(set(default_streams(preset)) for preset in presets)
    with pytest.raises(SettingsError, match="preset"):
        default_streams("sentinel")


def test_scopes_for_reading_write_nothing() -> None:
    named = {scope for resource in Resource.all() for scope in resource.api.read_scopes if scope.endswith("_read")}
    assert named
    assert not [scope for scope in named if writes(scope)]
