"""What cannot be asked for is read once, kept in the ledger, and brought up to date by what has changed since."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lightspeed_retail.errors import RequestRefusedError
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Category
from lightspeed_retail.wire import Record, instant
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.finding import Finder
from target_lightspeed_retail.ledger import Ledger
from target_lightspeed_retail.telling import Value
from tests.retailer import small_sandbox
from tests.sandbox.calling import Api
from tests.sandbox.writes import written
from tests.target.finders import CUSTOM, finder_at, sandbox
from tests.target.ledgers import KINDS, Place, held, place, server
from tests.target.tickets import ticket
from tests.targeting import Done, messages, rows, run

__all__ = ["place", "sandbox", "server"]

HOUR = timedelta(hours=1)
BATCH = 2_500
"""Records between two others that are not to be written in one go."""


def finder_with(sandbox: Sandbox, ledger: Ledger) -> Finder:
    """One that keeps what it reads."""
    sandbox.forget_requests()
    return finder_at(sandbox.url, int(sandbox.account), Api.of(sandbox).token, ledger)


def named(finder: Finder, *texts: str) -> dict[str, list[str]]:
    """The first names of the customers that hold some texts."""
    wanted: dict[Value, Value] = {(text.casefold(),): (text,) for text in texts}
    found = finder.by_values(Customer, CUSTOM, wanted)
    return {text: sorted(row["firstName"] for row in found.get((text.casefold(),), [])) for text in texts}


def walks(sandbox: Sandbox) -> list[str | None]:
    """The moments from which on the list was read; None where it was read whole."""
    asked = [each["query"] for each in sandbox.requests if each["method"] == "GET"]
    return [each.get("timeStamp", "").partition(",")[2] or None for each in asked if "customerID" not in each]


def whole(sandbox: Sandbox) -> list[Record]:
    """The customers with their contacts."""
    finder = finder_at(sandbox.url, int(sandbox.account), Api.of(sandbox).token)
    return list(finder.rows(Customer, (), {"Contact"}))


def hold(sandbox: Sandbox, key: int, text: str) -> None:
    """Let a customer hold another text."""
    written(Api.of(sandbox), "PUT", f"/Customer/{key}.json", {"Contact": {"custom": text}})


@pytest.fixture(autouse=True)
def as_it_was(sandbox: Sandbox) -> Iterator[None]:
    """Whatever a test does, the next one finds the customers as they were."""
    texts = {row["customerID"]: row["Contact"]["custom"] for row in whole(sandbox)}
    yield
    sandbox.inject([])
    for row in whole(sandbox):
        if row["Contact"]["custom"] != texts[row["customerID"]]:
            hold(sandbox, row["customerID"], texts[row["customerID"]])


@pytest.mark.parametrize("kind", KINDS)
def test_later_runs_read_what_has_changed_since(sandbox: Sandbox, place: Place, kind: str) -> None:
    where, account, began = place(kind), int(sandbox.account), datetime.now(UTC)
    sandbox.clock.advance(HOUR)
    with held(where, account) as ledger:
        finder = finder_with(sandbox, ledger)
        assert named(finder, "C0", "c2", "C7") == {"C0": ["Ada 0", "Ada 1"], "c2": ["Ada 4"], "C7": []}
        assert named(finder, "C1") == {"C1": ["Ada 2", "Ada 3"]}
        assert walks(sandbox) == [None]
    sandbox.clock.advance(HOUR)
    hold(sandbox, 1, "C7")
    hold(sandbox, 5, "")
    with held(where, account) as ledger:
        finder = finder_with(sandbox, ledger)
        assert named(finder, "C0", "C2", "C7") == {"C0": ["Ada 1"], "C2": [], "C7": ["Ada 0"]}
        assert named(finder, "C1") == {"C1": ["Ada 2", "Ada 3"]}
        (since,) = walks(sandbox)
        assert since is not None
        # The server's clock is ahead of this one, and nobody knows which is right.
        assert timedelta(minutes=4) < began - instant(since) < timedelta(minutes=6)


def test_what_is_written_meanwhile_is_found_and_what_is_changed_meanwhile_is_not(
    sandbox: Sandbox, place: Place
) -> None:
    with held(place("sqlite"), int(sandbox.account)) as ledger:
        finder = finder_with(sandbox, ledger)
        assert named(finder, "C2", "new") == {"C2": ["Ada 4"], "new": []}
        hold(sandbox, 5, "new")
        assert named(finder, "C2", "new") == {"C2": [], "new": []}
        finder.learn(Customer, finder.by_keys(Customer, [5], ["Contact"])[5])
        assert named(finder, "C2", "new") == {"C2": [], "new": ["Ada 4"]}
        assert walks(sandbox) == [None]


def test_a_reading_that_was_interrupted_begins_again(sandbox: Sandbox, place: Place) -> None:
    where, account = place("sqlite"), int(sandbox.account)
    with held(where, account) as ledger:
        ledger.index("customers", "custom").fill([("c9", "999")], None, whole=False)
        sandbox.inject(["400-json:1:/Customer"])
        with pytest.raises(RequestRefusedError):
            named(finder_with(sandbox, ledger), "C0")
        sandbox.inject([])
    with held(where, account) as ledger:
        assert named(finder_with(sandbox, ledger), "C0", "C9") == {"C0": ["Ada 0", "Ada 1"], "C9": []}
        assert walks(sandbox) == [None]
        assert ledger.index("customers", "custom").find(["c9"]) == {}


def test_all_is_read_again_after_a_month(sandbox: Sandbox, place: Place) -> None:
    now = datetime.now(UTC)
    with held(place("sqlite"), int(sandbox.account)) as ledger:
        for age, whole in ((29, False), (31, True)):
            ledger.index("customers", "custom").fill([], now, whole=True)
            ledger.index("customers", "custom, whole").fill([], now - timedelta(days=age), whole=True)
            named(finder_with(sandbox, ledger), "C0")
            assert [since is None for since in walks(sandbox)] == [whole]
        assert named(finder_with(sandbox, ledger), "C0") == {"C0": ["Ada 0", "Ada 1"]}


def test_a_moment_that_has_not_come_yet_is_not_believed(sandbox: Sandbox, place: Place) -> None:
    with held(place("sqlite"), int(sandbox.account)) as ledger:
        ledger.index("customers", "custom").fill([], sandbox.clock.now() + HOUR, whole=True)
        ledger.index("customers", "custom, whole").fill([], sandbox.clock.now(), whole=True)
        assert named(finder_with(sandbox, ledger), "C0") == {"C0": ["Ada 0", "Ada 1"]}
        assert walks(sandbox)[1:] == [None]


def test_where_changes_cannot_be_asked_for_all_is_read(sandbox: Sandbox, place: Place) -> None:
    where, account = place("sqlite"), int(sandbox.account)
    with held(where, account) as ledger:
        assert named(finder_with(sandbox, ledger), "C1") == {"C1": ["Ada 2", "Ada 3"]}
        hold(sandbox, 1, "C1")
        sandbox.inject(["400-json:#1:/Customer"])
        assert named(finder_with(sandbox, ledger), "C1") == {"C1": ["Ada 0", "Ada 2", "Ada 3"]}
        assert [since is None for since in walks(sandbox)] == [False, True]


def test_what_changes_without_a_stamp_is_read_by_each_run(sandbox: Sandbox, place: Place) -> None:
    """The path of a category holds the names of those above it."""
    path = next(match for match in Category.api.match if not match.asked)
    with held(place("sqlite"), int(sandbox.account)) as ledger:
        for _ in range(2):
            finder_with(sandbox, ledger).by_values(Category, path, {("tees",): ("Tees",)})
            assert walks(sandbox) == [None]
        assert ledger.index("categories", path.name).as_of is None


def send(sandbox: Sandbox, folder: Path, refs: Collection[str]) -> Done:
    """Send customers that are known by a text that cannot be asked for."""
    sent = [{"ref": ref, "firstName": "Ada", "Contact": {"custom": ref}} for ref in refs]
    return run(sandbox, messages("customers", sent, "ref"), folder)


def test_a_nightly_run_with_new_customers_costs_what_has_changed(tmp_path: Path) -> None:
    with small_sandbox() as sandbox:
        customers = len(rows(sandbox, "Customer"))
        # The ledger forgets what is older than its setting retention_days.
        sandbox.clock.advance(datetime.now(UTC) - sandbox.clock.now())
        first = send(sandbox, tmp_path, ["CRM-1"])
        sandbox.clock.advance(HOUR)
        there = next(row["customerID"] for row in rows(sandbox, "Customer"))
        hold(sandbox, there, "CRM-3")
        second = send(sandbox, tmp_path, ["CRM-1", "CRM-2", "CRM-3"])
    assert (first.operations, second.operations) == (["created"], ["unchanged", "created", "updated"])
    assert second.ids[2] == there
    assert [listed(done) for done in (first, second)] == [-(-customers // 100), 1]


def test_a_customer_that_is_made_because_a_sale_names_it_is_found_by_its_own_record(tmp_path: Path) -> None:
    with small_sandbox() as sandbox:
        before = len(rows(sandbox, "Customer"))
        named_in_a_sale = {"firstName": "Ada", "Contact": {"custom": "CRM-2"}}
        first = {"ref": "1", "firstName": "Bob", "Contact": {"custom": "CRM-1"}}
        sale = ticket(completed=False, completeTime=None, SalePayments=[], Customer=named_in_a_sale)
        others = [{"ref": f"T{number}", "name": f"tag {number}"} for number in range(BATCH)]
        sent = [
            *messages("customers", [first], "ref")[:-1],
            *messages("sales", [sale], "ref")[:-1],
            *messages("tags", others, "ref")[:-1],
            *messages("customers", [{"ref": "2", **named_in_a_sale}], "ref"),
        ]
        done = run(sandbox, sent, tmp_path, create_missing=["customers"])
        assert done.code == 0, done.errors[-2000:]
        assert len(rows(sandbox, "Customer")) == before + 2


def test_a_customer_whose_text_has_been_changed_is_found_by_the_new_one(tmp_path: Path) -> None:
    with small_sandbox() as sandbox:
        before = len(rows(sandbox, "Customer"))

        def customer(ref: str, text: str) -> Record:
            return {"ref": ref, "firstName": "Ada", "Contact": {"custom": text}}

        run(sandbox, messages("customers", [customer("1", "X")], "ref"), tmp_path)
        others = [customer("1", "Y") for _ in range(BATCH)]
        done = run(
            sandbox,
            messages("customers", [customer("9", "Q"), *others, customer("2", "Y")], "ref"),
            tmp_path,
        )
        assert done.code == 0, done.errors[-2000:]
        assert len(rows(sandbox, "Customer")) == before + 2


def listed(done: Done) -> int:
    """How many pages of the list of customers a run has read."""
    asked = [each for each in done.requests if each["path"].endswith("/Customer.json") and each["method"] == "GET"]
    return len([each for each in asked if "customerID" not in each["query"]])
