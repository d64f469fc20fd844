"""Singer streams out of the declarations: one class, no stream of its own."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel

from lightspeed_retail.errors import LightspeedError, RightsError
from lightspeed_retail.resources import FieldType, Resource, Stamp, Tail
from lightspeed_retail.wire import Decoder, LogOnce, Record, nested_rows
from tap_lightspeed_retail.plan import Reading, Rider, relations_of
from tap_lightspeed_retail.progress import Progress, riding
from tap_lightspeed_retail.schema import ACCOUNT_KEY, off_by_default, primary_keys, stream_schema
from tap_lightspeed_retail.walks import Rows, row_stamp

if TYPE_CHECKING:
    from singer_sdk.helpers import types
    from singer_sdk.singerlib import MetadataMapping

    from tap_lightspeed_retail.tap import TapLightspeedRetail

_MOST_REMEMBERED = 100_000


class ResourceStream(Stream):
    """The stream of one resource."""

    # The decoder guarantees types and drops unknown keys, so the SDK need not look at every value again.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: TapLightspeedRetail, resource: type[Resource]) -> None:
        """Derive name, keys and schema from the declaration."""
        self.resource = resource
        self.run = tap.run
        keep_unknown = bool(tap.config.get("keep_unknown_fields"))
        super().__init__(tap, name=resource.api.stream, schema=stream_schema(resource, keep_unknown=keep_unknown))
        self.primary_keys = primary_keys(resource)
        bookmark = resource.api.bookmark
        self.replication_key = bookmark.field if isinstance(bookmark, Stamp) else None
        self.count = 0
        self._keep_unknown = keep_unknown
        self._decoder: Decoder | None = None
        self._report = LogOnce(self.name, kept=keep_unknown)
        self._schema_written = False
        self._emitted: dict[int, str | None] = {}
        self._highest_key = 0

    @property
    def metadata(self) -> MetadataMapping:
        """The SDK's metadata; copies of other streams' rows are off by default."""
        fresh = self._metadata is None and self._tap_input_catalog is None
        metadata = super().metadata
        if fresh:
            for path in off_by_default(self.resource):
                metadata[_breadcrumb(path)].selected_by_default = False
            self._mask = None
        return metadata

    @property
    def emit_activate_version_messages(self) -> bool:
        """Never: a version would mark the rows of the other accounts in a shared table as deleted."""
        return False

    def selects(self, path: tuple[str, ...]) -> bool:
        """Whether a property is selected, by its path within the record."""
        return bool(self.mask[_breadcrumb(path)])

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
            yield from self._records()
        except RightsError as error:
            scopes = " or ".join(self.resource.api.read_scopes) or "a right of the employee"
            reason = str(error).rstrip(".")
            self.logger.warning("Stream %s is skipped: %s. It takes %s.", self.name, reason, scopes)

    def _records(self) -> Iterator[Record]:
        if not self.resource.api.enveloped:
            yield from map(self._typed, self.run.account_rows())
            return
        if self.name in self.run.plan.parents:
            yield from self._follow_up()
        for reading in self.run.plan.readings.get(self.name, ()):
            yield from self._read(reading)
        self._checkpoint()

    def _follow_up(self) -> Iterator[Record]:
        """Rows that changed without their parent, or came after it was read; none before the first load is done."""
        relations = tuple(relations_of(self.resource, self.selects))
        if isinstance(self.resource.api.bookmark, Tail):
            last = self.stream_state.get("last_key")
            walk = self.run.walker.tail(self.resource, relations, last) if last else ()
        else:
            progress = Progress([self.stream_state], self.run.clock)
            begun = not progress.loading or "first_load" in self.stream_state
            walk = self.run.walker.news(self.resource, relations, progress) if begun else ()
        for rows in walk:
            self._checkpoint()
            for row in rows:
                self._remember(row)
                yield self._typed(row)

    def _read(self, reading: Reading) -> Iterator[Record]:
        """Walk through a list; what rides on a row leaves before the row itself."""
        for rows in self._walk(reading):
            self._checkpoint()
            self.run.progress_line(self.name)
            yield from self._page(rows, reading)
        self._settle_riders(reading)

    def _walk(self, reading: Reading) -> Iterator[Rows]:
        forced = any(self.run.stream(name).is_forced_whole for name in reading.fed)
        if forced or not isinstance(reading.resource.api.bookmark, Stamp):
            return self.run.walker.whole(reading.resource, reading.relations)
        return self.run.walker.news(reading.resource, reading.relations, self._progress(reading))

    @property
    def is_forced_whole(self) -> bool:
        """Whether the catalog asks for a full table where changes could be read."""
        return isinstance(self.resource.api.bookmark, Stamp) and self.forced_replication_method == "FULL_TABLE"

    def _page(self, rows: Rows, reading: Reading) -> Iterator[Record]:
        for row in rows:
            for rider in reading.riders:
                stream = self.run.stream(rider.stream)
                riding_rows = stream.riding_rows(row, rider)
                if stream is self:
                    yield from riding_rows
                else:
                    stream.emit(riding_rows)
            if reading.emits_parents:
                yield self._typed(row)

    def _progress(self, reading: Reading) -> Progress:
        parent = reading.resource.api.stream
        own = [self.stream_state] if reading.emits_parents else []
        ridden = [riding(self.run.stream(rider.stream).stream_state, parent) for rider in reading.riders]
        return Progress([*own, *ridden], self.run.clock)

    def _settle_riders(self, reading: Reading) -> None:
        """After a complete walk, riders look for rows of their own from here on."""
        for rider in reading.riders:
            self.run.stream(rider.stream).settle(reading.resource.api.stream)

    def settle(self, parent: str) -> None:
        """Note from where this stream's own follow-up begins: where the walk through its parents began."""
        state = self.stream_state
        if isinstance(self.resource.api.bookmark, Tail):
            state["last_key"] = max(self._highest_key, state.get("last_key") or 0)
        elif not state.get("replication_key_value"):
            bookmark = riding(state, parent).get("replication_key_value")
            if bookmark:
                state.update(replication_key=self.replication_key, replication_key_value=bookmark)

    def riding_rows(self, parent: Record, rider: Rider) -> Iterable[Record]:
        """Typed rows of this stream out of a parent's wire row, without those that this run has emitted already."""
        for row in nested_rows(parent.get(rider.collection.name), rider.element):
            if isinstance(row, dict) and not self._is_repetition(row):
                yield self._typed({**rider.parent_key(parent), **row})

    def emit(self, records: Iterable[Record]) -> None:
        """Send records during another stream's turn."""
        if not self._schema_written:
            self._write_schema_message()
        for record in records:
            self._write_record_message(record)

    def _write_schema_message(self) -> None:
        """Remember that the target knows the schema."""
        super()._write_schema_message()
        self._schema_written = True

    def _typed(self, row: Record) -> Record:
        record = {ACCOUNT_KEY: self.run.client.account_id, **self._decode(row)}
        self.count += 1
        self._highest_key = max(self._highest_key, record[self.resource.api.key] or 0)
        return record

    def _decode(self, row: Record) -> Record:
        if self._decoder is None:
            fields = self.resource.fields()
            has_dates = any(field.type is FieldType.DATE and self.selects((field.name,)) for field in fields)
            self._decoder = Decoder(
                self.resource,
                selected=self.selects,
                report=self._report,
                keep_unknown=self._keep_unknown,
                zone=self.run.shop_zone if has_dates else UTC,
            )
        return self._decoder(row)

    def _remember(self, row: Record) -> None:
        if len(self._emitted) < _MOST_REMEMBERED:
            self._emitted[int(row[self.resource.api.key])] = self._stamp(row)

    def _is_repetition(self, row: Record) -> bool:
        key = int(row[self.resource.api.key])
        return key in self._emitted and self._emitted[key] == self._stamp(row)

    def _stamp(self, row: Record) -> str | None:
        return row_stamp(row, self.resource) if isinstance(self.resource.api.bookmark, Stamp) else None

    def _checkpoint(self) -> None:
        """Send the state: everything that it speaks of has been emitted."""
        self._tap.state_writer.write_state(self.tap_state)

    def _increment_stream_state(self, latest_record: types.Record, *, context: types.Context | None = None) -> None:
        """Progress is kept by the walks; the SDK's rule knows nothing of clocks, look-backs and riders."""

    def _write_starting_replication_value(self, context: types.Context | None) -> None:
        """The walks know where they begin."""


def _breadcrumb(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(step for name in path for step in ("properties", name))
