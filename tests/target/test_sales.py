"""Sales through the target's command line: completed to the cent, changed as far as they can be, or refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.serve import Sandbox
from tests.sandbox.calling import Api
from tests.sandbox.writes import write, written
from tests.target.tickets import (
    ELSEWHERE,
    MOMENT,
    POST,
    PUT,
    api,
    is_sold_once,
    item,
    kept,
    line,
    lines_of,
    paid,
    payments_of,
    sandbox,
    sell,
    ticket,
)
from tests.targeting import messages, rows, run

__all__ = ["api", "item", "sandbox"]


def test_a_sale_is_posted_open_and_completed_when_its_total_is_known(sandbox: Sandbox, tmp_path: Path) -> None:
    done = sell(sandbox, tmp_path, ticket(SalePayments=[paid("15")], SaleNotes={"InternalNote": {"note": "inside"}}))
    assert done.operations == ["created"]
    assert done.writes == [POST, PUT]
    sale = is_sold_once(sandbox)
    assert sale["change"] == 5
    assert (sale["referenceNumberSource"], sale["referenceNumber"]) == ("singer", "1001")
    assert sale["SaleNotes"]["InternalNote"]["note"] == "inside"


def test_cash_that_was_changed_is_changed_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """Lightspeed keeps of cash what was due, and the change beside it: so the tap reads it."""
    read = ticket(calcTotal="10", change="5", SalePayments=[paid("10")])
    assert sell(sandbox, tmp_path, read).operations == ["created"]
    assert is_sold_once(sandbox)["change"] == 5
    (tmp_path / "ledger.sqlite").unlink()
    assert sell(sandbox, tmp_path, read).operations == ["unchanged"]


def test_nothing_is_sent_again_with_the_ledger_or_without(sandbox: Sandbox, tmp_path: Path) -> None:
    tickets = [ticket(str(number), SalePayments=[paid("15")]) for number in range(30)]
    first = sell(sandbox, tmp_path, *tickets)
    again = sell(sandbox, tmp_path, *tickets)
    assert (again.operations, again.writes, again.drips) == (["unchanged"] * 30, [], 1)
    (tmp_path / "ledger.sqlite").unlink()
    found = sell(sandbox, tmp_path, *tickets)
    assert (found.operations, found.writes, found.ids) == (["unchanged"] * 30, [], first.ids)
    assert len(kept(sandbox)) == 30


def test_one_request_is_enough_where_the_api_itself_checks_the_total(sandbox: Sandbox, tmp_path: Path) -> None:
    card = ticket("card", calcTotal="10", SalePayments=[paid("10", "Credit Card")])
    free = ticket("free", calcTotal="0", SaleLines=[line("0")], SalePayments=[])
    done = sell(sandbox, tmp_path, card, free)
    assert done.writes == [POST, POST]
    assert [sale["completed"] for sale in kept(sandbox)] == [True, True]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"SalePayments": [paid("12", "Credit Card")]}, "come to 12.00 and the sale to 10.00: 2.00 too much"),
        ({"SalePayments": [paid("9", "Credit Card"), paid("2", "Check")]}, "1.00 too much. Only cash may be more"),
        ({"SalePayments": [paid("9")]}, "The payments come to 9.00 and the sale to 10.00: 1.00 is missing."),
        ({"SalePayments": []}, "10.00 is missing"),
        (
            {"taxCategoryID": 1, "total": "10"},
            "works out 10.88 for the sale, the record says 10.00: 0.88 more. The tax",
        ),
        ({"taxCategoryID": 1, "calcTotal": 10, "SalePayments": [paid("10", "Check")]}, "0.88 more. The taxes of"),
        (
            {"calcTotal": 12, "SalePayments": [paid("12")]},
            "works out 10.00 for the sale, the record says 12.00: 2.00 less",
        ),
        ({"SaleLines": [line("-10", unitQuantity=1)], "SalePayments": [paid("-9")]}, "what is paid out must be"),
    ],
)
def test_a_sale_that_cannot_be_completed_does_not_stay(
    sandbox: Sandbox, tmp_path: Path, changes: Record, reason: str
) -> None:
    done = sell(sandbox, tmp_path, ticket(**changes), ticket("next"))
    assert done.operations == ["rejected", "created"]
    assert reason in done.reasons[0]
    assert done.reasons[0].endswith("The open sale 1 was archived again.")
    assert [sale["referenceNumber"] for sale in kept(sandbox)] == ["next"]
    assert done.rejects[-1]["record"]["ref"] == "1001"
    mended = sell(sandbox, tmp_path, ticket())
    assert mended.operations == ["created"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"completeTime": "2999-01-01T00:00:00Z"}, "lies in the future"),
        ({"total": "11"}, "The payments come to 10.00 and the sale to 11.00: 1.00 is missing."),
        ({"voided": True}, "The sale was voided"),
        ({"employeeID": None}, "A new row needs employeeID."),
        ({"SalePayments": [paid("10", "Shells")]}, "There is no row of payment_types that 'Shells' fits."),
        ({"customerID": "nobody@example.com"}, "There is no row of customers that 'nobody@example.com' fits."),
        ({"taxCategoryID": "Nowhere"}, "There is no row of tax_categories that 'Nowhere' fits."),
    ],
)
def test_what_is_hopeless_is_rejected_before_anything_is_sent(
    sandbox: Sandbox, tmp_path: Path, changes: Record, reason: str
) -> None:
    done = sell(sandbox, tmp_path, ticket(**changes))
    assert (done.operations, done.writes) == (["rejected"], [])
    assert reason in done.reasons[0]


def test_what_the_till_refuses_is_rejected_in_its_words(
    sandbox: Sandbox, api: Api, item: Record, tmp_path: Path
) -> None:
    sandbox.edit(Resource.named("Register"), 2, {"open": False})
    write(api, "DELETE", f"/Item/{item['itemID']}.json")
    done = sell(
        sandbox,
        tmp_path,
        ticket("closed", registerID=2),
        ticket("archived", SaleLines=[{"itemID": "BOTTLE", "unitQuantity": 1}]),
        ticket("tax", taxCategoryID=99),
        ticket("class", SaleLines=[line(taxClassID=99)]),
    )
    assert done.operations == ["rejected"] * 4
    for reason, words in zip(done.reasons, ("closed", "archived", "TaxCategory", "TaxClass"), strict=True):
        assert words in reason
    assert rows(sandbox, "Sale") == []


def test_related_rows_are_found_by_name(sandbox: Sandbox, api: Api, item: Record, tmp_path: Path) -> None:
    body = {"firstName": "Ada", "Contact": {"Emails": {"ContactEmail": {"address": "ada@example.com", "useType": "P"}}}}
    buyer = written(api, "POST", "/Customer.json", body)
    shop, register = rows(sandbox, "Shop")[0], rows(sandbox, "Register", shopID=1)[0]
    named = {"shopID": shop["name"], "registerID": register["name"], "customerID": "ada@example.com"}
    lines = [{"Item": {"customSku": "BOTTLE", "description": "Other"}, "unitQuantity": 2}]
    done = sell(sandbox, tmp_path, ticket(**named, SaleLines=lines, SalePayments=[paid("20", "Cash")]))
    assert done.operations == ["created"], done.reasons
    (sale,) = kept(sandbox)
    assert (sale["customerID"], sale["shopID"], sale["change"]) == (int(buyer["customerID"]), 1, Decimal("0.02"))
    assert lines_of(sandbox, sale)[0]["itemID"] == int(item["itemID"])
    assert len(rows(sandbox, "Item")) == 1


def test_a_line_that_is_not_taxed_after_all_is_no_difference(sandbox: Sandbox, tmp_path: Path) -> None:
    taxed = ticket(SaleLines=[line(tax=True)])
    sell(sandbox, tmp_path, taxed)
    (tmp_path / "ledger.sqlite").unlink()
    assert sell(sandbox, tmp_path, taxed).operations == ["unchanged"]
    opened = ticket("2", SaleLines=[line(tax=True)], completed=False, completeTime=None)
    sell(sandbox, tmp_path, opened)
    (tmp_path / "ledger.sqlite").unlink()
    assert sell(sandbox, tmp_path, opened).writes == []


def test_archived_payments_are_left_out_and_named(sandbox: Sandbox, tmp_path: Path) -> None:
    done = sell(sandbox, tmp_path, ticket(SalePayments=[paid("7", "Check", archived=True), paid("10")]))
    assert done.operations == ["created"]
    assert "archived (7.00)" in done.reasons[0]
    is_sold_once(sandbox)


def test_a_reference_of_its_own_is_kept_and_half_of_one_is_completed(sandbox: Sandbox, tmp_path: Path) -> None:
    whole = ticket("a", referenceNumber="WEB-1", referenceNumberSource="webshop")
    half = ticket("b", referenceNumber="WEB-1")
    foreign = {**ticket("c"), **ELSEWHERE, "saleID": 12}
    done = sell(sandbox, tmp_path, whole, half, foreign)
    assert done.operations == ["created"] * 3
    found = [(sale["referenceNumberSource"], sale["referenceNumber"]) for sale in kept(sandbox)]
    assert found == [("webshop", "WEB-1"), ("singer", "WEB-1"), ("lightspeed-77", "12")]


def test_an_open_sale_stays_open_and_is_completed_later(sandbox: Sandbox, tmp_path: Path) -> None:
    deposit = paid("4", "Check", remoteReference="pay-1")
    opened = ticket(completed=False, completeTime=None, SalePayments=[deposit])
    done = sell(sandbox, tmp_path, opened)
    assert (done.operations, done.writes) == (["created"], [POST])
    (sale,) = kept(sandbox)
    assert (sale["completed"], sale["calcPayments"]) == (False, 4)
    more: Record = {"SaleLines": [line(), line("5")], "SalePayments": [deposit, paid("11")]}
    done = sell(sandbox, tmp_path, ticket(**more))
    assert (done.operations, done.ids) == (["updated"], [sale["saleID"]])
    (sale,) = kept(sandbox)
    assert (sale["completed"], sale["calcTotal"], len(lines_of(sandbox, sale))) == (True, 15, 2)
    assert [payment["amount"] for payment in payments_of(sandbox, sale)] == [4, 11]


def test_an_open_sale_that_was_there_is_not_taken_back(sandbox: Sandbox, tmp_path: Path) -> None:
    sell(sandbox, tmp_path, ticket(completed=False, completeTime=None, SalePayments=[]))
    done = sell(sandbox, tmp_path, ticket(SalePayments=[paid("12", "Check")]))
    assert (done.operations, done.writes) == (["rejected"], [])
    (sale,) = kept(sandbox)
    assert (sale["completed"], sale["calcPayments"]) == (False, 0)


@pytest.mark.parametrize(
    ("changes", "fixed"),
    [
        ({"SaleLines": [line("11")]}, "SaleLines"),
        ({"SaleLines": [line(), line("1")]}, "SaleLines"),
        ({"SaleLines": []}, "SaleLines"),
        ({"SalePayments": [paid("10", "Check")]}, "SalePayments"),
        ({"registerID": 2}, "registerID"),
        ({"completed": False}, "says that it is not"),
    ],
)
def test_what_is_fixed_in_a_completed_sale_is_rejected(
    sandbox: Sandbox, tmp_path: Path, changes: Record, fixed: str
) -> None:
    sell(sandbox, tmp_path, ticket())
    done = sell(sandbox, tmp_path, ticket(**changes))
    assert (done.operations, done.writes) == (["rejected"], [])
    assert fixed in done.reasons[0]
    is_sold_once(sandbox)


def test_the_customer_of_a_completed_sale_can_change(sandbox: Sandbox, api: Api, tmp_path: Path) -> None:
    sell(sandbox, tmp_path, ticket())
    buyer = written(api, "POST", "/Customer.json", {"firstName": "Late"})
    done = sell(sandbox, tmp_path, ticket(customerID=int(buyer["customerID"])))
    assert (done.operations, done.outcomes[0]["changed"], done.writes) == (["updated"], ["customerID"], [PUT])
    assert is_sold_once(sandbox)["customerID"] == int(buyer["customerID"])


def test_two_records_do_not_share_a_sale(sandbox: Sandbox, tmp_path: Path) -> None:
    same = {"referenceNumber": "1", "referenceNumberSource": "webshop"}
    done = sell(sandbox, tmp_path, ticket("a", **same), ticket("b", **same, receiptPreference="email"))
    assert done.operations == ["created", "rejected"]
    assert "made of another record" in done.reasons[1]


def test_a_refund_finds_the_line_that_it_takes_back(sandbox: Sandbox, api: Api, item: Record, tmp_path: Path) -> None:
    bought = {"saleLineID": 501, "itemID": "BOTTLE", "unitQuantity": 3}
    back = {"saleLineID": 502, "itemID": "BOTTLE", "unitQuantity": -1, "unitPrice": "9.99", "parentSaleLineID": 501}
    sale = {**ticket("s"), **ELSEWHERE, "saleID": 1, "SaleLines": [bought]}
    sale["SalePayments"] = [{"salePaymentID": 9, **paid("29.97", "Check")}]
    refund = {**ticket("r"), **ELSEWHERE, "saleID": 2, "SaleLines": [back]}
    refund["SalePayments"] = [paid("-9.99", "Check", refPaymentID=9)]
    done = sell(sandbox, tmp_path, refund, sale)
    assert sorted(done.operations) == ["created", "created"], done.reasons
    first, second = kept(sandbox)
    (sold,), (returned,) = lines_of(sandbox, first), lines_of(sandbox, second)
    assert returned["parentSaleLineID"] == sold["saleLineID"]
    assert payments_of(sandbox, second)[0]["refPaymentID"] == payments_of(sandbox, first)[0]["salePaymentID"]
    assert second["calcTotal"] == Decimal("-9.99")
    again = dict(refund, saleID=3, SaleLines=[dict(back, saleLineID=503, unitQuantity=-2)])
    again["SalePayments"] = [paid("-19.98", "Check")]
    assert sell(sandbox, tmp_path, again).operations == ["created"]
    too_much = dict(again, saleID=4)
    assert sell(sandbox, tmp_path, too_much).operations == ["rejected"]


def test_a_dry_run_sends_no_write(sandbox: Sandbox, tmp_path: Path) -> None:
    done = sell(sandbox, tmp_path, ticket(), ticket("bad", completeTime="2999-01-01T00:00:00Z"), dry_run=True)
    assert (done.operations, done.writes) == (["created", "rejected"], [])
    sell(sandbox, tmp_path, ticket(completed=False, completeTime=None, SalePayments=[]))
    done = sell(sandbox, tmp_path, ticket(SaleLines=[line(), line("5")], SalePayments=[paid("15")]), dry_run=True)
    assert (done.operations, done.writes) == (["updated"], [])
    assert done.outcomes[0]["changed"].keys() >= {"SaleLines", "completed"}
    assert sell(sandbox, tmp_path, ticket("2"), mode={"sales": "update"}).operations == ["rejected"]


def test_open_sales_are_archived_and_completed_ones_are_not(sandbox: Sandbox, tmp_path: Path) -> None:
    opened = ticket("open", completed=False, completeTime=None)
    sell(sandbox, tmp_path, opened, ticket("done"))
    gone = {"_sdc_deleted_at": MOMENT}
    done = sell(sandbox, tmp_path, {**opened, **gone}, {**ticket("done"), **gone})
    assert done.operations == ["archived", "rejected"]
    assert "completed: it can be refunded" in done.reasons[1]
    assert [sale["referenceNumber"] for sale in kept(sandbox)] == ["done"]


def test_no_more_is_changed_than_is_allowed(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, messages("sales", [ticket("a"), ticket("b")], "ref"), tmp_path, max_changes=1)
    assert done.code != 0
    assert len(kept(sandbox)) == 1
