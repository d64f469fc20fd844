"""Writes of every kind, for tests of what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lightspeed_retail.client import Client
from lightspeed_retail.oauth import FixedToken
from lightspeed_retail.pacing import Pacer
from lightspeed_retail.resources import Resource
from lightspeed_retail.writes import Writes
from tests.lightspeed_retail.faulty import Reply

CUSTOMER, SALE = Resource.named("Customer"), Resource.named("Sale")
STORED = Reply(body={"@attributes": {"count": "1"}, "Customer": {"customerID": "12", "firstName": "Ada"}})
SECRET = "sentinel-token"


def error(status: int, message: str = "it is so", **extra: str) -> Reply:
    return Reply(status, {"httpCode": str(status), "message": message, "errorClass": "SomeError", **extra})


class Naps:
    """A clock that only moves when somebody sleeps."""

    now = 0.0

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.now += seconds


def client_at(url: str, authorisation: Any = None, naps: Naps | None = None) -> Client:
    naps = naps or Naps()
    pacer = Pacer(clock=lambda: naps.now, sleep=naps.sleep)
    client = Client(authorisation or FixedToken(SECRET), api_url=url, pacer=pacer, retry_wait=0.001)
    client.account_id = 7
    return client


def writes_at(url: str, authorisation: Any = None) -> Writes:
    return Writes(client_at(url, authorisation))


def creates(to: Writes) -> Any:
    return to.create(CUSTOMER, {"firstName": "Ada"})


def updates(to: Writes) -> Any:
    return to.update(CUSTOMER, "12", {"firstName": "Ada"})


def removes(to: Writes) -> Any:
    return to.remove(CUSTOMER, "12")


def acts(to: Writes) -> Any:
    return to.act(SALE, "refund", {"saleID": "3"}, {"employeeID": "1"})


def uploads(to: Writes) -> Any:
    return to.upload({"itemID": "3"}, {"description": "front"}, b"\x89PNG", "front.png")


def sends(to: Writes) -> Any:
    return to.send("POST", "/Thing.json", {"name": "x"})


ALL = pytest.mark.parametrize("write", [creates, updates, removes, acts, uploads, sends])
Write = Callable[[Writes], Any]
