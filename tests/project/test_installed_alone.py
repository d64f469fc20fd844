"""The built packages run in an environment that holds nothing else, installed by pip without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lightspeed_retail.resources import Resource
from tests.project.packaging import PACKAGES, RELEASE, SHARED
from tests.retailer import small_sandbox, table
from tests.tapping import Spoken
from tests.targeting import messages


def installed(package: str, folder: Path, wheels: Mapping[str, str]) -> Path:
    """Install a package into an empty environment; the folder of its programs."""
    for command in (
        [sys.executable, "-m", "virtualenv", "-q", "--no-download", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", package],
    ):
        done = subprocess.run(command, env=wheels, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
    return folder / "bin"


def said_by(
    command: Sequence[str | Path], variables: Mapping[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to a good end.

    Args:
        command: Its words.
        variables: Its environment; without it, that of the test.
        given: What it reads.
    """
    done = subprocess.run(command, input=given, env=variables, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def speak(programs: Path, package: str) -> None:
    """Whatever a command says before it is given anything."""
    assert "usage" in said_by([programs / package, "--help"]).stdout.lower()
    about = json.loads(said_by([programs / package, "--about", "--format", "json"]).stdout)
    assert (about["name"], about["version"]) == (package, RELEASE)
    assert f"{package} v{RELEASE}" in said_by([programs / package, "--version"]).stdout
    held = said_by([programs / "python", "-m", "pip", "list", "--format", "freeze"]).stdout.splitlines()
    ours = {each.partition("==")[0] for each in held} & set(PACKAGES)
    assert ours == {SHARED, package}


def test_the_tap_is_installed_alone_and_reads(wheels: Mapping[str, str], tmp_path: Path) -> None:
    programs = installed("tap-lightspeed-retail", tmp_path / "environment", wheels)
    speak(programs, "tap-lightspeed-retail")
    with small_sandbox() as sandbox:
        said = said_by([programs / "tap-lightspeed-retail", "--config", "ENV"], {**wheels, **sandbox.environment()})
        spoken = Spoken(said.returncode, said.stdout.splitlines(), said.stderr)
        for name in ("Sale", "Item"):
            resource = Resource.named(name)
            assert len(spoken.records(resource.api.stream)) == len(table(sandbox, resource)) > 0


def test_the_target_is_installed_alone_and_writes(wheels: Mapping[str, str], tmp_path: Path) -> None:
    programs = installed("target-lightspeed-retail", tmp_path / "environment", wheels)
    speak(programs, "target-lightspeed-retail")
    said = "".join(f"{json.dumps(each)}\n" for each in messages("tags", [{"name": "installed-alone"}], "name"))
    with small_sandbox() as sandbox:
        command: list[str | Path] = [programs / "target-lightspeed-retail", "--config", "ENV"]
        said_by(command, {**wheels, **sandbox.environment()}, said)
        assert "installed-alone" in {row["name"] for row in table(sandbox, Resource.named("Tag")).values()}
