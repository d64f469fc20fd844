"""Where tokens are kept: a private file that several processes can share.

A refresh token works once. So the newest pair is on disk before it is first used, replaced atomically, and every
process that redeems one holds the lock from reading to saving.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import platformdirs
from filelock import FileLock

from lightspeed_retail.errors import SettingsError


class Tokens(msgspec.Struct, frozen=True):
    """One pair of tokens.

    Args:
        access_token: The bearer for requests.
        refresh_token: What the next pair is bought with, once.
        expires_at: Seconds since 1970 at which the access token ends, by the local clock.
    """

    access_token: str
    refresh_token: str
    expires_at: float

    def __repr__(self) -> str:
        """Say nothing: tokens must not end up in a log or a traceback."""
        return "Tokens(...)"


class TokenFile:
    """The newest tokens of each connection, in one JSON file (mode 0600).

    A connection is known by a hash of its client id and of the refresh token that the configuration names. So the
    file wins as long as the configuration stays as it was, and a newly configured token starts a connection of its own.

    Args:
        path: The file; its folder is made when needed.
    """

    def __init__(self, path: Path) -> None:
        """Remember the place; nothing is read or written yet."""
        self.path = path

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock that other processes respect.

        Raises:
            SettingsError: The folder cannot be written to. It is checked before a token is spent.
        """
        try:
            self._prepare()
            lock = FileLock(self.path.with_name(self.path.name + ".lock"), mode=0o600)
            lock.acquire()
        except OSError as error:
            message = (
                f"The token store {self.path} cannot be written: {error.strerror}. Set token_store to a writable path."
            )
            raise SettingsError(message) from error
        try:
            yield
        finally:
            lock.release()

    def load(self, connection: str) -> Tokens | None:
        """The newest tokens of a connection, if there are any.

        Raises:
            SettingsError: The file is there but cannot be understood.
        """
        entry = self._read().get(connection)
        try:
            return msgspec.convert(entry, Tokens) if entry is not None else None
        except msgspec.ValidationError as error:
            raise self._damaged() from error

    def save(self, connection: str, tokens: Tokens) -> None:
        """Put new tokens in the place of old ones; on return they are on the disk. Call it with the lock held."""
        entries = self._read()
        entries[connection] = msgspec.to_builtins(tokens)
        self._replace(msgspec.json.encode({"version": 1, "connections": entries}))

    def _prepare(self) -> None:
        """Make the folder and prove that it takes a file."""
        if not self.path.parent.exists():
            self.path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
            self.path.parent.joinpath(".gitignore").write_text("*\n", encoding="utf-8")
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".probe-")
        os.close(handle)
        Path(name).unlink()

    def _read(self) -> dict[str, Any]:
        try:
            document = msgspec.json.decode(self.path.read_bytes(), type=dict[str, Any])
            return dict(document["connections"])
        except FileNotFoundError:
            return {}
        except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
            raise self._damaged() from error

    def _damaged(self) -> SettingsError:
        return SettingsError(f"The token store {self.path} is damaged. Move it away and connect the account again.")

    def _replace(self, content: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".tokens-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        with contextlib.suppress(OSError):
            _sync_folder(self.path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def connection_name(client_id: str, refresh_token: str) -> str:
    """The name under which a connection's tokens are kept; it gives neither part away."""
    return hashlib.sha256(f"{client_id}\n{refresh_token}".encode()).hexdigest()


def default_path() -> Path:
    """In the Meltano project where there is one, else where the user's programs keep their state."""
    project = os.environ.get("MELTANO_PROJECT_ROOT")
    folder = Path(project, ".lightspeed-retail") if project else Path(platformdirs.user_state_dir("lightspeed-retail"))
    return folder / "tokens.json"
