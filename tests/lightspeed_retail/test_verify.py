"""The command `lightspeed-retail verify` over a sandbox and what was loaded of it into a PostgreSQL."""

from __future__ import annotations

import functools
import os
import pty
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import LiteralString
from zoneinfo import ZoneInfo

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.account import Account, Shop
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.labels import Tag
from lightspeed_retail.resources.sales import Sale
from lightspeed_retail.verify.account import can_be_walked
from lightspeed_retail.verify.comparison import Comparison, Kind
from lightspeed_retail.verify.entries import Entry
from lightspeed_retail.verify.tables import Extent
from lightspeed_retail.wire import instant, stamp
from lightspeed_sandbox import warehouse
from tap_lightspeed_retail.naming import snake_case
from tests.declared import RESOURCES
from tests.lightspeed_retail.verified import SCHEMA, Loaded, Said
from tests.retailer import small_sandbox, small_store
from tests.tapping import selecting

FEW = ("sales", "customers", "tags", "shops")
OTHER = 100002
Copied = Callable[..., str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[warehouse.Warehouse]:
    with warehouse.running(tmp_path_factory.mktemp("warehouse")) as running:
        yield running


@pytest.fixture(scope="module")
def house(server: warehouse.Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """An account that rests, and all of it in the warehouse."""
    with small_sandbox(small_store(days=6, sales_per_day=8)) as sandbox:
        loaded = Loaded(sandbox, server, tmp_path_factory.mktemp("verify"))
        loaded.load(selecting(everything=True))
        yield loaded


@pytest.fixture
def copied(house: Loaded, request: pytest.FixtureRequest) -> Copied:
    """Copies tables into a schema of the test's own."""
    return functools.partial(house.copy, str(request.node.name)[:60])


def named(stream: str) -> type[Resource]:
    """The declaration of a stream."""
    return next(resource for resource in RESOURCES if resource.api.stream == stream)


def announced(said: Said) -> float:
    """The drips that were announced before any was spent on rows."""
    return float(said.found["announced"]["drips"])


@pytest.fixture
def going_on(server: warehouse.Warehouse, tmp_path: Path) -> Iterator[Loaded]:
    """An account in which things go on, loaded into a schema of its own."""
    with small_sandbox(small_store(days=2, sales_per_day=5)) as sandbox:
        loaded = Loaded(sandbox, server, tmp_path)
        loaded.load(selecting(*FEW), schema="going_on")
        yield loaded


def test_all_that_can_be_walked_is_equal_at_the_price_that_was_announced(house: Loaded) -> None:
    said = house.verify("--yes", "--stream", "*", "--format", "json")
    assert (said.code, said.differences()) == (0, {})
    walked = {resource.api.stream for resource in RESOURCES if can_be_walked(resource)}
    assert said.found["streams"].keys() == walked
    rows = {stream: len(house.sandbox.rows(named(stream))) for stream in walked}
    assert {stream: each["account_rows"] for stream, each in said.found["streams"].items()} == rows
    assert {stream: each["warehouse_rows"] for stream, each in said.found["streams"].items()} == rows
    assert said.found["spent"] == announced(said) == said.drips
    assert said.found["unfinished"] == []


def test_the_days_of_sales_are_added_up(house: Loaded) -> None:
    said = house.verify("--yes", "--stream", "sales")
    assert said.code == 0
    assert "Totals of 7 days: equal." in said.text
    assert "Account and warehouse agree." in said.text
    assert f"In all {said.drips:g} drips, 1 of them spent already" in said.errors


def test_what_was_changed_by_hand_is_named(house: Loaded, copied: Copied) -> None:
    schema = copied(*FEW)
    house.execute(schema, 'delete from sales where "saleID" in (3, 7)')
    house.execute(schema, 'insert into sales select * from sales where "saleID" = 11')
    house.execute(schema, """update sales set "updateTime" = "updateTime" - interval '1 hour' where "saleID" = 5""")
    house.execute(schema, """update tags set "tagID" = 4711 where "tagID" = 2""")
    said = house.verify("--yes", "--schema", schema, "--format", "json")
    assert said.code == 1
    assert said.differences() == {
        "sales": {"missing": [3, 7], "changed": [5], "doubled": [11]},
        "tags": {"missing": [2], "surplus": [4711]},
    }
    assert said.found["spent"] == announced(said) == said.drips


def test_people_read_the_keys_and_the_days(house: Loaded, copied: Copied) -> None:
    schema = copied("sales")
    house.execute(schema, 'delete from sales where "saleID" in (3, 7)')
    said = house.verify("--yes", "--schema", schema)
    assert said.code == 1
    assert "  2 missing in the warehouse: 3, 7\n" in said.text
    assert "Account and warehouse differ." in said.text


def test_an_amount_that_differs_shows_in_the_day_of_its_shop(house: Loaded, copied: Copied) -> None:
    schema = copied("sales")
    sale = next(row for row in house.sandbox.rows(Sale) if is_traded(row) and row["calcTotal"])
    house.execute(schema, 'update sales set "calcTotal" = "calcTotal" + 0.01 where "saleID" = %s', sale["saleID"])
    said = house.verify("--yes", "--schema", schema, "--format", "json")
    shop = next(row for row in house.sandbox.rows(Shop) if row["shopID"] == sale["shopID"])
    day = instant(sale["completeTime"]).astimezone(ZoneInfo(shop["timeZone"])).date()
    assert (said.code, said.differences()) == (1, {})
    (differing,) = said.found["streams"]["sales"]["days"]
    assert (differing["day"], differing["shop_name"]) == (day.isoformat(), shop["name"])
    apart = Decimal(differing["warehouse"]["total"]) - Decimal(differing["account"]["total"])
    assert (apart, differing["warehouse"]["sales"]) == (Decimal("0.01"), differing["account"]["sales"])


def test_the_totals_of_a_day_are_those_of_its_completed_sales(house: Loaded, copied: Copied) -> None:
    schema = copied("sales")
    house.execute(schema, "delete from sales")
    said = house.verify("--yes", "--schema", schema, "--format", "json", "--max-drips", "99")
    zones = {row["shopID"]: ZoneInfo(row["timeZone"]) for row in house.sandbox.rows(Shop)}
    expected: dict[tuple[str, int], Decimal] = {}
    for row in house.sandbox.rows(Sale):
        if is_traded(row):
            day = instant(row["completeTime"]).astimezone(zones[row["shopID"]]).date().isoformat()
            expected[day, row["shopID"]] = expected.get((day, row["shopID"]), Decimal(0)) + row["calcTotal"]
    found = {
        (each["day"], each["shop_id"]): Decimal(each["account"]["total"])
        for each in said.found["streams"]["sales"]["days"]
    }
    assert found == expected


def is_traded(row: dict[str, object]) -> bool:
    """Whether a sale counts in the totals of its day."""
    return bool(row["completed"]) and not row["voided"] and not row["archived"]


def test_rows_of_other_accounts_and_rows_marked_as_deleted_do_not_count(house: Loaded, copied: Copied) -> None:
    schema = copied("customers", "tags")
    house.execute(schema, 'create table more as select * from tags where "tagID" < 4')
    house.execute(schema, 'update more set "accountID" = %s, "tagID" = "tagID" + 100', OTHER)
    house.execute(schema, "insert into tags select * from more")
    house.execute(schema, """update more set "accountID" = %s, "_sdc_deleted_at" = now()""", int(house.sandbox.account))
    house.execute(schema, "insert into tags select * from more")
    said = house.verify("--yes", "--schema", schema, "--format", "json")
    assert (said.code, said.differences()) == (0, {})


def test_columns_may_be_in_snake_case(house: Loaded, copied: Copied) -> None:
    schema = copied("sales", "tags")
    house.rename_columns(schema, snake_case)
    house.execute(schema, "delete from tags where tag_id = 1")
    said = house.verify("--yes", "--schema", schema, "--format", "json")
    assert (said.code, said.differences()) == (1, {"tags": {"missing": [1]}})


def test_from_a_day_on_only_later_rows_are_asked_for_and_compared(house: Loaded, copied: Copied) -> None:
    schema = copied("sales")
    days = sorted(stamp(instant(row["completeTime"])) for row in house.sandbox.rows(Sale) if is_traded(row))
    since = days[len(days) // 2][:10]
    house.execute(schema, "delete from sales where \"completeTime\" < %s::timestamp - interval '1 day'", since)
    count: LiteralString = "select count(*) from sales"
    assert house.execute(SCHEMA, count) - house.execute(schema, count) > 5
    said = house.verify("--yes", "--schema", schema, "--since", since, "--format", "json")
    assert (said.code, said.differences()) == (0, {})
    assert 0 < said.found["streams"]["sales"]["account_rows"] < len(days)
    house.execute(schema, 'delete from sales where "saleID" = (select max("saleID") - 9 from sales)')
    assert house.verify("--yes", "--schema", schema, "--since", since).code == 1


def test_what_changed_or_came_after_the_load_is_left_out(going_on: Loaded) -> None:
    newest = instant(str(going_on.execute("going_on", 'select max("updateTime") from sales')))
    sandbox = going_on.sandbox
    sandbox.clock.advance(timedelta(hours=1))
    sale = next(row for row in sandbox.rows(Sale) if is_traded(row))
    sandbox.edit(Sale, sale["saleID"], {"referenceNumber": "later"})
    sandbox.advance(1)
    arguments = ("--yes", "--schema", "going_on", "--stream", "sales", "--format", "json", "--max-drips", "50")
    said = going_on.verify(*arguments)
    assert (said.code, said.differences()) == (0, {})
    assert said.found["streams"]["sales"]["later"] > 1
    assert said.found["streams"]["sales"]["days"] == []
    # To one who says that the load began later, they are differences.
    said = going_on.verify(*arguments, "--loaded-at", stamp(newest + timedelta(hours=3)))
    assert said.code == 1
    assert said.differences()["sales"]["changed"] == [sale["saleID"]]


def test_the_first_rows_of_a_table_are_left_out_if_they_came_after_the_load(going_on: Loaded) -> None:
    sandbox = going_on.sandbox
    going_on.execute("going_on", "delete from customers")
    arguments = ("--yes", "--schema", "going_on", "--stream", "customers")
    missing = [row["customerID"] for row in sandbox.rows(Customer)]
    said = going_on.verify(*arguments)
    assert said.code == 1
    assert f"  {len(missing)} missing in the warehouse: 1, 2, 3" in said.text
    assert "  The table is empty: if they came after its last load, load, and verify again." in said.text
    sandbox.clock.advance(timedelta(hours=1))
    for key in missing:
        sandbox.edit(Customer, key, {"firstName": "Later"})
    said = going_on.verify(*arguments, "--format", "json")
    assert (said.code, said.differences()) == (0, {})
    assert said.found["streams"]["customers"]["later"] == len(missing)


def test_rows_that_came_after_the_load_are_left_out_also_from_a_day_without_older_ones(going_on: Loaded) -> None:
    sandbox = going_on.sandbox
    sandbox.advance(3)
    since = (sandbox.clock.now() - timedelta(days=1)).date().isoformat()
    said = going_on.verify("--yes", "--schema", "going_on", "--stream", "sales", "--since", since, "--format", "json")
    assert (said.code, said.differences()) == (0, {})
    assert said.found["streams"]["sales"]["later"] > 1


def test_a_table_that_is_no_longer_loaded_does_not_agree_by_that(going_on: Loaded) -> None:
    sandbox, schema = going_on.sandbox, "no_longer"
    going_on.load(selecting(*FEW), schema=schema)
    sandbox.advance(3)
    sandbox.edit(Customer, sandbox.rows(Customer)[0]["customerID"], {"firstName": "Later"})
    going_on.load(selecting("customers", "tags"), schema=schema)
    since = (sandbox.clock.now() - timedelta(days=1)).date().isoformat()
    said = going_on.verify("--yes", "--schema", schema, "--stream", "sales", "--since", since, "--format", "json")
    assert said.code == 1
    assert said.differences()["sales"].keys() == {"missing"}


def test_a_table_of_somebody_elses_with_the_name_of_a_stream_is_left_alone(going_on: Loaded) -> None:
    going_on.execute("going_on", "create table orders (number int)")
    going_on.execute("going_on", "delete from customers")
    try:
        named, unnamed = (
            going_on.verify("--yes", "--schema", "going_on", *stream) for stream in (["--stream", "customers"], [])
        )
        foreign = going_on.verify("--yes", "--schema", "going_on", "--stream", "orders")
    finally:
        going_on.execute("going_on", "drop table orders")
    for said in (named, unnamed):
        assert said.code == 1
        assert "missing in the warehouse" in said.text
    assert (foreign.code, foreign.text) == (2, "")
    assert "has no column accountID" in foreign.errors


def test_what_is_gone_from_the_account_is_surplus_until_it_is_marked(going_on: Loaded) -> None:
    going_on.sandbox.delete(Tag, 2)
    loser, winner = sorted(row["customerID"] for row in going_on.sandbox.rows(Customer))[:2]
    going_on.sandbox.merge_customers(winner, loser)
    said = going_on.verify("--yes", "--schema", "going_on", "--format", "json")
    assert said.code == 1
    assert said.differences() == {"tags": {"surplus": [2]}, "customers": {"surplus": [loser]}}


def test_short_lists_are_compared_unasked_and_long_ones_named_with_their_price(house: Loaded, copied: Copied) -> None:
    schema = copied("sales", "sale_lines", "tags")
    for _ in range(4):
        house.execute(schema, "insert into sale_lines select * from sale_lines")
    rows = house.execute(schema, "select count(*) from sale_lines")
    said = house.verify("--yes", "--schema", schema, "--format", "json")
    assert (said.code, said.differences()) == (0, {})
    assert said.found["streams"].keys() == {"sales", "tags"}
    assert rows > 1000
    assert said.found["announced"]["left_out"] == {"sale_lines": -(-rows // 100)}
    assert f"Not compared unless named by --stream: sale_lines ({-(-rows // 100)} drips)." in said.errors


def test_no_more_is_spent_than_was_announced_and_a_little(house: Loaded, copied: Copied) -> None:
    schema = copied("inventory_logs")
    house.execute(schema, "delete from inventory_logs")
    said = house.verify("--yes", "--schema", schema, "--format", "json")
    assert said.code == 1
    assert said.found["unfinished"] == ["inventory_logs"]
    assert announced(said) < said.drips == said.found["spent"] <= said.found["announced"]["most_drips"]
    said = house.verify("--yes", "--schema", schema, "--max-drips", "1000")
    assert said.code == 1
    assert "limit of drips" not in said.text


def test_a_stream_that_is_refused_does_not_keep_the_others_from_being_compared(house: Loaded, copied: Copied) -> None:
    schema = copied("tags", "sale_voids", "shops")
    house.sandbox.inject(["403:1:/SaleVoid"])
    try:
        said = house.verify("--yes", "--schema", schema, "--format", "json")
    finally:
        house.sandbox.inject([])
    streams = said.found["streams"]
    assert (said.code, said.found["unfinished"]) == (2, ["sale_voids"])
    assert "403" in streams["sale_voids"]["stopped"]
    assert {streams[name]["stopped"] for name in ("tags", "shops")} == {""}


def test_a_price_above_the_limit_is_not_spent(house: Loaded) -> None:
    said = house.verify("--yes", "--stream", "inventory_logs", "--max-drips", "2")
    assert (said.code, said.text, said.drips) == (2, "", 1)
    assert "That is more than --max-drips 2" in said.errors


def test_without_leave_nothing_is_compared(house: Loaded) -> None:
    said = house.verify("--stream", "sales")
    assert (said.code, said.text, said.drips) == (2, "", 1)
    assert "Nothing was compared: say --yes" in said.errors


@pytest.mark.parametrize(("answer", "code", "drips"), [("y\n", 0, 3), ("n\n", 2, 1)])
def test_on_a_terminal_it_asks(house: Loaded, answer: str, code: int, drips: int) -> None:
    terminal, theirs = pty.openpty()
    os.write(terminal, answer.encode())
    try:
        said = house.verify("--stream", "sales", stdin=Path(os.ttyname(theirs)))
    finally:
        os.close(terminal)
        os.close(theirs)
    assert (said.code, said.drips) == (code, drips)
    assert said.errors.index("In all 3 drips") < said.errors.index("Go ahead?")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--stream", "sale"], "There is no stream sale."),
        (["--stream", "options"], "The API does not list options by their keys"),
        (["--schema", "nowhere", "--stream", "sales"], "The schema nowhere of the warehouse has no table sales"),
        (["--schema", "nowhere"], "The schema nowhere of the warehouse holds no table of a stream."),
        (["--database", "postgresql://ada:sentinel@127.0.0.1:9/shop"], "The warehouse postgresql://127.0.0.1/shop"),
        (["--database", "sentinel"], "--database must be"),
    ],
)
def test_what_stands_in_the_way_is_a_line_and_an_exit_code_of_its_own(
    house: Loaded, arguments: list[str], words: str
) -> None:
    said = house.verify("--yes", *arguments)
    assert (said.code, said.text) == (2, "")
    assert said.errors.count("\n") == 1
    assert words in said.errors
    assert "sentinel" not in said.errors


def test_without_an_address_it_says_how_to_give_one(house: Loaded) -> None:
    said = house.verify("--yes", environment={})
    assert (said.code, said.drips) == (2, 0)
    assert "--database postgresql://user@host/database, or set TARGET_POSTGRES_SQLALCHEMY_URL" in said.errors


def test_the_loaders_parts_of_an_address_and_its_schema_are_taken(house: Loaded) -> None:
    parts = {
        "TARGET_POSTGRES_HOST": str(house.server.socket),
        "TARGET_POSTGRES_USER": "postgres",
        "TARGET_POSTGRES_DATABASE": "postgres",
        "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": SCHEMA,
    }
    assert house.verify("--yes", "--stream", "tags", environment=parts).code == 0


def test_two_accounts_in_one_table_are_compared_each_for_itself(house: Loaded, tmp_path: Path) -> None:
    store = small_store(days=2, sales_per_day=5, seed=2)
    (row,) = store.select(Account)
    store.put(Account, [{**row, "accountID": OTHER}])
    store.delete(Account, row["accountID"])
    with small_sandbox(store) as sandbox:
        second = Loaded(sandbox, house.server, tmp_path)
        second.load(selecting(*FEW))
        second.execute(SCHEMA, 'delete from tags where "tagID" = 1 and "accountID" = %s', OTHER)
        streams = [word for stream in FEW for word in ("--stream", stream)]
        found = [each.verify("--yes", *streams, "--format", "json") for each in (house, second)]
    assert [(said.code, said.differences()) for said in found] == [(0, {}), (1, {"tags": {"missing": [1]}})]
    assert [said.found["account_id"] for said in found] == [int(house.sandbox.account), OTHER]


def test_a_comparison_keeps_a_few_rows_in_memory() -> None:
    def side(step: int) -> Iterable[Entry]:
        return (Entry(key, "2024-06-01T00:00:00+00:00", None) for key in range(1, 100_001) if key % step)

    comparison = Comparison("sales", Extent(100_000, 100_000, "2024-06-01T00:00:00+00:00"), "2024-06-01T00:00:00+00:00")
    tracemalloc.start()
    try:
        comparison.run(side(3), side(5))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 500_000
    assert (comparison.account_rows, comparison.warehouse_rows) == (66_667, 80_000)
    assert {kind: keys.count for kind, keys in comparison.found.items()} == {
        Kind.MISSING: 13_334,
        Kind.SURPLUS: 26_667,
        Kind.CHANGED: 0,
        Kind.DOUBLED: 0,
    }
