"""The target: records of any tap into one account of Lightspeed Retail, each once."""

from __future__ import annotations

import sys
import time
import uuid
import weakref
from collections.abc import Iterable
from contextlib import ExitStack
from functools import cached_property
from types import FrameType
from typing import Any, ClassVar, cast

import click
from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities
from singer_sdk.singerlib.json import serialize_json
from singer_sdk.sinks import Sink
from singer_sdk.target_base import Target

from lightspeed_retail import ending
from lightspeed_retail.connection import connect
from lightspeed_retail.documents import settings
from lightspeed_retail.settings import check, numbers
from target_lightspeed_retail.custom import CustomSink, custom_sinks
from target_lightspeed_retail.ignored import IgnoredSink, UnknownSink
from target_lightspeed_retail.ledger import Ledger
from target_lightspeed_retail.messages import InputError, LineReader
from target_lightspeed_retail.options import Options, by_stream
from target_lightspeed_retail.order import ordered, takes
from target_lightspeed_retail.posted import PostedSink
from target_lightspeed_retail.results import Results
from target_lightspeed_retail.settings import RETENTION_DAYS, SCHEMA
from target_lightspeed_retail.sinks import LightspeedSink
from target_lightspeed_retail.tools import Tools
from target_lightspeed_retail.writing import Writing

_PATIENCE = 10.0
"""Seconds that a STATE message may wait for more records, because look-ups go by the hundred."""
LARGEST = 16 * 1024 * 1024
"""Bytes that a record may have, and about as many that may wait to be written."""

_MOST_SCHEMAS = 20
"""How often schemas may change before what came with the earlier ones is written."""


class NoSchemaError(InputError, RecordsWithoutSchemaException):
    """A record came before its schema.

    Args:
        number: Number of its line.
        stream: Its stream.
    """

    def __init__(self, number: int, stream: str) -> None:
        """Say where."""
        super().__init__(
            f"Line {number} of the input: a record came before the SCHEMA message of its stream, {stream}."
        )


