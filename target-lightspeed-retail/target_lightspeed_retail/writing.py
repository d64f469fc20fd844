"""One run of the target against one account: what all its sinks share."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from lightspeed_retail.resources import Resource
from target_lightspeed_retail.jobs import Job, Reader
from target_lightspeed_retail.options import by_stream
from target_lightspeed_retail.results import Result, Results
from target_lightspeed_retail.tools import Tools
from target_lightspeed_retail.writer import Writer
from target_lightspeed_retail.writers import writer_of

_log = logging.getLogger(__name__)


class Writing:
    """Writers by resource, and what is left to the end of the input.

    Args:
        tools: What they work with.

    Attributes:
        message: The RECORD message that is being read, as it came in.
    """

    def __init__(self, tools: Tools) -> None:
        """Prepare; nothing is asked yet."""
        self._tools = tools
        self._writers: dict[type[Resource], Writer] = {}
        self.message: Mapping[str, Any] | None = None

    @property
    def account(self) -> int:
        """Number of the account that is written to."""
        return self._tools.account

    @property
    def tools(self) -> Tools:
        """What all writers work with."""
        return self._tools

    def tidy(self, days: float) -> None:
        """Delete what the ledger keeps of records beyond numbers and fingerprints, if it is older than some days."""
        if not self._tools.options.dry_run:
            self._tools.ledger.tidy(days)

    @property
    def results(self) -> Results:
        """What became of the records so far."""
        return self._tools.results

    def write(self, resource: type[Resource], jobs: Sequence[Job]) -> None:
        """Bring records to their end."""
        if jobs:
            self._writer(resource).write(jobs)

    def write_parked(self) -> None:
        """Try again what waited for other records, until nothing moves any more; the rest is rejected."""
        waiting = -1
        while (parked := list(self._tools.ledger.parked())) and len(parked) != waiting:
            waiting = len(parked)
            for each in parked:
                resource = by_stream()[each.stream]
                job = Reader(resource, [], self.account)(each.record)
                job.key = each.key
                self._tools.ledger.unpark(each.stream, each.key)
                self.write(resource, [job])
        for each in parked:
            resource = by_stream()[each.stream]
            self._tools.ledger.unpark(each.stream, each.key)
            message = {"stream": each.stream, "record": each.record}
            self.results.add_unread(resource, message, Result.rejected(each.reason), key=each.key)
        self.results.end()

    def _writer(self, resource: type[Resource]) -> Writer:
        if resource not in self._writers:
            self._writers[resource] = writer_of(resource)(resource, self._tools)
        return self._writers[resource]
