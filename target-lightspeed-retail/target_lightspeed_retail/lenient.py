"""What all sinks of the target have in common: a record that does not fit is rejected, and the others go on."""

from __future__ import annotations

from typing import Any

from singer_sdk.sinks import Sink


class LenientSink(Sink):
    """A sink that checks records itself, one by one; the SDK would end the run at the first that does not fit."""

    validate_schema = False
    include_sdc_metadata_properties = True

    def preprocess_record(self, record: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002  the SDK's form
        """Nothing is changed here."""
        return record

    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        return record

    def _singer_validate_message(self, record: dict[str, Any]) -> None:
        """A record without its key is no reason to end the run."""
