"""Rows that are taken away, or cleared of what tells who they are about: the API archives those along.

Source: the page of Customer. Notes and custom fields stay.
"""

from __future__ import annotations

from lightspeed_retail.errors import NotFoundError, UncertainError
from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.known import Known
from target_lightspeed_retail.options import Mode
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.results import Result
from target_lightspeed_retail.tools import Tools

ANONYMIZED = "@anonymized"
"""What the ledger keeps of such a row instead of fingerprints of its fields: when it was cleared."""

_TRIES = 4


def see_that_it_may_be_written(job: Job, mode: Mode) -> None:
    """An older copy of the record, still in some table, must not bring back what was cleared.

    Raises:
        RejectedError: The row was cleared.
    """
    if mode is not Mode.ANONYMIZE and job.entry is not None and ANONYMIZED in job.entry.fields:
        raise RejectedError("It was anonymized; writing the record would bring back what was cleared.")


def anonymize(tools: Tools, job: Job, row: Record | None, known: Known) -> None:
    """Clear the row of a record, unless that has been done or there is none.

    Raises:
        ApiError: The API refuses it.
        TooManyChangesError: `max_archives` does not allow one more.
    """
    if job.entry is not None and ANONYMIZED in job.entry.fields:
        tools.results.add(job, Result.unchanged(job.entry.lightspeed_id, "It was anonymized before."))
        return
    if row is None:
        tools.results.add(job, Result.unchanged(None, "There is no such row to anonymize."))
        return
    tools.results.allow_archive(job)
    number = int(row[job.resource.api.key])
    if not tools.options.dry_run:
        _send(tools, job, number)
        tools.ledger.forget(job.stream, job.key)
        tools.ledger.settle(job.stream, job.key, str(number), {ANONYMIZED: tools.moment()})
        known.forget(number)
    tools.results.add(job, Result.archived(str(number), "Anonymized."))


def _send(tools: Tools, job: Job, number: int) -> None:
    """Clearing a row twice does no harm, so what became of a request need not be known."""
    for left in reversed(range(_TRIES)):
        try:
            tools.writes.act(job.resource, Mode.ANONYMIZE, {job.resource.api.key: str(number)})
        except UncertainError:
            if not left:
                raise
            tools.pause()
        except NotFoundError as error:
            raise RejectedError(f"{job.stream} {number} is gone.") from error
        else:
            return


def remove(tools: Tools, resource: type[Resource], number: int) -> None:
    """Archive or delete a row. Doing that twice does no harm, so what became of a request need not be known.

    Raises:
        ApiError: The API refuses it.
    """
    for left in reversed(range(_TRIES)):
        try:
            tools.writes.remove(resource, str(number))
        except (UncertainError, NotFoundError):
            # That there is no such row may be the word of a gateway.
            if not left:
                raise
            if _is_gone(tools, resource, number):
                return
            tools.pause()
        else:
            return


def _is_gone(tools: Tools, resource: type[Resource], number: int) -> bool:
    rows = tools.finder.by_keys(resource, [number])
    return number not in rows or bool(rows[number].get("archived"))
