"""Where commands are looked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def search_path() -> str:
    """The PATH with the programs of our own environment first: meltano, taps and loaders stand beside the sandbox."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
