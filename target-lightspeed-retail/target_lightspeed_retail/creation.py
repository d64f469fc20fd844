"""Makes rows, each once: the intent is in the ledger before the request, and an unknown outcome is looked up."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from lightspeed_retail.errors import NotFoundError, OutageError, RequestRefusedError, RightsError, UncertainError
from lightspeed_retail.query import Filter
from lightspeed_retail.resources import Resource, Stamp
from lightspeed_retail.wire import Record, instant, stamp
from target_lightspeed_retail.difference import difference, same
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.records import Pointer
from target_lightspeed_retail.tools import Tools

_TRIES = 4
_LEEWAY = timedelta(seconds=5)
_log = logging.getLogger(__name__)


class Creation:
    """Sends the requests that make rows.

    Args:
        tools: What it works with.
    """

    def __init__(self, tools: Tools) -> None:
        """Prepare."""
        self._tools = tools

    def made(
        self, resource: type[Resource], job: Job, body: Record, send: Callable[[], Record] | None = None
    ) -> Record:
        """Make a row.

        Args:
            resource: What it is.
            job: The record that it becomes.
            body: What it has, and what it is found by if it is not known what became of the request.
            send: Sends it, where that takes more than the body.

        Raises:
            ApiError: The API refuses it for certain; nothing was made.
            OutageError: It is still not known what became of it after several tries.
        """
        # A row of the first try may show when the second one is under way.
        began = self._tools.now()
        for number in range(_TRIES):
            self._tools.ledger.intend(job.stream, job.key, {"body": plain(body)}, began)
            try:
                row = send() if send is not None else self._tools.created(resource, body)
            except (UncertainError, NotFoundError) as error:
                _log.warning("%s It is looked up before it is sent again.", error)
                found = self._after_uncertain(resource, job, body, error)
                if found is not None:
                    return found
                # A gateway may say once that there is no such list; who says so again is believed.
                if number and isinstance(error, NotFoundError):
                    self._tools.ledger.withdraw(job.stream, job.key)
                    raise
            except (RequestRefusedError, RightsError):
                self._tools.ledger.withdraw(job.stream, job.key)
                raise
            else:
                return row
        raise OutageError(f"{resource.__name__}: four tries to make a row came to nothing; try later.", status=503)

    def _after_uncertain(self, resource: type[Resource], job: Job, body: Record, error: Exception) -> Record | None:
        """Look at once, and again: what was sent may be stored after its connection has broken."""
        since = self._tools.ledger.entries(job.stream, [job.key])[job.key].intended_at or self._tools.now()
        return self._tools.looked_for(job, error, lambda: self.find(resource, body, since), at_once=True)

    def found_again(self, resource: type[Resource], job: Job, body: Record) -> Record | None:
        """The row that a killed run was about to make, if it did.

        Args:
            resource: What it is.
            job: The record.
            body: What would be sent for it now, where the ledger does not know any more what was sent.

        Raises:
            ApiError: The API refused the question.
        """
        entry = job.entry
        if entry is None or entry.intended_at is None:
            return None
        self._tools.let_it_be_done(entry)
        return self.find(resource, (entry.intent or {}).get("body", body), entry.intended_at)

    def find(self, resource: type[Resource], body: Record, since: datetime) -> Record | None:
        """A row that was made since a moment, holds what was sent, and belongs to no other record."""
        wanted = keyed(self._tools.shape(resource)(body))
        fitting = [row for row in self._candidates(resource, wanted, since) if holds(resource, wanted, row)]
        keys = [str(row[resource.api.key]) for row in fitting]
        owned = self._tools.ledger.owners(resource.api.stream, keys)
        free = [row for row in fitting if str(row[resource.api.key]) not in owned]
        return min(free, key=lambda row: int(row[resource.api.key]), default=None)

    def _candidates(self, resource: type[Resource], wanted: Record, since: datetime) -> Iterable[Record]:
        """Rows made since a moment: by the stamp where there is one, otherwise all of them."""
        relations = {field.name for field in resource.relations() if field.writable and field.name in wanted}
        relations = {name for name in relations if resource.field(name).nested is not None}
        created = [name for name in ("createTime", "timeStamp") if any(f.name == name for f in resource.fields())]
        filters: tuple[Filter, ...] = ()
        if isinstance(resource.api.bookmark, Stamp) and "timeStamp" in created:
            filters = (Filter("timeStamp", ">=", stamp(since - _LEEWAY)),)
        for row in self._tools.finder.rows(resource, filters, relations):
            made = next((row[name] for name in created if row.get(name)), None)
            if made is None or instant(made) >= since - _LEEWAY:
                yield row


def is_of(job: Job, body: Record) -> bool:
    """Whether what a killed run was about to make for a record is what would be made now."""
    intent = job.entry.intent if job.entry is not None else None
    return intent is not None and intent.get("body") == plain(body)


def holds(resource: type[Resource], wanted: Record, row: Record) -> bool:
    """Whether a row is what came of a body: every plain field that was given has its value."""
    given = {
        name: value for name, value in wanted.items() if resource.field(name).nested is None and value not in (None, "")
    }
    if not given:
        return not difference(resource, wanted, row)
    return all(same(resource.field(name), value, row.get(name)) for name, value in given.items())


def keyed(value: Any) -> Any:
    """A typed record with the keys that its pointers hold: what is sent names other rows by nothing else."""
    if isinstance(value, Pointer):
        return value.key
    if isinstance(value, Mapping):
        return {name: keyed(inner) for name, inner in value.items()}
    return [keyed(inner) for inner in value] if isinstance(value, list) else value


def plain(body: Record) -> Record:
    """A body as the ledger can keep it."""
    found: Record = json.loads(json.dumps(body, default=str))
    return found
