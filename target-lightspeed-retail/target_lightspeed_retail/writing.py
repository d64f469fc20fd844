"""One run of the target against one account: what all its sinks share."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from lightspeed_retail.errors import RecordError
from lightspeed_retail.resources import Resource
from target_lightspeed_retail.jobs import Job, Reader
from target_lightspeed_retail.ledger import Parked
from target_lightspeed_retail.order import ordered
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.results import Results
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
            with self._tools.sending():
                self._tools.let_the_last_run_end()
                self._writer(resource).write(jobs)

    def write_parked(self) -> None:
        """Try again what waited for other records, until nothing moves any more; the rest is rejected."""
        if not self._tools.options.dry_run:
            while self._moves():
                pass
            for each in self._tools.ledger.parked():
                self._reject(each)
        self.results.end()

    def _moves(self) -> bool:
        """Try once more what waits, parents first; whether any of it has come to its end.

        A record waits until it has: a run that is killed meanwhile loses none.
        """
        waiting = list(self._tools.ledger.parked())
        jobs = {resource: self._again(resource, waiting) for resource in ordered()}
        for resource, listed in jobs.items():
            self.write(resource, listed)
            for job in listed:
                if not job.waits:
                    self._tools.ledger.unpark(job.stream, job.key)
        return any(not job.waits for listed in jobs.values() for job in listed)

    def _again(self, resource: type[Resource], waiting: Sequence[Parked]) -> list[Job]:
        """The jobs of records that wait."""
        found = []
        for each in waiting:
            if each.stream != resource.api.stream:
                continue
            try:
                job = Reader(resource, [], self.account)(each.record)
            except (RejectedError, RecordError):
                # Taken before a declaration was mended: it is rejected in the end.
                continue
            job.key, job.was_parked = each.key, True
            found.append(job)
        return found

    def _reject(self, each: Parked) -> None:
        message = {"stream": each.stream, "record": each.record}
        self._tools.ledger.unpark(each.stream, each.key)
        self.results.reject(each.stream, each.key, message, each.reason)

    def _writer(self, resource: type[Resource]) -> Writer:
        if resource not in self._writers:
            self._writers[resource] = writer_of(resource)(resource, self._tools)
        return self._writers[resource]
