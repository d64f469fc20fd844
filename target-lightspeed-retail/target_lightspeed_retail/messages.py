"""What comes from standard input: a line a message."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from singer_sdk.io_base import SingerReader

_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


class LineReader(SingerReader):
    """Reads messages; numbers stay as exact as they are written."""

    def deserialize_json(self, line: str) -> dict[str, Any]:
        """Decode a line; what only a lenient decoder takes, such as NaN, is left to the SDK's.

        Raises:
            InvalidInputLine: The line is no JSON.
        """
        try:
            return _decoder.decode(line)
        except msgspec.DecodeError:
            return super().deserialize_json(line)
