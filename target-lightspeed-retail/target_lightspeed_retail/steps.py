"""What a writer decides on: a record, and the row that it means."""

from __future__ import annotations

from dataclasses import dataclass

from lightspeed_retail.wire import Record
from target_lightspeed_retail.jobs import Job


@dataclass(frozen=True)
class Step:
    """What is to be done for a record.

    Args:
        job: The record.
        record: The record with keys in the place of names.
        row: The row that it means; None if there is none.
    """

    job: Job
    record: Record
    row: Record | None
