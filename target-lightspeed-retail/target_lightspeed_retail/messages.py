"""Reads standard input, a line a message. What is no Singer stream ends the run, told by its line's number."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import IO, Any

import msgspec
from singer_sdk.io_base import SingerMessageType, SingerReader
from singer_sdk.singerlib.exceptions import InvalidInputLine

from lightspeed_retail.errors import LightspeedError

LONGEST = 64 * 1024 * 1024
"""Bytes that a line may have: it is in memory as a whole."""

DEEPEST = 100
"""Levels of objects and lists within each other that a message may have; a record of Lightspeed has ten."""

_LONGEST_NAME = 255
_BOM = b"\xef\xbb\xbf"
_MOST_DIGITS = 1000
"""Digits that a whole number may have to be taken for one: the time that a longer one takes grows with its square."""

Message = dict[str, Any]

_decoder = msgspec.json.Decoder(Message, float_hook=Decimal)


class InputError(LightspeedError, InvalidInputLine):
    """The input is no Singer stream; the text says in which line, and nothing of what stands there."""


class LineReader(SingerReader):
    """Reads messages; numbers stay as exact as they are written.

    Attributes:
        number: Number of the line that is being read, from 1.
        size: Its length in bytes.
    """

    def __init__(self) -> None:
        """Nothing is read yet."""
        super().__init__()
        self.number = 0
        self.size = 0

    def process_lines(
        self, file_input: IO[str] | None, callbacks: dict[str, Callable[[Message], None]]
    ) -> Counter[str]:
        """Read all messages, and hand each on to what its type says.

        Raises:
            InputError: A line is no Singer message.
        """
        counts: Counter[str] = Counter()
        for line in self._lines(file_input or self.default_input):
            message = self._message(line)
            kind = message["type"]
            callbacks[kind](message)
            counts[kind] += 1
        return counts

    def deserialize_json(self, line: str | bytes) -> Message:
        """Decode a line; what no number is, such as NaN, and what no text is, come as Python's own decoder takes them.

        Raises:
            InputError: The line is no JSON object, or nested too deeply.
        """
        if isinstance(line, str):
            line = line.encode("utf-8", "surrogatepass")
        try:
            message = self._decoded(line)
        except RecursionError:
            message = None
        if message is None or _is_deep(message, line):
            raise self._wrong(f"it is nested more than {DEEPEST} levels deep")
        return message

    def _decoded(self, line: bytes) -> Message | None:
        try:
            return _decoder.decode(line)
        except (msgspec.DecodeError, ArithmeticError, UnicodeError):
            return self._leniently(line)

    def _leniently(self, line: bytes) -> Message:
        try:
            message = json.loads(line.decode(), parse_float=_decimal, parse_int=_whole)
        except UnicodeError:
            raise self._wrong("it is no UTF-8") from None
        except ValueError:
            raise self._wrong("it is no JSON") from None
        if not isinstance(message, dict):
            raise self._wrong("it is no JSON object")
        if message.get("type") == SingerMessageType.STATE:
            raise self._wrong("NaN and the like are no JSON, and a state must come back as it is")
        return message

    def _lines(self, file: IO[str] | None) -> Iterator[bytes]:
        """The lines that are not empty, as bytes: how they are encoded is no matter of the locale."""
        if file is None:
            raise InputError("Standard input is closed: messages are read there, or from the file that --input names.")
        stream: IO[Any] = getattr(file, "buffer", file)
        while found := stream.readline(LONGEST + 1):
            line = found if isinstance(found, bytes) else found.encode()
            self.number += 1
            self.size = len(line)
            if self.size > LONGEST:
                raise self._wrong(f"it is longer than {LONGEST // 1024**2} MB")
            line = line.removeprefix(_BOM) if self.number == 1 else line
            if line.strip():
                yield line

    def _message(self, line: bytes) -> Message:
        """The message of a line, which has what its type must have, in the types in which it must be."""
        message = self.deserialize_json(line)
        kind = message.get("type")
        must = _MUST.get(kind) if isinstance(kind, str) else None
        if must is None:
            raise self._wrong(f"its type is none of {', '.join(_MUST)}")
        for name, is_right in must.items():
            if not is_right(message.get(name, ...)):
                raise self._wrong(f"{kind} without a good {name}")
        return message

    def _wrong(self, why: str) -> InputError:
        return InputError(f"Line {self.number} of the input is no Singer message: {why}.")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable()


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_schema(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("properties"), dict)


def _are_names(value: object) -> bool:
    return value in (None, ...) or (isinstance(value, list) and all(_is_name(each) for each in value))


def _is_state(value: object) -> bool:
    return value is None or isinstance(value, dict)


_MUST: dict[str, dict[str, Callable[[object], bool]]] = {
    "SCHEMA": {"stream": _is_name, "schema": _is_schema, "key_properties": _are_names},
    "RECORD": {"stream": _is_name, "record": _is_object},
    "STATE": {"value": _is_state},
    "ACTIVATE_VERSION": {"stream": _is_name},
    "BATCH": {"stream": _is_name},
}
"""What the messages of each type must have; what a message lacks is looked at as `...`."""


def _decimal(text: str) -> Decimal | float:
    """A fraction; one that no decimal holds is infinite, which no field takes."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return float(text)


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MOST_DIGITS else Decimal(text)


def _is_deep(message: Message, line: bytes) -> bool:
    """Whether something stands too many levels within; few lines have so many brackets that one has to look."""
    if line.count(b"{") + line.count(b"[") <= DEEPEST:
        return False
    level: list[Any] = [message]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each) if type(inner) in (dict, list)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Any:
    return value.values() if type(value) is dict else value
