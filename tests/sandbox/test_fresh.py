"""No answer is older than the last write, whoever wrote and however often the same was asked before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_sandbox import reports
from lightspeed_sandbox.zones import Read
from tests.retailer import small_sandbox
from tests.sandbox.calling import Api, relations
from tests.sandbox.writes import write as send

SALE, PAYMENTS = map(Resource.named, ("Sale", "ReportPaymentsByDay"))


def post(api: Api) -> None:
    """A client makes a sale."""
    assert send(api, "POST", "/Sale.json", {"employeeID": 1, "registerID": 1, "shopID": 1}).status_code == 200


def put(api: Api) -> None:
    """A client changes a sale."""
    assert send(api, "PUT", "/Sale/7.json", {"referenceNumber": "R7"}).status_code == 200


def delete(api: Api) -> None:
    """A client archives a sale."""
    assert send(api, "DELETE", f"/Sale/{open_sale(api)}.json").status_code == 200


def post_line(api: Api) -> None:
    """A client adds a line to a sale, which comes along with it."""
    body = {"saleID": open_sale(api), "shopID": 1, "employeeID": 1, "unitQuantity": 1, "unitPrice": "5"}
    assert send(api, "POST", "/SaleLine.json", body).status_code == 200


def edit(api: Api) -> None:
    """A test edits a sale quietly."""
    api.control("POST", "edit/sales/7", params={"quiet": "1"}, json={"referenceNumber": "Q7"}).raise_for_status()


def edit_line(api: Api) -> None:
    """A test edits a row that comes along with a sale."""
    api.control("POST", "edit/sale_lines/7", params={"quiet": "1"}, json={"unitQuantity": 99}).raise_for_status()


def remove(api: Api) -> None:
    """A test removes a row for good."""
    api.control("DELETE", "rows/sales/7").raise_for_status()


def merge(api: Api) -> None:
    """A test merges two customers."""
    loser = next(row["customerID"] for row in api.sandbox.rows(SALE) if row["customerID"] > 1)
    api.control("POST", f"merge/customers/1/{loser}").raise_for_status()


def advance(api: Api) -> None:
    """A day passes, and with it the hour of the token."""
    api.control("POST", "advance", params={"days": "1"}).raise_for_status()
    api.token = Api.of(api.sandbox).token


def open_sale(api: Api) -> int:
    """A sale that is not completed."""
    return int(next(row["saleID"] for row in api.sandbox.rows(SALE) if not row["completed"] and not row["archived"]))


@pytest.mark.parametrize("write", [post, put, delete, post_line, edit, edit_line, remove, merge, advance])
def test_every_kind_of_write_is_in_the_next_answer(write: Callable[[Api], None]) -> None:
    with small_sandbox() as sandbox:
        api = Api.of(sandbox)
        if write in (delete, post_line):
            post(api)

        def whole() -> list[list[dict[str, Any]]]:
            asked = relations("SaleLines", "SalePayments", "Customer")
            return list(api.pages(SALE, archived="true", load_relations=asked))

        before = whole()
        assert whole() == before
        write(api)
        assert whole() != before


def test_what_is_refused_leaves_answers_as_they_were() -> None:
    with small_sandbox() as sandbox:
        api = Api.of(sandbox)
        before = api.ask("/Sale.json", load_relations=relations("SaleLines")).content
        assert send(api, "POST", "/Sale.json", {"shopID": "none"}).status_code >= 400
        assert api.ask("/Sale.json", load_relations=relations("SaleLines")).content == before


def test_reports_are_worked_out_anew_for_rows_but_not_for_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    worked_out: list[type[Resource]] = []

    def counting(resource: type[Resource], read: Read) -> list[list[Any]]:
        worked_out.append(resource)
        return rows(resource, read)

    rows = reports.rows
    monkeypatch.setattr(reports, "rows", counting)
    with small_sandbox() as sandbox:
        before = sandbox.rows(PAYMENTS)
        sandbox.issue_refresh_token()
        assert sandbox.rows(PAYMENTS) == before
        assert worked_out == [PAYMENTS]
        completed = next(row["saleID"] for row in sandbox.rows(SALE) if row["completed"] and row["calcPayments"])
        (payment, *_) = sandbox.store.select(Resource.named("SalePayment"), '"saleID" = ?', (completed,))
        sandbox.edit(Resource.named("SalePayment"), payment["salePaymentID"], {"amount": 1_000_000, "archived": False})
        assert sandbox.rows(PAYMENTS) != before
        assert worked_out == [PAYMENTS, PAYMENTS]
