"""Sales: how they add up, when they can be completed, what that brings about, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from lightspeed_retail.encoding import scalar_to_wire
from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import nested_rows
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import WIDE, small_store
from tests.sandbox.calling import Api, Row
from tests.sandbox.writes import refused, row_of, write, written

Sale, SaleLine, Item = (Resource.named(name) for name in ("Sale", "SaleLine", "Item"))
CASH, CARD, ACCOUNT, GIFT = 1, 3, 5, 6
HEADER: Row = {"employeeID": 1, "registerID": 1, "shopID": 1}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Config(empty=True, **WIDE)) as running:
        yield running


@pytest.fixture
def item(api: Api) -> Row:
    body = {
        "description": "Bottle",
        "defaultCost": 4,
        "Prices": {"ItemPrice": {"useTypeID": 1, "amount": "9.99"}},
        "ItemShops": {"ItemShop": [{"shopID": 1, "qoh": 10}]},
    }
    return written(api, "POST", "/Item.json", body)


def ticket(*lines: Row, payments: tuple[Row, ...] = (), **more: Any) -> Row:
    """The body of a sale."""
    return {**HEADER, "SaleLines": {"SaleLine": list(lines)}, "SalePayments": {"SalePayment": list(payments)}, **more}


def paid(amount: Any, kind: int = CASH, **more: Any) -> Row:
    """A payment."""
    return {"amount": amount, "paymentTypeID": kind, **more}


def lines_of(sale: Row) -> list[Row]:
    """The lines in an answer."""
    return nested_rows(sale.get("SaleLines"), "SaleLine")


def stock(sandbox: Sandbox, item: Row) -> dict[int, int]:
    """How many pieces of an item there are, by shop."""
    rows = sandbox.store.select(Resource.named("ItemShop"), '"itemID" = ?', (item["itemID"],))
    return {row["shopID"]: row["qoh"] for row in rows}


def numbers(row: Row, *names: str) -> list[Decimal]:
    """Amounts of an answer."""
    return [Decimal(row[name]) for name in names]


def test_the_sale_of_the_tutorial_adds_up_as_published(api: Api) -> None:
    taxes = written(api, "POST", "/TaxCategory.json", {"tax1Name": "S", "tax1Rate": "0.05", "tax2Rate": "0.09975"})
    lines = [{"unitPrice": price, "unitQuantity": 1, "taxClassID": 1} for price in ("9.99", "20")]
    body = ticket(*lines, payments=(paid("34.48"),), taxCategoryID=taxes["taxCategoryID"], completed=True)
    sale = written(api, "POST", "/Sale.json", body)
    names = ("calcSubtotal", "calcTax1", "calcTax2", "taxTotal", "calcTotal", "total", "calcPayments", "balance")
    published = ("29.99", "1.5", "2.99", "4.49", "34.48", "34.48", "34.48", "0")
    assert numbers(sale, *names) == [Decimal(text) for text in published]
    first, second = lines_of(sale)
    assert (first["calcTax1"], first["calcTax2"], first["calcTotal"]) == ("0.4995", "0.9965025", "11.4860025")
    assert second["calcTotal"] == "22.995"
    assert sale["completed"] == "true"
    assert sale["ticketNumber"] == str(220_000_000_000 + int(sale["saleID"]))
    assert sale["Shop"]["shopID"] == "1"
    assert sale["TaxCategory"]["taxCategoryID"] == taxes["taxCategoryID"]


def test_a_line_takes_price_costs_and_taxes_from_its_item_and_the_shop(api: Api, item: Row) -> None:
    sale = written(api, "POST", "/Sale.json", ticket({"itemID": item["itemID"], "unitQuantity": 2}))
    (line,) = lines_of(sale)
    assert (line["unitPrice"], line["fifoCost"], line["tax"], line["taxClassID"]) == ("9.99", "4", "true", "1")
    assert (line["tax1Rate"], sale["taxCategoryID"], sale["calcTotal"]) == ("0.0875", "1", "21.73")
    assert (sale["completed"], sale["balance"]) == ("false", "21.73")
    assert "completeTime" not in sale


def test_a_line_can_name_its_item_by_a_code(api: Api) -> None:
    item = written(api, "POST", "/Item.json", {"description": "Coded", "upc": "900000000017", "ean": "4006381333931"})
    for code in ("itemID", "upc", "ean", "systemSku"):
        sale = written(api, "POST", "/Sale.json", ticket({"itemCode": item[code], "unitPrice": "0.11"}))
        assert lines_of(sale)[0]["itemID"] == item["itemID"]
    refused(api, "POST", "/Sale.json", ticket({"itemCode": "no such code"}))


def test_without_a_tax_category_nothing_is_taxed_whatever_is_sent(api: Api) -> None:
    body = ticket({"unitPrice": "1.23", "unitQuantity": 2, "tax": True}, taxCategoryID=0)
    sale = written(api, "POST", "/Sale.json", body)
    assert (sale["calcTotal"], sale["taxTotal"], lines_of(sale)[0]["tax"]) == ("2.46", "0", "false")
    assert (sale["calcNonTaxable"], sale["calcTaxable"]) == ("2.46", "0")


def test_classes_have_rates_of_their_own_and_prices_can_include_the_tax(api: Api) -> None:
    labor = ticket({"unitPrice": 100, "taxClassID": 2}, taxCategoryID=2)
    assert written(api, "POST", "/Sale.json", labor)["calcTotal"] == "109.05"
    food = ticket({"unitPrice": 100, "taxClassID": 3}, taxCategoryID=2)
    assert written(api, "POST", "/Sale.json", food)["calcTotal"] == "100"
    included = written(api, "POST", "/Sale.json", ticket({"unitPrice": 105, "taxClassID": 1}, taxCategoryID=5))
    assert (included["calcTotal"], included["calcTax1"], included["calcSubtotal"]) == ("105", "5", "100")
    assert included["isTaxInclusive"] == "true"


def test_discounts_come_off_before_the_tax(api: Api) -> None:
    lines = (
        {"unitPrice": 10, "unitQuantity": 2, "discountAmount": 5},
        {"unitPrice": 10, "discountPercent": "0.5"},
        {"unitPrice": 10, "discountID": 1},
    )
    sale = written(api, "POST", "/Sale.json", ticket(*lines, taxCategoryID=4))
    assert (sale["calcSubtotal"], sale["calcDiscount"], sale["calcTotal"]) == ("40", "11", "29")
    whole = written(api, "POST", "/Sale.json", ticket({"unitPrice": 10}, taxCategoryID=4, discountPercent="0.1"))
    assert (whole["calcTotal"], lines_of(whole)[0]["calcTransactionDiscount"]) == ("9", "1")
    refused(api, "POST", "/Sale.json", ticket({"unitPrice": 10, "discountPercent": "0.5", "discountAmount": 1}))


def test_completing_moves_stock_and_writes_the_log(api: Api, sandbox: Sandbox, item: Row) -> None:
    line = {"itemID": item["itemID"], "unitQuantity": 3}
    opened = written(api, "POST", "/Sale.json", ticket(line, taxCategoryID=0))
    assert stock(sandbox, item) == {0: 10, 1: 10, 2: 0, 3: 0}
    body = {"completed": True, "SalePayments": {"SalePayment": paid("29.97", CARD)}}
    done = written(api, "PUT", f"/Sale/{opened['saleID']}.json", body)
    assert (done["completed"], done["balance"]) == ("true", "0")
    assert stock(sandbox, item) == {0: 7, 1: 7, 2: 0, 3: 0}
    log = sandbox.rows(Resource.named("InventoryLog"))[-1]
    assert (log["itemID"], log["qohChange"], log["saleID"]) == (int(item["itemID"]), -3, int(done["saleID"]))
    assert log["reason"] == "RemoveForTransaction"


def test_cash_is_changed_and_kept_as_what_was_due(api: Api) -> None:
    body = ticket({"unitPrice": "11.49"}, payments=(paid(15),), taxCategoryID=0, completed=True)
    sale = written(api, "POST", "/Sale.json", body)
    assert (sale["change"], sale["calcPayments"], sale["balance"]) == ("3.51", "11.49", "0")
    assert sale["SalePayments"]["SalePayment"]["amount"] == "11.49"
    assert sale["SalePayments"]["SalePayment"]["PaymentType"]["type"] == "cash"


@pytest.mark.parametrize(
    ("payments", "reason"),
    [
        ((paid(5),), "Payments are insufficient."),
        ((paid(15, CARD),), "Non-cash payments are greater than the total."),
        ((paid(9, CARD), paid(2, CARD)), "Non-cash payments are greater than the total."),
        ((), "Payments are insufficient."),
    ],
)
def test_a_sale_out_of_balance_is_stored_open(
    api: Api, sandbox: Sandbox, item: Row, payments: tuple[Row, ...], reason: str
) -> None:
    line = {"itemID": item["itemID"], "unitPrice": 10}
    body = ticket(line, payments=payments, taxCategoryID=0, completed=True, completeTime="2020-01-01T00:00:00Z")
    answer = write(api, "POST", "/Sale.json", body)
    error = answer.json()
    assert answer.status_code == 400
    assert error["message"] == f"Cannot complete an out of balance sale. {reason}"
    assert error["errorClass"] == "OutOfBalanceError"
    assert Decimal(error["balance"]) == 10 - sum(payment["amount"] for payment in payments)
    kept = row_of(api, Sale, f"/Sale/{error['saleID']}.json")
    assert (kept["completed"], kept["calcTotal"]) == ("false", "10")
    assert "completeTime" not in kept
    assert sandbox.requests[-2]["effect"] is True
    assert stock(sandbox, item)[1] == 10


def test_an_open_sale_is_mended_and_completed(api: Api) -> None:
    answer = write(
        api, "POST", "/Sale.json", ticket({"unitPrice": 10}, payments=(paid(4),), taxCategoryID=0, completed=True)
    )
    address = f"/Sale/{answer.json()['saleID']}.json"
    done = written(api, "PUT", address, {"completed": True, "SalePayments": {"SalePayment": paid(6, CARD)}})
    assert (done["completed"], done["calcPayments"]) == ("true", "10")
    assert len(done["SalePayments"]["SalePayment"]) == 2


def test_a_refund_that_pays_too_little_is_out_of_balance(api: Api) -> None:
    body = ticket({"unitPrice": 10, "unitQuantity": -1}, payments=(paid(-4),), taxCategoryID=0, completed=True)
    assert refused(api, "POST", "/Sale.json", body).endswith("Refunds are insufficient.")


def test_a_sale_can_be_completed_in_the_past_but_not_in_the_future(api: Api) -> None:
    moment = "2021-02-03T04:05:06+00:00"
    body = ticket({"unitPrice": 1}, payments=(paid(1),), taxCategoryID=0, completed=True, completeTime=moment)
    sale = written(api, "POST", "/Sale.json", body)
    assert (sale["completeTime"], sale["timeStamp"]) == (moment, moment)
    assert sale["updateTime"] > moment
    assert sale["createTime"] > moment
    refused(api, "POST", "/Sale.json", body | {"completeTime": "2999-01-01T00:00:00+00:00"})


def completed(api: Api, *lines: Row, **more: Any) -> Row:
    """A completed sale, untaxed, paid in cash."""
    opened = written(api, "POST", "/Sale.json", ticket(*lines, taxCategoryID=0, **more))
    body = {"completed": True, "SalePayments": {"SalePayment": paid(opened["balance"])}}
    return written(api, "PUT", f"/Sale/{opened['saleID']}.json", body)


def test_a_completed_sale_is_fixed(api: Api) -> None:
    sale = completed(api, {"unitPrice": 10})
    address, line = f"/Sale/{sale['saleID']}.json", lines_of(sale)[0]["saleLineID"]
    for body in (
        {"SaleLines": {"SaleLine": {"unitPrice": 1}}},
        {"SalePayments": {"SalePayment": paid(1)}},
        {"completed": False},
        {"taxCategoryID": 1},
        {"registerID": 2},
    ):
        refused(api, "PUT", address, body)
    refused(api, "DELETE", address)
    refused(api, "PUT", f"/SaleLine/{line}.json", {"unitPrice": 1})
    refused(api, "DELETE", f"/SaleLine/{line}.json")
    refused(api, "POST", f"/Sale/{sale['saleID']}/SaleLine.json", {"unitPrice": 1})
    assert row_of(api, Sale, address)["calcTotal"] == "10"


def test_the_rest_of_a_completed_sale_can_be_changed_and_its_stamp_stays(api: Api) -> None:
    sale = completed(api, {"unitPrice": 10})
    buyer = written(api, "POST", "/Customer.json", {"firstName": "Late"})
    body = {"customerID": buyer["customerID"], "referenceNumber": "WEB-9", "completed": True}
    after = written(api, "PUT", f"/Sale/{sale['saleID']}.json", body)
    assert (after["customerID"], after["referenceNumber"]) == (buyer["customerID"], "WEB-9")
    assert after["timeStamp"] == sale["timeStamp"]
    assert after["Customer"]["firstName"] == "Late"
    assert after["calcTotal"] == "10"


def test_lines_are_appended_changed_and_removed_while_a_sale_is_open(api: Api) -> None:
    sale = written(api, "POST", "/Sale.json", ticket({"unitPrice": 10}, taxCategoryID=0))
    address, (line,) = f"/Sale/{sale['saleID']}.json", lines_of(sale)
    more = written(api, "PUT", address, {"SaleLines": {"SaleLine": {"unitPrice": 5}}})
    assert (len(lines_of(more)), more["calcTotal"]) == (2, "15")
    changed = {"saleLineID": line["saleLineID"], "unitQuantity": 3}
    assert written(api, "PUT", address, {"SaleLines": {"SaleLine": [changed]}})["calcTotal"] == "35"
    written(api, "PUT", f"/SaleLine/{line['saleLineID']}.json", {"unitQuantity": 1})
    written(api, "POST", f"/Sale/{sale['saleID']}/SaleLine.json", {"unitPrice": 2})
    assert row_of(api, Sale, address)["calcTotal"] == "17"
    written(api, "DELETE", f"/Sale/{sale['saleID']}/SaleLine/{line['saleLineID']}.json")
    after = row_of(api, Sale, address)
    assert after["calcTotal"] == "7"
    other = written(api, "POST", "/Sale.json", ticket({"unitPrice": 1}))
    refused(api, "DELETE", f"/Sale/{other['saleID']}/SaleLine/{lines_of(more)[1]['saleLineID']}.json", status=404)
    assert written(api, "DELETE", address)["archived"] == "true"


def test_lines_may_come_as_the_recording_has_them(api: Api) -> None:
    body = {**HEADER, "taxCategoryID": 0, "SaleLines": [{"SaleLine": {"unitPrice": "1.23", "unitQuantity": 2}}]}
    assert written(api, "POST", "/Sale.json", body)["calcTotal"] == "2.46"


def test_a_whole_sale_is_refunded_by_its_ticket_number(api: Api, sandbox: Sandbox, item: Row) -> None:
    sale = completed(api, {"itemID": item["itemID"], "unitQuantity": 2, "discountAmount": 1}, {"unitPrice": 5})
    assert stock(sandbox, item)[1] == 8
    body = {**HEADER, "SalePayments": {"SalePayment": {"paymentTypeID": CASH}}}
    back = written(api, "POST", f"/Sale/{sale['ticketNumber']}/refund.json", body)
    assert (back["completed"], Decimal(back["calcTotal"])) == ("true", -Decimal(sale["calcTotal"]))
    assert {line["parentSaleLineID"] for line in lines_of(back)} == {line["saleLineID"] for line in lines_of(sale)}
    payment = back["SalePayments"]["SalePayment"]
    assert payment["refPaymentID"] == sale["SalePayments"]["SalePayment"]["salePaymentID"]
    assert stock(sandbox, item)[1] == 10
    refused(api, "POST", f"/Sale/{sale['saleID']}/refund.json", body)


def test_a_part_is_refunded_and_never_more_than_was_sold(api: Api) -> None:
    sale = completed(api, {"unitPrice": 10, "unitQuantity": 3})
    line = lines_of(sale)[0]["saleLineID"]
    part = {"parentSaleLineID": line, "unitQuantity": -2}
    body = {**HEADER, "completed": False, "SaleLines": {"SaleLine": part}, "SalePayments": {"SalePayment": paid(-20)}}
    back = written(api, "POST", f"/Sale/{sale['saleID']}/refund.json", body)
    assert (back["completed"], back["calcTotal"], back["balance"]) == ("false", "-20", "0")
    refused(api, "POST", "/Sale.json", ticket({"parentSaleLineID": line, "unitQuantity": -2}))
    rest = written(api, "POST", "/Sale.json", ticket({"parentSaleLineID": line, "unitQuantity": -1}, taxCategoryID=0))
    assert (rest["calcTotal"], lines_of(rest)[0]["unitPrice"]) == ("-10", "10")


def test_gift_cards_are_charged_and_used(api: Api) -> None:
    card = written(api, "POST", "/CreditAccount.json", {"name": "Gift Card", "code": "CARD-100000"})
    assert (card["giftCard"], card["balance"]) == ("true", "0")
    on_card = {"creditAccountID": card["creditAccountID"]}
    deposit = (paid(-100, GIFT, **on_card), paid(100))
    sold = written(api, "POST", "/Sale.json", ticket(payments=deposit, completed=True))
    assert (sold["total"], sold["displayableTotal"]) == ("0", "100")
    used = ticket({"unitPrice": "11.49"}, payments=(paid("11.49", GIFT, **on_card),), taxCategoryID=0, completed=True)
    assert written(api, "POST", "/Sale.json", used)["totalDue"] == "0"
    account = row_of(api, Resource.named("CreditAccount"), f"/CreditAccount/{card['creditAccountID']}.json")
    assert account["balance"] == "-88.51"
    refused(api, "POST", "/Sale.json", ticket({"unitPrice": 1}, payments=(paid(1, GIFT),)))


def test_what_the_till_refuses_is_refused(api: Api, sandbox: Sandbox, item: Row) -> None:
    closed = sandbox.edit(Resource.named("Register"), 2, {"open": False})
    assert closed["open"] is False
    written(api, "DELETE", f"/Item/{item['itemID']}.json")
    for body in (
        ticket({"itemID": item["itemID"]}),
        ticket({"unitPrice": 1}, registerID=2),
        ticket({"unitPrice": 1, "taxClassID": 99}),
        ticket({"unitPrice": 1}, taxCategoryID=99),
        ticket({"unitPrice": 1}, customerID=9999),
        ticket({"unitPrice": 1}, payments=(paid(1, 99),)),
        ticket({"unitPrice": 1}, payments=(paid(1, 8),)),
        ticket({"unitPrice": 1}, payments=(paid(1, ACCOUNT),)),
        ticket({"unitPrice": 1}, employeeID=0),
        {"shopID": 1},
    ):
        before = sandbox.store.count(Sale), sandbox.store.count(SaleLine)
        refused(api, "POST", "/Sale.json", body)
        assert (sandbox.store.count(Sale), sandbox.store.count(SaleLine)) == before
    assert "closed" in refused(api, "POST", "/Sale.json", ticket({"unitPrice": 1}, registerID=2))
    opened = written(api, "POST", "/Register/2/open.json", {"amount": 100, "employeeID": 1, "paymentTypeID": CASH})
    assert opened["registerID"] == "2"
    written(api, "POST", "/Sale.json", ticket({"unitPrice": 1}, registerID=2))
    assert written(api, "POST", "/Register/2/close.json", {"notes": "Done"})["registerID"] == "2"
    refused(api, "POST", "/Register/2/close.json", {})


def test_layaways_wait_for_a_sale(api: Api, sandbox: Sandbox, item: Row) -> None:
    buyer = written(api, "POST", "/Customer.json", {"firstName": "Waits"})
    body = {
        "customerID": buyer["customerID"],
        "itemID": item["itemID"],
        "shopID": 1,
        "employeeID": 1,
        "unitQuantity": 2,
        "isLayaway": True,
    }
    line = written(api, "POST", "/SaleLine.json", body)
    assert (line["saleID"], line["isLayaway"], line["unitPrice"]) == ("0", "true", "9.99")
    where = '"itemID" = ? AND "shopID" = 1'
    reserved = sandbox.store.select(Resource.named("ItemShop"), where, (item["itemID"],))[0]
    assert (reserved["onLayaway"], reserved["sellable"], reserved["qoh"]) == (2, 8, 10)
    for missing in ("customerID", "itemID", "isLayaway"):
        refused(api, "POST", "/SaleLine.json", {name: value for name, value in body.items() if name != missing})
    refused(api, "POST", "/SaleLine.json", body | {"unitQuantity": 50, "requireFullReservation": True})
    sale = written(api, "POST", "/Sale.json", ticket({"saleLineID": line["saleLineID"]}, taxCategoryID=0))
    assert (sale["calcTotal"], lines_of(sale)[0]["saleLineID"]) == ("19.98", line["saleLineID"])
    body = {"completed": True, "SalePayments": {"SalePayment": paid(sale["balance"])}}
    written(api, "PUT", f"/Sale/{sale['saleID']}.json", body)
    reserved = sandbox.store.select(Resource.named("ItemShop"), where, (item["itemID"],))[0]
    assert (reserved["onLayaway"], reserved["qoh"]) == (0, 8)


def test_notes_of_a_sale_are_written_one_by_one(api: Api) -> None:
    notes = {"InternalNote": {"note": "inside"}}
    sale = written(api, "POST", "/Sale.json", {**HEADER, "SaleNotes": notes})
    address = f"/Sale/{sale['saleID']}.json"
    written(api, "PUT", address, {"SaleNotes": {"PrintedNote": {"note": "printed"}}})
    found = row_of(api, Sale, address, load_relations='["SaleNotes"]')["SaleNotes"]
    assert {name: found[name]["note"] for name in found} == {"InternalNote": "inside", "PrintedNote": "printed"}


def test_a_customer_can_be_made_along_with_the_sale(api: Api) -> None:
    sale = written(api, "POST", "/Sale.json", ticket({"unitPrice": 1}, Customer={"firstName": "New"}))
    assert sale["Customer"]["firstName"] == "New"
    again = written(api, "POST", "/Sale.json", ticket({"unitPrice": 1}, Customer={"customerID": sale["customerID"]}))
    assert again["customerID"] == sale["customerID"]


def test_receipts_are_sent(api: Api) -> None:
    sale = written(api, "POST", "/Sale.json", HEADER)
    answer = write(api, "POST", f"/Sale/{sale['saleID']}/EmailReceipt.json", {"emailAddress": "a@example.com"})
    assert answer.json() == {"message": "Receipt emailed to: a@example.com"}
    assert answer.headers["X-LS-API-Request-Cost"] == "5"


COPIED = ("unitQuantity", "unitPrice", "tax", "taxClassID", "discountAmount", "discountPercent", "avgCost", "fifoCost")
ADDED_UP = ("calcSubtotal", "calcDiscount", "calcTax1", "calcTax2", "taxTotal", "calcTotal", "total", "balance")


def test_the_sales_of_a_made_up_retailer_come_to_the_same_when_they_are_written_again(api: Api) -> None:
    store = small_store(days=10)
    compared = 0
    for sale in store.select(Sale, '"completed" = 1 AND "voided" = 0 AND "saleID" % 3 = 0'):
        lines = store.select(SaleLine, '"saleID" = ?', (sale["saleID"],))
        body = {
            **HEADER,
            **{name: str(sale[name]) for name in ("taxCategoryID", "discountPercent", "completeTime")},
            "SaleLines": {"SaleLine": [{name: scalar_to_wire(line[name]) for name in COPIED} for line in lines]},
            "SalePayments": {"SalePayment": paid(str(sale["calcTotal"]))},
            "completed": True,
        }
        again = written(api, "POST", "/Sale.json", body)
        assert numbers(again, *ADDED_UP) == [sale[name] if name != "balance" else 0 for name in ADDED_UP]
        assert again["completeTime"] == again["timeStamp"] == sale["completeTime"]
        compared += 1
    assert compared > 20
