"""Where things lie: what is committed, and what is made once and can be thrown away."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "benchmarks"
PEERS = HERE / "peers"
WORK = ROOT / ".bench"
"""Environments of the peers, data files of the sandbox, output: ignored by git."""

DATA = WORK / "data"
ENVIRONMENTS = WORK / "envs"
SCRATCH = WORK / "scratch"
"""What a measurement leaves behind if it fails: output, log, settings."""

QUICK = WORK / "quick"
"""Results of the short form, which never replace those that are committed."""


def own(command: str) -> str:
    """The path of a command of this project's environment."""
    return str(Path(sys.executable).with_name(command))
