"""Plain calls to a sandbox, with none of our own client between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.serve import Sandbox

Row = dict[str, Any]


@dataclass
class Api:
    """Somebody who may read all of an account.

    Args:
        sandbox: Whom to ask.
        token: The access token that is sent.
    """

    sandbox: Sandbox
    token: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    @classmethod
    def of(cls, sandbox: Sandbox, scope: str = "employee:all") -> Api:
        """Somebody with a fresh grant."""
        api = cls(sandbox)
        answer = api.tokens(sandbox.issue_refresh_token(scope))
        return cls(sandbox, answer.json()["access_token"])

    def tokens(self, refresh: str, **changes: str) -> requests.Response:
        """Ask for new tokens."""
        fields = {
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "grant_type": "refresh_token",
            "refresh_token": refresh,
        }
        return self.session.post(f"{self.sandbox.url}/auth/oauth/token", data=fields | changes, timeout=30)

    def address(self, path: str) -> str:
        """Where a path of the account is reached."""
        prefix = "" if path.startswith("/API") else f"/API/V3/Account/{self.sandbox.account}"
        return f"{self.sandbox.url}{prefix}{path}"

    def ask(self, path: str, method: str = "GET", **params: Any) -> requests.Response:
        """Ask for a path of the account, or a whole address."""
        address = path if path.startswith("http") else self.address(path)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.session.request(method, address, params=params, headers=headers, timeout=30)

    def body(self, path: str, **params: Any) -> Row:
        """The body of a good answer."""
        answer = self.ask(path, **params)
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()
        return found

    def rows(self, resource: type[Resource], **params: Any) -> list[Row]:
        """The rows of the first page of a list."""
        return rows_of(resource, self.body(resource.api.path, **params))

    def pages(self, resource: type[Resource], direction: str = "next", **params: Any) -> Iterator[list[Row]]:
        """The pages of a list, by the addresses that the answers name."""
        address, more = resource.api.path, params
        while address:
            body = self.body(address, **more)
            yield rows_of(resource, body)
            address, more = body["@attributes"][direction], {}

    def control(self, method: str, path: str, **options: Any) -> requests.Response:
        """Use a control endpoint."""
        return self.session.request(method, f"{self.sandbox.url}/sandbox/{path}", timeout=60, **options)


def rows_of(resource: type[Resource], body: Row) -> list[Row]:
    """The rows of an answer: none, one bare object, or several."""
    found = body.get(resource.__name__, [])
    assert found or resource.__name__ not in body, "a list without rows has no key for them"
    assert not isinstance(found, list) or len(found) != 1, "a single row is a bare object"
    return found if isinstance(found, list) else [found]


def relations(*paths: str) -> str:
    """The value of `load_relations`."""
    return json.dumps(list(paths))
