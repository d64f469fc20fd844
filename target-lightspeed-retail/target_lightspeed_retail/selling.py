"""The requests that make a sale and complete it. What became of one is read from the sale, so none is done twice.

Source: section 6.4 of the API reference.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from lightspeed_retail.errors import (
    ApiError,
    NotFoundError,
    OutageError,
    RequestRefusedError,
    RightsError,
    UncertainError,
)
from lightspeed_retail.resources.account import PaymentType
from lightspeed_retail.resources.sales import Sale, SalePayment
from lightspeed_retail.wire import Record, instant
from target_lightspeed_retail import tickets, tills
from target_lightspeed_retail.creation import plain
from target_lightspeed_retail.difference import without_number
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.telling import values
from target_lightspeed_retail.tools import Tools

LINES, PAYMENTS, NOTES = "SaleLines", "SalePayments", "SaleNotes"

_WHOLE = (LINES, PAYMENTS, NOTES)
_TRIES = 4
_OUT_OF_BALANCE = "OutOfBalanceError"


class Selling:
    """Makes sales, one step after the other.

    Args:
        tools: What it works with.
        remove: Archives a sale by its number.
    """

    def __init__(self, tools: Tools, remove: Callable[[int], None]) -> None:
        """Prepare; nothing is asked yet."""
        self._tools = tools
        self._remove = remove

    @cached_property
    def kinds(self) -> dict[int, str]:
        """The type of each way to pay, by its key."""
        return {row[PaymentType.api.key]: row.get("type") or "" for row in self._tools.finder.rows(PaymentType)}

    def is_certain(self, record: Record) -> bool:
        """Whether one request is enough: the API itself refuses to complete a sale whose payments are not its total.

        So it is where the payments are what the record says to be the total; but cash would be changed.
        """
        payments = record.get(PAYMENTS) or []
        return tills.total_of(record) == tills.paid(payments) and not tills.has_cash(payments, self.kinds)

    def see_that_it_adds_up(self, record: Record) -> None:
        """Refuse, before anything is sent, what cannot become a completed sale.

        Raises:
            RejectedError: It cannot.
        """
        if not record.get("completed"):
            return
        told = record.get("completeTime")
        if told and instant(told) > self._tools.now():
            raise RejectedError(f"completeTime {told} lies in the future.")
        total, rounded = tills.total_of(record), record.get("cashRoundedTotal")
        if total is not None:
            tills.see_that_it_balances(total, tills.tendered(record, self.kinds), self.kinds, rounded)

    def posted(self, job: Job, record: Record, body: Record) -> Record:
        """Post a sale; an outcome that is not known is looked up by its reference before anything is sent again.

        Raises:
            ApiError: The API refuses it, and nothing was stored.
        """
        for _ in range(_TRIES):
            self._intend(job, body)
            try:
                row: Record | None = self._tools.created(Sale, body)
            except UncertainError as error:
                row = self._tools.looked_for(job, error, lambda: self.by_reference(record))
            except (RequestRefusedError, RightsError) as error:
                row = self._stored_all_the_same(error, record)
                if row is None:
                    self._tools.ledger.withdraw(job.stream, job.key)
                    raise
            if row is not None:
                self._intend(job, body, row)
                return row
        raise OutageError("Sale: four tries to make a sale came to nothing; try later.", status=503)

    def _intend(self, job: Job, body: Record, row: Record | None = None) -> None:
        """Note what is about to be made; and what has been made of it, before the next step."""
        made = {Sale.api.key: row[Sale.api.key]} if row is not None else {}
        self._tools.ledger.intend(job.stream, job.key, {"body": plain(body), **made}, self._tools.now())

    def _stored_all_the_same(self, error: ApiError, record: Record) -> Record | None:
        """A sale that could not be completed has been stored, open."""
        number = error.details.get(Sale.api.key)
        if number:
            return self.read(int(number))
        return self.by_reference(record) if error.error_class == _OUT_OF_BALANCE else None

    def by_reference(self, record: Record) -> Record | None:
        """The sale of a reference that was not given up and belongs to no other record."""
        match = Sale.api.match[0]
        found = self._tools.finder.by_values(Sale, match, values(match, record), _WHOLE)
        rows = {str(row[Sale.api.key]): row for listed in found.values() for row in listed}
        owned = self._tools.ledger.owners(Sale.api.stream, rows)
        free = [row for number, row in rows.items() if number not in owned and not tickets.is_rolled_back(row)]
        return min(free, key=_number, default=None)

    def read(self, number: int) -> Record | None:
        """A sale by its number, with its lines, payments and notes."""
        return self._tools.finder.by_keys(Sale, [number], _WHOLE).get(number)

    def take_back(self, job: Job, row: Record) -> None:
        """Archive an open sale that was posted for a record.

        Raises:
            ApiError: The API refuses it; the ledger still knows of the sale.
        """
        self._remove(_number(row))
        self._tools.ledger.withdraw(job.stream, job.key)

    def closed(self, job: Job, record: Record, row: Record) -> Record:
        """An open sale with the payments of a record, completed if the record says so.

        Raises:
            RejectedError: It cannot be completed.
            ApiError: The API refuses it.
        """
        return self.changed(job, row, lambda now: self.closing(record, now))

    def closing(self, record: Record, row: Record) -> Record:
        """What a sale lacks to be what the record says.

        Raises:
            RejectedError: It cannot be completed.
        """
        if row.get("completed"):
            return {}
        there = tills.counted(row.get(PAYMENTS))
        new = tills.missing(tills.tendered(record, self.kinds), there)
        added = {PAYMENTS: [without_number(SalePayment, payment) for payment in new]} if new else {}
        if not record.get("completed"):
            return added
        total = tills.due(row)
        tills.see_that_totals_agree(record, total)
        tills.see_that_it_balances(total, [*there, *new], self.kinds, row.get("cashRoundedTotal"))
        told = {"completeTime": record["completeTime"]} if record.get("completeTime") else {}
        return {**added, "completed": True, **told}

    def changed(self, job: Job, row: Record, changes_of: Callable[[Record], Record]) -> Record:
        """A sale after all its changes; what was done by a request that seemed lost is not done again.

        Args:
            job: The record.
            row: The sale.
            changes_of: What of a sale has to be changed still.
        """
        for _ in range(_TRIES):
            changes = changes_of(row)
            if not changes:
                return row
            try:
                return self._sent(row, changes)
            except (UncertainError, NotFoundError) as error:
                # That there is no such sale may be the word of a gateway.
                row = self._looked_at(job, row, error, changes_of)
        raise OutageError(f"Sale {_number(row)}: four tries to change it came to nothing; try later.", status=503)

    def _sent(self, row: Record, changes: Record) -> Record:
        try:
            found = self._tools.sent(Sale, _number(row), changes)
        except RequestRefusedError:
            # A request that was given up for lost may have been done late.
            now = self.read(_number(row))
            if now is not None and now.get("completed") and changes.get("completed"):
                return now
            raise
        whole = all(found.get(name) for name in (LINES, PAYMENTS) if row.get(name) or changes.get(name))
        return found if whole else self.read(_number(row)) or found

    def _looked_at(self, job: Job, row: Record, error: Exception, changes_of: Callable[[Record], Record]) -> Record:
        """A sale after a request whose outcome is not known; a late one is waited for."""
        before, last = changes_of(row), row

        def changed() -> Record | None:
            nonlocal last
            now = self.read(_number(row))
            if now is None or tickets.is_rolled_back(now):
                raise RejectedError(f"The sale {_number(row)} was given up in Lightspeed meanwhile.")
            last = now
            return now if changes_of(now) != before else None

        return self._tools.looked_for(job, error, changed) or last


def _number(row: Record) -> int:
    return int(row[Sale.api.key])
