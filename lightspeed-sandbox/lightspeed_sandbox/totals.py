"""How a ticket adds up: lines with all their digits, the sale rounded to cents.

Source: the fields on the pages of Sale and SaleLine, and sale 277 of the tutorial "Sales": 29.99 at 5 % and 9.975 %
make 34.48. With prices that include the tax, the subtotal is what is left without it (inferred: no such sale is
published).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby

from lightspeed_retail.resources import parts
from lightspeed_retail.wire import Record
from lightspeed_sandbox.generate.values import ZERO, cents, record

_RATES = ("tax1Rate", "tax2Rate")
_ON_CREDIT = ("credit account", "gift card")


def work_out(line: Record, sale: Record) -> None:
    """What a line costs, by its price, discounts and tax rates."""
    rates = [line[name] if line["tax"] else ZERO for name in _RATES]
    subtotal = line["unitPrice"] * line["unitQuantity"]
    own = line["discountAmount"] + subtotal * line["discountPercent"]
    shared = (subtotal - own) * sale["discountPercent"]
    net, shown = subtotal - own - shared, subtotal - own
    if sale["isTaxInclusive"]:
        share = 1 / (1 + sum(rates, ZERO))
        subtotal, own, shared, net = subtotal * share, own * share, shared * share, net * share
    taxes = [net * rate if line["tax"] else ZERO for rate in rates]
    line.update(
        calcSubtotal=subtotal,
        calcLineDiscount=own,
        calcTransactionDiscount=shared,
        calcTax1=taxes[0],
        calcTax2=taxes[1],
        calcTotal=net + taxes[0] + taxes[1],
        displayableSubtotal=shown,
        displayableUnitPrice=line["unitPrice"],
    )


def add_up(sale: Record, lines: Sequence[Record], classes: Mapping[int, str], taxes: Record | None) -> None:
    """The totals of a sale from its lines.

    Args:
        sale: The sale.
        lines: Its lines, worked out.
        classes: Names of tax classes.
        taxes: Its tax category.
    """
    goods = cents(_sum(lines, "calcSubtotal"))
    discount = cents(_sum(lines, "calcLineDiscount") + _sum(lines, "calcTransactionDiscount"))
    first, second = (cents(_sum(lines, name)) for name in ("calcTax1", "calcTax2"))
    taxed = cents(sum((_net(line) for line in lines if line["tax"]), ZERO))
    total = cents(_sum(lines, "calcTotal")) if sale["isTaxInclusive"] else goods - discount + first + second
    sale.update(
        calcSubtotal=goods,
        calcDiscount=discount,
        calcTax1=first,
        calcTax2=second,
        taxTotal=first + second,
        calcTaxable=taxed,
        calcNonTaxable=goods - discount - taxed,
        calcAvgCost=_cost(lines, "avgCost"),
        calcFIFOCost=_cost(lines, "fifoCost"),
        calcItemFees=cents(sum((_net(line) for line in lines if line["itemFeeID"]), ZERO)),
        displayableSubtotal=goods - discount,
        tippableAmount=goods - discount if sale["tipEnabled"] else ZERO,
        calcTotal=total,
        total=total,
        cashRoundedTotal=total,
        TaxClassTotals=_by_tax_class(lines, classes, taxes or {}),
    )


def balance(sale: Record, payments: Iterable[Record], kinds: Mapping[int, str]) -> None:
    """Set what has been paid against the total; payments that were replaced do not count.

    Args:
        sale: The sale, added up.
        payments: Its payments.
        kinds: The types of the ways to pay.
    """
    counted = [payment for payment in payments if not payment["archived"]]
    on_credit = [payment for payment in counted if kinds.get(payment["paymentTypeID"]) in _ON_CREDIT]
    deposits = [payment for payment in on_credit if payment["amount"] < ZERO]
    paid = _sum(counted, "amount")
    sale.update(
        calcPayments=paid,
        calcTips=_sum(counted, "tipAmount"),
        balance=sale["calcTotal"] - paid,
        cashRoundedBalance=sale["calcTotal"] - paid,
        totalDue=sale["calcTotal"] - _sum(on_credit, "amount"),
        displayableTotal=sale["calcTotal"] - (_sum(deposits, "amount") if sale["calcTotal"] >= ZERO else ZERO),
    )


def _net(line: Record) -> Decimal:
    found: Decimal = line["calcSubtotal"] - line["calcLineDiscount"] - line["calcTransactionDiscount"]
    return found


def _sum(rows: Iterable[Record], name: str) -> Decimal:
    return sum((row[name] for row in rows), ZERO)


def _cost(lines: Iterable[Record], name: str) -> Decimal:
    return cents(sum((line[name] * line["unitQuantity"] for line in lines), ZERO))


def _by_tax_class(lines: Sequence[Record], classes: Mapping[int, str], taxes: Record) -> list[Record]:
    ordered = sorted(lines, key=_tax_class)
    return [_tax(number, classes, taxes, list(group)) for number, group in groupby(ordered, _tax_class)]


def _tax_class(line: Record) -> int:
    return int(line["taxClassID"])


def _tax(number: int, classes: Mapping[int, str], taxes: Record, lines: list[Record]) -> Record:
    subtotal = cents(sum((_net(line) for line in lines), ZERO))
    return record(
        parts.Tax,
        id=number,
        name=classes.get(number, ""),
        taxable=cents(sum((_net(line) for line in lines if line["tax"]), ZERO)),
        rate=taxes.get("tax1Rate", ZERO),
        amount=cents(_sum(lines, "calcTax1")),
        taxname=taxes.get("tax1Name", ""),
        subtotal=subtotal,
        rate2=taxes.get("tax2Rate", ZERO),
        amount2=cents(_sum(lines, "calcTax2")),
        taxname2=taxes.get("tax2Name", ""),
        subtotal2=subtotal if taxes.get("tax2Rate") else ZERO,
    )
