"""The target: records of any tap into one account of Lightspeed Retail, each once."""

from __future__ import annotations

import time
import uuid
import weakref
from collections.abc import Iterable
from contextlib import ExitStack
from functools import cached_property
from types import FrameType
from typing import Any, ClassVar

import click
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities
from singer_sdk.sinks import Sink
from singer_sdk.target_base import Target

from lightspeed_retail.connection import connect
from lightspeed_retail.documents import settings
from lightspeed_retail.settings import check, numbers
from target_lightspeed_retail.custom import CustomSink, custom_sinks
from target_lightspeed_retail.ignored import IgnoredSink, UnknownSink
from target_lightspeed_retail.ledger import Ledger
from target_lightspeed_retail.messages import LineReader
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
_SIGNAL_BASE = 128
"""A program that a signal has ended exits with this and the signal's number, as shells do."""


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

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        if "writing" in vars(self):
            # Rejected records go back as they came, not as stream maps made them.
            self.writing.message = {**message_dict, "record": dict(message_dict.get("record") or {})}
        super()._process_record_message(message_dict)
        if any(sink.current_size >= sink.max_size for sink in self._sinks_active.values()):
            self.drain_all()

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
            super()._write_state_message(state)

    def _drain_all(self, sink_list: Iterable[Sink], parallelism: int) -> None:  # noqa: ARG002  one after the other
        place = {resource.api.stream: number for number, resource in enumerate(ordered())}
        place |= dict.fromkeys(self.custom_sinks, len(place))
        for sink in sorted(sink_list, key=lambda each: place.get(each.stream_name, -1)):
            self.drain_one(sink)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002  the signal's form
        """End at once: what was interrupted is not settled, so no state may say that it is, and no code that all is."""
        self.logger.warning("Stopped by signal %d; the next run goes on from the last state.", signum)
        raise SystemExit(_SIGNAL_BASE + signum)

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
