"""Plain calls to a sandbox, with none of our own client between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

from lightspeed_retail.resources import Days, Resource
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES

Row = dict[str, Any]

BY_PARENT = [resource for resource in RESOURCES if resource.api.parent]
REPORTS = [resource for resource in RESOURCES if isinstance(resource.api.bookmark, Days)]
PLAIN = [resource for resource in RESOURCES if len(resource.fields()) == 1]
"""Lists of bare texts."""
WHOLE = [resource for resource in RESOURCES if resource.api.enveloped and not resource.api.attributes]
"""Lists without attributes, hence without pages."""
RECORDS = [resource for resource in RESOURCES if resource.api.enveloped and resource not in (*REPORTS, *PLAIN)]
"""All whose rows are records with a key."""
LISTS = [resource for resource in RECORDS if resource not in (*BY_PARENT, *WHOLE)]
"""Lists with pages at one address."""
ALL_DAYS = {"startDate": "2000-01-01", "endDate": "2099-12-31"}


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
        """The rows of the first page of a list; of the first parent that has any, where lists hang below parents."""
        path, more = self.walks(resource)[0]
        return rows_of(resource, self.body(path, **more, **params))

    def pages(self, resource: type[Resource], direction: str = "next", **params: Any) -> Iterator[list[Row]]:
        """The pages of all walks that bring the rows of a resource, by the addresses that the answers name."""
        for path, more in self.walks(resource):
            yield from self.walk(resource, path, direction, **{**more, **params})

    def walk(self, resource: type[Resource], path: str, direction: str = "next", **params: Any) -> Iterator[list[Row]]:
        """The pages of one walk."""
        address, more = path, params
        while address:
            body = self.body(address, **more)
            yield rows_of(resource, body)
            address, more = body.get("@attributes", {}).get(direction, ""), {}

    def whole(self, resource: type[Resource], **params: str) -> list[Row]:
        """All rows of a resource, archived ones included."""
        shown = {"archived": "true"} if resource.api.archived else {}
        return [row for page in self.pages(resource, **shown, **params) for row in page]

    def walks(self, resource: type[Resource]) -> list[tuple[str, Row]]:
        """The paths and parameters that bring all rows of a resource: one, or one for each parent that has rows."""
        api = resource.api
        if isinstance(api.bookmark, Days):
            return [(api.path, ALL_DAYS)]
        if api.parent is not None:
            name = Resource.named(api.parent).api.key
            parents = sorted({row[name] for row in self.sandbox.rows(resource)})
            return [(api.path.replace(f"{{{name}}}", str(key)), {}) for key in parents]
        return [(api.path, {}), *((api.path, {name: value}) for name, value in api.passes)]

    def single(self, resource: type[Resource], row: Row) -> str:
        """The path of a row, given as the sandbox holds it."""
        path = resource.api.path
        if resource.api.parent is not None:
            name = Resource.named(resource.api.parent).api.key
            path = path.replace(f"{{{name}}}", str(row[name]))
        return path.replace(".json", f"/{row[resource.api.key]}.json")

    def control(self, method: str, path: str, **options: Any) -> requests.Response:
        """Use a control endpoint."""
        return self.session.request(method, f"{self.sandbox.url}/sandbox/{path}", timeout=60, **options)


def rows_of(resource: type[Resource], body: Row) -> list[Row]:
    """The rows of an answer: none, one bare object, or several."""
    found = body.get(resource.envelope(), [])
    assert found or resource.envelope() not in body, "a list without rows has no key for them"
    assert not isinstance(found, list) or len(found) != 1, "a single row is a bare object"
    return found if isinstance(found, list) else [found]


def relations(*paths: str) -> str:
    """The value of `load_relations`."""
    return json.dumps(list(paths))
