"""All that the tap reads of one account, written to an empty second one: the second is then a copy of the first."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.sales import Sale
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.ledger import Ledger
from target_lightspeed_retail.order import ordered
from tests.end_to_end.twins import Rows, read, written
from tests.retailer import WIDE, small_sandbox, small_store
from tests.tapping import Message, Tap, message_of, selecting
from tests.targeting import Done, run

COPY = 200_002
PICTURES = "https://images.example.com"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TAKEN = [resource for resource in ordered() if "POST" in resource.api.verbs and not resource.api.administrative]


@dataclass(frozen=True)
class Trip:
    """What was read, what became of it, and what can be read of the copy.

    Args:
        account: Number of the first account.
        first: Its rows.
        done: The run that wrote them.
        again: The same run once more.
        second: The rows of the second account.
        ledger: Knows which row became of which.
    """

    account: int
    first: Rows
    done: Done
    again: Done
    second: Rows
    ledger: Ledger

    def copied(self, resource: type[Resource], key: int) -> int | None:
        """The key of a row's copy."""
        found = self.ledger.mapped(resource.api.stream, f"{self.account}/{key}")
        return int(found) if found else None

    def ended(self, resource: type[Resource], done: Done | None = None) -> dict[int, Message]:
        """How the rows of a resource ended, by their key in the first account."""
        listed = (done or self.done).outcomes
        own = [outcome for outcome in listed if outcome["stream"] == resource.api.stream]
        return {int(outcome["key"].split("/")[1]): outcome for outcome in own}


@contextmanager
def pictures() -> Iterator[str]:
    """A server that has a picture at every address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(PNG)))
            self.end_headers()
            self.wfile.write(PNG)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trip]:
    folder = tmp_path_factory.mktemp("trip")
    with pictures() as address:
        with small_sandbox(small_store(days=10, sales_per_day=8)) as sandbox:
            account = int(sandbox.account)
            lines = Tap.over(sandbox, folder).run_well(catalog=selecting(everything=True)).lines
        messages = [message_of(line.replace(PICTURES, address)) for line in lines]
        with Sandbox(Config(empty=True, account=COPY, **WIDE)) as sandbox:
            done, again = run(sandbox, messages, folder), run(sandbox, messages, folder)
            assert (done.code, again.code) == (0, 0), done.errors[-3000:] + again.errors[-3000:]
            second = read(Tap.over(sandbox, folder).run_well(catalog=selecting(everything=True)).messages)
    ledger = Ledger(str(folder / "ledger.sqlite"), COPY, run_id="test")
    yield Trip(account, read(messages), done, again, second, ledger)
    ledger.close()


@pytest.mark.parametrize("resource", [Customer, Item])
def test_every_customer_and_item_is_created(trip: Trip, resource: type[Resource]) -> None:
    ended = trip.ended(resource)
    assert ended.keys() == trip.first[resource].keys()
    assert {outcome["operation"] for outcome in ended.values()} == {"created"}
    assert len({outcome["lightspeed_id"] for outcome in ended.values()}) == len(trip.second[resource]) == len(ended)


def test_every_sale_is_created_but_those_that_were_voided_or_given_up(trip: Trip) -> None:
    ended = trip.ended(Sale)
    voided = {key for key, row in trip.first[Sale].items() if row["voided"]}
    given_up = {key for key, row in trip.first[Sale].items() if row["archived"] and not row["completed"]} - voided
    assert ended.keys() == trip.first[Sale].keys()
    assert {key for key, outcome in ended.items() if outcome["operation"] == "rejected"} == voided != set()
    assert {key for key, outcome in ended.items() if outcome["operation"] == "unchanged"} == given_up
    assert all("voided" in ended[key]["reason"] for key in voided)
    assert len(trip.second[Sale]) == len(ended) - len(voided) - len(given_up)


def test_archived_payments_are_left_out_with_a_reason(trip: Trip) -> None:
    replaced = {
        key
        for key, row in trip.first[Sale].items()
        if not row["voided"] and any(payment["archived"] for payment in row["SalePayments"] or [])
    }
    assert replaced
    assert all("archived" in trip.ended(Sale)[key]["reason"] for key in replaced)


def test_nothing_else_is_rejected_but_what_the_api_does_not_let_be_made_and_what_sets_stock(trip: Trip) -> None:
    rejected = [outcome for outcome in trip.done.outcomes if outcome["operation"] == "rejected"]
    others = [outcome for outcome in rejected if outcome["stream"] != Sale.api.stream]
    assert {each["stream"] for each in others if "would set stock" in each["reason"]} == {"inventory_count_reconciles"}
    rest = [each for each in others if each["stream"] != "inventory_count_reconciles"]
    assert [each for each in rest if "the API does not let one of" not in each["reason"]] == []


def test_the_second_time_nothing_is_written(trip: Trip) -> None:
    assert trip.again.writes == []
    assert set(trip.again.operations) == {"unchanged", "rejected"}
    assert len(trip.again.outcomes) == len(trip.done.outcomes)
    assert trip.again.drips < 20


@pytest.mark.parametrize("resource", TAKEN, ids=lambda resource: resource.__name__)
def test_the_copy_has_the_same_rows(trip: Trip, resource: type[Resource]) -> None:
    ended = trip.ended(resource)
    wrong = {}
    for key, row in trip.first.get(resource, {}).items():
        if ended[key]["operation"] == "rejected" or ended[key]["lightspeed_id"] is None:
            continue
        copy = trip.second[resource][int(ended[key]["lightspeed_id"])]
        one = written(resource, resource, as_written(resource, row, ended[key]), trip.copied)
        other = written(resource, resource, copy, None)
        names = one.keys() | other.keys()
        if differ := {name: (one.get(name), other.get(name)) for name in names if one.get(name) != other.get(name)}:
            wrong[key] = differ
    assert wrong == {}


def as_written(resource: type[Resource], row: Message, outcome: Message) -> Message:
    """A row with what the target makes of it on purpose."""
    if resource is Sale and not row["referenceNumber"]:
        # So that the sale can be found again.
        return {**row, "referenceNumberSource": "lightspeed-100001", "referenceNumber": outcome["key"].split("/")[1]}
    if "PUT" not in resource.api.verbs and resource.api.delete is None:
        return {name: value for name, value in row.items() if name != "archived"} | {"archived": False}
    return row


def test_there_is_something_of_everything(trip: Trip) -> None:
    """The comparisons would hold for an account without rows, too."""
    empty = [resource.__name__ for resource in TAKEN if not trip.first.get(resource)]
    assert empty == []
