"""Files of lines that grow: appended to in whole lines, and for nobody else to read."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Iterable
from pathlib import Path

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.private_files import make_private

_OTHERS = 0o077
_BLOCK = 65_536


class PrivateLines:
    """Lines, appended to a file that nobody else can read.

    Args:
        path: The file; its folder is made when needed.
        setting: The setting that names it, for messages.

    Raises:
        SettingsError: It cannot be written; later, too.
    """

    def __init__(self, path: str | Path, setting: str) -> None:
        """Open the file; what a crash has left of a last line is cut off."""
        self._setting = setting
        self._mutex = threading.Lock()
        try:
            self._path = Path(path).expanduser()
            if not self._path.exists():
                make_private(self._path)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            self._mend()
        except (OSError, RuntimeError, ValueError) as error:
            raise self._unusable(error) from None

    def append(self, lines: Iterable[str]) -> None:
        """Append lines, given without their ends, in one piece as far as the system allows."""
        text = "".join(line + "\n" for line in lines)
        try:
            with self._mutex:
                rest = memoryview(text.encode())
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise self._unusable(error) from None

    def __del__(self) -> None:
        """Close the file."""
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)

    def _mend(self) -> None:
        found = os.fstat(self._descriptor)
        if not stat.S_ISREG(found.st_mode):
            return
        if found.st_mode & _OTHERS:
            # The file of another user may be one that is shared on purpose.
            with contextlib.suppress(PermissionError):
                os.fchmod(self._descriptor, found.st_mode & ~_OTHERS)
        os.ftruncate(self._descriptor, self._end_of_last_line(found.st_size))

    def _end_of_last_line(self, size: int) -> int:
        end = size
        while end > 0:
            start = max(0, end - _BLOCK)
            newline = os.pread(self._descriptor, end - start, start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            end = start
        return 0

    def _unusable(self, error: Exception) -> SettingsError:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return SettingsError(f"{self._setting}: the file cannot be written ({why}). Name one that can.")
