"""What goes to standard output: a line a message."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from singer_sdk.contrib.msgspec import MsgSpecWriter, serialize_jsonl
from singer_sdk.singerlib import Message, RecordMessage

Write = Callable[[dict[str, Any]], None]

_ROOM = 1024 * 1024
"""What standard output holds back at the most, in bytes: more than a page of records has."""


class LineWriter(MsgSpecWriter):
    """Writes messages; records wait in the buffer of standard output until it is full or a page ends."""

    def write_message(self, message: Message) -> None:
        """Write a message; only a record may wait for more."""
        sys.stdout.buffer.write(self.format_message(message))
        if not isinstance(message, RecordMessage):
            sys.stdout.flush()


def straight(stream: str) -> Write:
    """What writes the records of a stream that leave as they are, without the detour over a message."""
    now = datetime.now

    def write(record: dict[str, Any]) -> None:
        line = serialize_jsonl({"type": "RECORD", "stream": stream, "record": record, "time_extracted": now(UTC)})
        sys.stdout.buffer.write(line)

    return write


def make_room() -> None:
    """Give standard output room for a page, so that one leaves in one piece and no line is torn by a signal.

    Each write lets other threads go first, and comes to its end only after what they do.
    """
    sys.stdout = open(sys.stdout.fileno(), "w", _ROOM, encoding="utf-8", closefd=False)  # noqa: SIM115  to the end
