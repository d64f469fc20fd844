"""Rows that go without a trace: found by their keys every so many days, and marked one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Category, Item
from lightspeed_retail.resources.labels import Tag
from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_retail.wire import stamp
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES
from tests.forwarding import forwarding
from tests.retailer import small_sandbox, small_store
from tests.scripted import Answer, Asked
from tests.tapping import Message, Spoken, Tap, selecting

DELETED_AT = "_sdc_deleted_at"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=12, sales_per_day=8)) as running:
        yield running


def marks(spoken: Spoken) -> dict[str, list[Message]]:
    """The deletion marks of a run by stream."""
    found: dict[str, list[Message]] = {}
    for message in spoken.of("RECORD"):
        if DELETED_AT in message["record"]:
            found.setdefault(message["stream"], []).append(message["record"])
    return found


def marked(spoken: Spoken, resource: type[Resource]) -> list[int]:
    return [record[resource.api.key] for record in marks(spoken).get(resource.api.stream, [])]


def pass_days(sandbox: Sandbox, days: int) -> None:
    """Let time pass without any trade."""
    sandbox.clock.advance(timedelta(days=days))


def open_line(sandbox: Sandbox) -> int:
    """A line of an open sale."""
    (sale, *_) = sandbox.store.select(Sale, '"completed" = 0 AND "archived" = 0 AND "voided" = 0')
    return int(sandbox.store.select(SaleLine, '"saleID" = ?', (sale["saleID"],))[0]["saleLineID"])


def test_what_is_gone_is_marked_by_its_key_and_nothing_else_is(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, vanished_check_days=1)
    first = tap.run_well()
    assert marks(first) == {}
    line, category, tag = open_line(sandbox), 3, 2
    winner, loser = 5, 6
    sandbox.delete(SaleLine, line)
    sandbox.delete(Category, category)
    sandbox.delete(Tag, tag)
    sandbox.merge_customers(winner, loser)
    pass_days(sandbox, 2)
    second = tap.run_well(state=first.state)
    assert {stream: [sorted(record) for record in records] for stream, records in marks(second).items()} == {
        resource.api.stream: [sorted([DELETED_AT, "accountID", resource.api.key])]
        for resource in (SaleLine, Category, Tag, Customer)
    }
    assert [marked(second, each) for each in (SaleLine, Category, Tag, Customer)] == [
        [line],
        [category],
        [tag],
        [loser],
    ]
    pass_days(sandbox, 2)
    assert marks(tap.run_well(state=second.state)) == {}


def test_a_mark_is_announced_by_a_schema_of_key_and_stamp_only(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, vanished_check_days=1)
    first = tap.run_well(catalog=selecting("tags"))
    sandbox.delete(Tag, 1)
    pass_days(sandbox, 1)
    second = tap.run_well(catalog=selecting("tags"), state=first.state)
    schemas = [message["schema"] for message in second.of("SCHEMA")]
    assert list(schemas[-1]["properties"]) == ["accountID", "tagID", DELETED_AT]
    assert second.of("SCHEMA")[-1]["key_properties"] == ["accountID", "tagID"]


def test_an_item_that_was_archived_without_a_stamp_arrives_with_its_flag(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, vanished_check_days=1)
    first = tap.run_well(catalog=selecting("items"))
    sandbox.edit(Item, 4, {"archived": True}, quiet=True)
    pass_days(sandbox, 1)
    second = tap.run_well(catalog=selecting("items"), state=first.state)
    assert {record["itemID"]: record["archived"] for record in second.records("items")}[4] is True


def test_the_check_costs_nothing_until_it_is_due(sandbox: Sandbox, tmp_path: Path) -> None:
    checking = Tap.over(sandbox, tmp_path, vanished_check_days=7)
    state = checking.run_well(catalog=selecting("categories", "items")).state
    pass_days(sandbox, 6)
    sandbox.forget_requests()
    spoken = checking.run_well(catalog=selecting("categories", "items"), state=state)
    assert [entry["status"] for entry in sandbox.requests].count(200) == 3
    assert marks(spoken) == {}


def test_a_row_that_comes_and_goes_between_two_checks_is_marked(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, vanished_check_days=7)
    first = tap.run_well(catalog=selecting("tags"))
    passing = {**sandbox.store.select(Tag)[0], "tagID": 900, "name": "for a day"}
    sandbox.store.put(Tag, [passing])
    pass_days(sandbox, 1)
    second = tap.run_well(catalog=selecting("tags"), state=first.state)
    assert 900 in {record["tagID"] for record in second.records("tags")}
    sandbox.delete(Tag, 900)
    pass_days(sandbox, 7)
    assert marked(tap.run_well(catalog=selecting("tags"), state=second.state), Tag) == [900]


def test_a_row_that_came_with_its_parent_in_a_run_that_was_killed_is_marked_when_it_goes(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tap = Tap.over(sandbox, tmp_path, vanished_check_days=7)
    first = tap.run_well(catalog=selecting("sales", "sale_lines"))
    now = stamp(sandbox.clock.now())
    (sale, *_) = sandbox.store.select(Sale, '"completed" = 0 AND "archived" = 0 AND "voided" = 0')
    line = {**sandbox.store.select(SaleLine)[0], "saleLineID": 90_000, "saleID": sale["saleID"]}
    sandbox.store.put(SaleLine, [line])
    sandbox.edit(Sale, sale["saleID"], {"timeStamp": now, "updateTime": now})
    pass_days(sandbox, 1)

    catalog = selecting("sales", "sale_lines")
    messages = iter(tap.run_well(catalog=catalog, state=first.state).messages)
    next(message for message in messages if message.get("record", {}).get("saleLineID") == 90_000)
    # A run that was killed here leaves the first state behind that follows the row.
    left = next(message["value"] for message in messages if message["type"] == "STATE")
    sandbox.delete(SaleLine, 90_000)
    pass_days(sandbox, 7)
    assert marked(tap.run_well(catalog=catalog, state=left), SaleLine) == [90_000]


def test_other_conditions_begin_a_new_comparison(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path, vanished_check_days=1)
    first = tap.run_well(catalog=selecting("customers"))
    pass_days(sandbox, 1)
    tap.settings["filters"] = {"customers": {"archived": "false"}}
    assert marks(tap.run_well(catalog=selecting("customers"), state=first.state)) == {}


def test_nothing_is_checked_unless_somebody_asks_for_it(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = Tap.over(sandbox, tmp_path)
    first = tap.run_well(catalog=selecting("tags"))
    sandbox.delete(Tag, 1)
    pass_days(sandbox, 20)
    second = tap.run_well(catalog=selecting("tags"), state=first.state)
    assert marks(second) == {}
    assert "vanished" not in json.dumps(second.state)


def test_every_list_that_loses_rows_for_good_can_be_checked() -> None:
    deleting = {resource for resource in RESOURCES if resource.api.delete == "delete"}
    assert {resource.__name__ for resource in deleting if resource.api.vanishing is None} == set()


def test_where_the_api_does_not_answer_for_single_keys_nothing_is_marked_and_nothing_forgotten(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    def without_in(asked: Asked, answer: Answer) -> Answer:
        if "IN%2C" not in asked.path:
            return answer
        return Answer(400, {"httpCode": "400", "message": "IN is not supported.", "errorClass": "Exception"})

    with forwarding(sandbox, without_in) as host:
        tap = Tap.over(sandbox, tmp_path, vanished_check_days=1, api_url=host.url)
        first = tap.run_well(catalog=selecting("tags"))
        sandbox.delete(Tag, 3)
        pass_days(sandbox, 1)
        second = tap.run_well(catalog=selecting("tags"), state=first.state)
    assert marks(second) == {}
    tap.settings["api_url"] = sandbox.url
    pass_days(sandbox, 1)
    assert marked(tap.run_well(catalog=selecting("tags"), state=second.state), Tag) == [3]
