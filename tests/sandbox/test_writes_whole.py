"""Around writing: what it costs, what goes wrong on purpose, what is in the log, and accounts to write to."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from lightspeed_retail.resources import Action, Resource
from lightspeed_sandbox.actions import ACTIONS
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.faults import Fault, Faults
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.declared import RESOURCES
from tests.retailer import WIDE
from tests.sandbox.calling import Api, Row
from tests.sandbox.writes import refused, row_of, write, written

Customer = Resource.named("Customer")
ADA: Row = {"firstName": "Ada"}


def empty(**options: Any) -> Sandbox:
    """A sandbox to write to."""
    return Sandbox(Config(**{"empty": True, **WIDE, **options}))


LINE, PAYMENT = {"unitPrice": 1}, {"amount": 1, "paymentTypeID": 1}
SALE: Row = {"employeeID": 1, "registerID": 1, "shopID": 1, "taxCategoryID": 0}


@pytest.mark.parametrize(
    ("method", "path", "body", "price"),
    [
        ("POST", "/Customer.json", ADA, 1),
        ("POST", "/Customer.json", {"Contact": {"Phones": {"ContactPhone": [{"number": "1"}, {"number": "2"}]}}}, 2.5),
        ("POST", "/Customer.json", {"Tags": {"tag": ["a", "b"]}}, 2),
        ("PUT", "/Customer/1.json", ADA, 1),
        ("DELETE", "/Customer/1.json", None, 1),
        ("POST", "/Category.json", {"name": "x"}, 10),
        ("PUT", "/Category/1.json", {"name": "x"}, 10),
        ("DELETE", "/Category/1.json", None, 10),
        ("POST", "/Sale.json", SALE, 2),
        ("POST", "/Sale.json", {**SALE, "SaleLines": {"SaleLine": [LINE, LINE]}}, 3),
        (
            "POST",
            "/Sale.json",
            {**SALE, "SaleLines": {"SaleLine": LINE}, "SalePayments": {"SalePayment": PAYMENT}, "completed": True},
            6,
        ),
        ("POST", "/Sale.json", {**SALE, "completed": "true"}, 5),
        ("PUT", "/Sale/1.json", {"completed": False}, 2),
        ("DELETE", "/Sale/1.json", None, 2),
        ("POST", "/SaleLine.json", {"saleID": 1}, 2),
        ("POST", "/Sale/1/SaleLine.json", LINE, 2),
        ("DELETE", "/Sale/1/SaleLine/1.json", None, 2),
        ("POST", "/Sale/1/refund.json", {"SalePayments": {"SalePayment": {"paymentTypeID": 1}}}, 10.5),
        ("POST", "/Sale/1/EmailReceipt.json", {}, 5),
        ("POST", "/InventoryCountReconcile.json", {}, 10),
        ("POST", "/Workorder.json", {"WorkorderLines": {"WorkorderLine": [{}, {}]}}, 2),
        ("POST", '/Customer.json?load_relations=["Note"]', ADA, 1.1),
        ("GET", "/Sale/1/refund.json", None, 1),
    ],
)
def test_every_write_has_its_price(
    api: Api, sandbox: Sandbox, method: str, path: str, body: Row | None, price: float
) -> None:
    answer = write(api, method, path, body)
    assert float(answer.headers["X-LS-API-Request-Cost"]) == price
    assert sandbox.requests[-1]["cost"] == price


def test_writes_fill_the_bucket_and_are_refused_when_it_is_full() -> None:
    with empty(bucket_size=15.0, drip_rate=1e-9) as sandbox:
        sandbox.server.limits.burst = 1000
        api = Api.of(sandbox)
        for name in ("a", "b"):
            written(api, "POST", "/Category.json", {"name": name})
        answer = write(api, "POST", "/Category.json", {"name": "c"})
        assert answer.status_code == 429
        assert answer.headers["X-LS-API-RateLimit-Type"] == "api-leaky-bucket"
        assert {row["name"] for row in sandbox.rows(Resource.named("Category"))} == {"a", "b"}
        assert sandbox.requests[-1]["effect"] is False


def customers(sandbox: Sandbox) -> list[str]:
    """The first names of all customers."""
    return [row["firstName"] for row in sandbox.rows(Customer)]


@pytest.mark.parametrize(
    ("fault", "status", "effect"),
    [
        ("503:1:POST", 503, False),
        ("500-after:1:POST", 500, True),
        ("504-after:1:POST", 504, True),
        ("429:1:POST", 429, False),
        ("drop-before:1:POST", 0, False),
        ("drop-after:1:POST", 0, True),
        ("garbage:1:POST", 200, True),
        ("truncate:1:POST", 200, True),
        ("slow-0.01:1:POST", 200, True),
        ("late-0.01:1:POST", 200, True),
    ],
)
def test_a_fault_says_whether_the_write_took_effect(fault: str, status: int, effect: bool) -> None:  # noqa: FBT001
    with empty(fault=[fault]) as sandbox:
        api = Api.of(sandbox)
        try:
            answer = write(api, "POST", "/Customer.json", ADA).status_code
        except requests.ConnectionError:
            answer = 0
        assert answer == status
        assert customers(sandbox) == ["Ada"] * effect
        (entry,) = sandbox.requests
        assert (entry["status"], entry["effect"], entry["fault"]) == (status, effect, fault.partition(":")[0])
        assert api.ask("/Customer.json").status_code == 200, "other methods are spared"


def test_a_refused_write_is_no_effect_even_if_its_answer_is_lost() -> None:
    with empty(fault=["drop-after:1:POST"]) as sandbox:
        with pytest.raises(requests.ConnectionError):
            write(Api.of(sandbox), "POST", "/Category.json", {"name": ""})
        assert sandbox.requests[-1]["effect"] is False


def test_a_429_on_purpose_says_how_long_to_wait() -> None:
    with empty(fault=["429:2"]) as sandbox:
        api = Api.of(sandbox)
        assert api.ask("/Shop.json").status_code == 200
        answer = api.ask("/Shop.json")
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["errorClass"] == "RateLimitException"


def test_a_slow_answer_comes_after_the_effect_and_a_late_one_before_it() -> None:
    for kind, there in (("slow-5", 1), ("late-5", 0)):
        with empty(fault=[f"{kind}:1:POST"]) as sandbox:
            api = Api.of(sandbox)
            headers = {"Authorization": f"Bearer {api.token}"}
            with pytest.raises(requests.Timeout):
                requests.post(api.address("/Customer.json"), json=ADA, headers=headers, timeout=0.5)
            assert len(customers(sandbox)) == there


def test_faults_by_chance_follow_the_seed_and_the_rate() -> None:
    def hits(seed: int) -> list[bool]:
        faults = Faults(["drop-before:0.1:POST", "504-after:0.1"], seed)
        return [faults.next("POST") is not None for _ in range(1000)]

    assert hits(1) == hits(1) != hits(2)
    assert 140 < sum(hits(3)) < 240


def test_faults_count_the_requests_of_their_methods() -> None:
    faults = Faults(["503:2:POST,PUT"])
    methods = ["GET", "POST", "GET", "PUT", "DELETE", "POST", "POST"]
    assert [faults.next(method) is not None for method in methods] == [False, False, False, True, False, False, True]


@pytest.mark.parametrize(
    "text",
    ["drop:3", "drop-after", "drop-after:0", "drop-after:1.5", "503:3:FETCH", "slow:3", "777-after:2", "late-x:2"],
)
def test_a_fault_that_is_written_wrongly_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="A fault is written like"):
        Fault.parse(text)


def test_nothing_of_a_refused_request_stays() -> None:
    with empty() as sandbox:
        api = Api.of(sandbox)
        before = sandbox.state()["rows"]
        lines = [{"unitPrice": 1}, {"unitPrice": 1, "itemID": 999}]
        refused(api, "POST", "/Sale.json", {**SALE, "SaleLines": {"SaleLine": lines}, "Customer": ADA})
        refused(api, "POST", "/Item.json", {"description": "x", "Manufacturer": {"name": "m"}, "upc": "1"})
        assert sandbox.state()["rows"] == before


def test_many_threads_write_at_once_and_nothing_is_lost() -> None:
    with empty() as sandbox:
        token = Api.of(sandbox).token

        def work(number: int) -> None:
            api = Api(sandbox, token)
            for turn in range(10):
                written(api, "POST", "/Customer.json", {"firstName": f"{number}-{turn}"})

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Counter(customers(sandbox)) == {f"{number}-{turn}": 1 for number in range(8) for turn in range(10)}


def test_what_is_answered_is_durable(tmp_path: Path) -> None:
    path = tmp_path / "account.sqlite"
    with empty(data=path) as sandbox:
        written(Api.of(sandbox), "POST", "/Customer.json", ADA)
        other = Store(path)
        assert [row["firstName"] for row in other.select(Customer)] == ["Ada"]
        other.close()


def test_an_empty_account_is_set_up_and_holds_nothing_else() -> None:
    with empty() as sandbox:
        rows = sandbox.state()["rows"]
    for stream in ("shops", "registers", "employees", "payment_types", "tax_categories", "tax_classes", "price_levels"):
        assert rows[stream] > 0
    for stream in (
        "customers",
        "items",
        "item_shops",
        "sales",
        "sale_lines",
        "categories",
        "vendors",
        "tags",
        "orders",
    ):
        assert rows[stream] == 0


def test_two_sandboxes_have_different_accounts(tmp_path: Path) -> None:
    path = tmp_path / "account.sqlite"
    with empty() as one, empty(account=200002, data=path) as two:
        assert (one.account, two.account) == ("100001", "200002")
        api = Api.of(two)
        assert api.body("/API/V3/Account.json")["Account"]["accountID"] == "200002"
        assert api.body("/API/V3/Session.json")["systemCustomerID"] == "200002"
        written(api, "POST", "/Customer.json", ADA)
        assert api.ask(f"{two.url}/API/V3/Account/100001/Customer.json").status_code == 403
    with empty(account=200002, data=path) as again:
        assert customers(again) == ["Ada"]
    with pytest.raises(ValueError, match="hold the account 200002"):
        empty(account=3, data=path)


def test_answers_can_carry_the_stamp_from_before() -> None:
    with empty(stale_answers=True) as sandbox:
        api = Api.of(sandbox)
        row = written(api, "POST", "/Customer.json", ADA)
        address = f"/Customer/{row['customerID']}.json"
        sandbox.clock.advance(timedelta(seconds=5))
        answer = written(api, "PUT", address, {"lastName": "Stone"})
        assert (answer["lastName"], answer["timeStamp"]) == ("Stone", row["timeStamp"])
        assert row_of(api, Customer, address)["timeStamp"] > row["timeStamp"]


@pytest.mark.parametrize("keeps", [False, True])
def test_archiving_moves_the_stamp_unless_told_otherwise(keeps: bool) -> None:  # noqa: FBT001
    with empty(archiving_keeps_stamp=keeps) as sandbox:
        api = Api.of(sandbox)
        row = written(api, "POST", "/Customer.json", ADA)
        sandbox.clock.advance(timedelta(seconds=5))
        gone = written(api, "DELETE", f"/Customer/{row['customerID']}.json")
        assert (gone["timeStamp"] == row["timeStamp"]) is keeps


def test_what_may_not_be_read_may_not_be_written() -> None:
    with empty(deny=["customers"]) as sandbox:
        refused(Api.of(sandbox), "POST", "/Customer.json", ADA, 403)


def test_the_second_version_writes_too() -> None:
    with empty() as sandbox:
        api = Api.of(sandbox)
        assert written(api, "POST", f"/API/Account/{sandbox.account}/Customer.json", ADA)["firstName"] == "Ada"


def test_every_declared_action_is_done() -> None:
    declared: set[tuple[str, Action]] = {(each.__name__, action) for each in RESOURCES for action in each.api.actions}
    assert {(name, action.name) for name, action in declared} == set(ACTIONS)
