"""One-time links with which the owners of accounts consent on their own machines, kept in a private file.

The file holds a hash of each link, so nobody can make a link of it. An invitation is spent when an account has been
connected, not when its link is opened: scanners of mail open links too.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from filelock import FileLock
from msgspec.structs import replace

from lightspeed_retail.errors import LightspeedError, SettingsError

DEFAULT_DAYS = 7
"""How long an invitation can be accepted where nobody says otherwise."""

_CLAIM = timedelta(minutes=2)
_LONGEST_LABEL = 100


class InvitationError(LightspeedError):
    """An invitation that cannot be used; the text is for the person who was invited."""


class Invitation(msgspec.Struct, frozen=True):
    """One invitation, as the book keeps it.

    Args:
        digest: SHA-256 of the secret part of its link.
        label: Whom it is for.
        created: When it was made.
        expires: Until when it can be accepted.
        used_at: When an account was connected with it.
        account_id: That account's number.
        claimed_until: Until when somebody who has accepted it is being connected; nobody else can be, meanwhile.
    """

    digest: str
    label: str
    created: datetime
    expires: datetime
    used_at: datetime | None = None
    account_id: int | None = None
    claimed_until: datetime | None = None


class _Document(msgspec.Struct):
    version: int = 1
    invitations: list[Invitation] = []


class InvitationBook:
    """All invitations, in one JSON file (mode 0600) that several processes can share.

    Args:
        path: The file; its folder is made when needed.
    """

    def __init__(self, path: Path) -> None:
        """Remember the place; nothing is read or written yet."""
        self.path = path

    def add(self, label: str, days: float = DEFAULT_DAYS) -> str:
        """A new invitation; gives the secret part of its link, which is kept nowhere.

        Args:
            label: Whom it is for; the page shows it.
            days: How long it can be accepted.

        Raises:
            SettingsError: There is no label, the time is none, or the file cannot be written.
        """
        label = " ".join(label.split())
        if not 0 < len(label) <= _LONGEST_LABEL or not label.isprintable():
            raise SettingsError(f"An invitation needs a label of up to {_LONGEST_LABEL} characters: whom it is for.")
        token = secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        with self._changing() as book:
            book[_digest(token)] = Invitation(_digest(token), label, now, _after(now, days))
        return token

    def listed(self) -> list[Invitation]:
        """All invitations, the oldest first.

        Raises:
            SettingsError: The file cannot be read.
        """
        return list(self._read().values())

    def find(self, token: str) -> Invitation | None:
        """The invitation of a link; None if there is none.

        Raises:
            SettingsError: The file cannot be read.
        """
        return self._read().get(_digest(token))

    def open(self, token: str) -> Invitation:
        """The invitation of a link that can still be accepted.

        Raises:
            InvitationError: There is none, it is spent, or its time is over.
        """
        found = _unspent(self.find(token))
        if found.expires <= datetime.now(UTC):
            raise InvitationError(
                f"It could be used until {found.expires:%-d %B %Y}: ask whoever sent the link for a new one."
            )
        return found

    @contextlib.contextmanager
    def claimed(self, token: str) -> Iterator[Invitation]:
        """Keep an invitation for somebody who has accepted it, while the account is connected inside the block.

        That nobody else can claim it and that the file can be written is certain before the block runs. Without
        `spend` the invitation is free again afterwards. If it expires meanwhile, that does not matter any more.

        Raises:
            InvitationError: It is unknown or spent, or somebody else is about to be connected with it.
        """
        now = datetime.now(UTC)
        with self._changing() as book:
            found = _unspent(book.get(_digest(token)))
            if found.claimed_until is not None and found.claimed_until > now:
                raise InvitationError("It is being used in another window at this moment: go on there.")
            mine = replace(found, claimed_until=now + _CLAIM)
            book[mine.digest] = mine
        try:
            yield found
        finally:
            self._release(mine)

    def spend(self, token: str, account_id: int | None) -> Invitation:
        """Note that an account has been connected with an invitation.

        Args:
            token: The secret part of its link.
            account_id: Number of the account.

        Raises:
            InvitationError: It is unknown, or spent already.
        """
        with self._changing() as book:
            found = _unspent(book.get(_digest(token)))
            spent = replace(found, used_at=datetime.now(UTC), account_id=account_id, claimed_until=None)
            book[spent.digest] = spent
        return spent

    def _release(self, claimed: Invitation) -> None:
        """Free an invitation again, unless it was spent or another one has claimed it since."""
        with self._changing() as book:
            if book.get(claimed.digest) == claimed:
                book[claimed.digest] = replace(claimed, claimed_until=None)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, Invitation]]:
        """What is in the book, to be changed; written when the block ends well."""
        try:
            self.path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
            with FileLock(self.path.with_name(self.path.name + ".lock"), mode=0o600):
                book = self._read()
                yield book
                self._replace(book)
        except OSError as error:
            message = f"The invitations in {self.path} cannot be changed: {error.strerror or 'no reason given'}."
            raise SettingsError(message) from error

    def _read(self) -> dict[str, Invitation]:
        try:
            document = msgspec.json.decode(self.path.read_bytes(), type=_Document)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SettingsError(f"The invitations in {self.path} cannot be read: {error.strerror}.") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SettingsError(f"The invitations in {self.path} are damaged: move the file away.") from error
        return {each.digest: each for each in document.invitations}

    def _replace(self, book: dict[str, Invitation]) -> None:
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".invitations-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(_Document(invitations=list(book.values()))))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def link(redirect_uri: str, token: str) -> str:
    """The address to send to whoever is invited: in the same folder as the registered redirect.

    Args:
        redirect_uri: The registered address.
        token: The secret part, as `InvitationBook.add` gave it.
    """
    parts = urlsplit(redirect_uri)
    return parts._replace(path=folder(redirect_uri) + token, query="", fragment="").geturl()


def folder(redirect_uri: str) -> str:
    """The path that all links begin with."""
    return urlsplit(redirect_uri).path.rpartition("/")[0] + "/invite/"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _after(now: datetime, days: float) -> datetime:
    try:
        expires = now + timedelta(days=days)
    except (OverflowError, ValueError):
        expires = now
    if expires <= now:
        raise SettingsError("An invitation has to be good for some days: the number given is none.")
    return expires


def _unspent(found: Invitation | None) -> Invitation:
    if found is None:
        raise InvitationError("There is no such invitation: open the whole link, or ask whoever sent it for a new one.")
    if found.used_at is not None:
        raise InvitationError(
            "It has been used: an account was connected with it. Ask for another one to connect another account."
        )
    return found
