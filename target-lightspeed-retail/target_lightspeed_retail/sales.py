"""Writes sales: posted open, checked against what Lightspeed works out, then completed; never twice, never half.

Source: section 6.4 of the API reference.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

from lightspeed_retail.errors import ApiError, RetriableError
from lightspeed_retail.resources.account import Shop
from lightspeed_retail.resources.sales import Sale
from lightspeed_retail.wire import Record
from target_lightspeed_retail import tickets, tills
from target_lightspeed_retail.checks import see_that_it_can_be_made
from target_lightspeed_retail.creation import plain
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.known import Known, number_of
from target_lightspeed_retail.options import Mode
from target_lightspeed_retail.records import Pointer, RejectedError
from target_lightspeed_retail.results import Result
from target_lightspeed_retail.sale_numbers import Numbers
from target_lightspeed_retail.selling import LINES, PAYMENTS, Selling
from target_lightspeed_retail.steps import Step
from target_lightspeed_retail.writer import Writer

_CLOSING = ("completed", "completeTime", "change", PAYMENTS)
# What the API takes on creation only.
_ONCE = ("enablePromotions", "archived", "ShipTo", "quoteID", LINES)
# What of a completed sale can be changed still; lines, payments and what else makes its total cannot.
_CHANGEABLE = (
    "customerID",
    "employeeID",
    "tipEmployeeID",
    "completeTime",
    "receiptPreference",
    tickets.NUMBER,
    tickets.SOURCE,
    "SaleNotes",
)
_FIXED = ("shopID", "registerID", "taxCategoryID", "discountPercent")


class KnownSales(Known):
    """Sales by their key and their reference; those that were given up are found by their key alone."""

    def _add(self, rows: Iterable[Record]) -> None:
        listed = list(rows)
        super()._add(listed)
        for row in filter(tickets.is_rolled_back, listed):
            for keys in self._keys.values():
                keys.discard(row[Sale.api.key])


class SaleWriter(Writer):
    """Writes sales, with their lines and payments."""

    @cached_property
    def selling(self) -> Selling:
        """Sends what makes and completes sales."""
        return Selling(self.tools, self._remove)

    @cached_property
    def numbers(self) -> Numbers:
        """Knows what lines and payments have become."""
        return Numbers(self.tools.ledger, self.tools.account)

    def begin(self, job: Job) -> None:
        """Refuse what the API cannot do, and take out what does not count or cannot be sent."""
        wanted = job.wanted
        if wanted.get("voided") and not self._ends(job):
            raise RejectedError("The sale was voided, and the API does not let a sale be made void.")
        replaced = [each for each in wanted.get(PAYMENTS) or () if each.get("archived")]
        if replaced:
            wanted[PAYMENTS] = tills.counted(wanted[PAYMENTS])
            amounts = ", ".join(f"{each.get('amount') or 0:.2f}" for each in replaced)
            job.remark = f"Left out: payments that are archived ({amounts}), because others replaced them."
        self._name_register(job)
        ship_to = wanted.pop("shipToID", None)
        if isinstance(ship_to, Pointer) and ship_to.described:
            wanted["ShipTo"] = {name: value for name, value in ship_to.described.items() if name != Sale.api.key}
        if job.source is not None:
            wanted.pop("quoteID", None)

    def _name_register(self, job: Job) -> None:
        """Registers have their names within their shop."""
        register, shop = job.wanted.get("registerID"), job.wanted.get("shopID")
        if isinstance(register, Pointer) and register.text and isinstance(shop, Pointer):
            with suppress(RejectedError):
                number = self.tools.references.key(shop, job.source)
                named = {"name": register.text, Shop.api.key: number}
                job.wanted["registerID"] = replace(register, text=None, described=named)

    def prepared(self, job: Job, record: Record) -> Record:
        """A record with its whole reference, and without what the API does not take along with a sale."""
        record = tickets.clean_header(job, tickets.referred(job, record))
        if LINES in record:
            record[LINES] = [tickets.clean_line(line) for line in record[LINES] or ()]
        if PAYMENTS in record:
            record[PAYMENTS] = [self._payment(job, payment) for payment in record[PAYMENTS] or ()]
        return record

    def _payment(self, job: Job, payment: Record) -> Record:
        """A payment without what a gateway keeps of it; the payment that it pays back is named as it is here."""
        kept = {name: value for name, value in payment.items() if name != "CCCharge" and value not in (None, "")}
        before = self.numbers.payment(job, int(kept.pop("refPaymentID", 0)))
        return {**kept, "refPaymentID": before} if before else kept

    def _known(self, ready: list[tuple[Job, Record]]) -> Known:
        relations = self.relations(record for _, record in ready)
        known = KnownSales(Sale, self.tools.options.match(Sale), self.tools.finder, relations)
        known.prepare(ready)
        return known

    def relations(self, records: Iterable[Record]) -> set[str]:
        """Lines and payments are always looked at."""
        return super().relations(records) | {LINES, PAYMENTS}

    def _is_blind(self, job: Job, record: Record) -> bool:  # noqa: ARG002  a sale is always looked at
        return False

    def create(self, job: Job, record: Record, known: Known) -> None:
        """Post a sale, then complete it; one that cannot be completed does not stay."""
        if record.get("archived"):
            self._note(job, Result.unchanged(None, "A sale that was given up is not made anew."))
            return
        body = self.body_of_new(record)
        see_that_it_can_be_made(self.resource, body)
        self.selling.see_that_it_adds_up(record)
        self.tools.results.allow_change(job)
        if self.tools.options.dry_run:
            self.finish(job, {}, Result.created(None, sorted({*body, *_said(record)})))
            return
        self._complete_new(job, record, self.selling.posted(job, record, body), known)

    def body_of_new(self, record: Record) -> Record:
        """What is posted: all of a sale that stays open or is completed at once; otherwise no payments yet."""
        at_once = not record.get("completed") or self.selling.is_certain(record)
        left_out = ("change",) if at_once else _CLOSING
        body = super().body_of_new({name: value for name, value in record.items() if name not in left_out})
        return body | {name: 0 for name in tickets.ZEROS if record.get(name) == 0}

    def _complete_new(self, job: Job, record: Record, row: Record, known: Known) -> None:
        """Complete a sale that was posted for a record, or take it back."""
        try:
            row = self.selling.closed(job, record, row)
        except RetriableError:
            raise
        except (RejectedError, ApiError) as error:
            raise RejectedError(f"{error} {self._taken_back(job, row)}") from None
        known.add(row)
        self._end(job, record, row, Result.created(self._id(row), _said(record)))

    def _taken_back(self, job: Job, row: Record) -> str:
        """Archive the open sale of a record that is rejected; what has become of it, in words."""
        try:
            self.selling.take_back(job, row)
        except RetriableError:
            raise
        except ApiError as error:
            return f"The sale {self._id(row)} stays open, because it cannot be archived: {error}"
        return f"The open sale {self._id(row)} was archived again."

    def update(self, step: Step, known: Known) -> None:
        """Bring a sale that is there to what the record says, as far as it is open still."""
        row = step.row or {}
        step = replace(step, record=_without_derived(step))
        if row.get("voided"):
            raise RejectedError(f"The sale {self._id(row)} was voided in Lightspeed.")
        if row.get("completed"):
            self._update_completed(step, known)
        elif step.record.get("archived"):
            self.archive(step, known)
        elif row.get("archived"):
            raise RejectedError(f"The sale {self._id(row)} was archived in Lightspeed before it was completed.")
        else:
            self._update_open(step, known)

    def _update_completed(self, step: Step, known: Known) -> None:
        row, record = step.row or {}, step.record
        self._see_that_the_rest_is_as_fixed(step)
        changes = tickets.header_difference(record, row, _CHANGEABLE)
        if not record.get("completeTime"):
            changes.pop("completeTime", None)
        if not changes:
            self._end(step.job, record, row, Result.unchanged(self._id(row)), written=False)
            return
        self._see_that_it_may_change(step)
        self._note_numbers(step.job, record, row)
        self._send_changes(step.job, changes, record, known, row)

    def _see_that_the_rest_is_as_fixed(self, step: Step) -> None:
        """Refuse a record that wants of a completed sale what cannot be changed any more."""
        row, record = step.row or {}, step.record
        number = self._id(row)
        if record.get("completed") is False:
            raise RejectedError(f"The sale {number} is completed, and the record says that it is not.")
        told = {name: value for name, value in record.items() if name in _FIXED and value is not None}
        differing = list(tickets.header_difference(told, row, _FIXED))
        if LINES in record and tickets.fixed_lines_differ(self.numbers.lines(step.job, record, row), row):
            differing.append(LINES)
        if PAYMENTS in record and self._pays_otherwise(record, row):
            differing.append(PAYMENTS)
        if differing:
            raise RejectedError(f"The sale {number} is completed, so its {' and '.join(differing)} cannot change.")

    def _pays_otherwise(self, record: Record, row: Record) -> bool:
        kinds = self.selling.kinds
        payments = tills.kept(tills.tendered(record, kinds), tills.due(row), kinds)
        return tills.differ(payments, row.get(PAYMENTS) or ())

    def _see_that_it_may_change(self, step: Step) -> None:
        """Refuse a record that is stale, or one whose sale was made of another record."""
        self.see_that_it_is_newer(step)
        number = self._id(step.row or {})
        owner = self.tools.ledger.owners(Sale.api.stream, [number]).get(number)
        if owner not in (None, step.job.key) and number_of(step.job) is None:
            raise RejectedError(f"The sale {number} has the same reference, but was made of another record: {owner}.")

    def _update_open(self, step: Step, known: Known) -> None:
        row, record, job = step.row or {}, step.record, step.job
        changes = self._open_changes(step, row)
        closing = {} if LINES in changes else self.selling.closing(record, row)
        if not changes and not closing:
            self._end(job, record, row, Result.unchanged(self._id(row)), written=False)
            return
        self._see_that_it_may_change(step)
        self.selling.see_that_it_adds_up(record)
        self.tools.results.allow_change(job)
        planned = {**changes, **closing, **({"completed": True} if record.get("completed") else {})}
        if self.tools.options.dry_run:
            told = {name: (row.get(name), new) for name, new in planned.items()}
            self.finish(job, row, Result.updated(self._id(row), told))
            return
        row = self.selling.changed(step.job, row, lambda now: self._open_changes(step, now))
        row = self.selling.closed(step.job, record, row)
        known.add(row)
        self._end(job, record, row, Result.updated(self._id(row), sorted(planned)))

    def _open_changes(self, step: Step, row: Record) -> Record:
        """What differs of an open sale apart from what closes it; lines that the record lacks stay."""
        names = [field.name for field in Sale.writable() if field.name not in (*_CLOSING, *_ONCE)]
        changes = tickets.header_difference(step.record, row, names)
        lines = tickets.changed_lines(self.numbers.lines(step.job, step.record, row), row)
        return {**changes, LINES: lines} if lines else changes

    def archive(self, step: Step, known: Known) -> None:
        """Archive an open sale; a completed one stays."""
        if step.row is not None and step.row.get("completed"):
            raise RejectedError(f"The sale {self._id(step.row)} is completed: it can be refunded, not archived.")
        super().archive(step, known)

    def _settle_intent(self, job: Job, record: Record, known: Known) -> None:
        """A killed run was about to make the sale, or to complete it: go on where it stopped."""
        self.tools.let_it_be_done(job.entry)
        intent: dict[str, Any] = (job.entry.intent if job.entry is not None else None) or {}
        number, body = intent.get(Sale.api.key), intent.get("body") or record
        row = self.selling.read(int(number)) if number else self.selling.by_reference(body)
        if row is not None and tickets.is_rolled_back(row):
            row = None
        if self.tools.options.dry_run:
            self.decide(Step(job, record, row), known)
        elif row is not None and self._goes_on(job, record, row, body):
            self._go_on(job, record, row, known)
        else:
            self._begin_anew(job, record, row, known)

    def _goes_on(self, job: Job, record: Record, row: Record, body: Record) -> bool:
        if self._ends(job):
            return False
        return bool(row.get("completed")) or body == plain(self.body_of_new(record))

    def _go_on(self, job: Job, record: Record, row: Record, known: Known) -> None:
        if row.get("completed"):
            self.tools.ledger.settle(job.stream, job.key, self._id(row), {})
            self._see_that_the_rest_is_as_fixed(Step(job, record, row))
        self._complete_new(job, record, row, known)

    def _begin_anew(self, job: Job, record: Record, row: Record | None, known: Known) -> None:
        """Nothing was made, or something that the record is not any more."""
        if row is not None and not row.get("completed"):
            self.selling.take_back(job, row)
            known.forget(int(self._id(row)))
        self.tools.ledger.withdraw(job.stream, job.key)
        job.entry = None
        known.prepare([(job, record)])
        self.decide(Step(job, record, known.row(job, record)), known)

    def _ends(self, job: Job) -> bool:
        return job.deleted or self.mode is Mode.ARCHIVE

    def _end(self, job: Job, record: Record, row: Record, result: Result, *, written: bool = True) -> None:
        self._note_numbers(job, record, row)
        self.finish(job, row, result, written=written)

    def _note_numbers(self, job: Job, record: Record, row: Record) -> None:
        if not self.tools.options.dry_run:
            self.numbers.note(job, record, row, self.selling.kinds)

    def finish(self, job: Job, row: Record, result: Result, *, written: bool = True) -> None:
        """Say what was left out, too."""
        reason = " ".join(filter(None, (result.reason, job.remark)))
        super().finish(job, row, replace(result, reason=reason or None), written=written)


def _without_derived(step: Step) -> Record:
    """A derived reference never takes the place of one that the sale has."""
    row, given = step.row or {}, step.job.wanted
    derived = [name for name in (tickets.SOURCE, tickets.NUMBER) if not given.get(name) and row.get(name)]
    return {name: value for name, value in step.record.items() if name not in derived}


def _said(record: Record) -> list[str]:
    """The fields that a record has a value for."""
    return sorted(field.name for field in Sale.writable() if record.get(field.name) not in (None, "", [], 0))
