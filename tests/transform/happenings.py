"""What can happen to a ticket, and how often it has in an account."""

from __future__ import annotations

from lightspeed_retail.wire import Record
from tests.transform.reckoning import Account, is_refund


def kinds_of_trade(trade: Account) -> dict[str, int]:
    """How often the tickets that count, or were voided, met with each thing that can happen to them."""
    sales = trade.completed
    lines = [line for sale in sales for line in trade.lines[sale["saleID"]]]
    rates = trade.by_key("TaxCategory")
    return {
        "refunds": sum(map(is_refund, sales)),
        "voids after completion": sum(bool(sale["voided"] and sale["completed"]) for sale in trade.rows("Sale")),
        "edits after completion": sum(_is_edited(sale) for sale in sales),
        "discounts of lines": sum(line["calcLineDiscount"] != 0 for line in lines),
        "discounts of tickets": sum(line["calcTransactionDiscount"] != 0 for line in lines),
        "two tax rates": sum(sale["calcTax2"] != 0 for sale in sales),
        "prices with tax": sum(bool(sale["isTaxInclusive"] and sale["calcTax1"]) for sale in sales),
        "untaxed sales": sum(rates[sale["taxCategoryID"]]["tax1Rate"] == 0 for sale in sales),
        "layaways": sum(bool(line["isLayaway"]) for line in lines),
        **_kinds_of_payment(trade),
    }


def _kinds_of_payment(trade: Account) -> dict[str, int]:
    types = {row["paymentTypeID"]: row["type"] for row in trade.rows("PaymentType")}
    counted = {sale["saleID"] for sale in trade.completed}
    paid = [row for row in trade.rows("SalePayment") if row["saleID"] in counted]
    by_card = [row["amount"] for row in paid if types[row["paymentTypeID"]] == "gift card"]
    return {
        "gift cards sold": sum(amount < 0 for amount in by_card),
        "gift cards spent": sum(amount > 0 for amount in by_card),
        "payments replaced": sum(bool(row["archived"]) for row in paid),
    }


def _is_edited(sale: Record) -> bool:
    """Whether a sale got another customer later: then it has this note."""
    notes = (sale["SaleNotes"] or {}).get("InternalNote") or {}
    return bool(notes.get("note") == "Customer added later.")
