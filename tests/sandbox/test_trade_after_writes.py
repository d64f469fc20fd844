"""Trade goes on after a client has written: what the rows of a client lack is no stumbling block for the days after."""

from __future__ import annotations

from lightspeed_retail.connection import connect
from lightspeed_retail.resources.sales import Sale
from lightspeed_retail.writes import Writes
from tests.retailer import small_sandbox, small_store


def test_a_sale_without_taxes_can_be_refunded_in_the_days_after() -> None:
    with small_sandbox(small_store(days=3, sales_per_day=2)) as sandbox:
        settings = {
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "refresh_token": sandbox.issue_refresh_token(),
            "api_url": sandbox.url,
            "auth_url": sandbox.url,
        }
        writes = Writes(connect(settings))
        for _ in range(40):
            body = {
                "employeeID": "1",
                "registerID": "1",
                "shopID": "1",
                "taxCategoryID": "0",
                "completed": "true",
                "SaleLines": {"SaleLine": {"itemID": "1", "unitQuantity": "1", "unitPrice": "5"}},
                "SalePayments": {"SalePayment": {"paymentTypeID": "1", "amount": "5"}},
            }
            assert writes.create(Sale, body)["completed"] == "true"
        sandbox.advance(10)
        untaxed = sandbox.store.select(Sale, '"taxCategoryID" = 0')
        assert any(sale["calcTotal"] < 0 for sale in untaxed), "no such sale was refunded: the test shows nothing"
