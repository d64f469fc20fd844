"""Answers that make no sense in the middle of a run: what was read is kept, and the next run loses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import Field, FieldType, Resource
from lightspeed_sandbox.serve import Sandbox
from tests.anything import MOMENTS, NUMBERS, deep
from tests.forwarding import forwarding
from tests.retailer import small_sandbox, small_store
from tests.scripted import Answer, Asked
from tests.tap.running import Runs, is_survived_or_refused, missing
from tests.tapping import Message, Spoken, selecting

TRIO = [Resource.named(name) for name in ("Sale", "SaleLine", "SalePayment")]
SALE, SHOP = TRIO[0], Resource.named("Shop")
STREAMS = [resource.api.stream for resource in (*TRIO, SHOP)]
LIST = f"{SALE.api.path}"

Spoil = Callable[[Message], Any]
"""What becomes of the body of an answer."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=12, sales_per_day=20)) as running:
        yield running


@pytest.fixture(scope="module")
def catalog() -> Message:
    return selecting(*STREAMS)


def run(sandbox: Sandbox, folder: Path, catalog: Message, change: Callable[[Asked, Answer], Answer]) -> Spoken:
    """Run through a host that changes answers; what it leaves is completed by a run without that host."""
    with forwarding(sandbox, change) as host:
        return Runs(sandbox, folder, api_url=host.url).run(catalog=catalog)


def resumed(sandbox: Sandbox, folder: Path, catalog: Message, first: Spoken) -> Spoken:
    """The next run, from the last state that the first one has sent."""
    states = first.of("STATE")
    spoken = Runs(sandbox, folder).run(catalog=catalog, state=states[-1]["value"] if states else None)
    assert spoken.code == 0, spoken.stderr[-2000:]
    return spoken


def from_the(page: int, spoil: Spoil, path: str = LIST) -> Callable[[Asked, Answer], Answer]:
    """Spoil the answers to a list from one of its pages on."""
    seen: list[str] = []

    def change(asked: Asked, answer: Answer) -> Answer:
        if f"{path}?" not in asked.path:
            return answer
        seen.append(asked.path)
        return Answer(answer.status, spoil(answer.body), answer.headers) if len(seen) >= page else answer

    return change


def _rows(body: Message) -> list[Message]:
    found = body[SALE.envelope()]
    return found if isinstance(found, list) else [found]


def _last(**values: Any) -> Spoil:
    def spoil(body: Message) -> Message:
        _rows(body)[-1].update(values)
        return body

    return spoil


def _keyless(body: Message) -> Message:
    del _rows(body)[-1][SALE.api.key]
    return body


FATAL: dict[str, Spoil] = {
    "nested without end": lambda _body: b"[" * 100_000,
    "no JSON": lambda _body: b"<html>",
    "NaN": lambda body: json.dumps(body).replace('"1"', "NaN").encode(),
    "half a character": lambda body: json.dumps(body).replace("a", "\\ud83d", 1).encode(),
    "another object": lambda _body: {"unexpected": {}},
    "a row without a key": _keyless,
    "a key that is none": _last(saleID="one"),
    "a key without end": _last(saleID="9" * 5000),
    "a row that is none": lambda body: {**body, SALE.envelope(): [*_rows(body), 5]},
    "a link to itself": lambda body: {**body, "@attributes": {"next": "http://["}},
    "the same page for ever": lambda body: {**body, "@attributes": {"next": f"{LIST}?x={id(body)}"}},
}


@pytest.mark.parametrize("kind", FATAL)
def test_what_was_read_before_is_kept_and_the_next_run_reads_the_rest(
    sandbox: Sandbox, tmp_path: Path, catalog: Message, kind: str
) -> None:
    first = run(sandbox, tmp_path, catalog, from_the(2, FATAL[kind]))
    assert not is_survived_or_refused(first)
    assert len(first.records("sales")) >= 100
    assert first.state["bookmarks"]["sales"]["first_load"]["key"] >= 100
    (tmp_path / "second").mkdir()
    second = resumed(sandbox, tmp_path / "second", catalog, first.settled())
    assert len(second.records("sales")) < sandbox.store.count(SALE)
    assert missing(sandbox, [*TRIO, SHOP], first.settled(), second) == {}


