"""What writes cost, by the price list of the reference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.write_prices import action_price, path_price, write_price

LINE = {"itemID": "12", "unitQuantity": "1"}
CONTACT = {
    "Addresses": {"ContactAddress": {"address1": "1 Example Street"}},
    "Phones": {"ContactPhone": [{"number": "1", "useType": "Home"}, {"number": "2", "useType": "Work"}]},
    "Emails": {"ContactEmail": {"address": "ada@example.com", "useType": "Primary"}},
    "Websites": "",
}


@pytest.mark.parametrize(
    ("resource", "method", "body", "price"),
    [
        ("Customer", "POST", {"firstName": "Ada"}, "1"),
        ("Customer", "DELETE", None, "1"),
        ("Customer", "POST", {"firstName": "Ada", "Contact": CONTACT}, "3.5"),
        ("Customer", "PUT", {"Tags": {"tag": ["a", "b"]}}, "2"),
        ("Customer", "PUT", {"Tags": "", "CustomFieldValues": {}}, "1"),
        ("Category", "POST", {"name": "x"}, "10"),
        ("Category", "PUT", {"name": "x"}, "10"),
        ("Category", "DELETE", None, "10"),
        ("InventoryCountReconcile", "POST", {"inventoryCountID": "1"}, "10"),
        ("Sale", "POST", {"employeeID": "1"}, "2"),
        ("Sale", "DELETE", None, "2"),
        ("Sale", "PUT", {"completed": "true"}, "5"),
        ("Sale", "PUT", {"completed": True}, "5"),
        ("Sale", "PUT", {"completed": "false"}, "2"),
        ("Sale", "POST", {"SaleLines": {"SaleLine": LINE}}, "2.5"),
        ("Sale", "POST", {"SaleLines": {"SaleLine": [LINE, {**LINE, "Note": {"note": "x"}}]}}, "3.5"),
        ("Sale", "POST", {"SaleLines": [{"SaleLine": LINE}, {"SaleLine": LINE}]}, "3"),
        (
            "Sale",
            "POST",
            {
                "completed": "true",
                "SaleLines": {"SaleLine": [LINE, LINE]},
                "SalePayments": {"SalePayment": {"amount": "3", "paymentTypeID": "1"}},
            },
            "6.5",
        ),
        ("SaleLine", "PUT", {"unitQuantity": "2"}, "2"),
        ("Item", "POST", {"description": "x", "Prices": {"ItemPrice": [{"amount": "1"}, {"amount": "2"}]}}, "2"),
        ("Item", "PUT", {"unheardOf": {"Thing": [{"a": "1"}, {"a": "2"}]}}, "2"),
        ("Item", "PUT", {"unheardOf": {"a": "1", "b": "2"}}, "1.5"),
        ("Item", "PUT", {"unheardOf": "x"}, "1"),
    ],
)
def test_a_write_costs_its_base_its_surcharges_and_its_rows(
    resource: str, method: str, body: dict[str, Any] | None, price: str
) -> None:
    assert write_price(Resource.named(resource), method, body) == Decimal(price)


def test_an_action_has_a_price_of_its_own() -> None:
    sale = Resource.named("Sale")
    prices = {action.name: action_price(sale, action) for action in sale.api.actions}
    assert prices == {"refund": 10, "receipt": 5}
    refund = next(action for action in sale.api.actions if action.name == "refund")
    assert action_price(sale, refund, {"SaleLines": {"SaleLine": LINE}}) == Decimal("10.5")


@pytest.mark.parametrize(
    ("method", "path", "price"),
    [
        ("POST", "/Category.json", "10"),
        ("PUT", "/Category/12.json", "10"),
        ("DELETE", "/Sale/12.json", "2"),
        ("POST", "/Sale/12/refund.json", "10"),
        ("PUT", "/Sale/12/SaleLine/3.json", "2"),
        ("POST", "/Item/CustomField.json", "1"),
        ("POST", "/Unheard/Of.json", "1"),
    ],
)
def test_a_path_costs_what_its_declaration_says(method: str, path: str, price: str) -> None:
    assert path_price(method, path, {}) == Decimal(price)


def test_rows_sent_to_an_unknown_path_are_counted_too() -> None:
    assert path_price("POST", "/Unheard.json", {"Rows": {"Row": [{"a": "1"}, {"a": "2"}]}}) == 2
