"""A shop whose prices hold the tax: what customers pay is the price, and the tax is a part of it."""

from __future__ import annotations

from decimal import Decimal

from lightspeed_retail.resources.account import Shop
from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_retail.wire import Record
from lightspeed_sandbox import generate
from lightspeed_sandbox.store import Store
from tests.retailer import TODAY

CENT = Decimal("0.01")


def trade(*, tax_inclusive: bool) -> Store:
    """Some days of trade."""
    store = Store()
    scale = generate.Scale(days=12, sales_per_day=10, customers=60, items=90, tax_inclusive=tax_inclusive)
    generate.build(store, scale, TODAY)
    return store


def price_of(store: Store, sale: Record) -> Decimal:
    """What stands on the price tags, less the discounts."""
    lines = store.select(SaleLine, '"saleID" = ?', (sale["saleID"],))
    shown = sum((line["displayableSubtotal"] for line in lines), Decimal(0))
    return Decimal(shown * (1 - sale["discountPercent"]))


def test_the_price_is_the_total_and_the_tax_is_in_it() -> None:
    store = trade(tax_inclusive=True)
    sales = [sale for sale in store.select(Sale) if sale["isTaxInclusive"]]
    assert {sale["shopID"] for sale in sales} <= {shop["shopID"] for shop in store.select(Shop)}
    assert sum(sale["calcTax1"] > 0 for sale in sales) > 5
    for sale in sales:
        assert abs(sale["calcTotal"] - price_of(store, sale)) <= CENT / 2
        assert abs(sale["calcSubtotal"] - sale["calcDiscount"] + sale["taxTotal"] - sale["calcTotal"]) <= 2 * CENT
        assert not sale["completed"] or sale["balance"] == 0


def test_by_default_the_tax_comes_on_top() -> None:
    assert [sale for sale in trade(tax_inclusive=False).select(Sale) if sale["isTaxInclusive"]] == []
