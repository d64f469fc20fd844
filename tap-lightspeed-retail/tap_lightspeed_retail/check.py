"""Runs the check for vanished rows where it is due, and sends what it finds."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lightspeed_retail.errors import RequestRefusedError
from lightspeed_retail.wire import Record, instant, stamp
from tap_lightspeed_retail.keys import KeySet
from tap_lightspeed_retail.plan import Reading, relations_of
from tap_lightspeed_retail.settings import value_of
from tap_lightspeed_retail.vanished import DELETED_AT, listed_keys, still_there

if TYPE_CHECKING:
    from tap_lightspeed_retail.run import Run
    from tap_lightspeed_retail.streams import ResourceStream

_log = logging.getLogger(__name__)


class VanishedCheck:
    """Finds rows that went without a trace.

    A stream's state holds `vanished: {at, keys, narrowed}`: when the last check was, and which keys have been sent.

    Args:
        run: What the streams of this run share.
    """

    def __init__(self, run: Run) -> None:
        """Check for a run."""
        self._run = run
        self._every = timedelta(days=value_of(run.settings, "vanished_check_days"))
        self._sent: dict[str, KeySet] = {}

    def sends(self, stream: ResourceStream) -> bool:
        """Whether a stream takes part."""
        return bool(self._every) and stream.resource.api.vanishing is not None

    def watch(self, stream: ResourceStream, key: int) -> None:
        """Note that a row was sent since the last check; before the first one, its own list will tell."""
        if self.sends(stream) and "keys" in stream.stream_state.get("vanished", {}):
            self._sent.setdefault(stream.name, KeySet()).add(key)

    def records(self, stream: ResourceStream) -> Iterator[Record]:
        """Rows that were archived without a stamp leave with the stream; vanished ones are marked."""
        if not self._every or not stream.resource.api.enveloped:
            return
        if self._is_due(stream):
            yield from self._archived(stream)
            if self.sends(stream):
                self._compare(stream)
            stream.stream_state.setdefault("vanished", {})["at"] = stamp(self._run.client.now)

    def _is_due(self, stream: ResourceStream) -> bool:
        at = stream.stream_state.get("vanished", {}).get("at")
        return not at or self._run.client.now - instant(at) >= self._every

    def _archived(self, stream: ResourceStream) -> Iterator[Record]:
        """All archived rows: archiving may not move the change stamp."""
        api = stream.resource.api
        if not api.archived or "vanished" not in stream.stream_state:
            return
        reading = Reading(stream.resource, stream.name, relations=tuple(relations_of(stream.resource, stream.selects)))
        for rows in self._run.walker.archived_only(reading).rows:
            yield from stream.page(rows, reading)

    def keep(self) -> None:
        """Enter the keys that were sent into the state, with which the bookmarks move that say so."""
        for name, sent in self._sent.items():
            memory = self._run.stream(name).stream_state["vanished"]
            memory["keys"] = str(KeySet.from_text(memory["keys"]) | sent)
        self._sent.clear()

    def _compare(self, stream: ResourceStream) -> None:
        memory: dict[str, Any] = stream.stream_state.setdefault("vanished", {})
        narrowed = self._run.narrowing.fingerprint(stream.resource)
        listed = listed_keys(self._run.source, stream.resource, self._run.narrowing)
        if "keys" in memory and memory.get("narrowed", "") == narrowed:
            self.keep()
            missing = KeySet.from_text(memory["keys"]) - listed
            gone = self._gone(stream, missing)
            if gone is None:
                listed = listed | missing
            else:
                self._mark(stream, gone)
        memory.update(keys=str(listed), narrowed=narrowed)

    def _gone(self, stream: ResourceStream, missing: KeySet) -> KeySet | None:
        """Keys that are missing from the list; each is asked for again, for a row may have left only the list.

        None where the API does not answer that; the keys are asked for again at the next check.
        """
        if stream.resource.api.parent is not None:
            return missing
        try:
            return missing - still_there(self._run.source, stream.resource, missing)
        except RequestRefusedError as error:
            _log.warning("%s: vanished rows cannot be made sure of, so none is marked: %s", stream.name, error)
            return None

    def _mark(self, stream: ResourceStream, gone: KeySet) -> None:
        count = stream.mark_deleted(gone, {DELETED_AT: stamp(self._run.client.now)})
        if count:
            _log.info("%s: %d rows are gone; they got a deletion stamp.", stream.name, count)
