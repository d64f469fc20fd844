"""Writes purchase orders and workorders: the header, then each line.

Source: section 6.5 of the API reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from lightspeed_retail.errors import NotFoundError, UncertainError
from lightspeed_retail.wire import Record
from target_lightspeed_retail.difference import difference
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.known import Known
from target_lightspeed_retail.lines import Lines
from target_lightspeed_retail.outcome import Operation
from target_lightspeed_retail.results import Result
from target_lightspeed_retail.steps import Step
from target_lightspeed_retail.writer import Writer


class LinedWriter(Writer):
    """Writes rows whose lines have a path of their own. Lines that a row has beyond its record's stay."""

    left_alone: ClassVar[tuple[str, ...]] = ()
    """Fields of rows and lines that are not written."""

    last: ClassVar[tuple[str, ...]] = ()
    """Fields that are written when the lines are there."""

    @cached_property
    def lines(self) -> tuple[Lines, ...]:
        """What writes the lines, by the fields that hold them."""
        held = [field for field in self.resource.riders() if field.writable]
        return tuple(Lines(self.tools, field, self.resource, self.left_alone) for field in held)

    @cached_property
    def _records(self) -> dict[str, Record]:
        """Records on their way, by their key: their lines are written in the end."""
        return {}

    def prepared(self, job: Job, record: Record) -> Record:
        """A header without its lines, which are kept until it is there."""
        record = {name: value for name, value in super().prepared(job, record).items() if name not in self.left_alone}
        names = {lines.name for lines in self.lines}
        if any(record.get(name) is not None for name in names):
            self._records[job.key] = record
        late = self.last if any(record.get(name) for name in names) and self._has_new_lines(job) else ()
        return {name: value for name, value in record.items() if name not in names and name not in late}

    def _has_new_lines(self, job: Job) -> bool:
        known = job.entry.fields if job.entry is not None else {}
        names = [name for name in job.digests if name in {lines.name for lines in self.lines}]
        return any(known.get(name) != job.digests[name] for name in names)

    def update(self, step: Step, known: Known) -> None:
        """Send what differs of the header; what the fields that come last were before is kept."""
        whole = self._records.get(step.job.key)
        if whole is not None:
            late = difference(self.resource, _some(whole, self.last), step.row or {})
            settled = [name for name in self.last if name not in late]
            self._records[step.job.key] = {name: value for name, value in whole.items() if name not in settled}
        super().update(step, known)

    def finish(self, job: Job, row: Record, result: Result, *, written: bool = True) -> None:
        """Write the lines, then note that the record is done: one that lacks a line is tried again."""
        record = self._records.pop(job.key, None)
        if record is None or not self._has_new_lines(job):
            super().finish(job, row, result, written=written)
            return
        held = {lines.name for lines in self.lines}
        marks = {name: job.digests.pop(name) for name in list(job.digests) if name in held or name in self.last}
        self._settle(job, row, written=written)
        try:
            self._bring_lines(job, record, row, result, marks)
        except NotFoundError:
            # The whole of the record comes once more.
            self._records[job.key] = record
            job.digests |= marks
            raise

    def _bring_lines(self, job: Job, record: Record, row: Record, result: Result, marks: Mapping[str, str]) -> None:
        number = int(self._id(row)) if row else None
        allowed = _Once(lambda: self._allow(job, result))
        present = [lines for lines in self.lines if record.get(lines.name) is not None]
        changed = [lines.name for lines in present if lines.write(job, number, record[lines.name], allowed)]
        changed += self._send_last(record, number, allowed)
        if number is not None and not self.tools.options.dry_run:
            self.tools.ledger.settle(job.stream, job.key, str(number), marks)
        self._note(job, _more(result, changed))

    def _send_last(self, record: Record, number: int | None, before_change: Callable[[], None]) -> list[str]:
        """The fields that move a row on, which the API heeds when it has a line."""
        late = {name: value for name, value in _some(record, self.last).items() if value not in (None, "")}
        if not late or not any(record.get(lines.name) for lines in self.lines):
            return []
        before_change()
        if number is not None and not self.tools.options.dry_run:
            self._repeat(number, late)
        return sorted(late)

    def _repeat(self, number: int, changes: Record) -> None:
        """Writing the same value twice does no harm, so what became of the first request does not matter."""
        try:
            self.tools.sent(self.resource, number, changes)
        except UncertainError:
            self.tools.pause()
            self.tools.sent(self.resource, number, changes)

    def _allow(self, job: Job, result: Result) -> None:
        """A record counts as changed once."""
        if result.operation is Operation.UNCHANGED:
            self.tools.results.allow_change(job)


class OrderWriter(LinedWriter):
    """Writes purchase orders. What has been received is left to those who receive it.

    An order counts as ordered once it has a date and a line.
    """

    left_alone = ("receivedDate", "numReceived")
    last = ("orderedDate",)


class _Once:
    """Does something the first time that it is called."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act: Callable[[], None] | None = act

    def __call__(self) -> None:
        act, self._act = self._act, None
        if act is not None:
            act()


def _some(record: Record, names: Iterable[str]) -> Record:
    return {name: record[name] for name in names if name in record}


def _more(result: Result, names: Iterable[str]) -> Result:
    """A result with further fields that were sent, or would be."""
    told = list(names)
    if not told:
        return result
    before: Any = result.changed
    changed = {**before, **dict.fromkeys(told, (None, "new or changed"))} if isinstance(before, Mapping) else None
    unchanged = result.operation is Operation.UNCHANGED
    return replace(
        result,
        changed=sorted({*before, *told}) if changed is None else changed,
        operation=Operation.UPDATED if unchanged else result.operation,
    )
