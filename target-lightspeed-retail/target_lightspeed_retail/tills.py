"""Whether the payments of a sale come to what it costs.

Source: section 6.4 of the API reference: payments equal the total; cash may exceed it and is changed, nothing else may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from lightspeed_retail.wire import Record
from target_lightspeed_retail.records import RejectedError

Kinds = Mapping[int, str]
"""The type of each way to pay, by its key: the API's own word for it, whatever the retailer calls it."""

_CASH = "cash"
_ZERO = Decimal(0)
_HALF_A_CENT = Decimal("0.005")


def counted(payments: Iterable[Record] | None) -> list[Record]:
    """The payments that count: archived ones were replaced by others."""
    return [payment for payment in payments or () if not payment.get("archived")]


def total_of(record: Record) -> Decimal | None:
    """What a record says that the sale comes to, taxes included."""
    told = [record.get(name) for name in ("calcTotal", "total")]
    return next((Decimal(value) for value in told if value is not None), None)


def due(row: Record) -> Decimal:
    """What a sale comes to that Lightspeed has worked out."""
    return total_of(row) or _ZERO


def paid(payments: Iterable[Record]) -> Decimal:
    """What payments come to."""
    return sum((_amount(payment) for payment in payments), _ZERO)


def has_cash(payments: Iterable[Record], kinds: Kinds) -> bool:
    """Whether some of it is paid in cash."""
    return any(_is_cash(payment, kinds) for payment in payments)


def tendered(record: Record, kinds: Kinds) -> list[Record]:
    """The payments of a record, cash as it was handed over.

    Lightspeed keeps of cash what was due, and beside it the change that was given: both are needed to sell again.
    """
    payments = [dict(payment) for payment in record.get("SalePayments") or ()]
    total, change = total_of(record), Decimal(record.get("change") or 0)
    cash = next((payment for payment in payments if _is_cash(payment, kinds) and _amount(payment) > _ZERO), None)
    if change > _ZERO and cash is not None and total is not None and paid(payments) == total:
        cash["amount"] = _amount(cash) + change
    return payments


def kept(payments: Sequence[Record], total: Decimal, kinds: Kinds) -> list[Record]:
    """Payments as a completed sale keeps them: without the change that was given."""
    over = max(paid(payments) - total, _ZERO)
    found = []
    for payment in payments:
        back = min(over, _amount(payment)) if _is_cash(payment, kinds) and _amount(payment) > _ZERO else _ZERO
        over -= back
        found.append({**payment, "amount": _amount(payment) - back})
    return found


def missing(wanted: Iterable[Record], there: Iterable[Record]) -> list[Record]:
    """Payments of a record that its sale does not have yet: no payment is ever added twice."""
    left = counted(there)
    new = []
    for payment in wanted:
        known = next((each for each in left if _is_same(payment, each)), None)
        if known is None:
            new.append(payment)
        else:
            left.remove(known)
    return new


def differ(wanted: Sequence[Record], there: Iterable[Record]) -> bool:
    """Whether two lists of payments are not the same money."""
    listed = counted(there)
    return len(wanted) != len(listed) or bool(missing(wanted, listed))


def see_that_totals_agree(record: Record, total: Decimal) -> None:
    """Refuse a sale that Lightspeed works out otherwise than its source did.

    Raises:
        RejectedError: It does.
    """
    told = total_of(record)
    if told is None or abs(told - total) < _HALF_A_CENT:
        return
    difference = f"{_money(abs(total - told))} {'more' if total > told else 'less'}"
    raise RejectedError(
        f"Lightspeed works out {_money(total)} for the sale, the record says {_money(told)}: {difference}. "
        "The taxes of the shop, the customer or an item are the likely cause."
    )


def see_that_it_balances(total: Decimal, payments: Sequence[Record], kinds: Kinds, rounded: Decimal | None) -> None:
    """Refuse payments with which a sale cannot be completed.

    Args:
        total: What the sale comes to.
        payments: All its payments.
        kinds: The types of the ways to pay.
        rounded: What it comes to in cash, in countries without small coins.

    Raises:
        RejectedError: They are too little or too much.
    """
    given = paid(payments)
    cash = sum((_amount(each) for each in payments if _is_cash(each, kinds) and _amount(each) > _ZERO), _ZERO)
    if given == total or (rounded is not None and given == rounded and has_cash(payments, kinds)):
        return
    what = "refund" if total < _ZERO else "sale"
    said = f"The payments come to {_money(given)} and the {what} to {_money(total)}"
    if total < _ZERO:
        raise RejectedError(f"{said}: what is paid out must be what the {what} comes to.")
    if given < total:
        raise RejectedError(f"{said}: {_money(total - given)} is missing.")
    if cash < given - total:
        raise RejectedError(
            f"{said}: {_money(given - total)} too much. Only cash may be more, and {_money(cash)} of it is cash."
        )


def _is_same(payment: Record, known: Record) -> bool:
    mark = payment.get("remoteReference")
    if mark:
        return bool(mark == known.get("remoteReference"))
    return _amount(payment) == _amount(known) and payment.get("paymentTypeID") == known.get("paymentTypeID")


def _is_cash(payment: Record, kinds: Kinds) -> bool:
    return kinds.get(payment.get("paymentTypeID") or 0) == _CASH


def _amount(payment: Record) -> Decimal:
    return Decimal(payment.get("amount") or 0)


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"
