"""Looks up whether a locked dependency has a known weakness; run by make audit.

It uses pip-audit, in an environment of its own.
Ends with 1 when one is found, with 2 when nothing could be looked up and `--strict` is given.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".audit"
TOOL = "pip-audit==2.10.1"


def main() -> int:
    """Audit what `requirements.txt` names."""
    parser = argparse.ArgumentParser(prog="make audit", description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail when packages could not be looked up")
    strict = parser.parse_args().strict
    found = _audited()
    weak = [each for each in found if each.get("vulns")]
    unknown = [each["name"] for each in found if "skip_reason" in each]
    for each in weak:
        for weakness in each["vulns"]:
            fixed = ", ".join(weakness["fix_versions"]) or "no version yet"
            _say(f"{each['name']} {each['version']}: {weakness['id']}, mended by {fixed}")
    known = len(found) - len(unknown)
    _say(f"{len(found)} packages, {known} looked up, {len(weak)} with a known weakness.")
    if unknown:
        _say(f"Not known to the package index that is set up here: {len(unknown)} packages. They were not audited.")
    return 1 if weak else 2 if unknown and strict else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _audited() -> list[dict[str, Any]]:
    """What pip-audit says of each package.

    Raises:
        SystemExit: It said nothing.
    """
    python = HOME / "bin" / "python"
    if not python.exists():
        venv.create(HOME, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "-qq", TOOL], check=True)
    command: list[str | Path] = [
        python,
        "-m",
        "pip_audit",
        "--require-hashes",
        "--disable-pip",
        "--progress-spinner",
        "off",
    ]
    command += ["--format", "json", "-r", ROOT / "requirements.txt"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.startswith("{"):
        raise SystemExit(f"pip-audit said nothing:\n{done.stderr[-2000:]}")
    found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    return found


if __name__ == "__main__":
    sys.exit(main())
