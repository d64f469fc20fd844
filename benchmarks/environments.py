"""An environment of its own for each peer, with the versions that its requirements file pins."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

from benchmarks.places import ENVIRONMENTS, HERE, PEERS, own

_NAMES = {"ours": "tap-lightspeed-retail", "dlt": "dlt", "airbyte": "airbyte-cdk", "singer": "singer-sdk"}
_CODE = "import importlib.metadata, json, sys; print(json.dumps(importlib.metadata.version(sys.argv[1])))"


def python_of(name: str) -> str:
    """The interpreter of a peer's environment, which is made or renewed when its requirements have changed."""
    folder = ENVIRONMENTS / name
    python, mark = folder / "bin" / "python", folder / "installed.txt"
    wanted = requirements_of(name)
    if not mark.exists() or mark.read_text(encoding="utf-8") != wanted.read_text(encoding="utf-8"):
        sys.stderr.write(f"Installing {name} into an environment of its own (once) ...\n")
        _install(folder, python, wanted)
        mark.write_bytes(wanted.read_bytes())
    return str(python)


def requirements_of(name: str) -> Path:
    """The file that pins what an environment holds."""
    return HERE / "plot.txt" if name == "plot" else PEERS / f"{name}.txt"


def _install(folder: Path, python: Path, wanted: Path) -> None:
    uv = shutil.which("uv") or own("uv")
    if Path(uv).exists():
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(wanted)], check=True)
    else:
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(wanted)], check=True)


def version_of(tool: str) -> str:
    """The name and version of a tool."""
    name = _NAMES[tool]
    if tool == "ours":
        return f"{name} {version(name)}"
    done = subprocess.run([python_of(tool), "-c", _CODE, name], check=True, capture_output=True, text=True)
    return f"{name} {json.loads(done.stdout)}"


def clean() -> dict[str, str]:
    """The environment of a measured process: nothing that names settings of a tool."""
    foreign = ("TAP_", "TARGET_", "MELTANO_", "LIGHTSPEED_", "SINGER_", "DLT_", "AIRBYTE_", "RUNTIME__", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"PYTHONDONTWRITEBYTECODE": "", "DO_NOT_TRACK": "1", "NO_PROXY": "127.0.0.1"}
