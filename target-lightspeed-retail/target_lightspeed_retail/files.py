"""Gets the files of pictures, from the web or from the working folder, within bounds of size and time."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import requests

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.sessions import Session
from lightspeed_retail.transport import ON_THE_WIRE
from target_lightspeed_retail.records import RejectedError

LARGEST = 20_000_000
"""Bytes that a file may have."""

LONGEST = 60.0
"""Seconds that it may take to get one."""

_TIMEOUT = (10.0, 20.0)
_PIECE = 65_536
_REDIRECTS = 5
_BEGINNINGS = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png", b"GIF87a": "gif", b"GIF89a": "gif"}
_CONTAINER, _WEBP, _WEBP_AT = b"RIFF", b"WEBP", 8
_ANY_KIND = ("application/octet-stream", "binary/octet-stream", "")


@dataclass(frozen=True)
class File:
    """A file with a picture.

    Args:
        name: Its name, with an ending that fits what it holds.
        content: Its bytes.
    """

    name: str
    content: bytes

    @property
    def mark(self) -> str:
        """A fingerprint of the bytes."""
        return mark_of(self.content)


def mark_of(content: bytes) -> str:
    """A fingerprint of bytes."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


class Files:
    """Gets files.

    Args:
        beside: The session of the API, whose certificates and proxies are used as well; its credentials are not.
        folder: The folder that paths lead into; None for the working folder.
    """

    def __init__(self, beside: requests.Session, folder: Path | None = None) -> None:
        """Nothing is fetched yet."""
        self._session = Session(beside.verify if isinstance(beside.verify, str) else None)
        self._session.proxies = beside.proxies
        self._session.max_redirects = _REDIRECTS
        self._session.headers["User-Agent"] = beside.headers.get("User-Agent", "lightspeed-retail")
        self._folder = (folder or Path.cwd()).resolve()

    def get(self, url: str | None, path: str | None) -> File:
        """A file with a picture, by its path or else its address.

        Raises:
            RejectedError: It cannot be had, is too large, or holds no picture.
        """
        if path is not None:
            return _file(PurePosixPath(path).name, self.read(path), path)
        if url is None:
            raise RejectedError("It needs url or path: an address that begins with https://, or a file.")
        return _file(unquote(PurePosixPath(urlsplit(url).path).name), self._fetched(url), url.partition("?")[0])

    def read(self, path: str) -> bytes:
        """The bytes of a file below the folder.

        Raises:
            RejectedError: It is somewhere else, cannot be read, or is too large.
        """
        try:
            whole = (self._folder / path).resolve()
            if not whole.is_relative_to(self._folder):
                raise RejectedError(f"{path} is not below the folder in which the target runs.")
            if not whole.is_file():
                raise RejectedError(f"There is no file {path}.")
            if whole.stat().st_size > LARGEST:
                raise _too_large(path)
            return whole.read_bytes()
        except (OSError, ValueError, RuntimeError) as error:
            raise RejectedError(f"{path} cannot be read ({type(error).__name__}).") from None

    def _fetched(self, url: str) -> bytes:
        shown = url.partition("?")[0]
        if urlsplit(url).scheme not in ("http", "https"):
            raise RejectedError(f"{shown} is no address that begins with https:// or http://.")
        try:
            with self._session.get(url, timeout=_TIMEOUT, stream=True) as answer:
                return _body(answer, shown)
        except (*ON_THE_WIRE, ValueError) as error:
            raise RejectedError(f"{shown} cannot be fetched ({type(error).__name__}).") from None
        except OSError as error:
            # The certificates of ca_bundle have gone.
            raise SettingsError(f"ca_bundle cannot be read ({type(error).__name__}).") from None


def _body(answer: requests.Response, url: str) -> bytes:
    if answer.status_code != HTTPStatus.OK:
        raise RejectedError(f"{url} cannot be fetched (status {answer.status_code}).")
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not kind.startswith("image/") and kind not in _ANY_KIND:
        raise RejectedError(f"{url} is no image but {kind}.")
    until = time.monotonic() + LONGEST
    content = bytearray()
    for piece in answer.iter_content(_PIECE):
        content += piece
        if len(content) > LARGEST:
            raise _too_large(url)
        if time.monotonic() > until:
            raise RejectedError(f"{url} took longer than {LONGEST:g} seconds.")
    return bytes(content)


def _file(name: str, content: bytes, place: str) -> File:
    ending = _kind(content)
    if ending is None:
        raise RejectedError(f"{place} holds no picture in the form of JPEG, PNG, GIF or WebP.")
    stem = PurePosixPath(name).stem or "image"
    fits = PurePosixPath(name).suffix.lower() in (f".{ending}", *([".jpeg"] if ending == "jpg" else []))
    return File(name if fits else f"{stem}.{ending}", content)


def _kind(content: bytes) -> str | None:
    """By its first bytes: names and content types are often wrong."""
    if content.startswith(_CONTAINER) and content[_WEBP_AT : _WEBP_AT + len(_WEBP)] == _WEBP:
        return "webp"
    return next((kind for beginning, kind in _BEGINNINGS.items() if content.startswith(beginning)), None)


def _too_large(place: str) -> RejectedError:
    return RejectedError(f"{place} is larger than {LARGEST // 1_000_000} MB.")