class TargetLightspeedRetail(Target):
    """Writes to Lightspeed Retail POS (R-Series)."""

    name = "target-lightspeed-retail"
    config_jsonschema: ClassVar[dict[str, Any]] = SCHEMA
    message_reader_class = LineReader
    # Records are checked by the declarations, and nested as Lightspeed has them: neither flattened nor validated.
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    # Sinks share a bucket and a ledger, and parents come before children.
    _max_parallelism = 1

    def __init__(self, *args: Any, **more: Any) -> None:
        """Prepare; nothing is asked until a record comes."""
        super().__init__(*args, **more)
        self._open = ExitStack()
        # However a run ends, the sum is said and the ledger is free again.
        weakref.finalize(self, self._open.close)
        self._waiting_since: float | None = None
        self._waiting_bytes = 0

    @cached_property
    def writing(self) -> Writing:
        """The run; the account is reached and the ledger locked where it is first needed."""
        options = Options.of(self.config)
        client = connect(self.config)
        account = client.account_id or 0
        run_id = uuid.uuid4().hex
        ledger = Ledger(self.config.get("ledger"), account, run_id=run_id)
        self._open.callback(ledger.close)
        self._open.enter_context(ledger.lock())
        results = self._open.enter_context(Results.of(self.config, client, ledger, run_id))
        return Writing(Tools(client, ledger, options, results, account))

    @cached_property
    def custom_sinks(self) -> dict[str, CustomSink]:
        """Streams that are sent to paths that nobody has declared."""
        return custom_sinks(self.config.get("custom_sinks"))

    def get_sink_class(self, stream_name: str) -> type[Sink]:
        """The sink of a stream: one that writes, one that says that it cannot be written, or one that rejects."""
        if stream_name in self.custom_sinks:
            return PostedSink
        resource = by_stream().get(stream_name)
        if resource is None:
            return UnknownSink
        return LightspeedSink if takes(resource) else IgnoredSink

    def process_endofpipe(self) -> None:
        """Write what is left, then what waited for it."""
        self._drain_all([*self._sinks_to_clear, *self._sinks_active.values()], 1)
        if "writing" in vars(self):
            self.writing.write_parked()
            self.writing.tidy(float(self.config.get("retention_days") or RETENTION_DAYS))
        super().process_endofpipe()
        self._open.close()

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        super()._process_schema_message(message_dict)
        if "writing" in vars(self):
            self.writing.results.describe(message_dict)
        self._drain_what_is_full()

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        size = self._reader.size
        if size > LARGEST:
            self._reject_large(message_dict)
            return
        if "writing" in vars(self):
            # Rejected records go back as they came, not as stream maps made them.
            self.writing.message = {**message_dict, "record": dict(message_dict["record"])}
        super()._process_record_message(message_dict)
        self._waiting_bytes += size
        self._drain_what_is_full()

    def _drain_what_is_full(self) -> None:
        """Write what waits where that is enough, by records, bytes, or schemas that were changed."""
        has_many = any(sink.current_size >= sink.max_size for sink in self._sinks_active.values())
        if has_many or self._waiting_bytes > LARGEST or len(self._sinks_to_clear) > _MOST_SCHEMAS:
            self.drain_all()
            self._waiting_bytes = 0

    def _reject_large(self, message: dict[str, Any]) -> None:
        """Reject a record that no request could carry."""
        stream = message["stream"]
        names = [each.stream_alias for each in self.mapper.stream_maps.get(stream, ())]
        if not names:
            raise NoSchemaError(self._reader.number, stream)
        if not all(isinstance(self._sinks_active[name], IgnoredSink) for name in names):
            reason = f"The record is larger than {LARGEST // 1024**2} MB, which is more than can be sent."
            self.writing.results.reject(stream, "", message, reason)

    def _assert_sink_exists(self, stream_name: str) -> None:
        if not self.sink_exists(stream_name):
            raise NoSchemaError(self._reader.number, stream_name)

    @property
    def _reader(self) -> LineReader:
        return cast("LineReader", self.message_reader)

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        """Pass it over: which rows are gone from the source is said by records, not by versions of tables."""
        self.logger.debug("A version of %s is passed over.", message_dict["stream"])

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        """Refuse it: nothing of what it names would be written.

        Raises:
            InputError: Always.
        """
        stream, number = message_dict["stream"], self._reader.number
        raise InputError(
            f"Line {number} of the input is a BATCH message of {stream}, which this target does not take: "
            "turn batches off in the tap (batch_config)."
        )

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        super()._process_state_message(message_dict)
        pending = sum(sink.current_size for sink in self._sinks_active.values())
        now = time.monotonic()
        self._waiting_since = self._waiting_since or now
        if pending == 0 or now - self._waiting_since >= _PATIENCE:
            self.drain_all()
            self._waiting_since = None

    def _write_state_message(self, state: dict[str, Any]) -> None:
        """Acknowledge a state; a dry run does not, so that the next run gets the same records."""
        if not self.config.get("dry_run"):
            # The SDK's way fails on fractions, which are read as decimals.
            sys.stdout.write(f"{serialize_json(state)}\n")
            sys.stdout.flush()

    def _drain_all(self, sink_list: Iterable[Sink], parallelism: int) -> None:  # noqa: ARG002  one after the other
        place = {resource.api.stream: number for number, resource in enumerate(ordered())}
        place |= dict.fromkeys(self.custom_sinks, len(place))
        for sink in sorted(sink_list, key=lambda each: place.get(each.stream_name, -1)):
            self.drain_one(sink)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End at once: what was interrupted is not settled, so no state may say that it is, and no code that all is."""
        ending.stop(signum, frame)

    @classmethod
    def invoke(cls, **options: Any) -> None:
        """Run the target; what the SDK says of a record that lacks its key would hold the record."""
        try:
            super().invoke(**options)
        except MissingKeyPropertiesError:
            raise InputError("A record lacks a field that its stream says to be its key.") from None

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:  # noqa: ARG003  click's form
        """Read the settings files, whose slips are the user's."""
        return settings(value)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the settings that the SDK brings along, without those that have no effect here."""
        super().append_builtin_config(config_jsonschema)
        for name in ("add_record_metadata", "load_method"):
            config_jsonschema["properties"].pop(name, None)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings in words that never show a value; the SDK's own messages would."""
        self.append_builtin_config(self.config_jsonschema)
        self._config |= numbers(self._config, self.config_jsonschema)
        return check(self.config, self.config_jsonschema, raise_errors=raise_errors)
