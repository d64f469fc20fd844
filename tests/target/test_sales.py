"""Sales through the target's command line: completed once, to the cent, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.faults import Faults
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import WIDE
from tests.sandbox.calling import Api
from tests.sandbox.writes import write, written
from tests.targeting import Done, Requests, asked_for, messages, rows, run, run_until

HEAD = {"employeeID": 1, "registerID": 1, "shopID": 1, "taxCategoryID": 0}
ELSEWHERE = {
    "accountID": 77,
    "employeeID": "Casey Driftwood",
    "registerID": "Register 1",
    "shopID": "Alderhaven Flagship",
}
MOMENT = "2024-01-05T10:00:00+00:00"
POST, PUT, DELETE = "POST /Sale.json", "PUT /Sale/{}.json", "DELETE /Sale/{}.json"
SLOW_ANSWERS = "slow-3:1:POST,PUT"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Config(empty=True, **WIDE)) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    return Api.of(sandbox)


@pytest.fixture
def item(api: Api) -> Record:
    body = {
        "description": "Bottle",
        "customSku": "BOTTLE",
        "Prices": {"ItemPrice": {"useTypeID": 1, "amount": "9.99"}},
        "ItemShops": {"ItemShop": [{"shopID": 1, "qoh": 10}]},
    }
    return written(api, "POST", "/Item.json", body)


def line(price: str = "10", **more: Any) -> Record:
    """A line without an item."""
    return {"unitPrice": price, "unitQuantity": 1, **more}


def paid(amount: str, way: str = "Cash", **more: Any) -> Record:
    """A payment."""
    return {"amount": amount, "paymentTypeID": way, **more}


def ticket(ref: str = "1001", **more: Any) -> Record:
    """A completed sale of 10.00, paid in cash."""
    usual = {"completed": True, "completeTime": MOMENT, "SaleLines": [line()], "SalePayments": [paid("10")]}
    return {"ref": ref, **HEAD, **usual, **more}


def sell(sandbox: Sandbox, folder: Path, *tickets: Record, **settings: Any) -> Done:
    """Write sales and see that the run ends well."""
    done = run(sandbox, messages("sales", tickets, "ref"), folder, **settings)
    assert done.code == 0, done.errors[-3000:]
    return done


def kept(sandbox: Sandbox) -> list[Record]:
    """All sales but those that were given up."""
    return [sale for sale in rows(sandbox, "Sale") if not sale["archived"]]


def lines_of(sandbox: Sandbox, sale: Record) -> list[Record]:
    """The lines of a sale."""
    return rows(sandbox, "SaleLine", saleID=sale["saleID"])


def payments_of(sandbox: Sandbox, sale: Record) -> list[Record]:
    """The payments of a sale."""
    return rows(sandbox, "SalePayment", saleID=sale["saleID"])


def break_down(sandbox: Sandbox, *faults: str) -> None:
    """Let requests go wrong from now on; without faults they go well again."""
    sandbox.server.faults = Faults(list(faults))


def is_sold_once(sandbox: Sandbox, total: str = "10") -> Record:
    """There is one sale, completed, with one line and one payment."""
    (sale,) = kept(sandbox)
    assert (sale["completed"], sale["calcTotal"], sale["completeTime"]) == (True, Decimal(total), MOMENT)
    assert len(lines_of(sandbox, sale)) == 1
    assert [payment["amount"] for payment in payments_of(sandbox, sale)] == [Decimal(total)]
    return sale


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


def test_a_sale_that_was_given_up_is_not_taken_for_a_lost_one(sandbox: Sandbox, tmp_path: Path) -> None:
    sell(sandbox, tmp_path, ticket(SalePayments=[paid("9")]))
    sandbox.server.faults = OneFault("drop-before:1:POST")
    assert sell(sandbox, tmp_path, ticket()).ids == [2]
    is_sold_once(sandbox)


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


@pytest.mark.parametrize(
    "fault",
    [
        "drop-after:1:POST",
        "drop-before:1:POST",
        "504-after:1:POST",
        "503:1:POST",
        "truncate:1:POST",
        "drop-after:1:PUT",
        "drop-before:1:PUT",
        "500-after:1:PUT",
    ],
)
def test_an_unknown_outcome_is_looked_up_before_anything_is_sent_again(
    sandbox: Sandbox, tmp_path: Path, fault: str
) -> None:
    sandbox.server.faults = OneFault(fault)
    done = sell(sandbox, tmp_path, ticket())
    assert done.operations == ["created"]
    is_sold_once(sandbox)
    took_effect = [asked for asked in done.requests if asked["method"] in ("POST", "PUT") and asked["effect"]]
    assert len(took_effect) == 2
    assert len(rows(sandbox, "Sale")) == 1


class OneFault(Faults):
    """The first request of a method goes wrong, all others go well."""

    def __init__(self, text: str) -> None:
        """Take the fault as it is written."""
        super().__init__([text])
        self._left = 1

    def next(self, method: str = "GET") -> Any:
        """The fault of the next request."""
        found = super().next(method) if self._left else None
        self._left -= found is not None
        return found


def test_a_sale_in_one_request_whose_answer_is_lost_is_found(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.server.faults = OneFault("drop-after:1:POST")
    done = sell(sandbox, tmp_path, ticket(calcTotal="10", SalePayments=[paid("10", "Check")]))
    assert (done.operations, done.writes) == (["created"], [POST])
    is_sold_once(sandbox)


@pytest.mark.parametrize("path", ["/Sale.json", "/Sale/{}.json"])
def test_a_killed_run_is_gone_on_with(sandbox: Sandbox, tmp_path: Path, path: str) -> None:
    """Between the request and its answer, so the ledger knows the intent alone, or the open sale."""
    break_down(sandbox, SLOW_ANSWERS)
    method = "POST" if path == "/Sale.json" else "PUT"
    said = messages("sales", [ticket()], "ref")
    killed = run_until(sandbox, said, tmp_path, asked_for(method, path))
    assert (killed.code, killed.outcomes) == (-9, [])
    break_down(sandbox)
    done = run(sandbox, said, tmp_path)
    assert done.operations == ["created"]
    assert done.writes == ([PUT] if method == "POST" else [])
    is_sold_once(sandbox)
    assert sell(sandbox, tmp_path, ticket()).writes == []


def test_a_killed_run_knows_its_sale_even_if_its_reference_was_changed_by_hand(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    break_down(sandbox, SLOW_ANSWERS)
    run_until(sandbox, messages("sales", [ticket()], "ref"), tmp_path, asked_for("PUT", "/Sale/{}.json"))
    break_down(sandbox)
    sandbox.edit(Resource.named("Sale"), 1, {"referenceNumber": "by hand"})
    done = sell(sandbox, tmp_path, ticket())
    assert (done.operations, done.ids, done.writes) == (["created"], [1], [])
    is_sold_once(sandbox)


def test_a_killed_run_whose_record_has_changed_begins_anew(sandbox: Sandbox, tmp_path: Path) -> None:
    break_down(sandbox, SLOW_ANSWERS)
    run_until(sandbox, messages("sales", [ticket()], "ref"), tmp_path, asked_for("POST", "/Sale.json"))
    break_down(sandbox)
    done = sell(sandbox, tmp_path, ticket(SaleLines=[line("20")], SalePayments=[paid("20")]))
    assert (done.operations, done.writes) == (["created"], [DELETE, POST, PUT])
    is_sold_once(sandbox, "20")


def test_a_run_killed_while_it_takes_a_sale_back_does_so_again(sandbox: Sandbox, tmp_path: Path) -> None:
    said = messages("sales", [ticket(SalePayments=[paid("11", "Check")])], "ref")
    break_down(sandbox, "slow-3:1:DELETE")
    killed = run_until(sandbox, said, tmp_path, asked_for("DELETE", "/Sale/{}.json"))
    assert killed.code == -9
    break_down(sandbox)
    done = run(sandbox, said, tmp_path)
    assert done.operations == ["rejected"]
    assert kept(sandbox) == []


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


@pytest.mark.parametrize("fault", ["drop-after:1:PUT", "503:1:PUT"])
def test_no_deposit_is_added_twice(sandbox: Sandbox, tmp_path: Path, fault: str) -> None:
    opened = ticket(completed=False, completeTime=None, SalePayments=[paid("4", "Check")])
    sell(sandbox, tmp_path, opened)
    sandbox.server.faults = OneFault(fault)
    more = {**opened, "SaleLines": [line(), line("5")], "SalePayments": [paid("4", "Check"), paid("4", "Check")]}
    assert sell(sandbox, tmp_path, more).operations == ["updated"]
    (sale,) = kept(sandbox)
    assert [payment["amount"] for payment in payments_of(sandbox, sale)] == [4, 4]
    assert len(lines_of(sandbox, sale)) == 2


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


def test_a_dry_run_after_a_kill_sends_no_write(sandbox: Sandbox, tmp_path: Path) -> None:
    break_down(sandbox, SLOW_ANSWERS)
    run_until(sandbox, messages("sales", [ticket()], "ref"), tmp_path, asked_for("POST", "/Sale.json"))
    break_down(sandbox)
    assert sell(sandbox, tmp_path, ticket(), dry_run=True).writes == []
    assert sell(sandbox, tmp_path, ticket()).writes == [PUT]
    is_sold_once(sandbox)


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


def under_fire(number: int) -> Record:
    """Sales of all kinds: paid by check, in cash, in one request, open, and one that cannot be completed."""
    total, kind = number + 3, number % 5
    sale = ticket(str(number), SaleLines=[line(str(number + 1)), line("1", unitQuantity=2)])
    amounts = {
        0: (total, "Check"),
        1: (total + 7, "Cash"),
        2: (total, "Check"),
        3: (1, "Check"),
        4: (total + 1, "Check"),
    }
    amount, way = amounts[kind]
    sale["SalePayments"] = [paid(str(amount), way)]
    extra: dict[int, Record] = {2: {"calcTotal": total}, 3: {"completed": False, "completeTime": None}}
    return {**sale, **extra.get(kind, {})}


def at_least(number: int) -> Callable[[Requests], bool]:
    """A condition: so many requests have come in."""
    return lambda requests: len(requests) >= number


def test_every_sale_is_there_once_after_faults_and_kills(tmp_path: Path) -> None:
    faults = ["drop-after:0.06:POST,PUT,DELETE", "504:0.03:POST,PUT", "503-after:0.03", "429:0.03", "truncate:0.03"]
    numbers = range(1, 31)
    said = messages("sales", map(under_fire, numbers), "ref")
    chance = Random(3)  # noqa: S311  nothing to be kept secret
    with Sandbox(Config(empty=True, **WIDE, fault=faults, fault_seed=2)) as sandbox:
        for _ in range(3):
            run_until(sandbox, said, tmp_path, at_least(chance.randint(4, 30)))
        codes: list[int] = []
        while not codes or (codes[-1] != 0 and len(codes) < 10):
            codes.append(run(sandbox, said, tmp_path).code)
        assert codes[-1] == 0
        there = {int(sale["referenceNumber"]): sale for sale in kept(sandbox)}
        assert len(kept(sandbox)) == len(there)
        assert sorted(there) == [number for number in numbers if number % 5 != 4]
        for number, sale in there.items():
            assert (sale["calcTotal"], sale["completed"]) == (number + 3, number % 5 != 3)
            assert len(lines_of(sandbox, sale)) == 2
            assert len(payments_of(sandbox, sale)) == 1
        assert sum(asked["fault"] != "" for asked in sandbox.requests) > 5
