"""What older rows lack because it was selected later: said with its price, and read again where that is wanted."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from lightspeed_retail.query import PAGE_SIZE, Query
from lightspeed_retail.resources import Resource, Snapshot
from tap_lightspeed_retail.plan import relations_of
from tap_lightspeed_retail.settings import value_of

if TYPE_CHECKING:
    from tap_lightspeed_retail.run import Run
    from tap_lightspeed_retail.streams import ResourceStream

_log = logging.getLogger(__name__)


class History:
    """Keeps what streams remember of their selection.

    Args:
        run: What the streams of this run share.
    """

    def __init__(self, run: Run) -> None:
        """Look at the streams of a run."""
        self._run = run
        self._begun = False
        self._wanted = bool(value_of(run.settings, "backfill_new_selections"))

    def is_due(self, stream: ResourceStream) -> bool:
        """Whether the history of a stream is to be read again."""
        return self._wanted and bool(stream.memory.added)

    def is_due_apart(self, stream: ResourceStream) -> bool:
        """The same for a stream that is in no plan: a report, or one that is read parent by parent."""
        parent = stream.resource.api.parent
        state = stream.entry(Resource.named(parent)) if parent else stream.stream_state
        loaded = bool(state.get("replication_key_value"))
        return self.is_due(stream) and loaded and not stream.is_forced_whole

    def announce(self, stream: ResourceStream) -> None:
        """Say what older rows lack, and what it costs to read them again."""
        if not self._keeps(stream) or not stream.memory.added:
            return
        added = ", ".join(stream.memory.added)
        if self._wanted:
            _log.info("%s: %s selected later; history is read again for %s.", stream.name, added, self._price(stream))
            return
        _log.warning(
            "%s: %s selected later, so older rows lack it: set backfill_new_selections to read them again, for %s.",
            stream.name,
            added,
            self._price(stream),
        )

    def begin(self) -> None:
        """Remember, before the first row leaves, what the rows of this run lack."""
        for stream in () if self._begun else self._run.streams:
            if stream.selected and self._keeps(stream):
                stream.memory.note()
        self._begun = True

    def settle(self, stream: ResourceStream) -> None:
        """Note that all history has been read as it is selected."""
        stream.stream_state.pop("backfill", None)
        stream.memory.settle()

    @staticmethod
    def _keeps(stream: ResourceStream) -> bool:
        """Lists that are read whole lack nothing for long."""
        return stream.resource.api.enveloped and not isinstance(stream.resource.api.bookmark, Snapshot)

    def _price(self, stream: ResourceStream) -> str:
        page = Query(stream.resource, relations=tuple(relations_of(stream.resource, stream.selects))).price
        rows = stream.stream_state.get("rows")
        if not rows:
            return f"{page} drips for 100 rows"
        return f"about {math.ceil(rows / PAGE_SIZE) * page:.0f} drips"
