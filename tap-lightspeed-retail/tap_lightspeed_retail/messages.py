"""What goes to standard output: a line a message."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from singer_sdk.contrib.msgspec import MsgSpecWriter, serialize_jsonl
from singer_sdk.singerlib import Message, RecordMessage

Write = Callable[[dict[str, Any]], None]


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
