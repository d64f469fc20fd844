"""The rows that a batch of records may mean, looked up beforehand, and those written since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from lightspeed_retail.resources import Match, Resource
from lightspeed_retail.wire import Record
from target_lightspeed_retail.finding import Finder
from target_lightspeed_retail.jobs import Job, row_key
from target_lightspeed_retail.ledger import Ledger
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.telling import Value, values

_SHOWN = 10


class Known:
    """Rows of a resource by their key and by what tells them.

    Args:
        resource: Whose rows.
        matches: Ways to find them, in order.
        finder: Finds them.
        relations: What to load with them, so that they can be compared.
        ledger: Knows which rows other records became; None where a record may mean those as well.
    """

    def __init__(
        self,
        resource: type[Resource],
        matches: tuple[Match, ...],
        finder: Finder,
        relations: Collection[str],
        ledger: Ledger | None = None,
    ) -> None:
        """Prepare; nothing is asked yet."""
        self._resource = resource
        self._matches = matches
        self._finder = finder
        self._relations = relations
        self._ledger = ledger
        self._rows: dict[int, Record] = {}
        self._keys: dict[tuple[Match, Value], set[int]] = defaultdict(set)

    def prepare(self, jobs: Iterable[tuple[Job, Record]]) -> None:
        """Look up what some records may mean: by key first, the rest in each way until it is found."""
        listed = list(jobs)
        numbers = {number for job, _ in listed if (number := number_of(job)) is not None}
        self._add(self._finder.by_keys(self._resource, numbers, self._relations).values())
        left = [(job, record) for job, record in listed if number_of(job) not in self._rows]
        for match in self._matches:
            asked = {value: text for job, record in left for value, text in _values(match, job, record).items()}
            for rows in self._finder.by_values(self._resource, match, asked, self._relations).values():
                self._add(rows)
            left = [(job, record) for job, record in left if not self._fitting(match, job, record)]

    def row(self, job: Job, record: Record) -> Record | None:
        """The row that a record means; None if there is none.

        Raises:
            RejectedError: There are several, or the row that it names by number is gone.
        """
        number = number_of(job)
        if number is not None and number in self._rows:
            return self._rows[number]
        for match in self._matches:
            keys = self._fitting(match, job, record)
            if len(keys) > 1:
                listed = ", ".join(map(str, sorted(keys)[:_SHOWN]))
                raise RejectedError(f"{match.name} fits several {self._resource.api.stream}: {listed}.")
            if keys:
                return self._rows[keys.pop()]
        if job.number is not None:
            raise RejectedError(f"There is no {self._resource.api.key} {job.number} in this account.")
        return None

    def add(self, row: Record) -> None:
        """Take a row that has been written since."""
        self._add([row])
        self._finder.learn(self._resource, row)

    def forget(self, key: int) -> None:
        """Drop a row that is gone."""
        self._rows.pop(key, None)
        for keys in self._keys.values():
            keys.discard(key)

    def _add(self, rows: Iterable[Record]) -> None:
        for row in rows:
            key = row[self._resource.api.key]
            self.forget(key)
            self._rows[key] = row
            for match in self._matches:
                for value in values(match, row):
                    self._keys[match, value].add(key)

    def _taken(self, job: Job, keys: set[int]) -> set[int]:
        """Rows that are other rows of the record's account: two customers there stay two, whatever they share."""
        if self._ledger is None or job.source is None or not keys:
            return set()
        owners = self._ledger.owners(job.stream, set(map(str, keys)))
        account = row_key(job.source, 0).removesuffix("0")
        return {int(key) for key, owner in owners.items() if owner.startswith(account) and owner != job.key}

    def _fitting(self, match: Match, job: Job, record: Record) -> set[int]:
        """The rows that fit a record in one way and that it may mean."""
        keys = {key for value in _values(match, job, record) for key in self._keys[match, value]}
        return keys - self._taken(job, keys)


def _values(match: Match, job: Job, record: Record) -> dict[Value, Value]:
    """What a match has to go by, if the record says something about each of its fields."""
    told = all(path.partition(".")[0] in record for path in match.fields)
    return values(match, record) if told and not (match.local and job.source is not None) else {}


def narrow(job: Job, matches: Iterable[Match]) -> None:
    """Rows that are only found are found by what tells them; whom else they name is nothing to wait for."""
    telling = {path.partition(".")[0] for match in matches for path in match.fields}
    job.wanted = {name: value for name, value in job.wanted.items() if name in telling}


def number_of(job: Job) -> int | None:
    """The key of the row by the ledger, or by the record itself."""
    if job.entry is not None and job.entry.lightspeed_id:
        return int(job.entry.lightspeed_id)
    return job.number
