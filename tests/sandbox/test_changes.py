"""Changes on request: quiet edits, rows that go for good, customers that are merged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import stamp
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import small_sandbox
from tests.sandbox.calling import Api

SALE, LINE, CUSTOMER = map(Resource.named, ("Sale", "SaleLine", "Customer"))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox() as running:
        running.clock.advance(timedelta(hours=1))
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    return Api.of(sandbox)


def test_a_quiet_edit_leaves_the_change_stamp(api: Api, sandbox: Sandbox) -> None:
    before = sandbox.store.get(SALE, 7)
    edited = api.control("POST", "edit/sales/7", json={"referenceNumber": "R7"}, params={"quiet": "1"})
    assert before is not None
    assert edited.json()["updateTime"] == before["updateTime"]
    assert edited.json()["referenceNumber"] == "R7"
    assert sandbox.edit(SALE, 7, {"referenceNumber": "R8"})["updateTime"] > before["updateTime"]


@pytest.mark.parametrize("touch", [False, True])
def test_a_row_goes_for_good_and_what_is_around_it_moves_only_if_asked_for(
    api: Api, sandbox: Sandbox, *, touch: bool
) -> None:
    line = sandbox.rows(LINE)[5]
    before = sandbox.store.get(SALE, line["saleID"])
    now = stamp(sandbox.clock.now())

    params = {"touch": "1"} if touch else {}
    gone = api.control("DELETE", f"rows/sale_lines/{line['saleLineID']}", params=params)

    after = sandbox.store.get(SALE, line["saleID"])
    assert gone.status_code == 200
    assert api.ask(f"/SaleLine/{line['saleLineID']}.json").status_code == 404
    assert before is not None
    assert after is not None
    assert after["updateTime"] >= now if touch else after == before
    assert api.control("DELETE", f"rows/sale_lines/{line['saleLineID']}").status_code == 404
    assert api.control("DELETE", "rows/unicorns/1").status_code == 404


def test_a_merged_customer_leaves_the_sales_to_the_other(api: Api, sandbox: Sandbox) -> None:
    bought = [row["customerID"] for row in sandbox.rows(SALE) if row["customerID"]]
    loser = max(set(bought), key=bought.count)
    winner = next(key for key in bought if key != loser)
    moved = {row["saleID"] for row in sandbox.rows(SALE) if row["customerID"] == loser}
    others = [row for row in sandbox.rows(SALE) if row["saleID"] not in moved]
    now = stamp(sandbox.clock.now())

    assert api.control("POST", f"merge/customers/{winner}/{loser}").status_code == 200

    assert sandbox.store.get(CUSTOMER, loser) is None
    assert [row for row in sandbox.rows(SALE) if row["saleID"] not in moved] == others
    for key in moved:
        row = sandbox.store.get(SALE, key)
        assert row is not None
        assert (row["customerID"], row["updateTime"] >= now) == (winner, True)
    assert api.control("POST", f"merge/customers/{winner}/{loser}").status_code == 404
    assert api.control("POST", f"merge/customers/{winner}/{winner}").status_code == 400
