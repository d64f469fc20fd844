"""The ledger in a file and in a real database: what it is told is there for whoever comes next."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sql

from target_lightspeed_retail import ledger as module
from target_lightspeed_retail.ledger import Entry, Ledger, Parked, Settled
from target_lightspeed_retail.ledger_tables import ENTRIES, INDEXES, METADATA, PARKED, days_ago
from tests.target.ledgers import KINDS, Place, held, opened, place, server

__all__ = ["place", "server"]

NOW = datetime(2024, 12, 6, 15, 23, 49, 123456, tzinfo=UTC)
FIELDS = {"firstName": "0123456789abcdef", "Contact": "fedcba9876543210"}
HOSTILE = ["a", "A", "a ", "", "é", "e\u0301", "\ud800", "a\x00b", "😀", "'; --", "%s :x {}", "k" * 10_000]

each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
def test_what_was_settled_is_known_to_whoever_comes_next(place: Place, kind: str) -> None:
    where = place(kind)
    with held(where) as ledger:
        assert ledger.entries("customers", ["a", "b"]) == {}
        ledger.settle("customers", "a", "17", FIELDS)
    with opened(where) as ledger:
        assert ledger.entries("customers", ["a", "b"]) == {"a": Entry("a", "17", FIELDS)}


@each_kind
def test_an_intent_stays_until_it_is_settled_or_withdrawn(place: Place, kind: str) -> None:
    where = place(kind)
    intent = {"referenceNumber": "a", "amount": Decimal("1.50"), "names": ["é", None]}
    with held(where) as ledger:
        for key in "abc":
            ledger.intend("sales", key, intent, NOW)
    with held(where) as ledger:
        assert list(ledger.unsettled()) == [("sales", Entry(key, None, {}, NOW, intent)) for key in "abc"]
        ledger.settle("sales", "a", "17", FIELDS)
        ledger.withdraw("sales", "b")
        assert [entry.key for _, entry in ledger.unsettled()] == ["c"]
        assert ledger.entries("sales", ["a", "b"]) == {"a": Entry("a", "17", FIELDS)}


@each_kind
def test_an_intent_for_a_known_record_leaves_what_is_known(place: Place, kind: str) -> None:
    with held(place(kind)) as ledger:
        ledger.settle("sales", "a", "17", FIELDS)
        ledger.intend("sales", "a", {"x": 1}, NOW)
        assert ledger.entries("sales", ["a"])["a"] == Entry("a", "17", FIELDS, NOW, {"x": 1})
        ledger.withdraw("sales", "a")
        assert ledger.entries("sales", ["a"])["a"] == Entry("a", "17", FIELDS)


@each_kind
def test_fingerprints_stay_as_long_as_the_id_does(place: Place, kind: str) -> None:
    with held(place(kind)) as ledger:
        ledger.settle("items", "a", "17", {"description": "1", "upc": "2"})
        ledger.settle("items", "a", "17", {"upc": "3"})
        assert ledger.entries("items", ["a"])["a"].fields == {"description": "1", "upc": "3"}
        ledger.settle("items", "a", "18", {"upc": "3"})
        assert ledger.entries("items", ["a"])["a"].fields == {"upc": "3"}


@each_kind
def test_many_at_once_do_what_one_after_the_other_would(place: Place, kind: str) -> None:
    rows = [Settled(str(number), str(number + 1), {"n": str(number)}) for number in range(1200)]
    with held(place(kind)) as ledger:
        ledger.settle("items", "7", "8", {"old": "x"})
        more = [Settled("7", "8", {"more": "y"}), Settled("9", "999", {"m": "z"}), Settled("5", "10", {"m": "z"})]
        ledger.settle_many("items", [*rows, *more])
        entries = ledger.entries("items", [row.key for row in rows])
    assert len(entries) == 1200
    assert entries["7"].fields == {"old": "x", "n": "7", "more": "y"}
    assert entries["9"] == Entry("9", "999", {"m": "z"})
    assert entries["5"] == Entry("5", "10", {"m": "z"})
    assert entries["1199"] == Entry("1199", "1200", {"n": "1199"})


@each_kind
def test_nothing_at_all_costs_nothing(place: Place, kind: str) -> None:
    with held(place(kind)) as ledger:
        ledger.settle_many("items", [])
        assert (ledger.entries("items", []), ledger.owners("items", [])) == ({}, {})
        assert (list(ledger.parked()), ledger.parked_among("items", [])) == ([], set())


@each_kind
@pytest.mark.parametrize("another", [4710, 4712])
def test_accounts_and_streams_know_nothing_of_each_other(place: Place, kind: str, another: int) -> None:
    where = place(kind)
    with held(where) as ledger, held(where, another) as other:
        ledger.settle("items", "a", "17", FIELDS)
        ledger.intend("sales", "b", {"x": 1}, NOW)
        ledger.park("sales", "c", {}, "why")
        ledger.index("customers", "Contact.custom").fill([("x", "1")], NOW, whole=True)
        assert ledger.entries("sales", ["a"]) == {}
        assert ledger.parked_among("items", ["c"]) == set()
        assert ledger.index("customers", "other").as_of is None
        assert (other.entries("items", ["a"]), list(other.unsettled()), list(other.parked())) == ({}, [], [])
        assert (other.owners("items", ["17"]), other.mapped("items", "a")) == ({}, None)
        assert other.index("customers", "Contact.custom").as_of is None
        other.forget("items", "a")
        other.tidy(-1, entries=True)
        other.prove()
        assert ledger.mapped("items", "a") == "17"
        assert list(ledger.unsettled()) == [("sales", Entry("b", None, {}, NOW, {"x": 1}))]
        assert len(ledger.index("customers", "Contact.custom").find(["x"])) == len(list(ledger.parked())) == 1


@each_kind
def test_keys_are_told_apart_whatever_is_in_them(place: Place, kind: str) -> None:
    with held(place(kind)) as ledger:
        ledger.settle_many("items", [Settled(key, str(number), {}) for number, key in enumerate(HOSTILE)])
        for key in HOSTILE:
            ledger.intend("sales", key, {"key": key}, NOW)
            ledger.park("sales", key, {"key": key, key: "x"}, f"why {key}")
        found = ledger.entries("items", HOSTILE)
        assert {key: entry.lightspeed_id for key, entry in found.items()} == {k: str(n) for n, k in enumerate(HOSTILE)}
        assert {entry.key: entry.intent for _, entry in ledger.unsettled()} == {key: {"key": key} for key in HOSTILE}
        assert [parked.key for parked in ledger.parked()] == [parked.record["key"] for parked in ledger.parked()]
        assert [parked.reason for parked in ledger.parked()] == [f"why {key}" for key in HOSTILE]
        assert [parked.key for parked in ledger.parked()] == HOSTILE


@each_kind
def test_an_id_names_the_key_that_it_belongs_to(place: Place, kind: str) -> None:
    with held(place(kind)) as ledger:
        ledger.settle("items", "a", "17", {})
        ledger.settle("items", "b", "18", {})
        ledger.forget("items", "b")
        assert ledger.owners("items", ["17", "18", "19"]) == {"17": "a"}


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=str)
def test_no_table_holds_two_rows_of_one_thing(table: sql.Table) -> None:
    row = {column.name: 1 if isinstance(column.type, sql.BigInteger) else "x" for column in table.columns}
    engine = sql.create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sql.insert(table).values(row))
        with pytest.raises(sql.exc.IntegrityError):
            connection.execute(sql.insert(table).values(row))
    engine.dispose()


def test_the_id_of_a_key_is_remembered_within_bounds(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    with held(place("sqlite")) as ledger:
        ledger.settle_many("items", [Settled(str(number), str(number), {}) for number in range(10)])
        assert [ledger.mapped("items", str(number)) for number in range(10)] == [str(number) for number in range(10)]
        assert len(ledger._recent) == 3
        with counted(ledger) as statements:
            assert [ledger.mapped("items", key) for key in ("9", "8", "7")] == ["9", "8", "7"]
        assert statements == []


def test_what_is_remembered_follows_what_changes(place: Place) -> None:
    with held(place("sqlite")) as ledger:
        assert ledger.mapped("items", "a") is None
        ledger.settle("items", "a", "17", {})
        assert ledger.mapped("items", "a") == "17"
        ledger.settle_many("items", [Settled("a", "18", {})])
        assert ledger.mapped("items", "a") == "18"
        ledger.forget("items", "a")
        assert ledger.mapped("items", "a") is None


@each_kind
def test_records_wait_in_the_order_in_which_they_came(place: Place, kind: str) -> None:
    where = place(kind)
    with held(where) as ledger:
        ledger.park("sales", "b", {"total": Decimal("1.50"), "Customer": {"email": "é"}}, "no customer é")
        ledger.park("items", "a", {"x": None}, "no vendor")
        assert ledger.parked_among("sales", ["a", "b", "c"]) == {"b"}
    with held(where) as ledger:
        assert list(ledger.parked()) == [
            Parked("sales", "b", {"total": Decimal("1.50"), "Customer": {"email": "é"}}, "no customer é"),
            Parked("items", "a", {"x": None}, "no vendor"),
        ]
        ledger.unpark("sales", "b")
        assert [parked.key for parked in ledger.parked()] == ["a"]


@each_kind
def test_a_later_record_of_a_key_lies_above_the_one_that_waits(place: Place, kind: str) -> None:
    with held(place(kind)) as ledger:
        ledger.park("items", "a", {"x": 1, "y": 1}, "first")
        ledger.park("items", "b", {}, "")
        ledger.park("items", "a", {"y": 2, "z": None}, "second")
        assert next(ledger.parked()) == Parked("items", "a", {"x": 1, "y": 2, "z": None}, "second")
        assert len(list(ledger.parked())) == 2


@each_kind
def test_records_that_wait_may_change_while_they_are_listed(place: Place, kind: str) -> None:
    keys = [str(number) for number in range(600)]
    with held(place(kind)) as ledger:
        for key in keys:
            ledger.park("sales", key, {}, "")
        seen = []
        for parked in ledger.parked():
            seen.append(parked.key)
            if int(parked.key) % 2:
                ledger.unpark("sales", parked.key)
            else:
                ledger.park("sales", parked.key, {"again": True}, "")
            ledger.park("sales", f"more {parked.key}", {}, "")
        assert seen == keys
        assert len(list(ledger.parked())) == 300 + 600


@each_kind
def test_an_index_finds_the_records_that_hold_a_value(place: Place, kind: str) -> None:
    where = place(kind)
    with held(where) as ledger:
        held_by = [("x", "1"), ("X", "2"), ("x", "3"), (None, "4")]
        ledger.index("customers", "Contact.custom").fill(held_by, NOW, whole=True)
    with held(where) as ledger:
        index = ledger.index("customers", "Contact.custom")
        assert index.as_of == NOW
        assert {value: sorted(ids) for value, ids in index.find(["x", "X", "y"]).items()} == {
            "x": ["1", "3"],
            "X": ["2"],
        }


@each_kind
def test_an_index_takes_in_what_has_changed_since(place: Place, kind: str) -> None:
    with held(place(kind)) as ledger:
        index = ledger.index("customers", "custom")
        index.fill([(f"v{number}", str(number)) for number in range(1200)], NOW, whole=True)
        index.fill([("new", "1"), (None, "2"), ("v3", "3"), ("v5", "9999")], None, whole=False)
        assert index.find(["v1", "v2", "v3", "new"]) == {"v3": ["3"], "new": ["1"]}
        assert sorted(index.find(["v5"])["v5"]) == ["5", "9999"]
        assert (len(index.find([f"v{number}" for number in range(1200)])), index.as_of) == (1198, NOW)
        index.fill([("other", "2")], None, whole=True)
        assert (index.find(["v3", "other"]), index.as_of) == ({"other": ["2"]}, None)
        index.fill([("only", "1")], NOW + timedelta(days=1), whole=True)
        assert index.find(["v3", "only", "new"]) == {"only": ["1"]}
        assert index.as_of == NOW + timedelta(days=1)


def test_a_walk_that_fails_leaves_the_index_as_it_was(place: Place) -> None:
    def walk() -> Iterator[tuple[str, str]]:
        yield "y", "2"
        raise OverflowError

    with held(place("sqlite")) as ledger:
        index = ledger.index("customers", "custom")
        index.fill([("x", "1")], NOW, whole=True)
        with pytest.raises(OverflowError):
            index.fill(walk(), NOW + timedelta(days=1), whole=True)
        assert (index.find(["x", "y"]), index.as_of) == ({"x": ["1"]}, NOW)


def test_values_of_an_index_are_not_in_the_file(place: Place) -> None:
    where = place("sqlite")
    with held(where) as ledger:
        ledger.index("customers", "email").fill([("ada@example.org", "1")], NOW, whole=True)
    folder = Path(where).parent
    assert not [path for path in folder.iterdir() if b"example.org" in path.read_bytes()]


@each_kind
def test_old_details_are_tidied_away_but_no_id(place: Place, kind: str) -> None:
    with held(place(kind)) as ledger:
        for name in ("old", "new"):
            ledger.settle("items", name, f"id {name}", FIELDS)
            ledger.intend("sales", name, {"email": name}, datetime.now(UTC))
            ledger.park("sales", name, {"email": name}, "")
            ledger.index("customers", name).fill([("x", "1")], datetime.now(UTC), whole=True)
        ledger.index("customers", "cut short").fill([("x", "1")], None, whole=True)
        age(ledger, "old")
        ledger.tidy(30)
        assert ledger.index("customers", "cut short").find(["x"]) == {}
        assert ledger.entries("items", ["old", "new"]).keys() == {"old", "new"}
        assert {entry.key: entry.intent for _, entry in ledger.unsettled()} == {"old": None, "new": {"email": "new"}}
        assert [parked.key for parked in ledger.parked()] == ["new"]
        assert [ledger.index("customers", name).as_of is None for name in ("old", "new")] == [True, False]
        assert [ledger.index("customers", name).find(["x"]) for name in ("old", "new")] == [{}, {"x": ["1"]}]


@each_kind
def test_ids_are_tidied_away_on_demand_but_no_intent(place: Place, kind: str) -> None:
    with held(place(kind)) as ledger:
        ledger.settle("items", "old", "17", FIELDS)
        ledger.settle("items", "new", "18", FIELDS)
        ledger.intend("items", "intended", {}, NOW)
        age(ledger, "old")
        ledger.tidy(30)
        assert ledger.mapped("items", "old") == "17"
        ledger.tidy(30, entries=True)
        assert (ledger.mapped("items", "old"), ledger.mapped("items", "new")) == (None, "18")
        assert ledger.entries("items", ["old", "new", "intended"]).keys() == {"new", "intended"}


def age(ledger: Ledger, name: str) -> None:
    """Have what bears a name be a year old."""
    then = days_ago(365)
    with ledger._database.changing() as connection:
        entry = sql.update(ENTRIES).where(ENTRIES.c.key == f'"{name}"')
        connection.execute(entry.where(ENTRIES.c.settled_at.is_not(None)).values(settled_at=then))
        connection.execute(entry.where(ENTRIES.c.intended_at.is_not(None)).values(intended_at=then))
        connection.execute(sql.update(PARKED).where(PARKED.c.key == f'"{name}"').values(parked_at=then))
        place = ledger.index("customers", name)._place
        connection.execute(sql.update(INDEXES).filter_by(**place).values(as_of=then))


@contextmanager
def counted(ledger: Ledger) -> Iterator[list[str]]:
    """The statements that a ledger executes meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    sql.event.listen(ledger._database._engine, "before_cursor_execute", note)
    yield statements
    sql.event.remove(ledger._database._engine, "before_cursor_execute", note)


@each_kind
def test_ten_thousand_records_take_few_statements_and_little_time(place: Place, kind: str) -> None:
    fields = {f"field{number}": "0123456789abcdef" for number in range(20)}
    rows = [Settled(f"key {number}", str(number), fields) for number in range(10_000)]
    with held(place(kind)) as ledger, counted(ledger) as statements:
        began = time.monotonic()
        ledger.settle_many("items", rows)
        ledger.settle_many("items", rows)
        assert len(ledger.entries("items", [row.key for row in rows])) == 10_000
        assert len(ledger.owners("items", [row.lightspeed_id for row in rows])) == 10_000
        took = time.monotonic() - began
    # BEGIN, the holder, twenty chunks each; PostgreSQL's driver inserts a thousand rows at a time.
    assert len([each for each in statements if not each.startswith("INSERT")]) <= 95
    assert took < 20
