"""Streams that cannot be written."""

from __future__ import annotations

from typing import Any

from singer_sdk.sinks import RecordSink


class IgnoredSink(RecordSink):
    """Says once that a stream is left out."""

    validate_schema = False
    include_sdc_metadata_properties = True

    def setup(self) -> None:
        """Say so."""
        self.logger.warning(
            "%s cannot be written: its records are left out. Lines and payments are written with what they belong to.",
            self.stream_name,
        )

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Leave it out."""

    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        return record

    def _singer_validate_message(self, record: dict[str, Any]) -> None:
        """Nothing is expected of it."""
