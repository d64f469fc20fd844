"""An account with some rows in it, and what looks for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightspeed_retail.client import Client
from lightspeed_retail.oauth import FixedToken
from lightspeed_retail.pacing import Pacer
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Item
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.finding import Finder
from target_lightspeed_retail.ledger import Ledger
from target_lightspeed_retail.telling import Value
from tests.lightspeed_retail.writers import Naps
from tests.retailer import WIDE
from tests.sandbox.calling import Api
from tests.sandbox.writes import written

ITEMS = 140
SKU = next(match for match in Item.api.match if match.name == "customSku")
CUSTOM, EMAIL, PHONE = Customer.api.match


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Items `SKU 0` and so on, five customers of whom two share an address, and a gift card."""
    with Sandbox(Config(empty=True, **WIDE)) as running:
        api = Api.of(running)
        for number in range(ITEMS):
            written(api, "POST", "/Item.json", {"description": f"Item {number}", "customSku": f"SKU {number}"})
        for number in range(5):
            emails = [{"address": f"c{number // 2}@example.com", "useType": "Primary"}]
            phones = [{"number": f"555-{number}", "useType": "Work" if number else "Home"}]
            contact = {
                "custom": f"C{number // 2}",
                "Emails": {"ContactEmail": emails},
                "Phones": {"ContactPhone": phones},
            }
            written(api, "POST", "/Customer.json", {"firstName": f"Ada {number}", "Contact": contact})
        written(api, "POST", "/CreditAccount.json", {"giftCard": True, "code": "CARD-0001", "name": "x"})
        yield running


@pytest.fixture
def finder(sandbox: Sandbox) -> Finder:
    """One that has asked nothing yet."""
    finder = finder_at(sandbox.url, int(sandbox.account), Api.of(sandbox).token)
    sandbox.forget_requests()
    return finder


def finder_at(url: str, account: int, token: str, ledger: Ledger | None = None) -> Finder:
    """One that asks some host and never waits."""
    naps = Naps()
    client = Client(FixedToken(token), api_url=url, pacer=Pacer(clock=lambda: naps.now, sleep=naps.sleep))
    client.account_id = account
    return Finder(client, ledger)


def skus(*numbers: int) -> dict[Value, Value]:
    """What some items are looked for by."""
    return {(f"sku {number}",): (f"SKU {number}",) for number in numbers}


def queries(sandbox: Sandbox) -> list[dict[str, str]]:
    """What was asked for besides what every question has."""
    every = {"limit", "archived", "load_relations", "after", "before"}
    return [{name: text for name, text in each["query"].items() if name not in every} for each in sandbox.requests]
