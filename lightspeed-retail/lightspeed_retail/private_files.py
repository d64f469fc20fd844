"""Files that nobody else can read."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_OTHERS = 0o077


def make_private(path: Path) -> None:
    """Make a file, where there is none, that nobody else can read; a new folder is kept out of version control."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        path.parent.joinpath(".gitignore").write_text("*\n", encoding="utf-8")
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    elif path.stat().st_mode & _OTHERS:
        # The file of another user may be one that is shared on purpose.
        with contextlib.suppress(PermissionError):
            path.chmod(path.stat().st_mode & ~_OTHERS)
