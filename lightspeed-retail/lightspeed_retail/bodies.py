"""Bodies of answers, read within bounds of size and time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import requests

LARGEST = 128 * 1024 * 1024
"""Bytes that an answer may have, unpacked: a page of 100 rows has some hundred thousand."""

LONGEST = 900.0
"""Seconds that an answer may take from its first byte to its last."""

_PIECE = 1024 * 1024


class OverlongError(requests.RequestException):
    """An answer that does not come to its end within the bounds of size."""


def read_whole(answer: requests.Response, largest: int = LARGEST, longest: float = LONGEST) -> requests.Response:
    """Read the body of an answer that was asked for with `stream`; what it unpacks to counts, not what is sent.

    Pieces are taken as they come, so that an answer which trickles is noticed. Those of 10 kB that `requests` takes
    would each be a switch between threads.

    Args:
        answer: The answer, of which only the headers have been read.
        largest: Bytes that it may have.
        longest: Seconds that it may take.

    Raises:
        OverlongError: It has more.
        requests.Timeout: It takes longer.
        urllib3.exceptions.HTTPError: It breaks off, or cannot be unpacked.
    """
    try:
        answer._content = b"".join(_pieces(answer.raw, largest, longest))  # noqa: SLF001  as `content` does by itself
    except BaseException:
        answer.close()
        raise
    return answer


def _pieces(raw: Any, largest: int, longest: float) -> Iterator[bytes]:
    until = time.monotonic() + longest
    size = 0
    while piece := raw.read1(_PIECE, decode_content=True):
        yield piece
        size += len(piece)
        if size > largest:
            raise OverlongError(f"more than {largest:,} bytes")
        if time.monotonic() > until:
            raise requests.Timeout(f"more than {longest:.0f} seconds")


def decoded(content: bytes) -> Any:
    """A body as JSON, whatever its content type says; None where it is none, or nested without end."""
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
