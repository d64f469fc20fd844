"""The staging models over a whole account: every field of every stream and list, typed, as the account has it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.account import Shop
from lightspeed_retail.resources.items import Image
from lightspeed_retail.resources.sales import Sale
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse import Warehouse
from tests.transform.expected import MARKS, Row, expected
from tests.transform.warehouse import STAGING, rows
from tools.staging.models import Model, models
from tools.staging.words import extensions

MODELS = {model.name: model for model in models()}


def zone_of(sandbox: Sandbox) -> ZoneInfo:
    """The time zone of all shops."""
    (zone,) = {shop["timeZone"] for shop in sandbox.rows(Shop)}
    return ZoneInfo(zone)


def ordered(found: list[Row]) -> Counter[str]:
    """Rows as what can be compared whatever their order."""
    return Counter(repr(sorted((name, plain(value)) for name, value in row.items())) for row in found)


def plain(value: Any) -> Any:
    """A number without the noughts at its end, names and what they hold in their order."""
    if isinstance(value, dict):
        return sorted(value.items())
    return str(value.normalize()) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("name", MODELS)
def test_a_model_holds_what_the_account_does(staged: Sandbox, server: Warehouse, name: str) -> None:
    model = MODELS[name]
    added = {*MARKS, *extensions(model)}
    found = [{column: value for column, value in row.items() if column not in added} for row in rows(server, STAGING, name)]
    wanted = expected(staged, model, zone_of(staged))
    assert wanted, "The sandbox has nothing to compare."
    assert ordered(found) == ordered(wanted)
