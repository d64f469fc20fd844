"""Rows that change while they are paged, stamps that are stale or tied, and a clock that is off."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource, Stamp
from lightspeed_retail.wire import Record, instant, stamp
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.serve import Sandbox
from tests.sandbox.calling import LISTS, RECORDS, Api, rows_of
from tests.sandbox.test_command import SMALL, run
from tests.sandbox.writes import write, written

CUSTOMER, SALE = Resource.named("Customer"), Resource.named("Sale")
STAMPED = [resource for resource in RECORDS if isinstance(resource.api.bookmark, Stamp)]
UNSTAMPED = [resource for resource in LISTS if resource not in STAMPED]
HOUR = timedelta(hours=1)


def stamp_of(resource: type[Resource]) -> str:
    """The name of the change stamp."""
    assert isinstance(resource.api.bookmark, Stamp)
    return resource.api.bookmark.field


def named(resource: type[Resource]) -> str:
    return resource.__name__


@pytest.fixture(autouse=True)
def all_goes_well(sandbox: Sandbox) -> None:
    """No fault is left from the test before, and no two tests write in the same second."""
    sandbox.inject([])
    sandbox.clock.advance(timedelta(seconds=5))


def moved(sandbox: Sandbox, resource: type[Resource], before: list[Record]) -> list[Record]:
    """The rows that are not as before."""
    known = {row[resource.api.key]: row for row in before}
    return [row for row in sandbox.rows(resource) if row != known[row[resource.api.key]]]


@pytest.mark.parametrize("resource", [each for each in STAMPED if each in LISTS], ids=named)
def test_one_row_of_a_list_changes_before_its_page_is_answered(
    api: Api, sandbox: Sandbox, resource: type[Resource]
) -> None:
    before, now = sandbox.rows(resource), stamp(sandbox.clock.now())
    sandbox.inject(["edit:#1"])
    path, more = api.walks(resource)[0]
    api.body(path, **more)
    (row,) = moved(sandbox, resource, before)
    assert row[stamp_of(resource)] >= now
    same = next(known for known in before if known[resource.api.key] == row[resource.api.key])
    assert row == same | {stamp_of(resource): row[stamp_of(resource)]}, "nothing else changes"
    assert sandbox.injected == {"edit": 1}


def test_a_row_that_changes_while_it_is_paged_comes_on_another_page(api: Api, sandbox: Sandbox) -> None:
    sandbox.inject(["edit:1:/Item"], seed=3)
    item, wanted = Resource.named("Item"), {"sort": "timeStamp", "limit": "10", "archived": "true"}
    body = api.body("/Item.json", **wanted)
    seen = [row["itemID"] for row in rows_of(item, body)]
    while body["@attributes"]["next"]:
        sandbox.clock.advance(timedelta(seconds=1))
        body = api.body(body["@attributes"]["next"])
        seen += [row["itemID"] for row in rows_of(item, body)]
    assert {int(key) for key in seen} == {row["itemID"] for row in sandbox.rows(item)}, "every row came"
    assert max(Counter(seen).values()) > 1, "and some came again"


def test_the_seed_says_which_rows_change(api: Api, sandbox: Sandbox) -> None:
    def changed(seed: int) -> list[list[int]]:
        found = []
        sandbox.inject(["edit:1:/Customer"], seed=seed)
        for _ in range(5):
            sandbox.clock.advance(timedelta(seconds=2))
            before = sandbox.rows(CUSTOMER)
            api.body("/Customer.json")
            found.append([row["customerID"] for row in moved(sandbox, CUSTOMER, before)])
        return found

    assert changed(1) == changed(1) != changed(2)


def test_nothing_changes_but_with_lists_whose_rows_have_a_stamp(api: Api, sandbox: Sandbox) -> None:
    sandbox.inject(["edit:1"])
    before = {resource: sandbox.rows(resource) for resource in STAMPED}
    for resource in UNSTAMPED:
        path, more = api.walks(resource)[0]
        api.body(path, **more)
    api.body("/Customer/1.json")
    api.ask("/Nothing.json")
    assert sandbox.injected == {}
    assert {resource: sandbox.rows(resource) for resource in STAMPED} == before
    written(api, "POST", "/Customer.json", {"firstName": "Ada"})
    assert sandbox.injected == {}


def test_the_answer_to_a_change_carries_the_stamp_from_before(api: Api, sandbox: Sandbox) -> None:
    made = written(api, "POST", "/Customer.json", {"firstName": "Ada"})
    path = f"/Customer/{made['customerID']}.json"
    sandbox.inject(["stale:#1-2"])
    for method, body in (("PUT", {"firstName": "Grace"}), ("DELETE", None)):
        was = api.body(path)["Customer"]["timeStamp"]
        sandbox.clock.advance(timedelta(seconds=5))
        told = written(api, method, path, body)
        assert told["timeStamp"] == was
        assert api.body(path)["Customer"]["timeStamp"] > was
    assert told["firstName"] == "Grace", "only the stamp is stale"
    sandbox.clock.advance(timedelta(seconds=5))
    told = written(api, "PUT", path, {"firstName": "Edith"})
    assert told["timeStamp"] == api.body(path)["Customer"]["timeStamp"]
    assert sandbox.injected == {"stale": 2}


def test_new_rows_and_reading_have_no_stamp_from_before(api: Api, sandbox: Sandbox) -> None:
    sandbox.inject(["stale:1"])
    made = written(api, "POST", "/Customer.json", {"firstName": "Ada"})
    assert api.body(f"/Customer/{made['customerID']}.json")["Customer"]["timeStamp"] == made["timeStamp"]
    assert write(api, "PUT", "/Customer/999999.json", {"firstName": "Ada"}).status_code == 404
    assert sandbox.injected == {"stale": 1}


@pytest.mark.parametrize("resource", STAMPED, ids=named)
def test_rows_are_tied_to_one_second_and_nothing_else_of_them_changes(
    sandbox: Sandbox, resource: type[Resource]
) -> None:
    before = sandbox.rows(resource)
    number = min(len(before), 7)
    moment = sandbox.clock.now()
    sandbox.tie(resource.api.stream, number)
    name = stamp_of(resource)
    tied = [row for row in sandbox.rows(resource) if (row[name] or "") >= stamp(moment)]
    assert len(tied) == number
    assert len({row[name] for row in tied}) == 1
    assert [row | {name: None} for row in sandbox.rows(resource)] == [row | {name: None} for row in before]


def test_a_tie_of_more_than_a_page_comes_on_several_pages_in_full(api: Api, sandbox: Sandbox) -> None:
    at = "2024-06-01T00:00:00+00:00"
    assert api.control("POST", "tie/sales", params={"rows": "250", "at": at}).status_code == 200
    pages = list(api.pages(SALE, sort="updateTime", updateTime=at, archived="true"))
    assert [len(page) for page in pages] == [100, 100, 50]
    assert len({row["saleID"] for page in pages for row in page}) == 250


def test_what_cannot_be_tied_is_refused(api: Api, sandbox: Sandbox) -> None:
    for path in ("tie/unicorns?rows=2", "tie/sales", "tie/sales?rows=many", "tie/sales?rows=2&at=noon"):
        assert api.control("POST", path).status_code in (400, 404), path
    with pytest.raises(ApiError, match=r"There are only \d+ sales, not 999999"):
        sandbox.tie(SALE, 999_999)
    with pytest.raises(ApiError, match="have no change stamp"):
        sandbox.tie(UNSTAMPED[0], 1)


def test_the_command_ties_rows_and_says_what_is_wrong_with_a_tie() -> None:
    ask = (
        "import collections, json, os, urllib.request as u;"
        "rows = json.load(u.urlopen(os.environ['LIGHTSPEED_SANDBOX_URL'] + '/sandbox/rows/items'));"
        "print(collections.Counter(row['timeStamp'] for row in rows).most_common(1)[0][1])"
    )
    done = run("run", *SMALL, "--tie", "items:120", "--clock-off", "-90", "--", sys.executable, "-c", ask)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 120
    for wrong in ("items", "items:many", "unicorns:3", "items:999999"):
        told = run("run", *SMALL, "--tie", wrong, "--", sys.executable, "-c", "")
        assert (told.returncode, "Traceback" in told.stderr) == (1, False)
        assert told.stderr.startswith("The sandbox cannot start: ")


@pytest.mark.parametrize("off", [-3600.0, 3600.0])
def test_a_clock_that_is_off_shows_in_dates_stamps_and_tokens(tmp_path: Path, off: float) -> None:
    config = Config(empty=True, data=tmp_path / "account.sqlite", clock_off=off)
    with Sandbox(config) as sandbox:
        api = Api.of(sandbox)
        shown = parsedate_to_datetime(api.ask("/Shop.json").headers["Date"])
        made = instant(written(api, "POST", "/Customer.json", {"firstName": "Ada"})["timeStamp"])
        for moment in (shown, made):
            assert abs(moment - datetime.now(UTC) - timedelta(seconds=off)) < timedelta(minutes=1)
        sandbox.clock.off = timedelta()
        right = parsedate_to_datetime(api.ask("/Shop.json").headers["Date"])
        assert abs(right - datetime.now(UTC)) < timedelta(minutes=1)
    sandbox.store.close()
    with Sandbox(Config(data=config.data)) as again:
        assert abs(again.clock.now() - datetime.now(UTC)) < timedelta(minutes=1), "it is not off for good"


def test_access_tokens_end_by_the_clock_of_the_server() -> None:
    with Sandbox(Config(empty=True)) as sandbox:
        api = Api.of(sandbox)
        assert api.ask("/Shop.json").status_code == 200
        sandbox.clock.off = 2 * HOUR
        assert api.ask("/Shop.json").status_code == 401
        assert Api.of(sandbox).ask("/Shop.json").status_code == 200
