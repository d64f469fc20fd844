"""The tap: settings, streams, and how a run begins and ends."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, ClassVar, cast

import click
from singer_sdk import Tap
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.tap_base import CliTestOptionValue

from lightspeed_retail import ending
from lightspeed_retail.documents import settings
from lightspeed_retail.resources import Resource
from lightspeed_retail.settings import check, check_environment, numbers
from tap_lightspeed_retail import documents
from tap_lightspeed_retail.custom import custom_resources
from tap_lightspeed_retail.messages import LineWriter
from tap_lightspeed_retail.naming import naming_of
from tap_lightspeed_retail.privacy import privacy_of
from tap_lightspeed_retail.run import Run
from tap_lightspeed_retail.schema import Form, primary_keys
from tap_lightspeed_retail.settings import SCHEMA, value_of
from tap_lightspeed_retail.state_form import ACCOUNT
from tap_lightspeed_retail.streams import ResourceStream

if TYPE_CHECKING:
    from types import FrameType


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """The SDK has a line for each of the dozens of streams that are not selected."""
    return not str(record.msg).startswith("Skipping deselected stream")


class TapLightspeedRetail(Tap):
    """Reads Lightspeed Retail POS (R-Series): sales, items, stock, customers and all that belongs to them."""

    name = "tap-lightspeed-retail"
    config_jsonschema: ClassVar[dict[str, Any]] = SCHEMA
    message_writer_class = LineWriter
    # Batches carry no incremental state, so they are left out.
    capabilities: ClassVar[list[Any]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    _run: Run | None = None

    def __init__(self, *, parse_env_config: bool = False, **options: Any) -> None:
        """Check the environment first, where settings are taken from it."""
        self.logger.addFilter(_is_worth_a_line)
        if parse_env_config:
            self.append_builtin_config(self.config_jsonschema)
            check_environment(self._env_var_prefix, self.config_jsonschema)
        super().__init__(parse_env_config=parse_env_config, **options)

    @property
    def run(self) -> Run:
        """What the streams of this run share."""
        if self._run is None:
            self._run = Run(self.config, self._whole_state, self.resources)
        return self._run

    @cached_property
    def resources(self) -> tuple[type[Resource], ...]:
        """All resources: the declared ones, and those that the settings describe."""
        return (*Resource.all(), *custom_resources(self.config.get("custom_streams")))

    @cached_property
    def _form(self) -> Form:
        return Form(
            naming=naming_of(self.config),
            privacy=privacy_of(self.config),
            keep_unknown=bool(value_of(self.config, "keep_unknown_fields")),
        )

    def setup_mapper(self) -> None:
        """See that streams and the schemas that are sent have our keys, whatever a catalog says.

        With other keys, or none, rows of several accounts would be taken for one, or come twice.
        """
        for resource in self.resources:
            entry = self.input_catalog.get_stream(resource.api.stream) if self.input_catalog else None
            if entry is not None:
                entry.stream, entry.key_properties = resource.api.stream, primary_keys(resource, self._form)
        super().setup_mapper()

    @property
    def _whole_state(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self.state)

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the bookmarks and, what the SDK leaves out, whose they are."""
        super().load_state(state)
        if ACCOUNT in state:
            self._whole_state[ACCOUNT] = state[ACCOUNT]

    def discover_streams(self) -> list[ResourceStream]:
        """One stream for each declared resource; nothing is asked of the API."""
        streams = [ResourceStream(self, resource, self._form) for resource in self.resources]
        for stream in streams:
            self.run.register(stream)
        return streams

    @classmethod
    def invoke(  # type: ignore[override]  # the SDK's own override says the same
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the tap; the account is reached before the first stream, so that a wrong setting is one clear line."""
        super(Tap, cls).invoke(about=about, about_format=about_format)
        tap = cls(
            config=config.config if config else None,
            state=documents.state(state),
            catalog=documents.catalog(catalog),
            parse_env_config=bool(config and config.parse_env),
        )
        selected = sum(stream.selected for stream in tap.streams.values())
        who = (cls.name, cls.plugin_version)
        with tap.run.journal as journal:
            tap.logger.info("%s %s reads account %s, %d streams.", *who, tap.run.client.account_id, selected)
            journal.begin()
            tap.sync_all()
        tap.run.close()

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:  # noqa: ARG003  click's form
        """Read the settings files, whose slips are the user's."""
        return settings(value)

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Send the schemas of the streams that a run would read, where only schemas are asked for.

        The SDK sends those of all streams with all properties, so a target would make tables that no run fills.
        """
        if value != CliTestOptionValue.Schema.value:
            super().cb_test(ctx, param, value)
            return
        config = ctx.params.get("config")
        tap = cls(
            config=config.config if config else None,
            catalog=documents.catalog(ctx.params.get("catalog")),
            parse_env_config=bool(config and config.parse_env),
            validate_config=False,
        )
        for stream in tap.streams.values():
            if isinstance(stream, ResourceStream) and stream.selected:
                stream.send_schema()
        ctx.exit()

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The command line, on which a catalog counts wherever it stands."""
        command = super().get_singer_command()
        for parameter in command.params:
            parameter.is_eager |= parameter.name == "catalog"
        return command

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings in words that never show a value; the SDK's own messages would."""
        self.append_builtin_config(self.config_jsonschema)
        self._config |= numbers(self._config, self.config_jsonschema)
        return check(self.config, self.config_jsonschema, raise_errors=raise_errors)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End with a code that tells the scheduler that not all was read; the last state stands."""
        ending.stop(signum, frame)
