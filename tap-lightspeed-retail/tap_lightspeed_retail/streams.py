"""Singer streams out of the declarations: one class, no stream of its own."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import RecordMessage, SchemaMessage

from lightspeed_retail.drift import Drift
from lightspeed_retail.errors import (
    LightspeedError,
    NotFoundError,
    RequestRefusedError,
    RightsError,
    SettingsError,
    SpentError,
    is_key,
)
from lightspeed_retail.resources import FieldType, Resource, Stamp, Tail
from lightspeed_retail.wire import UNKNOWN_FIELDS, Decoder, Decoding, Record, nested_rows
from tap_lightspeed_retail.custom import CustomResource
from tap_lightspeed_retail.memory import Memory
from tap_lightspeed_retail.messages import LineWriter, Write, straight
from tap_lightspeed_retail.plan import Reading, Rider
from tap_lightspeed_retail.progress import State, bookmark_key, within
from tap_lightspeed_retail.schema import ACCOUNT_KEY, Form, off_by_default, primary_keys, stream_schema
from tap_lightspeed_retail.stamps import row_stamp

if TYPE_CHECKING:
    from datetime import tzinfo

    from singer_sdk.helpers import types
    from singer_sdk.singerlib import Catalog, MetadataMapping

    from tap_lightspeed_retail.tap import TapLightspeedRetail

_MOST_REMEMBERED = 100_000


class ResourceStream(Stream):
    """The stream of one resource."""

    # The decoder guarantees types and drops unknown keys, so the SDK need not look at every value again.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: TapLightspeedRetail, resource: type[Resource], form: Form) -> None:
        """Derive name, keys and schema from the declaration."""
        self.resource = resource
        self.form = form
        self.run = tap.run
        super().__init__(tap, name=resource.api.stream, schema=stream_schema(resource, form))
        self.primary_keys = primary_keys(resource, form)
        bookmark = resource.api.bookmark
        field = {Stamp: getattr(bookmark, "field", None), Tail: resource.api.key}.get(type(bookmark))
        self.replication_key = form.naming(field) if field else None
        self.count = 0
        self.drift = Drift(self.name, kept=form.keeps_unknown(resource), expected=issubclass(resource, CustomResource))
        self._schema_written = False
        self._emitted: dict[int, str | None] = {}
        self._highest_key = 0

    @property
    def metadata(self) -> MetadataMapping:
        """The SDK's metadata; copies of other streams' rows are off by default, as is what a preset leaves out."""
        fresh = self._metadata is None and self._tap_input_catalog is None
        metadata = super().metadata
        if fresh:
            for path in off_by_default(self.resource):
                mark = metadata.get(self._breadcrumb(path))
                if mark is not None:
                    mark.selected_by_default = False
            if not self.resource.api.selected:
                metadata.root.selected = False
            self._mask = None
        preset = self.config.get("preset")
        if preset and preset not in self.resource.api.presets:
            metadata.root.selected = False
        return metadata

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take over what a catalog selects, unless it speaks of other names than the settings do.

        Keys are not the catalog's to choose: primary keys are set by `TapLightspeedRetail.setup_mapper`.

        Raises:
            SettingsError: It was made with other names.
        """
        replication_key = self.replication_key
        super().apply_catalog(catalog)
        self.replication_key = replication_key
        if self._input_schema is None:
            return
        properties = self._input_schema.setdefault("properties", {})
        lacking = [key for key in primary_keys(self.resource, self.form) if key not in properties]
        if lacking:
            message = (
                f"The catalog's stream {self.name} has no {lacking[0]}; was it made with other field_names? "
                "Discover it again (in Meltano: --refresh-catalog)."
            )
            raise SettingsError(message)
        if self.form.keeps_unknown(self.resource):
            properties.setdefault(UNKNOWN_FIELDS, self.schema["properties"][UNKNOWN_FIELDS])

    @property
    def emit_activate_version_messages(self) -> bool:
        """Never: a version would mark the rows of the other accounts in a shared table as deleted."""
        return False

    @property
    def is_forced_whole(self) -> bool:
        """Whether the catalog asks for a full table where changes could be read."""
        return self.replication_key is not None and self.forced_replication_method == "FULL_TABLE"

    @cached_property
    def memory(self) -> Memory:
        """What the state remembers of the selection."""
        fingerprint = self.run.narrowing.fingerprint(self.resource)
        return Memory(self.stream_state, self.resource, self.selects, fingerprint)

    def selects(self, path: tuple[str, ...]) -> bool:
        """Whether a property is selected, by its path within the record in the names of the API."""
        return bool(self.mask[self._breadcrumb(path)])

    def entry(self, root: type[Resource], pass_name: str = "") -> State:
        """The part of the state that belongs to the walk through a list, its own or that of a parent."""
        state: State = self.stream_state
        if root is not self.resource:
            return within(state, "with", root.api.stream)
        return within(state, "passes", pass_name) if pass_name else state

    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """Leave an error that explains itself to the one line that ends the run."""
        told_later = level == logging.ERROR and isinstance(sys.exc_info()[1], LightspeedError)
        super().log(message, *args, level=logging.DEBUG if told_later else level, **kwargs)

    def get_replication_key_signpost(self, context: types.Context | None = None) -> Any:  # noqa: ARG002  the SDK's form
        """No signpost: bookmarks never pass the server's clock at the start of the run."""
        return None

    def get_records(self, context: types.Context | None) -> Iterator[Record]:  # noqa: ARG002  there are no contexts
        """What this stream has to tell, with rows that ride on its own sent along through their streams."""
        try:
            yield from self.run.reader.records(self)
        except SpentError as error:
            self.run.ended_early = str(error)
            self.checkpoint()
        except RightsError as error:
            for stream in self.run.fed_by(self):
                stream.skip(error)
        except (NotFoundError, RequestRefusedError) as error:
            for stream in self.run.fed_by(self):
                stream.fail(error)
        except LightspeedError:
            # The run ends here, and what has been sent need not be read again.
            self.checkpoint()
            raise

    def skip(self, error: RightsError) -> None:
        """Say, once, that this stream cannot be read for want of rights, and which it takes."""
        if self.name in self.run.skipped:
            return
        scopes = " or ".join(self.resource.api.read_scopes) or "a right of the employee"
        self.logger.warning("Stream %s is skipped: %s. It takes %s.", self.name, str(error).rstrip("."), scopes)
        self.run.skipped.append(self.name)

    def fail(self, error: LightspeedError) -> None:
        """Say, once, that this stream cannot be read; the error that ends the run names it again."""
        if self.name in self.run.failed:
            return
        self.logger.warning("Stream %s failed: %s", self.name, error)
        self.run.failed.append(self.name)

    def page(self, rows: Iterable[Record], reading: Reading) -> Iterator[Record]:
        """A page of a walk: what rides on a row leaves before the row itself."""
        for row in rows:
            for rider in reading.riders:
                yield from self._ride(row, rider)
            if reading.emits_parents:
                yield self.typed(row)
        sys.stdout.flush()

    def _ride(self, parent: Record, rider: Rider) -> Iterator[Record]:
        """Send the rows of a rider through its stream; those of this stream leave with its own."""
        stream = self.run.stream(rider.stream)
        key = rider.resource.api.key
        for row in nested_rows(parent.get(rider.collection.name), rider.element):
            if not isinstance(row, dict):
                continue
            full = row if rider.key in row else {**rider.parent_key(parent), **row}
            if not is_key(full.get(key)):
                stream.drift.misfit(key, full.get(key), personal=False)
                continue
            for inner in rider.riders:
                yield from self._ride(full, inner)
            if rider.emits and not stream.is_repetition(full):
                if stream is self:
                    yield self.typed(full)
                else:
                    stream.emit(stream.typed(full))

    def emit(self, record: Record) -> None:
        """Send a record during another stream's turn."""
        if not self._schema_written:
            self._write_schema_message()
        self._write_record(record)

    def _write_record_message(self, record: Record) -> None:
        self._write_record(record)

    @cached_property
    def _write_record(self) -> Write:
        """What writes records: not the SDK where it would only look at each and leave it as it is.

        Records that are mapped, flattened or pruned once more are its business.
        """
        mapping, *more = self.stream_maps
        plain = type(mapping) is SameRecordTransform and not mapping.flattening_enabled and not more
        ours = isinstance(self._tap.message_writer, LineWriter) and plain and not self._prunes
        return straight(self.name) if ours else super()._write_record_message

    @property
    def _prunes(self) -> bool:
        """Whether something is deselected that the decoder does not leave out: keys, and what nobody has declared."""
        keys = (*self._account, *self.primary_keys)
        unknown = (path for path, chosen in self.mask.items() if path[-1:] == (UNKNOWN_FIELDS,) and not chosen)
        return any(self.mask[path[:-2]] for path in unknown) or not all(self.mask["properties", key] for key in keys)

    def _process_record(self, *_arguments: Any, **_contexts: Any) -> None:
        """Nothing: streams here have neither contexts nor child streams, and looking for them takes time."""

    def send_schema(self) -> None:
        """Send the schema, with the properties that are selected, and nothing else."""
        self._write_schema_message()

    def _write_schema_message(self) -> None:
        """Remember that the target knows the schema."""
        super()._write_schema_message()
        self._schema_written = True

    def mark_deleted(self, keys: Iterable[int], mark: Mapping[str, str]) -> int:
        """Send keys with a deletion stamp; how many there were.

        The schema that goes before them has the key and the stamp only: with it a target updates no other column, so
        the last known content of the row stays.
        """
        deleted = [{**self._account, self.form.naming(self.resource.api.key): key, **mark} for key in keys]
        if not deleted:
            return 0
        properties: dict[str, Any] = {name: self.schema["properties"][name] for name in self.primary_keys}
        properties |= {name: {"type": ["string", "null"], "format": "date-time"} for name in mark}
        schema = {"type": "object", "properties": properties, "required": list(self.primary_keys)}
        self._tap.write_message(SchemaMessage(self.name, schema, list(self.primary_keys)))
        for record in deleted:
            self._tap.write_message(RecordMessage(self.name, record))
        self._schema_written = False
        return len(deleted)

    @property
    def _account(self) -> dict[str, int | None]:
        return {self.form.naming(ACCOUNT_KEY): self.run.client.account_id}

    def settle(self, parent: str) -> None:
        """Note from where this stream's own follow-up begins: where the walk through its parents began."""
        state = self.stream_state
        if isinstance(self.resource.api.bookmark, Tail):
            if not bookmark_key(state) and self._highest_key:
                state.update(replication_key=self.resource.api.key, replication_key_value=self._highest_key)
        elif isinstance(self.resource.api.bookmark, Stamp) and not state.get("replication_key_value"):
            bookmark = within(state, "with", parent).get("replication_key_value")
            if isinstance(bookmark, str):
                state.update(replication_key=self.resource.api.bookmark.field, replication_key_value=bookmark)

    def typed(self, row: Record) -> Record:
        """The record of a wire row."""
        record = self._decoder(row)
        for name in self._doubtful_keys:
            if record.get(name) is None:
                record[name] = self._unset_key(name)
        self.count += 1
        if self._follows_keys:
            self._follow(row, record[self._key_name])
        return record

    @cached_property
    def _doubtful_keys(self) -> tuple[str, ...]:
        """The parts of the key that a row may lack."""
        return tuple(name for name in self.primary_keys if name not in self._account)

    @cached_property
    def _key_name(self) -> str:
        return self.form.naming(self.resource.api.key)

    @cached_property
    def _follows_keys(self) -> bool:
        return isinstance(self.resource.api.bookmark, Tail) or self.run.check.sends(self)

    def _follow(self, row: Record, key: object) -> None:
        if not isinstance(key, int):
            return
        if key > self._highest_key and not self._is_young(row):
            self._highest_key = key
        self.run.watch(self, key)

    def _is_young(self, row: Record) -> bool:
        """Whether a row with a lower key may still become visible after this one."""
        bookmark = self.resource.api.bookmark
        if not isinstance(bookmark, Tail) or bookmark.created is None:
            return False
        return str(row.get(bookmark.created)) >= self._settled

    @cached_property
    def _settled(self) -> str:
        return self.run.walker.settled

    def _unset_key(self, name: str) -> Any:
        """A report may lack a dimension, such as the payment type of nothing: no part of a key can be null."""
        kind = self.schema["properties"][name]["type"]
        return {"integer": 0, "boolean": False}.get(kind if isinstance(kind, str) else kind[0], "")

    @cached_property
    def _decoder(self) -> Decoder:
        fields = self.resource.fields()
        has_dates = any(field.type is FieldType.DATE and self.selects((field.name,)) for field in fields)
        how = Decoding(
            report=self.drift,
            selected=self.selects,
            keep_unknown=self.form.keeps_unknown(self.resource),
            privacy=self.form.privacy,
            name=self.form.naming,
            **self._zone(has_dates=has_dates),
        )
        return Decoder(self.resource, how, head=self._account)

    def _zone(self, *, has_dates: bool) -> Mapping[str, tzinfo]:
        """The shops' time zone costs a drip, so it is only asked for where a moment stands for a day."""
        return {"zone": self.run.shop_zone} if has_dates and not self.resource.api.dimensions else {}

    def remember(self, row: Record) -> None:
        """Note that a wire row has been emitted."""
        if len(self._emitted) < _MOST_REMEMBERED:
            self._emitted[int(row[self.resource.api.key])] = self._stamp(row)

    def is_repetition(self, row: Record) -> bool:
        """Whether this run has emitted the row as it stands."""
        if not self._emitted:
            return False
        key = int(row[self.resource.api.key])
        return key in self._emitted and self._emitted[key] == self._stamp(row)

    def _stamp(self, row: Record) -> str | None:
        return row_stamp(row, self.resource) if isinstance(self.resource.api.bookmark, Stamp) else None

    def checkpoint(self) -> None:
        """Send the state: everything that it speaks of has been emitted."""
        self.run.check.keep()
        self._tap.state_writer.write_state(self.tap_state)

    def _increment_stream_state(self, latest_record: types.Record, *, context: types.Context | None = None) -> None:
        """Progress is kept by the walks; the SDK's rule knows nothing of clocks, look-backs and riders."""

    def _write_starting_replication_value(self, context: types.Context | None) -> None:
        """The walks know where they begin."""

    def _breadcrumb(self, path: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(step for name in path for step in ("properties", self.form.naming(name)))
