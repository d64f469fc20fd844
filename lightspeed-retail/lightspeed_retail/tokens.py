"""Where tokens are kept: a private file that several processes can share; for several machines see `token_database`.

A refresh token works once. So the newest pair is on disk before it is first used, replaced atomically, and every
process that redeems one holds the lock from reading to saving.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec
import platformdirs
from filelock import FileLock

from lightspeed_retail.errors import SettingsError

SPARE = 16_384
"""Bytes for which a store proves to have room before a token is spent; a pair takes about two thousand."""
_EARLY = 60.0
_VERSION = 1
_MADE_UP = "?" * 8
"""As many characters as `mkstemp` makes up for a name."""


class Holder(msgspec.Struct, frozen=True):
    """Whose tokens a pair is, as far as it is known; nothing of it is secret.

    Args:
        client_id: The client that they were given to.
        account_id: Number of the account.
        account_name: Its name.
        scopes: What they allow, with blanks between.
        connected_at: Seconds since 1970 at which a person consented through `lightspeed-retail connect`.
    """

    client_id: str = ""
    account_id: int | None = None
    account_name: str = ""
    scopes: str = ""
    connected_at: float | None = None


class Tokens(msgspec.Struct, frozen=True):
    """One pair of tokens.

    Args:
        access_token: The bearer for requests.
        refresh_token: What the next pair is bought with, once.
        expires_at: Seconds since 1970 at which the access token ends, by the local clock.
        lifetime: How many seconds it lasts from the first to the last.
        renewed_at: Seconds since 1970 at which the pair was got; unused for 30 days, its refresh token ends.
        holder: Whose it is.
    """

    access_token: str
    refresh_token: str
    expires_at: float
    lifetime: float = 3600.0
    renewed_at: float | None = None
    holder: Holder = Holder()

    def __repr__(self) -> str:
        """Say nothing: tokens must not end up in a log or a traceback."""
        return "Tokens(...)"

    def is_ending(self) -> bool:
        """Whether it is time to renew: a minute before the end, later where tokens live for seconds only."""
        return self.expires_at - min(_EARLY, self.lifetime / 10) <= time.time()


class _Document(msgspec.Struct, kw_only=True):
    """What a token file holds: pairs by the names of their connections, as they stand in it."""

    version: int = _VERSION
    connections: dict[str, Any]


class TokenStore(Protocol):
    """The newest tokens of each connection, shared by processes."""

    def locked(self, connection: str = "") -> AbstractContextManager[None]:
        """Prove that the store takes new tokens, and hold the lock that other processes respect.

        Args:
            connection: Whose tokens are to be replaced; a file is locked as a whole.

        Raises:
            SettingsError: It does not take any; no token has been spent.
        """

    def load(self, connection: str) -> Tokens | None:
        """The newest tokens of a connection, if there are any.

        Raises:
            SettingsError: The store cannot be read.
        """

    def save(self, connection: str, tokens: Tokens) -> None:
        """Put new tokens in the place of old ones for good; to be called once, last, with the lock held.

        Raises:
            SettingsError: The store failed in between. The old tokens stay good as long as the new are not used.
        """

    def remove(self, connection: str) -> None:
        """Forget a connection's tokens; to be called once, last, with the lock held.

        Raises:
            SettingsError: The store failed.
        """

    def listed(self) -> dict[str, Tokens]:
        """The tokens of all connections by the connection's name; they may be encrypted.

        Raises:
            SettingsError: The store cannot be read.
        """


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
    def locked(self, connection: str = "") -> Iterator[None]:  # noqa: ARG002  the protocol names it
        """Hold the lock that other processes respect.

        Raises:
            SettingsError: The file cannot be replaced. It is checked before a token is spent.
        """
        with self._told():
            self._make_folder()
            lock = FileLock(self.path.with_name(self.path.name + ".lock"), mode=0o600)
            lock.acquire()
        try:
            with self._told():
                self._tidy()
                self._prove()
            yield
        finally:
            lock.release()

    def load(self, connection: str) -> Tokens | None:
        """The newest tokens of a connection, if there are any.

        Raises:
            SettingsError: The file is there but cannot be understood.
        """
        return self._understood({connection: self._read().get(connection)}).get(connection)

    def listed(self) -> dict[str, Tokens]:
        """The tokens of all connections by the connection's name.

        Raises:
            SettingsError: The file is there but cannot be understood.
        """
        return self._understood(self._read())

    def save(self, connection: str, tokens: Tokens) -> None:
        """Put new tokens in the place of old ones; on return they are on the disk. Call it with the lock held."""
        entries = self._read()
        entries[connection] = msgspec.to_builtins(tokens)
        with self._told():
            self._replace(entries)

    def remove(self, connection: str) -> None:
        """Forget a connection's tokens. Call it with the lock held."""
        entries = {name: entry for name, entry in self._read().items() if name != connection}
        with self._told():
            self._replace(entries)

    def _understood(self, entries: dict[str, Any]) -> dict[str, Tokens]:
        try:
            return {name: msgspec.convert(entry, Tokens) for name, entry in entries.items() if entry is not None}
        except msgspec.ValidationError as error:
            raise self._damaged() from error

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What the system has against the file, in one line."""
        try:
            yield
        except OSError as error:
            message = (
                f"The token store {self.path} cannot be written: {error.strerror}. Set token_store to a writable path."
            )
            raise SettingsError(message) from error

    def _make_folder(self) -> None:
        if not self.path.parent.exists():
            self.path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
            self.path.parent.joinpath(".gitignore").write_text("*\n", encoding="utf-8")

    def _tidy(self) -> None:
        """Remove what a process has left that was killed while it wrote: nobody else writes while the lock is held."""
        for left in self.path.parent.glob(f"{glob.escape(self._unfinished)}{_MADE_UP}"):
            left.unlink(missing_ok=True)

    @property
    def _unfinished(self) -> str:
        """What the names of files begin with that are still being written."""
        return f".tokens-{self.path.name}-"

    def _prove(self) -> None:
        """Do what saving does, with what is there: that takes rights, room on the disk and sound content."""
        if self.path.exists():
            self._see_that_it_is_ours()
        self._replace(self._read())

    def _see_that_it_is_ours(self) -> None:
        """A file that was replaced would belong to us: its owner could not read it any more."""
        if self.path.stat().st_uid != os.geteuid():
            message = (
                f"The token store {self.path} belongs to another user: run as that user, "
                "or set token_store to a file of your own."
            )
            raise SettingsError(message)
        self.path.open("r+b").close()

    def _read(self) -> dict[str, Any]:
        try:
            document = msgspec.json.decode(self.path.read_bytes(), type=_Document)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SettingsError(f"The token store {self.path} cannot be read: {error.strerror}.") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._damaged() from error
        if document.version > _VERSION:
            message = f"The token store {self.path} was written by a newer version of this program: use that one."
            raise SettingsError(message)
        return document.connections

    def _damaged(self) -> SettingsError:
        return SettingsError(f"The token store {self.path} is damaged. Move it away and connect the account again.")

    def _replace(self, entries: dict[str, Any]) -> None:
        content = msgspec.json.encode(_Document(connections=entries))
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self._unfinished)
        try:
            with os.fdopen(handle, "wb") as file:
                _write(file, content)
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        with contextlib.suppress(OSError):
            _sync_folder(self.path.parent)


def _write(file: BinaryIO, content: bytes) -> None:
    """Write to the disk, where room for one more pair must be left."""
    file.write(content + b" " * SPARE)
    file.flush()
    os.fsync(file.fileno())
    file.truncate(len(content))
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def connection_name(client_id: str, refresh_token: str) -> str:
    """The name under which a connection's tokens are kept; it gives neither part away."""
    return hashlib.sha256(f"{client_id}\n{refresh_token}".encode()).hexdigest()


def account_name(client_id: str, account_id: int) -> str:
    """The name under which the tokens of an account are kept that `lightspeed-retail connect` has connected."""
    # No refresh token has a blank in it.
    return connection_name(client_id, f"account {account_id}")


def default_path() -> Path:
    """In the Meltano project where there is one, else where the user's programs keep their state."""
    project = os.environ.get("MELTANO_PROJECT_ROOT") or _project_around()
    folder = Path(project, ".lightspeed-retail") if project else Path(platformdirs.user_state_dir("lightspeed-retail"))
    return folder / "tokens.json"


def _project_around() -> Path | None:
    """The folder of the Meltano project that one works in: so commands find what its plugins use."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "meltano.yml").is_file()), None)
