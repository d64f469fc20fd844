"""Writes the records of a stream: match, compare, and send only what differs."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from lightspeed_retail.errors import (
    ApiError,
    NotFoundError,
    OutageError,
    RecordError,
    RetriableError,
    UncertainError,
)
from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.items import Item
from lightspeed_retail.wire import Record
from target_lightspeed_retail import checks
from target_lightspeed_retail.anonymizing import anonymize, remove, see_that_it_may_be_written
from target_lightspeed_retail.creation import is_of
from target_lightspeed_retail.difference import difference, is_compared, new_row, without_archiving
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.known import Known, narrow, number_of
from target_lightspeed_retail.ledger import Settled
from target_lightspeed_retail.options import Conflict, Mode
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.references import LaterError
from target_lightspeed_retail.results import Result
from target_lightspeed_retail.steps import Step
from target_lightspeed_retail.stock import writable_shops
from target_lightspeed_retail.tools import Tools

_LOOKS = 4
_ENDING = (Mode.ARCHIVE, Mode.ANONYMIZE)
_REFUSALS = (RejectedError, RecordError, ApiError)
_log = logging.getLogger(__name__)


class Writer:
    """Writes records of one resource.

    Args:
        resource: Whose records.
        tools: What it works with.
    """

    def __init__(self, resource: type[Resource], tools: Tools) -> None:
        """Prepare; nothing is asked yet."""
        self.resource = resource
        self.tools = tools
        self.mode = tools.options.mode(resource.api.stream)
        self._found: list[tuple[str, str, dict[str, str]]] = []

    def write(self, jobs: Sequence[Job]) -> None:
        """Bring records to their end: written, found unchanged, rejected, or parked until what they name is there.

        Raises:
            CredentialsError: Lightspeed does not accept the credentials (any more).
            UnreachableError: Lightspeed does not answer.
            SettingsError: The ledger or a file cannot be written, or a limit of the settings is reached.
        """
        entries = self.tools.ledger.entries(self.resource.api.stream, [job.key for job in jobs])
        for job in jobs:
            job.entry = entries.get(job.key)
            if self.resource.api.administrative:
                narrow(job, self.tools.options.match(self.resource))
            if self.mode is Mode.ARCHIVE:
                # What was written before may be archived now, though nothing in the record has changed.
                job.digests["@mode"] = str(self.mode)
        waiting = self.tools.ledger.parked_among(self.resource.api.stream, [job.key for job in jobs])
        changed = [
            job for job in jobs if not self._waits(job, waiting) and not self._is_settled(job) and self._begins(job)
        ]
        self.tools.references.prepare(changed)
        ready = [(job, record) for job in changed if (record := self._resolved(job)) is not None]
        known = self._known(ready)
        try:
            for job, record in ready:
                self._bring(job, record, known)
        finally:
            self._keep_found()

    def _waits(self, job: Job, waiting: set[str]) -> bool:
        """A later record must not overtake one of its key that waits for another: it waits with it."""
        if job.was_parked or job.key not in waiting:
            return False
        self.tools.results.park(job, "An earlier record of the same key waits.")
        return True

    def _is_settled(self, job: Job) -> bool:
        """Whether a record is as it was when it was last written; that costs nothing."""
        entry = job.entry
        if entry is None or entry.intended_at is not None or not entry.lightspeed_id or self.mode is Mode.ANONYMIZE:
            return False
        same = all(entry.fields.get(name) == value for name, value in job.digests.items())
        if same:
            self.tools.results.add(job, Result.unchanged(entry.lightspeed_id))
        return same

    def begin(self, job: Job) -> None:
        """See to a record before the rows that it names are looked up.

        Raises:
            RejectedError: It cannot be written, whatever it names.
        """

    def _begins(self, job: Job) -> bool:
        try:
            self.begin(job)
        except RejectedError as error:
            self._reject(job, error)
            return False
        return True

    def _resolved(self, job: Job) -> Record | None:
        try:
            see_that_it_may_be_written(job, self.mode)
            return self.prepared(job, self.tools.references.resolved(job))
        except LaterError as error:
            self.tools.results.park(job, str(error))
        except _REFUSALS as error:
            self._reject(job, error)
        return None

    def prepared(self, job: Job, record: Record) -> Record:
        """A record without what must not be written."""
        if self.resource is Item and record.get("ItemShops"):
            stock = self.tools.options.write_stock
            shops, remark = writable_shops(record["ItemShops"], write_stock=stock)
            job.remark = remark or job.remark
            record = {**record, "ItemShops": shops}
        return record

    def _known(self, ready: list[tuple[Job, Record]]) -> Known:
        known = Known(
            self.resource,
            self.tools.options.match(self.resource),
            self.tools.finder,
            self.relations(record for _, record in ready),
            self.tools.ledger,
        )
        known.prepare([(job, record) for job, record in ready if not self._is_blind(job, record)])
        return known

    def relations(self, records: Iterable[Record]) -> set[str]:
        """What has to be loaded with rows, so that records can be compared with them."""
        named = {name for record in records for name, value in record.items() if value not in (None, [])}
        asked = {field.name for field in self.resource.relations() if field.writable and is_compared(field.nested)}
        return asked & named

    def _is_blind(self, job: Job, record: Record) -> bool:
        """Whether a change can be sent without looking first: the row is known, and only fields of its own changed."""
        entry = job.entry
        if entry is None or entry.intended_at is not None or not entry.lightspeed_id or job.deleted:
            return False
        if record.get("timeStamp") is not None or self.mode in _ENDING:
            return False
        changed = self._changed(job)
        return bool(changed) and all(field.nested is None for field in changed)

    def _changed(self, job: Job) -> list[Any]:
        known = job.entry.fields if job.entry is not None else {}
        names = {name for name, value in job.digests.items() if known.get(name) != value}
        aliases = names | {f"{name[0].lower()}{name[1:]}ID" for name in names}
        return [field for field in self.resource.writable() if field.name in aliases]

    def _bring(self, job: Job, record: Record, known: Known) -> None:
        try:
            self._brought(job, record, known)
        except RetriableError:
            # The tries are used up: what is wrong is not the record.
            raise
        except _REFUSALS as error:
            self._reject(job, error)

    def _brought(self, job: Job, record: Record, known: Known) -> None:
        try:
            if self._is_blind(job, record):
                self._send_changes(
                    job, {field.name: record.get(field.name) for field in self._changed(job)}, record, known
                )
            elif job.entry is not None and job.entry.intended_at is not None:
                self._settle_intent(job, record, known)
            else:
                self.decide(Step(job, record, known.row(job, record)), known)
        except NotFoundError as error:
            self._bring_again(job, record, known, error)

    def _bring_again(self, job: Job, record: Record, known: Known, error: NotFoundError) -> None:
        """The answer was that the row is gone, but a gateway may have said so: the row itself is looked for."""
        job.entry = self.tools.ledger.entries(job.stream, [job.key]).get(job.key)
        number = number_of(job)
        is_intended = job.entry is not None and job.entry.intended_at is not None
        if not is_intended and (number is None or number not in self.tools.finder.by_keys(self.resource, [number])):
            self._start_anew(job, record, known, number)
            return
        job.looks += 1
        if job.looks > _LOOKS:
            raise RejectedError(f"{error} Several tries came to the same.")
        self.tools.pause()
        self._brought(job, record, known)

    def _start_anew(self, job: Job, record: Record, known: Known, number: int | None) -> None:
        """The row is gone in Lightspeed, against what the ledger says."""
        self.tools.ledger.forget(job.stream, job.key)
        if number is not None:
            known.forget(number)
        self._decide_anew(job, record, known)

    def _decide_anew(self, job: Job, record: Record, known: Known) -> None:
        job.entry = None
        known.prepare([(job, record)])
        self.decide(Step(job, record, known.row(job, record)), known)

    def decide(self, step: Step, known: Known) -> None:
        """Create, update, archive, or leave as it is."""
        if self.mode is Mode.ANONYMIZE:
            anonymize(self.tools, step.job, step.row, known)
        elif step.job.deleted or self.mode is Mode.ARCHIVE:
            self.archive(step, known)
        elif step.row is None and self.mode is Mode.UPDATE:
            raise RejectedError("There is no such row, and the mode is update.")
        elif step.row is None:
            self.create(step.job, step.record, known)
        elif self.mode is Mode.CREATE:
            self._note(step.job, Result.unchanged(self._id(step.row), "It exists, and the mode is create."))
        else:
            self.update(step, known)

    def create(self, job: Job, record: Record, known: Known) -> None:
        """Make a row; what becomes of the request is settled before anything else is sent for the record."""
        body = self.body_of_new(record)
        checks.see_that_it_can_be_made(self.resource, body, write_stock=self.tools.options.write_stock)
        self.tools.results.allow_change(job)
        if self.tools.options.dry_run:
            self.finish(job, {}, Result.created(None, sorted(body)))
            return
        self.finish_new(job, record, self.make(job, body), known)

    def make(self, job: Job, body: Record) -> Record:
        """Send what makes a row; the row as the answer has it."""
        return self.tools.creation.made(self.resource, job, body)

    def body_of_new(self, record: Record) -> Record:
        """What is sent for a new row."""
        return new_row(self.resource, record)

    def finish_new(self, job: Job, record: Record, row: Record, known: Known) -> None:
        """What a new row takes beyond the request that made it."""
        if record.get("archived") and not row.get("archived") and self.resource.api.delete == "archive":
            self._remove(int(self._id(row)))
            row = {**row, "archived": True}
        known.add(row)
        self.finish(job, row, Result.created(self._id(row), sorted(self.body_of_new(record))))

    def finish(self, job: Job, row: Record, result: Result, *, written: bool = True) -> None:
        """Note that a record has become its row; writers that have more to do with the row do it here."""
        self._settle(job, row, written=written)
        self._note(job, result)

    def update(self, step: Step, known: Known) -> None:
        """Send what differs."""
        row = step.row or {}
        changes = self.changes(step)
        if not changes:
            self.finish(step.job, row, Result.unchanged(self._id(row)), written=False)
            return
        self.see_that_it_is_newer(step)
        self._send_changes(step.job, changes, step.record, known, row)

    def see_that_it_is_newer(self, step: Step) -> None:
        """Refuse a record that is older than its row, unless the settings say otherwise."""
        if self.tools.options.conflict is not Conflict.OVERWRITE:
            checks.see_that_it_is_newer(step.job, step.record, step.row or {})

    def changes(self, step: Step) -> Record:
        """The fields that differ and that the API lets be changed."""
        allowed = self.resource.api.updates
        found = difference(self.resource, step.record, step.row or {})
        return {name: value for name, value in found.items() if not allowed or name in allowed}

    def _send_changes(self, job: Job, changes: Record, record: Record, known: Known, row: Record | None = None) -> None:
        if self.resource.api.administrative or "PUT" not in self.resource.api.verbs:
            found = row or {}
            self._settle(job, found, written=False)
            self._note(job, Result.unchanged(self._id(found), "It is found by its name, and left as it is."))
            return
        checks.see_that_nothing_required_is_blanked(self.resource, changes)
        self.tools.results.allow_change(job)
        number = int(self._id(row)) if row else number_of(job)
        if self.tools.options.dry_run or number is None:
            planned = {name: ((row or {}).get(name), new) for name, new in changes.items()}
            self.finish(job, row or {}, Result.updated(str(number), planned))
            return
        self._put(job, number, changes, record, known)

    def _put(self, job: Job, number: int, changes: Record, record: Record, known: Known) -> None:
        """Send changes; where it is not known what became of them, the row says."""
        job.sent |= changes.keys()
        changes, archive = without_archiving(self.resource, changes)
        try:
            if changes:
                self.tools.sent(self.resource, number, changes)
                self.tools.finder.learn(self.resource, {self.resource.api.key: number, **changes})
            if archive:
                self.tools.writes.remove(self.resource, str(number))
        except UncertainError as error:
            self._look_again(job, number, record, known, error)
            return
        self.finish(job, {self.resource.api.key: number}, Result.updated(str(number), sorted(job.sent)))

    def _look_again(self, job: Job, number: int, record: Record, known: Known, error: UncertainError) -> None:
        job.looks += 1
        if job.looks > _LOOKS:
            message = f"{job.stream} {number}: several tries to change it came to nothing; try later."
            raise OutageError(message, status=503)
        last: Record = {}

        def changed() -> Record | None:
            nonlocal last
            rows = self.tools.finder.by_keys(self.resource, [number], self.relations([record]))
            if number not in rows:
                raise NotFoundError(f"{job.stream} {number} is gone.", status=404)
            last = rows[number]
            known.add(last)
            return None if self.changes(Step(job, record, last)) else last

        # Until it shows: a row of a list within, sent once more, would stand there twice.
        row = self.tools.looked_for(job, error, changed)
        if row is not None:
            self.finish(job, row, Result.updated(str(number), sorted(job.sent)))
        else:
            self.update(Step(job, record, last), known)

    def archive(self, step: Step, known: Known) -> None:
        """Archive or delete a row, whichever the API does."""
        row = step.row
        if row is None or row.get("archived"):
            self._note(step.job, Result.unchanged(self._id(row) if row else None, "There is nothing to archive."))
            return
        if self.resource.api.administrative or self.resource.api.delete is None:
            raise RejectedError(f"The API does not let rows of {step.job.stream} be archived.")
        self.tools.results.allow_archive(step.job)
        number = int(self._id(row))
        if not self.tools.options.dry_run:
            self._remove(number)
            known.forget(number)
            self.tools.ledger.settle(step.job.stream, step.job.key, str(number), step.job.digests)
        self._note(step.job, Result.archived(str(number)))

    def _remove(self, number: int) -> None:
        remove(self.tools, self.resource, number)

    def _settle_intent(self, job: Job, record: Record, known: Known) -> None:
        """A killed run was about to make a row: see whether it did, and of which record."""
        body = self.body_of_new(record)
        row = self.tools.creation.found_again(self.resource, job, body)
        if row is None:
            self.tools.ledger.withdraw(job.stream, job.key)
            self._decide_anew(job, record, known)
        elif is_of(job, body) and not (job.deleted or self.mode in _ENDING):
            self.finish_new(job, record, row, known)
        else:
            self._go_on_from(job, record, row, known)

    def _go_on_from(self, job: Job, record: Record, row: Record, known: Known) -> None:
        """The record has changed since a killed run made its row."""
        number = int(self._id(row))
        if not self.tools.options.dry_run:
            self.tools.ledger.settle(job.stream, job.key, str(number), {checks.WRITTEN: self.tools.moment()})
            job.entry = self.tools.ledger.entries(job.stream, [job.key])[job.key]
        now = self.tools.finder.by_keys(self.resource, [number], self.relations([record])).get(number, row)
        known.add(now)
        self.decide(Step(job, record, now), known)

    def _settle(self, job: Job, row: Record, *, written: bool = True) -> None:
        if self.tools.options.dry_run:
            return
        if written:
            fields = {**job.digests, checks.WRITTEN: self.tools.moment()}
            self.tools.ledger.settle(job.stream, job.key, self._id(row), fields)
        else:
            self._found.append((job.key, self._id(row), job.digests))

    def _keep_found(self) -> None:
        """Remember all rows at once that were found as they should be."""
        found, self._found = self._found, []
        if found:
            self.tools.ledger.settle_many(self.resource.api.stream, [Settled(*each) for each in found])

    def _id(self, row: Record) -> str:
        return str(row[self.resource.api.key])

    def _note(self, job: Job, result: Result) -> None:
        self.tools.results.add(job, result)

    def _reject(self, job: Job, error: Exception) -> None:
        self.tools.results.add(job, Result.rejected(str(error)))
