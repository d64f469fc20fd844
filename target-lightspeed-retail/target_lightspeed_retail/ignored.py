"""Streams that cannot be written: those that Lightspeed only gives, and those that it has never heard of."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MissingKeyPropertiesError
from singer_sdk.sinks import RecordSink

from target_lightspeed_retail.lenient import LenientSink
from target_lightspeed_retail.options import by_stream

if TYPE_CHECKING:
    from target_lightspeed_retail.target import TargetLightspeedRetail


_CLOSE = 0.8
"""How much a name must be like that of a stream to be taken for a slip of the pen."""


class IgnoredSink(LenientSink, RecordSink):
    """Says once that a stream is left out."""

    def setup(self) -> None:
        """Say so."""
        self.logger.warning(
            "%s cannot be written: its records are left out. Lines and payments are written with what they belong to.",
            self.stream_name,
        )

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Leave it out."""


class UnknownSink(LenientSink, RecordSink):
    """Rejects the records of a stream that Lightspeed does not have: a wrong name must not look like success."""

    def __init__(
        self,
        target: TargetLightspeedRetail,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        """Find out which stream may be meant."""
        super().__init__(target, stream_name, schema, key_properties)
        self._run = target.writing
        close = difflib.get_close_matches(stream_name, by_stream(), n=1, cutoff=_CLOSE)
        meant = f"; did you mean {close[0]}?" if close else "."
        self._reason = f"Lightspeed has no stream {stream_name}{meant}"

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:  # noqa: ARG002  the SDK's form
        """Reject it."""
        self._reject(record, self._reason)

    def _singer_validate_message(self, record: dict[str, Any]) -> None:
        """The SDK demands that such a record ends the run; its outcome is noted before."""
        try:
            super(LenientSink, self)._singer_validate_message(record)
        except MissingKeyPropertiesError:
            self._reject(record, f"It lacks {' or '.join(self.key_properties)}, the key of its stream.")
            raise

    def _reject(self, record: dict[str, Any], reason: str) -> None:
        key = "/".join(str(record[name]) for name in self.key_properties if name in record)
        message = self._run.message or {"stream": self.stream_name, "record": record}
        self._run.results.reject(self.stream_name, key, message, reason)
