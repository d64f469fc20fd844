"""What is refused before anything is sent."""

from __future__ import annotations

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record, instant
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.records import RejectedError

WRITTEN = "@written"
"""What the ledger keeps beside the digests: when the row was written, by the server's clock."""


_COUNTS = "InventoryCountReconcile"
"""Such a row makes what was counted the quantity on hand (page of InventoryCountReconcile)."""


def see_that_it_can_be_made(resource: type[Resource], body: Record, *, write_stock: bool = False) -> None:
    """Refuse a new row that the API would refuse, or that the settings do not allow.

    Raises:
        RejectedError: It lacks something, the API makes no such rows, or it would set stock.
    """
    api = resource.api
    if resource.__name__ == _COUNTS and not write_stock:
        raise RejectedError("It would set stock, which is written only with write_stock: true.")
    if api.administrative or "POST" not in api.verbs:
        raise RejectedError(f"There is no such row, and the API does not let one of {api.stream} be made.")
    lacking = [name for name in api.required if body.get(name) in (None, "", 0)]
    if lacking:
        raise RejectedError(f"A new row needs {' and '.join(lacking)}.")


def see_that_it_is_newer(job: Job, record: Record, row: Record) -> None:
    """Last night's table must not reset today's shop; what this ledger wrote last may be older than the row.

    Raises:
        RejectedError: The record is older than the row.
    """
    said, there = record.get("timeStamp"), row.get("timeStamp")
    if not said or not there or job.source is not None:
        return
    ours = job.entry.fields.get(WRITTEN) if job.entry is not None else None
    if instant(said) < instant(there) and not (ours and instant(there) <= instant(ours)):
        raise RejectedError(f"It is stale: Lightspeed changed the row at {there}, the record is of {said}.")


def see_that_nothing_required_is_blanked(resource: type[Resource], changes: Record) -> None:
    """Refuse changes that would blank what a row must have.

    Raises:
        RejectedError: They would.
    """
    blanked = [name for name in resource.api.required if name in changes and changes[name] in (None, "")]
    if blanked:
        raise RejectedError(f"{' and '.join(blanked)} cannot be blank.")
