"""Lines that have a path of their own: one request each, each with its own intent, so that none is there twice.

Source: section 6.5 of the API reference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lightspeed_retail.errors import ApiError, NotFoundError, OutageError, RecordError, RetriableError, UncertainError
from lightspeed_retail.query import Filter
from lightspeed_retail.resources import Field, Resource
from lightspeed_retail.wire import Record
from target_lightspeed_retail.difference import difference, without_number
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.ledger import Entry, digest
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.tools import Tools

_CONTENT = "@content"
"""What the ledger keeps of a line: the fingerprint of all of it."""

_TRIES = 4


@dataclass(frozen=True)
class Line:
    """One line of a record.

    Args:
        key: By what the ledger knows it.
        name: What the outcome calls it.
        record: What it says, keys in the place of names, with the key of what it belongs to.
        entry: What the ledger says.
    """

    key: str
    name: str
    record: Record
    entry: Entry | None

    @property
    def mark(self) -> str:
        """The fingerprint of what it says."""
        return digest(self.record)

    @property
    def number(self) -> int | None:
        """Its key in Lightspeed, if that is known."""
        return int(self.entry.lightspeed_id) if self.entry is not None and self.entry.lightspeed_id else None

    @property
    def is_settled(self) -> bool:
        """Whether it is as it was when it was last written."""
        entry = self.entry
        return entry is not None and entry.intended_at is None and entry.fields.get(_CONTENT) == self.mark


class Lines:
    """Writes the lines under one field of records.

    Args:
        tools: What it works with.
        field: The field: `OrderLines`.
        owner: What the lines belong to.
        left_alone: Fields that are not written.
    """

    def __init__(self, tools: Tools, field: Field, owner: type[Resource], left_alone: Sequence[str] = ()) -> None:
        """Find out where the lines are written."""
        resource = field.nested.resource if field.nested is not None else None
        if resource is None:
            raise TypeError(field.name)
        self.name = field.name
        self._resource = resource
        self._tools = tools
        self._owner = owner.api.key
        self._left_alone = left_alone

    def write(self, job: Job, owner: int | None, records: Sequence[Record], before_change: Callable[[], None]) -> bool:
        """Bring the lines of a record to what it says; lines that there are beyond those stay.

        Args:
            job: The record.
            owner: The row that they belong to; None if it would be made in a dry run.
            records: What the record says of them.
            before_change: Called before the first of them is sent.

        Returns:
            Whether any was sent, or would be.

        Raises:
            RejectedError: Some cannot be written; all others are.
        """
        if owner is None:
            return bool(records)
        open_lines = [line for line in self._lines(job, owner, records) if not line.is_settled]
        there = self._there(owner) if open_lines else []
        pairs = self._paired(open_lines, self._free(there, open_lines))
        to_send = [(line, row) for line, row in pairs if row is None or self._changes(line, row)]
        for line, row in pairs:
            if row is not None and (line, row) not in to_send:
                self._settle(line, row)
        if to_send:
            before_change()
        if not self._tools.options.dry_run:
            self._send_all(to_send, str(owner))
        return bool(to_send)

    def _lines(self, job: Job, owner: int, records: Sequence[Record]) -> list[Line]:
        key = self._resource.api.key
        keys = [f"{job.key}/line {record.get(key) or place}" for place, record in enumerate(records, 1)]
        entries = self._tools.ledger.entries(self._resource.api.stream, keys)
        return [
            Line(name, f"{self.name} {place}", self._clean(record, owner), entries.get(name))
            for place, (name, record) in enumerate(zip(keys, records, strict=True), 1)
        ]

    def _clean(self, record: Record, owner: int) -> Record:
        """A line without blanks, which the API fills, and without numbers of another account's."""
        written = {field.name for field in self._resource.writable()}.difference(self._left_alone)
        kept = {name: value for name, value in record.items() if name in written and value not in (None, "")}
        zeros = {name for name, value in kept.items() if name.endswith("ID") and value == 0}
        clean = {name: value for name, value in kept.items() if name not in zeros}
        return {**without_number(self._resource, clean), self._owner: owner}

    def _there(self, owner: int) -> list[Record]:
        return list(self._tools.finder.rows(self._resource, (Filter(self._owner, "=", str(owner)),)))

    def _free(self, there: list[Record], lines: list[Line]) -> list[Record]:
        """The rows but those that other lines have become."""
        key, ours = self._resource.api.key, {line.key for line in lines}
        owners = self._tools.ledger.owners(self._resource.api.stream, [str(row[key]) for row in there])
        return [row for row in there if owners.get(str(row[key])) in {None, *ours}]

    def _paired(self, lines: list[Line], there: list[Record]) -> list[tuple[Line, Record | None]]:
        """Each line with its row: the one that it became, one of the same content, or one of the same item."""
        left = list(there)
        found: dict[str, Record] = {}
        for fits in (self._became, self._is_like, _of_same_item):
            for line in lines:
                row = next((row for row in left if line.key not in found and fits(line, row)), None)
                if row is not None:
                    found[line.key] = row
                    left.remove(row)
        return [(line, found.get(line.key)) for line in lines]

    def _became(self, line: Line, row: Record) -> bool:
        return line.number is not None and line.number == row[self._resource.api.key]

    def _is_like(self, line: Line, row: Record) -> bool:
        return line.number is None and not self._changes(line, row)

    def _changes(self, line: Line, row: Record) -> Record:
        return difference(self._resource, {name: value for name, value in line.record.items() if name in row}, row)

    def _send_all(self, pairs: list[tuple[Line, Record | None]], owner: str) -> None:
        problems = []
        parent = owner if self._resource.api.below else None
        for line, row in pairs:
            try:
                self._send(line, row, parent)
            except RetriableError:
                raise
            except (RejectedError, RecordError, ApiError) as error:
                problems.append(f"{line.name}: {error}")
        if problems:
            raise RejectedError(f"All else is written, but not {' '.join(problems)}")

    def _send(self, line: Line, row: Record | None, parent: str | None) -> None:
        row = row or self._found_again(line)
        if row is None:
            self._settle(line, self._made(line, parent))
            return
        for _ in range(_TRIES):
            number = int(row[self._resource.api.key])
            changes = self._changes(line, row)
            try:
                if changes:
                    self._tools.sent(self._resource, number, changes, parent)
            except (UncertainError, NotFoundError):
                # That there is no such line may be the word of a gateway.
                self._tools.pause()
                row = self._read(number)
            else:
                self._settle(line, row)
                return
        raise OutageError(f"{line.name}: four tries to change it came to nothing; try later.", status=503)

    def _found_again(self, line: Line) -> Record | None:
        """The row that a killed run made; the line may have changed since."""
        return self._tools.creation.found_again(self._resource, self._job(line), line.record)

    def _made(self, line: Line, parent: str | None) -> Record:
        resource, body = self._resource, line.record
        made = self._tools.creation.made
        return made(resource, self._job(line), body, lambda: self._tools.created(resource, body, parent))

    def _job(self, line: Line) -> Job:
        return Job(self._resource, {}, line.key, {}, {}, None, None, deleted=False, entry=line.entry)

    def _read(self, number: int) -> Record:
        rows = self._tools.finder.by_keys(self._resource, [number])
        if number not in rows:
            raise NotFoundError(f"{self._resource.api.stream} {number} is gone.", status=404)
        return rows[number]

    def _settle(self, line: Line, row: Record) -> None:
        if not self._tools.options.dry_run:
            marks: dict[str, Any] = {_CONTENT: line.mark}
            number = str(row[self._resource.api.key])
            self._tools.ledger.settle(self._resource.api.stream, line.key, number, marks)


def _of_same_item(line: Line, row: Record) -> bool:
    named = line.record.get("itemID")
    return line.number is None and bool(named) and named == row.get("itemID")
