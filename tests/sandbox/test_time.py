"""Time: days that pass, rows that are edited, and what is still there after a restart."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource, Stamp
from lightspeed_retail.wire import instant, stamp
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES
from tests.retailer import TODAY, small_sandbox
from tests.sandbox.calling import Api

STAMPED = [resource for resource in RESOURCES if isinstance(resource.api.bookmark, Stamp)]
SALE = Resource.named("Sale")


def test_a_day_of_trade_changes_rows_within_that_day_only() -> None:
    with small_sandbox() as sandbox:
        api = Api.of(sandbox)
        before = {
            resource: {row[resource.api.key]: row for row in sandbox.store.select(resource)} for resource in RESOURCES
        }
        began = sandbox.clock.now().replace(microsecond=0)
        ended = instant(api.control("POST", "advance", params={"days": "1"}).json()["now"])

        assert timedelta(days=1) <= ended - began < timedelta(days=1, minutes=5)
        assert sandbox.store.count(SALE) > len(before[SALE])
        for resource in STAMPED:
            assert isinstance(resource.api.bookmark, Stamp)
            field = resource.api.bookmark.field
            rows = sandbox.store.select(resource)
            changed = [row for row in rows if row != before[resource].get(row[resource.api.key])]
            assert all(row[field] is None or row[field] <= stamp(ended) for row in rows)
            unmoved = [row for row in changed if (row[field] or "") < stamp(began)]
            assert unmoved == [], f"{resource.__name__} changed without its stamp"


def test_the_date_of_answers_is_the_clock_of_the_sandbox(api: Api, sandbox: Sandbox) -> None:
    answer = api.ask("/Shop.json")
    assert TODAY <= parsedate_to_datetime(answer.headers["Date"]) < TODAY + timedelta(hours=2)
    assert "Server" not in answer.headers


@pytest.mark.parametrize("resource", STAMPED, ids=lambda resource: resource.__name__)
def test_an_edit_moves_the_change_stamp(api: Api, sandbox: Sandbox, resource: type[Resource]) -> None:
    assert isinstance(resource.api.bookmark, Stamp)
    field, key = resource.api.bookmark.field, sandbox.store.select(resource)[0][resource.api.key]
    before = stamp(sandbox.clock.now())
    edited = api.control("POST", f"edit/{resource.api.stream}/{key}", json={}).json()
    assert edited[field] >= before
    assert sandbox.store.get(resource, key) is not None


def test_an_edit_changes_what_it_names_and_nothing_it_does_not_know(api: Api) -> None:
    changed = api.control(
        "POST", "edit/sales/7", json={"referenceNumber": "R7", "updateTime": "2024-06-01T00:00:00+00:00"}
    )
    assert changed.json()["referenceNumber"] == "R7"
    assert api.body("/Sale/7.json")["Sale"]["updateTime"] == "2024-06-01T00:00:00+00:00"
    assert api.control("POST", "edit/sales/7", json={"noSuchField": 1}).status_code == 400
    assert api.control("POST", "edit/sales/999999", json={}).status_code == 404
    assert api.control("POST", "edit/nothing/1", json={}).status_code == 404


def test_data_clock_and_grants_survive_a_restart(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "kept" / "account.sqlite", days=5, sales_per_day=8)
    with Sandbox(config) as sandbox:
        sandbox.advance(3)
        tokens = Api.of(sandbox).tokens(sandbox.issue_refresh_token()).json()
        state = sandbox.state()
        rows = {resource: sandbox.store.select(resource) for resource in RESOURCES}
    sandbox.store.close()

    with Sandbox(config) as again:
        assert again.state()["rows"] == state["rows"]
        assert {resource: again.store.select(resource) for resource in RESOURCES} == rows
        assert timedelta(0) <= instant(again.state()["now"]) - instant(state["now"]) < timedelta(minutes=5)
        assert Api(again, tokens["access_token"]).ask("/Shop.json").status_code == 200


def test_one_seed_makes_one_retailer() -> None:
    def rows(seed: int) -> dict[str, list[dict[str, object]]]:
        config = Config(seed=seed, days=4, sales_per_day=6, today=TODAY.replace(tzinfo=None))
        store = Sandbox(config).store
        return {resource.__name__: store.select(resource) for resource in RESOURCES}

    first = rows(3)
    assert rows(3) == first
    assert rows(4)["Customer"] != first["Customer"]


def test_control_serves_all_rows_of_a_stream(api: Api, sandbox: Sandbox) -> None:
    assert len(api.control("GET", "rows/sales").json()) == sandbox.store.count(SALE)
    assert api.control("GET", "rows/nothing").status_code == 404
