"""Takes the records of a stream that the setting `custom_sinks` describes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import BatchSink

from target_lightspeed_retail.lenient import LenientSink
from target_lightspeed_retail.posting import Posting

if TYPE_CHECKING:
    from target_lightspeed_retail.target import TargetLightspeedRetail


class PostedSink(LenientSink, BatchSink):
    """Records of one stream on their way to a path that nobody has declared."""

    def __init__(
        self,
        target: TargetLightspeedRetail,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        """Find out how they are sent."""
        super().__init__(target, stream_name, schema, key_properties)
        self._run = target.writing
        self._posting = Posting(target.custom_sinks[stream_name], self._run.tools)

    @property
    def is_full(self) -> bool:
        """Never: the target looks itself, because what a record names must be written before it."""
        return False

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Put a record into the batch, with the message that it came in."""
        context.setdefault("records", []).append((record, self._run.message))

    def process_batch(self, context: dict[str, Any]) -> None:
        """Send the batch, one record after the other."""
        for record, origin in context.get("records", []):
            self._posting.write(record, origin)
