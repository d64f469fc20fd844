"""Turns what a record says about other rows into keys of the target's account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lightspeed_retail.resources import Match, Resource
from lightspeed_retail.wire import Record
from target_lightspeed_retail.finding import Finder
from target_lightspeed_retail.jobs import Job, pointed_at, row_key
from target_lightspeed_retail.ledger import Ledger
from target_lightspeed_retail.options import Options
from target_lightspeed_retail.records import Pointer, RejectedError
from target_lightspeed_retail.telling import Value, values

Way = tuple[Match, dict[Value, Value]]
"""What tells a row, and the values to look for."""

Create = Callable[[type[Resource], Record], int]

_REMEMBERED = 50_000


class LaterError(RejectedError):
    """A row that a record names is not there yet; it may still come."""


class References:
    """Finds the rows that records name, a hundred in one question, each once a run.

    Args:
        finder: Finds rows.
        ledger: Knows which row became of which.
        options: How rows are matched, and which may be made.
        create: Makes a row that is missing.
    """

    def __init__(self, finder: Finder, ledger: Ledger, options: Options, create: Create) -> None:
        """Prepare; nothing is asked yet."""
        self._finder = finder
        self._ledger = ledger
        self._options = options
        self._create = create
        self._known: dict[tuple[type[Resource], Match, Value], list[int]] = {}
        finder.learners.append(self.learn)

    def prepare(self, jobs: Iterable[Job]) -> None:
        """Look up everything that some records name; what was missing is looked up again."""
        found = {} if len(self._known) > _REMEMBERED else {each: rows for each, rows in self._known.items() if rows}
        self._known = found
        left = [
            (pointer.resource, self._ways(pointer, job.source))
            for job in jobs
            for pointer in pointed_at(job.wanted)
            if self._direct(pointer, job.source) is None
        ]
        while left:
            self._ask_first(left)
            left = [
                (resource, ways[1:]) for resource, ways in left if ways[1:] and not self._is_found(resource, ways[0])
            ]

    def _ask_first(self, asked: Iterable[tuple[type[Resource], list[Way]]]) -> None:
        """Look up all rows that are asked for, each in the first of its ways."""
        wanted: dict[tuple[type[Resource], Match], dict[Value, Value]] = defaultdict(dict)
        for resource, ways in asked:
            for match, value in ways[:1]:
                wanted[resource, match] |= value
        for (resource, match), values_asked in wanted.items():
            self._ask(resource, match, values_asked)

    def _is_found(self, resource: type[Resource], way: Way) -> bool:
        match, asked = way
        return any(self._known[resource, match, value] for value in asked)

    def learn(self, resource: type[Resource], row: Record) -> None:
        """Take in a row that was written since, if it was looked for."""
        for match in self._options.match(resource):
            for value in values(match, row):
                rows = self._known.get((resource, match, value))
                if rows is not None and row[resource.api.key] not in rows:
                    rows.append(row[resource.api.key])

    def resolved(self, job: Job) -> Record:
        """The record with keys in the place of names.

        Raises:
            LaterError: A row that it names is not there, and may still come.
            RejectedError: A name fits no row, or several.
        """
        found: Record = self._resolve(_without_itself(job.wanted, job), job.source)
        return found

    def key(self, pointer: Pointer, source: int | None) -> int:
        """The key of a row that a record of an account names.

        Raises:
            LaterError: It is not there, and may still come.
            RejectedError: The name fits no row, or several.
        """
        return self._key(pointer, source)

    def _resolve(self, value: Any, source: int | None) -> Any:
        if isinstance(value, Pointer):
            return self._key(value, source)
        if isinstance(value, Mapping):
            return {name: self._resolve(inner, source) for name, inner in value.items()}
        return [self._resolve(inner, source) for inner in value] if isinstance(value, list) else value

    def _direct(self, pointer: Pointer, source: int | None) -> int | None:
        """The key without a question: a number of the own account, or one whose row was written before."""
        if pointer.key is None or source is None:
            return pointer.key
        mapped = self._ledger.mapped(pointer.resource.api.stream, row_key(source, pointer.key))
        return int(mapped) if mapped else None

    def _key(self, pointer: Pointer, source: int | None) -> int:
        direct = self._direct(pointer, source)
        if direct is not None:
            return direct
        for match, asked in self._ways(pointer, source):
            self._ask(pointer.resource, match, asked)
            rows = sorted({row for value in asked for row in self._known[pointer.resource, match, value]})
            if len(rows) > 1:
                listed = ", ".join(map(str, rows[:10]))
                raise RejectedError(f"{self._said(pointer)} fits several {pointer.resource.api.stream}: {listed}.")
            if rows:
                return rows[0]
        return self._made(pointer, source)

    def _made(self, pointer: Pointer, source: int | None) -> int:
        stream = pointer.resource.api.stream
        if pointer.text is None and not pointer.described:
            raise LaterError(f"{stream} {pointer.key} of account {source} has not been written yet.")
        if stream not in self._options.create_missing:
            raise LaterError(f"There is no row of {stream} that {self._said(pointer)} fits.")
        fields = pointer.described or self._named(pointer)
        key = self._create(pointer.resource, self._resolve(fields, source))
        for match, asked in self._ways(pointer, source):
            for value in asked:
                self._known[pointer.resource, match, value] = [key]
        return key

    def _said(self, pointer: Pointer) -> str:
        return _said(pointer, self._options.match(pointer.resource))

    def _named(self, pointer: Pointer) -> Record:
        """The fields of a row that is made of its name."""
        match = next((each for each in self._options.match(pointer.resource) if "." not in each.fields[0]), None)
        if match is None:
            raise RejectedError(f"{self._said(pointer)} is not enough to make one of {pointer.resource.api.stream}.")
        return dict(zip(match.fields, _split(match, pointer.text or ""), strict=False))

    def _ways(self, pointer: Pointer, source: int | None) -> list[Way]:
        """By what the row may be found, in order."""
        described = {name: self._plain(value) for name, value in pointer.described.items()}
        found = []
        for match in self._options.match(pointer.resource):
            if match.local and source is not None and not pointer.text:
                continue
            record = described or _as_fields(match, pointer.text)
            if record and (not described or _covers(match, record)):
                found.append((match, values(match, record)))
        return [(match, asked) for match, asked in found if asked]

    def _plain(self, value: Any) -> Any:
        return value.key if isinstance(value, Pointer) else value

    def _ask(self, resource: type[Resource], match: Match, asked: Mapping[Value, Value]) -> None:
        """Look up what has not been looked up."""
        new = {value: written for value, written in asked.items() if (resource, match, value) not in self._known}
        if not new:
            return
        rows = self._finder.by_values(resource, match, new)
        for value in new:
            self._known[resource, match, value] = [row[resource.api.key] for row in rows.get(value, [])]


def _without_itself(value: Any, job: Job) -> Any:
    """A record in whose nested rows it is not named: an assembly, in each of its components."""
    if isinstance(value, Mapping):
        kept = {name: inner for name, inner in value.items() if not _is_itself(inner, job)}
        return {name: _without_itself(inner, job) for name, inner in kept.items()}
    return [_without_itself(inner, job) for inner in value] if isinstance(value, list) else value


def _is_itself(value: Any, job: Job) -> bool:
    if not isinstance(value, Pointer) or value.resource is not job.resource or value.key is None:
        return False
    return job.source is not None and row_key(job.source, value.key) == job.key


def _covers(match: Match, record: Mapping[str, Any]) -> bool:
    """Whether a record says something about every field of a match."""
    return all(path.partition(".")[0] in record for path in match.fields)


def _as_fields(match: Match, text: str | None) -> Record:
    """A name as the fields of a match, as if a record had them."""
    if not text:
        return {}
    record: Record = {}
    for path, part in zip(match.fields, _split(match, text), strict=False):
        _put(record, path.split("."), part)
    return record if len(record) == len(match.fields) else {}


def _split(match: Match, text: str) -> list[str]:
    """A name has as many words as a match has fields: `Ada Stone` is a first and a last name."""
    return text.rsplit(maxsplit=len(match.fields) - 1) if len(match.fields) > 1 else [text]


def _put(record: Record, steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        record = record.setdefault(step, {})
    record[steps[-1]] = value


def _said(pointer: Pointer, matches: Iterable[Match]) -> str:
    """A row as a record names it, in few words."""
    if pointer.text is not None:
        return repr(pointer.text)
    said = {
        f"{path} {text!r}": None
        for match in matches
        for written in values(match, pointer.described).values()
        for path, text in zip(match.fields, written, strict=True)
        if text
    }
    return ", ".join(said) or f"key {pointer.key}"
