"""What becomes of the records: one line each, rejected ones once more in full, and the sum at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from lightspeed_retail.client import Client
from lightspeed_retail.resources import Resource
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.ledger import Ledger
from target_lightspeed_retail.outcome import Operation, Outcome, OutcomeFile, Rejects
from target_lightspeed_retail.summary import Guards, Summary

_log = logging.getLogger(__name__)

_LONGEST_REASON = 2000
_LONGEST_KEY = 200
"""Characters that are shown in a line of the log."""


@dataclass(frozen=True)
class Result:
    """How a record ended.

    Args:
        operation: How; in a dry run, how it would.
        lightspeed_id: The row's key in Lightspeed.
        changed: The fields that were sent; in a dry run each with its old and its new value.
        reason: Why, where that is not plain.
    """

    operation: Operation
    lightspeed_id: str | None = None
    changed: Sequence[str] | Mapping[str, tuple[Any, Any]] = field(default=())
    reason: str | None = None

    @classmethod
    def created(cls, lightspeed_id: str | None, changed: Sequence[str]) -> Result:
        """A new row."""
        return cls(Operation.CREATED, lightspeed_id, changed)

    @classmethod
    def updated(cls, lightspeed_id: str, changed: Sequence[str] | Mapping[str, tuple[Any, Any]]) -> Result:
        """A row that was changed."""
        return cls(Operation.UPDATED, lightspeed_id, changed)

    @classmethod
    def unchanged(cls, lightspeed_id: str | None, reason: str | None = None) -> Result:
        """A row that is as it should be."""
        return cls(Operation.UNCHANGED, lightspeed_id, reason=reason)

    @classmethod
    def archived(cls, lightspeed_id: str, reason: str | None = None) -> Result:
        """A row that was archived or deleted."""
        return cls(Operation.ARCHIVED, lightspeed_id, reason=reason)

    @classmethod
    def rejected(cls, reason: str, lightspeed_id: str | None = None) -> Result:
        """A record that could not be written."""
        return cls(Operation.REJECTED, lightspeed_id, reason=reason)


class Results:
    """Notes how records end, and stops a run that goes wrong.

    Args:
        settings: The target's settings.
        client: Tells the time and what was spent.
        ledger: Where records wait for others.
        run_id: What the run is known by.
    """

    def __init__(self, settings: Mapping[str, Any], client: Client, ledger: Ledger, run_id: str) -> None:
        """Open the files."""
        self._client = client
        self._ledger = ledger
        self._run_id = run_id
        self._dry_run = bool(settings.get("dry_run"))
        self._outcomes = OutcomeFile(settings.get("outcome_path"))
        self._rejects = Rejects(settings.get("rejects_path"))
        self._guards = Guards(**{name: settings.get(name) for name in ("max_rejects", "max_changes", "max_archives")})
        self._summary = Summary(run_id, dry_run=self._dry_run)
        self._spent = client.spent

    @classmethod
    @contextmanager
    def of(cls, settings: Mapping[str, Any], client: Client, ledger: Ledger, run_id: str) -> Iterator[Results]:
        """The results of a run, whose sum is said when it ends, however it ends."""
        results = cls(settings, client, ledger, run_id)
        try:
            yield results
        finally:
            results.say()

    def describe(self, message: Mapping[str, Any]) -> None:
        """Remember the SCHEMA message of a stream, for its rejected records."""
        self._rejects.describe(message)

    def allow_change(self, job: Job) -> None:
        """To be called before a record is created or updated; it counts once, however often it is sent.

        Raises:
            TooManyChangesError: It would be one too many.
        """
        if not job.was_counted:
            self._guards.before_change(job.stream, job.key)
            job.was_counted = True

    def allow_archive(self, job: Job) -> None:
        """To be called before a record is archived.

        Raises:
            TooManyChangesError: It would be one too many.
        """
        self._guards.before_archive(job.stream, job.key)

    def add(self, job: Job, result: Result) -> None:
        """Note how a record ended.

        Raises:
            TooManyRejectsError: Too many were rejected.
        """
        if job.remark and job.remark not in (result.reason or ""):
            result = replace(result, reason=" ".join(filter(None, (result.reason, job.remark))))
        self._add(job.stream, job.key, job.origin or {"stream": job.stream, "record": job.record}, result)

    def add_unread(
        self, resource: type[Resource], message: Mapping[str, Any], result: Result, *, key: str = ""
    ) -> None:
        """Note how a record ended that could not be understood.

        Args:
            resource: What it is a record of.
            message: The message as it came in, or stream and record of one that waited.
            result: How it ended.
            key: By what the ledger knows it, if it does.
        """
        named = key or str(message["record"].get(resource.api.key) or "")
        self._add(resource.api.stream, named, message, result)

    def reject(self, stream: str, key: str, message: Mapping[str, Any], reason: str) -> None:
        """Note that a record of a stream is rejected that has no declaration.

        Args:
            stream: The stream.
            key: What the stream says to be its key, if it has one.
            message: The message as it came in.
            reason: Why.
        """
        self._add(stream, key, message, Result.rejected(reason))

    def park(self, job: Job, reason: str) -> None:
        """Let a record wait for the one that it names; in a dry run that would not come."""
        if self._dry_run:
            self.add(job, Result(Operation.CREATED, reason=f"If what it names is there by then: {reason}"))
        else:
            job.waits = True
            self._ledger.park(job.stream, job.key, job.record, reason)

    def say(self) -> None:
        """Say the sum."""
        if self._summary.counted():
            self._summary.say(requests=self._client.requests, drips=self._client.spent)

    def end(self) -> None:
        """To be called when all records have ended.

        Raises:
            TooManyRejectsError: Too many were rejected.
        """
        self._guards.check(self._summary, ended=True)

    def _add(self, stream: str, key: str, message: Mapping[str, Any], result: Result) -> None:
        if result.reason is not None:
            result = replace(result, reason=_line(result.reason, _LONGEST_REASON))
        outcome = self._outcome(stream, key, result)
        self._summary.count(outcome)
        self._outcomes.write(outcome)
        if result.operation is Operation.REJECTED:
            _log.warning("Rejected %s %s: %s", stream, _line(key, _LONGEST_KEY), result.reason)
            self._rejects.write(message, result.reason or "")
            self._guards.check(self._summary)

    def _outcome(self, stream: str, key: str, result: Result) -> Outcome:
        spent, self._spent = self._client.spent - self._spent, self._client.spent
        return Outcome(
            run_id=self._run_id,
            stream=stream,
            key=key,
            operation=result.operation,
            at=self._client.moment,
            lightspeed_id=result.lightspeed_id,
            changed=result.changed,
            reason=result.reason,
            drips=Decimal(spent),
            dry_run=self._dry_run,
        )


def _line(text: str, length: int) -> str:
    """A text as one line that can be read: it may hold what stands in a record."""
    shown = "".join(each if each.isprintable() else " " for each in text[: length + 1])
    return shown if len(text) <= length else f"{shown[:length]} ..."
