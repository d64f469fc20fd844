"""`meltano add` takes the plugins from a Hub that lists them, and they run as it installs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lightspeed_sandbox.serve import Sandbox
from tests.project.packaging import environment
from tests.retailer import small_sandbox
from tools.listing import site
from tools.listing.entries import listing
from tools.listing.facts import PLUGINS, Plugin, owner

TAP, TARGET = PLUGINS
PROJECT = "project_id: trial\nsend_anonymous_usage_stats: false\ndefault_environment: dev\nenvironments:\n- name: dev\n"

KEPT = ("capabilities", "select", "settings", "settings_group_validation", "supported_python_versions")
"""What Meltano keeps of a listing as it is."""


class Project:
    """A Meltano project with nothing in it, and a Hub that lists our plugins only.

    Args:
        folder: Where it lies.
        hub: Address of the Hub's API.
    """

    def __init__(self, folder: Path, hub: str) -> None:
        """Make it."""
        self.folder = folder
        (folder / "meltano.yml").write_text(PROJECT, encoding="utf-8")
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {"MELTANO_HUB_API_ROOT": hub, "XDG_CACHE_HOME": str(folder / "cache"), "PATH": programs}
        self.variables = {**environment(), **own, "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false"}

    def meltano(self, *arguments: str, **variables: str) -> str:
        """Run Meltano to a good end; what it prints."""
        given = {**self.variables, **variables}
        command = ["meltano", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=given, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with site.served() as hub:
        yield Project(tmp_path, hub)


def _locked(project: Project, plugin: Plugin) -> dict[str, object]:
    path = project.folder / "plugins" / plugin.kind / f"{plugin.name}--{owner()}.lock"
    found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_plugins_are_added_as_they_are_listed(project: Project) -> None:
    project.meltano("add", "--no-install", *(plugin.name for plugin in PLUGINS))
    written = YAML(typ="safe").load(project.folder / "meltano.yml")["plugins"]
    for plugin in PLUGINS:
        assert written[plugin.kind] == [{"name": plugin.name, "variant": owner(), "pip_url": plugin.name}]
        locked, expected = _locked(project, plugin), listing(plugin)
        assert {name: locked.get(name) for name in KEPT} == {name: expected.get(name) for name in KEPT}
        commands: Any = locked["commands"]
        assert {name: {"args": "", **command} for name, command in commands.items()} == expected["commands"]
    shown = project.meltano("config", "print", TAP.name)
    assert json.loads(shown[shown.index("{") :])["api_version"] == "V3"


def test_plugins_are_installed_and_run(project: Project, wheels: Mapping[str, str]) -> None:
    project.meltano("add", *(plugin.name for plugin in PLUGINS), **_finding(wheels))
    with small_sandbox() as sandbox:
        settings = _settings(sandbox)
        for plugin in PLUGINS:
            assert "ok      account" in project.meltano("invoke", f"{plugin.name}:doctor", **settings)
        assert "Plugin configuration is valid" in project.meltano("config", "test", TAP.name, **settings)
        assert "In all about" in project.meltano("invoke", f"{TAP.name}:plan", **settings)
        said = project.meltano("invoke", f"{TARGET.name}:schema", **settings)
        assert "customers" in said.split()
        project.meltano("run", TAP.name, TARGET.name, TARGET_LIGHTSPEED_RETAIL_DRY_RUN="true", **settings)


def _settings(sandbox: Sandbox) -> dict[str, str]:
    """An account of the sandbox, of which only the tags are read."""
    return {**sandbox.environment(), "TAP_LIGHTSPEED_RETAIL__SELECT": '["tags.*"]'}


def _finding(wheels: Mapping[str, str]) -> dict[str, str]:
    """Where Meltano's installers look."""
    return {name: value for name, value in wheels.items() if name.endswith("_FIND_LINKS")}