WRONG: list[Any] = [
    5,
    5.5,
    True,
    [],
    ["a"],
    {"a": "b"},
    "text",
    {"deep": deep(300)},
    *NUMBERS,
    *MOMENTS,
    "a\0b",
    "x" * 1_000_000,
]


def _fields() -> list[Field]:
    """A field of each type and use: the change stamps of a sale, and the first of each type that is no key."""
    kinds: dict[Any, Field] = {}
    for field in SALE.fields():
        if field.name not in SALE.api.keys:
            special = field.name if field.name in ("updateTime", "timeStamp", "completeTime") else None
            kinds.setdefault(
                (field.type, special, field.nested and (field.nested.many, bool(field.nested.resource))), field
            )
    return [field for field in kinds.values() if field.type is not FieldType.SECRET]


@pytest.mark.parametrize("field", _fields(), ids=lambda field: field.name)
def test_a_field_of_a_wrong_kind_costs_no_row(sandbox: Sandbox, tmp_path: Path, catalog: Message, field: Field) -> None:
    """One run in which each row of the first page has another wrong value; the next one goes on from its state."""

    def spoil(body: Message) -> Message:
        for row, value in zip(_rows(body), WRONG, strict=False):
            row[field.name] = value
        return body

    first = run(sandbox, tmp_path, catalog, from_the(1, spoil))
    assert is_survived_or_refused(first), first.stderr[-2000:]
    assert {row["saleID"] for row in first.records("sales")} == {key for (key,) in _keys(sandbox)}
    assert "does not fit its type" in first.stderr or field.type in (FieldType.STRING, FieldType.LIST, FieldType.OBJECT)
    (tmp_path / "second").mkdir()
    resumed(sandbox, tmp_path / "second", catalog, first)


def _keys(sandbox: Sandbox) -> set[tuple[int]]:
    return {(row["saleID"],) for row in sandbox.rows(SALE)}


@pytest.mark.parametrize(
    "zone", [["a"], {"a": 1}, 5, "", "../../etc/passwd", "America", "/etc/localtime", "a\0b", "x" * 5000]
)
def test_a_time_zone_that_is_none_costs_no_row(sandbox: Sandbox, tmp_path: Path, catalog: Message, zone: Any) -> None:
    def spoil(body: Message) -> Message:
        for row in body["Shop"]:
            row["timeZone"] = zone
        return body

    spoken = run(sandbox, tmp_path, selecting("shops", "customers"), from_the(1, spoil, SHOP.api.path))
    assert is_survived_or_refused(spoken), spoken.stderr[-2000:]
    assert missing(sandbox, [SHOP, Resource.named("Customer")], spoken) == {}


ACCOUNTS: dict[str, Any] = {
    "none": {"Account": []},
    "somebody else's": {"Account": {"accountID": "1", "name": "x"}},
    "without a number": {"Account": {"name": "x"}},
    "a number that is none": {"Account": {"accountID": ["1"]}},
    "several": {"Account": [{"accountID": "1"}, {"accountID": "2"}]},
    "a list of nonsense": {"Account": [5, "x", None]},
    "no object": [],
    "nested without end": b"[" * 100_000,
}


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_an_account_list_that_makes_no_sense_is_one_clear_line(sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    def change(asked: Asked, answer: Answer) -> Answer:
        return Answer(200, ACCOUNTS[kind]) if asked.path.endswith("/Account.json") else answer

    with forwarding(sandbox, change) as host:
        runs = Runs(sandbox, tmp_path, api_url=host.url, account_id=str(sandbox.account))
        spoken = runs.run(catalog=selecting("shops"))
    assert not is_survived_or_refused(spoken)
    assert spoken.of("RECORD") == []


def test_the_account_of_somebody_else_is_not_taken_for_ours(sandbox: Sandbox, tmp_path: Path) -> None:
    def change(asked: Asked, answer: Answer) -> Answer:
        is_single = asked.path.endswith(f"/Account/{sandbox.account}.json")
        return Answer(200, {"Account": {"accountID": "99", "name": "Else"}}) if is_single else answer

    spoken = run(sandbox, tmp_path, selecting("accounts"), change)
    assert is_survived_or_refused(spoken)
    assert [row["accountID"] for row in spoken.records("accounts")] == [int(sandbox.account)]
