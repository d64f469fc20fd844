"""Stores that share a few open files: letting go of one and opening it again changes nothing that anybody sees."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.pool import Pool
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.declared import RESOURCES
from tests.retailer import WIDE, small_store
from tests.sandbox.calling import REPORTS, Api

SHOP = Resource.named("Shop")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small retailer in a file."""
    path = tmp_path_factory.mktemp("store") / "retailer.sqlite"
    small_store(days=20, sales_per_day=4).query("VACUUM INTO ?", (str(path),))
    return path


def test_only_so_many_are_open_and_the_ones_used_last_are(tmp_path: Path) -> None:
    pool = Pool(2)
    stores = [Store(tmp_path / f"{number}.sqlite", pool) for number in range(3)]
    for number in (0, 1, 0, 2):
        assert stores[number].count(SHOP) == 0
    assert len(pool) == 2
    assert {path.name.partition(".")[0] for path in tmp_path.glob("*-wal")} == {"0", "2"}


def test_all_rows_are_the_same_after_a_rest(file: Path) -> None:
    store = Store(file, Pool(1))
    before = {resource: store.select(resource) for resource in RESOURCES}
    assert store.rest()
    assert {resource: store.select(resource) for resource in RESOURCES} == before


def test_answers_are_the_same_after_a_rest(file: Path) -> None:
    store = Store(file, Pool(1))
    with Sandbox(Config(**WIDE), store=store) as sandbox:
        api = Api.of(sandbox)
        paths = ["/Sale.json", "/Item.json", "/Customer.json", "/Option.json", *(each.api.path for each in REPORTS)]
        days = {"startDate": "2024-06-01", "endDate": "2024-06-30"}
        before = [api.ask(path, **(days if "Reports" in path else {})).content for path in paths]
        assert store.rest()
        assert [api.ask(path, **(days if "Reports" in path else {})).content for path in paths] == before


def test_what_was_not_made_durable_yet_outlives_a_rest(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite", Pool(1))
    store.put(SHOP, [{"shopID": 1, "name": "Here"}])
    store.meta["name"] = "value"
    assert store.rest()
    assert [row["name"] for row in store.select(SHOP)] == ["Here"]
    assert store.meta["name"] == "value"


def test_nobody_rests_while_another_thread_is_at_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite", Pool(1))
    found: list[bool] = []
    with store.transaction():
        store.put(SHOP, [{"shopID": 1, "name": "Here"}])
        thread = threading.Thread(target=lambda: found.append(store.rest()))
        thread.start()
        thread.join()
    assert found == [False]


def test_a_store_in_memory_is_never_let_go(tmp_path: Path) -> None:
    pool = Pool(1)
    memory = Store(pool=pool)
    memory.put(SHOP, [{"shopID": 1, "name": "Here"}])
    Store(tmp_path / "other.sqlite", pool).put(SHOP, [])
    assert memory.count(SHOP) == 1


def test_a_file_of_older_declarations_gets_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        ((version,),) = connection.execute("PRAGMA user_version")
        connection.execute('ALTER TABLE "Shop" DROP COLUMN "name"')
        connection.execute('DROP TABLE "Vendor"')
        connection.execute(f"PRAGMA user_version = {version ^ 2}")
    store = Store(path)
    store.put(SHOP, [{"shopID": 1, "name": "Here"}])
    assert [row["name"] for row in store.select(SHOP)] == ["Here"]
    assert store.count(Resource.named("Vendor")) == 0
