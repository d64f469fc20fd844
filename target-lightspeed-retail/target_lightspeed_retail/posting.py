"""Sends the records of custom sinks, each once as far as that can be known.

There is no declaration by which such a record could be found again. So the intent is in the ledger before the request;
where its end is not known, the record is looked up if `lookup` says how, and otherwise left to people.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from lightspeed_retail.errors import ApiError, OutageError, RetriableError, UncertainError
from lightspeed_retail.query import BASE_PRICE, PAGE_SIZE, encoded
from lightspeed_retail.wire import Record, as_list
from target_lightspeed_retail.custom import CustomSink, filled
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.ledger import Entry
from target_lightspeed_retail.outcome import Operation
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.results import Result
from target_lightspeed_retail.tools import Tools

SENT = "@sent"
"""What the ledger keeps of a record: a fingerprint of the request."""

_TRIES = 4
_OPERATIONS = {"POST": Operation.CREATED, "PUT": Operation.UPDATED, "DELETE": Operation.ARCHIVED}
_BY_HAND = (
    "An earlier request for it came to an unknown end, and there is nothing to look it up by: see in Lightspeed "
    "whether it is there, then run once with unknown: sent, or unknown: again, in custom_sinks."
)


class Posting:
    """Sends the records of one custom sink.

    Args:
        sink: How.
        tools: What it works with.
    """

    def __init__(self, sink: CustomSink, tools: Tools) -> None:
        """Nothing is sent yet."""
        self._sink = sink
        self._tools = tools
        self._resource = sink.resource

    def write(self, record: Mapping[str, Any], origin: Mapping[str, Any] | None = None) -> None:
        """Bring a record to its end.

        Raises:
            CredentialsError: Lightspeed does not accept the credentials (any more).
            UnreachableError: Lightspeed does not answer.
            TooManyChangesError: A limit of the settings is reached.
        """
        with self._tools.sending():
            self._tools.let_the_last_run_end()
            self._write(record, origin)

    def _write(self, record: Mapping[str, Any], origin: Mapping[str, Any] | None) -> None:
        try:
            key = self._sink.key_of(record)
        except RejectedError as error:
            self._tools.results.add(self._job(record, "", origin), Result.rejected(str(error)))
            return
        job = self._job(record, key, origin)
        job.entry = self._tools.ledger.entries(job.stream, [key]).get(key)
        try:
            self._tools.results.add(job, self._written(job))
        except RetriableError:
            raise
        except (RejectedError, ApiError) as error:
            self._tools.results.add(job, Result.rejected(str(error)))

    def _job(self, record: Mapping[str, Any], key: str, origin: Mapping[str, Any] | None) -> Job:
        return Job(self._resource, dict(record), key, {}, {}, None, None, deleted=False, origin=origin)

    def _written(self, job: Job) -> Result:
        mark = self._sink.mark_of(job.record)
        if job.entry is not None and job.entry.intended_at is not None and self._sink.method == "POST":
            settled = self._settled_intent(job, job.entry, mark)
            if settled is not None:
                return settled
        elif job.entry is not None and job.entry.intended_at is None and job.entry.fields.get(SENT) == mark:
            return Result.unchanged(job.entry.lightspeed_id or None)
        return self._send(job, mark)

    def _settled_intent(self, job: Job, entry: Entry, mark: str) -> Result | None:
        """A killed run was about to post the record; None if it may be posted now."""
        if self._sink.lookup is None and self._sink.unknown == "reject":
            raise RejectedError(_BY_HAND)
        self._tools.let_it_be_done(entry)
        row = self._found(job.record) if self._sink.lookup is not None else None
        if row is None and (self._sink.lookup is not None or self._sink.unknown == "again"):
            return None
        # What was sent then may be older than the record is now; then the record is sent as a change of it.
        sent = (entry.intent or {}).get("mark", mark)
        number = _number_in(row) if row is not None else ""
        self._settle(job, number, sent)
        if sent != mark:
            return None
        return Result.created(number or None, ())

    def _send(self, job: Job, mark: str) -> Result:
        self._allow(job)
        operation = _OPERATIONS[self._sink.method]
        changed = sorted(self._sink.body_of(job.record)) if self._sink.method != "DELETE" else []
        if self._tools.options.dry_run:
            return Result(operation, None, changed)
        number = self._sent(job, mark)
        self._settle(job, number, mark)
        return Result(operation, number or None, changed)

    def _allow(self, job: Job) -> None:
        allow = self._tools.results.allow_archive if self._sink.method == "DELETE" else self._tools.results.allow_change
        allow(job)

    def _sent(self, job: Job, mark: str) -> str:
        """Send a record; the number of its row, if the answer tells."""
        sink, record = self._sink, job.record
        body = None if sink.method == "DELETE" else sink.body_of(record)
        for _ in range(_TRIES):
            self._tools.ledger.intend(job.stream, job.key, {"mark": mark}, self._tools.now())
            try:
                return _number_in(_row_of(self._tools.writes.send(sink.method, sink.path_of(record), body)))
            except UncertainError as error:
                row = self._after_uncertain(job, error)
                if row is not None:
                    return _number_in(row)
            except RetriableError:
                raise
            except ApiError as error:
                self._tools.ledger.withdraw(job.stream, job.key)
                if sink.method == "DELETE" and error.status == HTTPStatus.NOT_FOUND:
                    return ""
                raise
        raise OutageError(f"{sink.path}: four tries to send a record came to nothing; try later.", status=503)

    def _after_uncertain(self, job: Job, error: UncertainError) -> Record | None:
        """The row, if it is there; None if the request may be sent again."""
        if self._sink.method != "POST":
            self._tools.pause()
            return None
        if self._sink.lookup is None:
            raise RejectedError(f"{error} {_BY_HAND}")
        return self._tools.looked_for(job, error, lambda: self._found(job.record))

    def _found(self, record: Mapping[str, Any]) -> Record | None:
        """The row that a record has become, by the lookup."""
        lookup = self._sink.lookup
        if lookup is None:
            return None
        wanted = str(record.get(lookup.value) or "")
        if not wanted:
            raise RejectedError(f"The record lacks {lookup.value}, by which custom_sinks says it is looked up.")
        client = self._tools.client
        path = client.version.below(filled(lookup.path, record), client.account_id)
        question = encoded([(lookup.field, wanted), ("limit", str(PAGE_SIZE))])
        answer, _ = client.transport.get(f"{path}?{question}", BASE_PRICE)
        rows = (row for name, value in answer.items() if name != "@attributes" for row in as_list(value))
        return next((row for row in rows if isinstance(row, dict) and str(row.get(lookup.field)) == wanted), None)

    def _settle(self, job: Job, number: str, mark: str) -> None:
        self._tools.ledger.settle(job.stream, job.key, number, {SENT: mark})


def _row_of(answer: Record) -> Record:
    """The record in an answer."""
    held = [value for name, value in answer.items() if name != "@attributes" and isinstance(value, dict)]
    return cast("Record", held[0]) if len(held) == 1 else answer


def _number_in(row: Record) -> str:
    """The first key of a row that is a number: its own stands before those of others."""
    return next((str(value) for name, value in row.items() if name.endswith("ID") and str(value).isdecimal()), "")
