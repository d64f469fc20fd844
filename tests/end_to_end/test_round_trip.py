"""There and back: what the tap reads of one account becomes, through the target, an equal second account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import FieldType, Part, Resource
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.sales import Sale
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.jobs import row_key
from target_lightspeed_retail.ledger import Ledger
from target_lightspeed_retail.order import ordered
from target_lightspeed_retail.records import pointers
from tests import targeting
from tests.retailer import small_sandbox, small_store
from tests.tapping import Message, Spoken, Tap, choosing, discovered

OTHER = 100002
# The pictures of a made-up retailer lie nowhere, so they cannot be fetched.
WITHOUT = {("items", "Images"), ("item_matrices", "Images")}
NOT_MADE = {"item_fees": 3}
"""Streams whose rows the API does not let be made, and how many there are."""

Translate = Callable[[type[Resource], int], int]
Rows = dict[str, list[Message]]


def read(sandbox: Sandbox, folder: Path) -> Spoken:
    """Everything that there is of an account but pictures."""
    folder.mkdir()
    names = [entry["tap_stream_id"] for entry in discovered()["streams"] if "images" not in entry["tap_stream_id"]]
    return Tap.over(sandbox, folder).run_well(catalog=choosing(discovered(), *names, off=WITHOUT, everything=True))


def rows_of(spoken: Spoken) -> Rows:
    return {stream: spoken.records(stream) for stream in spoken.streams}


def content(part: type[Part], root: type[Resource], row: Mapping[str, Any], translate: Translate) -> Any:
    """What a client can write of a row, keys of other rows in the numbers of the second account."""
    pointed = pointers(part, root)
    found: dict[str, Any] = {}
    for field in part.fields():
        if not field.writable or field.name not in row or field.name in _numbers_of(part):
            continue
        value = row[field.name]
        nested = field.nested
        if nested is not None and nested.part is not None:
            if nested.resource is not None and not nested.rides:
                continue
            inner = nested.resource or root
            value = [
                content(nested.part, inner, each, translate) for each in (value if nested.many else [value]) if each
            ]
        elif field.name in pointed and value:
            value = translate(pointed[field.name], int(value))
        if (plain := _plain(value)) not in (None, [], {}, ""):
            found[field.name] = plain
    return found


def _numbers_of(part: type[Part]) -> set[str | None]:
    return {part.own_key(), part.api.key if issubclass(part, Resource) else None}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(value, key=repr)
    if isinstance(value, bool):
        return value or None
    if isinstance(value, int | float | Decimal):
        return str(Decimal(str(value)).normalize()) if value else None
    return value


@pytest.fixture(scope="module")
def accounts() -> Iterator[tuple[Sandbox, Sandbox]]:
    with small_sandbox(small_store(days=4)) as full, small_sandbox_of_nothing() as empty:
        yield full, empty


def small_sandbox_of_nothing() -> Sandbox:
    from lightspeed_sandbox.config import Config  # noqa: PLC0415
    from tests.retailer import WIDE  # noqa: PLC0415

    return Sandbox(Config(**WIDE, empty=True, account=OTHER))


def test_a_second_account_becomes_the_first_ones_equal(accounts: tuple[Sandbox, Sandbox], tmp_path: Path) -> None:
    full, empty = accounts
    said = read(full, tmp_path / "first")
    (tmp_path / "target").mkdir()
    done = targeting.run(empty, said.messages, tmp_path / "target", write_stock=True)
    assert done.code == 0, done.errors[-3000:]
    given = rows_of(said)
    voided = {row["saleID"] for row in given["sales"] if row["voided"]}
    assert voided
    rejected = [(each["stream"], each["reason"]) for each in done.outcomes if each["operation"] == "rejected"]
    unwritable = [stream for stream, _ in rejected if stream != "sales"]
    assert {stream: unwritable.count(stream) for stream in unwritable} == NOT_MADE
    assert len(rejected) - len(unwritable) == len(voided)
    assert len(done.rejects) >= len(rejected)

    again = targeting.run(empty, said.messages, tmp_path / "target", write_stock=True)
    assert again.code == 0
    assert again.writes == []

    back = rows_of(read(empty, tmp_path / "second"))
    ledger = Ledger(tmp_path / "target" / "ledger.sqlite", OTHER, run_id="test")

    def translate(resource: type[Resource], number: int) -> int:
        found = ledger.mapped(resource.api.stream, row_key(int(full.account), number))
        return int(found) if found else -number

    wrong = {}
    for resource in [each for each in ordered() if "POST" in each.api.verbs and not each.api.administrative]:
        there = {row[resource.api.key]: row for row in back.get(resource.api.stream, [])}
        for row in given.get(resource.api.stream, []):
            number = row[resource.api.key]
            if resource is Sale and (number in voided or (row["archived"] and not row["completed"])):
                continue
            mapped = there.get(translate(resource, number))
            one = content(resource, resource, row, translate)
            other = content(resource, resource, mapped, lambda _resource, key: key) if mapped else None
            if one != other and other is not None:
                one, other = (
                    {name: each[name] for name in each if one.get(name) != other.get(name)} for each in (one, other)
                )
            if one != other:
                wrong[resource.api.stream, number] = (one, other)
    assert len(given["customers"]) == len(back["customers"])
    assert len(given["items"]) == len(back["items"])
    assert {Customer.api.stream, Item.api.stream} <= given.keys()
    assert FieldType.INTEGER
    assert wrong == {}
