"""Sales to write, and what has become of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.wire import Record
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.faults import Faults
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import WIDE
from tests.sandbox.calling import Api
from tests.sandbox.writes import written
from tests.targeting import Done, Requests, messages, rows, run

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


class OneFault(Faults):
    """The first request of a method goes wrong, all others go well."""

    def __init__(self, text: str) -> None:
        """Take the fault as it is written."""
        super().__init__([text])
        self._left = 1

    def next(self, method: str = "GET", path: str = "/") -> Any:
        """The fault of the next request."""
        found = super().next(method, path) if self._left else None
        self._left -= found is not None
        return found


def at_least(number: int) -> Callable[[Requests], bool]:
    """A condition: so many requests have come in."""
    return lambda requests: len(requests) >= number
