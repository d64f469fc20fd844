"""Takes the records of a stream and hands them on in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import BatchSink

from lightspeed_retail.errors import RecordError
from target_lightspeed_retail.jobs import Job, Reader
from target_lightspeed_retail.lenient import LenientSink
from target_lightspeed_retail.options import by_stream
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.results import Result

if TYPE_CHECKING:
    from target_lightspeed_retail.target import TargetLightspeedRetail


class LightspeedSink(LenientSink, BatchSink):
    """Records of one stream on their way to its writer."""

    MAX_SIZE_DEFAULT = 2500
    """Look-ups go by the hundred, so the more wait for one the fewer there are; each waits in memory."""

    def __init__(
        self,
        target: TargetLightspeedRetail,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        """Compile the declaration."""
        super().__init__(target, stream_name, schema, key_properties)
        self.resource = by_stream()[stream_name]
        self._run = target.writing
        self._read = Reader(self.resource, list(key_properties or []), self._run.account)

    @property
    def is_full(self) -> bool:
        """Never: the target looks itself, because what a record names must be written before it."""
        return False

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Put a record into the batch."""
        known = set(self._read.unknown)
        try:
            job = self._read(record)
        except (RejectedError, RecordError) as error:
            message = self._run.message or {"stream": self.stream_name, "record": record}
            result = Result.rejected(str(error))
            self._run.results.add_unread(self.resource, message, result, key=self._read.key(record))
            return
        for name in self._read.unknown - known:
            self.logger.warning("%s has no field %s: it is left out.", self.stream_name, name)
        job.origin = self._run.message
        context.setdefault("jobs", []).append(job)

    def process_batch(self, context: dict[str, Any]) -> None:
        """Write the batch; of two records of one key the later one comes after the earlier one's end."""
        for jobs in _rounds(context.get("jobs", [])):
            self._run.write(self.resource, jobs)


def _rounds(jobs: list[Job]) -> list[list[Job]]:
    """The records in batches in which no key comes twice; a later record of a key never overtakes an earlier one."""
    rounds: list[list[Job]] = []
    seen: Counter[str] = Counter()
    for job in jobs:
        number = seen[job.key]
        seen[job.key] += 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(job)
    return rounds
