"""Which line and which payment of a sale became which, so that refunds find what they take back."""

from __future__ import annotations

from typing import Any

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.sales import SaleLine, SalePayment
from lightspeed_retail.wire import Record
from target_lightspeed_retail import tickets, tills
from target_lightspeed_retail.jobs import Job, row_key
from target_lightspeed_retail.ledger import Ledger, Settled
from target_lightspeed_retail.selling import LINES, PAYMENTS


class Numbers:
    """The numbers of rows within sales, by those that they have where their records come from.

    Args:
        ledger: Where they are kept.
        account: Number of the target's account.
    """

    def __init__(self, ledger: Ledger, account: int) -> None:
        """Prepare."""
        self._ledger = ledger
        self._account = account

    def lines(self, job: Job, record: Record, row: Record) -> tickets.Pairs:
        """Each line of a record with the line of the sale that it means."""

        def known(line: Record) -> int | None:
            number = line.get(SaleLine.api.key)
            mapped = self._mapped(SaleLine, job, number) if number else None
            return int(mapped) if mapped else (number if job.source is None else None)

        return tickets.paired(record.get(LINES) or (), row, known)

    def payment(self, job: Job, number: int) -> int:
        """The payment that one of the record's account became; 0 where that is not known."""
        return number if job.source is None else int(self._mapped(SalePayment, job, number) or 0)

    def note(self, job: Job, record: Record, row: Record, kinds: tills.Kinds) -> None:
        """Keep the numbers that the lines and payments of a record have become."""
        self._note(SaleLine, job, self.lines(job, record, row))
        left = tills.counted(row.get(PAYMENTS))
        pairs: tickets.Pairs = []
        for payment in tills.kept(tills.tendered(record, kinds), tills.due(row), kinds):
            there = next((each for each in left if not tills.missing([payment], [each])), None)
            left = [each for each in left if each is not there]
            pairs.append((payment, there))
        self._note(SalePayment, job, pairs)

    def _note(self, part: type[Resource], job: Job, pairs: tickets.Pairs) -> None:
        key = part.api.key
        rows = [
            Settled(self._key(job, before[key]), str(row[key]), {}) for before, row in pairs if row and before.get(key)
        ]
        if rows:
            self._ledger.settle_many(part.api.stream, rows)

    def _mapped(self, part: type[Resource], job: Job, number: Any) -> str | None:
        return self._ledger.mapped(part.api.stream, self._key(job, number))

    def _key(self, job: Job, number: int) -> str:
        return row_key(job.source if job.source is not None else self._account, number)
