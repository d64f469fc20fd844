"""The API proper: from a path and its parameters to an answer. It knows nothing of HTTP servers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from lightspeed_retail.query import BASE_PRICE
from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox import lists, relations
from lightspeed_sandbox.answers import Answers
from lightspeed_sandbox.errors import JSON, ApiError
from lightspeed_sandbox.limits import Limits
from lightspeed_sandbox.oauth import DEFAULT_SCOPE, Grants
from lightspeed_sandbox.store import Store

PREFIX = "/API/V3"

_BAD_REQUEST, _FORBIDDEN, _NOT_FOUND, _NOT_ALLOWED = 400, 403, 404, 405
_OK = 200
_ACCOUNT_PATH = re.compile(rf"{PREFIX}/Account/(?P<account>[^/]+)(?P<rest>/.*)?\.json")
_SINGLE = re.compile(r"(?P<list>.+)/(?P<key>[^/]+)")
# The list of accounts is short; the rest of an account is in its single answer, whose link is left out (section 1.8).
_SHORT_ACCOUNT = ("accountID", "name", "link")


@dataclass(frozen=True)
class Ask:
    """A request to the API."""

    method: str
    path: str
    query: str
    origin: str
    authorization: str

    @property
    def params(self) -> dict[str, str]:
        """The query parameters; of repeated ones the last counts."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass
class Answer:
    """What the API answers."""

    status: int = _OK
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON
    cost: Decimal | None = None

    def content(self) -> bytes:
        """The body as the API's encoder writes it, with every slash escaped."""
        return orjson.dumps(self.body).replace(b"/", b"\\/")


@dataclass(frozen=True)
class Target:
    """What a path stands for: a list of a resource, or one record of it."""

    resource: type[Resource]
    key: str | None = None


class Api:
    """Answers requests for one account.

    Args:
        store: The account's rows.
        grants: Who may ask.
        limits: How much may be asked.
        account: Id of the account.
        client_id: Id of the client, named in headers.
        refused: Names of filters that are refused.
        ignored: Names of filters that go unheeded.
    """

    def __init__(
        self,
        store: Store,
        grants: Grants,
        limits: Limits,
        *,
        account: str,
        client_id: str,
        refused: frozenset[str] = frozenset(),
        ignored: frozenset[str] = frozenset(),
    ) -> None:
        """Derive the paths from the declarations."""
        self._store = store
        self._grants = grants
        self._limits = limits
        self._answers = Answers(store)
        self._account = account
        self._identity = {"X-LS-Acct-Id": account, "X-LS-OAuth-Client-Id": client_id}
        self._refused = refused
        self._ignored = ignored
        self._lists = {resource.api.path.removesuffix(".json"): resource for resource in Resource.all()}
        self._verbs: dict[str, Callable[[Ask, Target], Any]] = {"GET": self._read}

    def answer(self, ask: Ask) -> Answer:
        """Answer a request, be it with an error."""
        answer = Answer()
        try:
            scopes = self._grants.scope_of(ask.authorization)
            answer.headers |= self._identity
            self._charge(ask, answer)
            target = self._target(ask.path)
            self._permit(target.resource, scopes)
            answer.body = self._verb(ask, target)(ask, target)
        except ApiError as error:
            answer.status, answer.body, answer.content_type = error.status, error.body(), error.content_type
            answer.headers |= error.headers
        return answer

    def _verb(self, ask: Ask, target: Target) -> Callable[[Ask, Target], Any]:
        if ask.method not in self._verbs:
            raise ApiError(_NOT_ALLOWED, f"{ask.method} is not supported on {target.resource.__name__}.")
        return self._verbs[ask.method]

    def _charge(self, ask: Ask, answer: Answer) -> None:
        """Costs are worked out from the request alone, before anything is read."""
        try:
            target = self._target(ask.path)
            answer.cost = relations.price(target.resource, ask.params, single=target.key is not None)
        except ApiError:
            answer.cost = BASE_PRICE
        try:
            answer.headers |= self._limits.charge(answer.cost)
        except ApiError:
            answer.cost = Decimal(0)
            raise

    def _target(self, path: str) -> Target:
        listed = self._lists.get(path.removesuffix(".json"))
        if listed is not None and path.startswith(PREFIX):
            return Target(listed)
        found = _ACCOUNT_PATH.fullmatch(path)
        if found is None:
            raise ApiError(_NOT_FOUND, "There is nothing at this path.")
        if found["account"] != self._account:
            raise ApiError(
                _FORBIDDEN, "Not Authorized: the token does not belong to this account", "InsufficientRightsException"
            )
        return self._below_account(found["rest"])

    def _below_account(self, rest: str | None) -> Target:
        if rest is None:
            return Target(Resource.named("Account"), self._account)
        if rest in self._lists:
            return Target(self._lists[rest])
        single = _SINGLE.fullmatch(rest)
        if single is None or single["list"] not in self._lists:
            raise ApiError(_NOT_FOUND, "There is nothing at this path.")
        return Target(self._lists[single["list"]], single["key"])

    @staticmethod
    def _permit(resource: type[Resource], scopes: frozenset[str]) -> None:
        wanted = resource.api.read_scopes
        if wanted and not scopes.intersection((*wanted, DEFAULT_SCOPE)):
            raise ApiError(
                _FORBIDDEN,
                "Not Authorized: Insufficient rights to perform the request",
                "InsufficientRightsException",
            )

    def _read(self, ask: Ask, target: Target) -> Record:
        if target.resource.__name__ == "Account":
            return self._read_account(target)
        return self._read_list(ask, target.resource) if target.key is None else self._read_one(ask, target)

    def _read_account(self, target: Target) -> Record:
        (account,) = self._answers.rows(target.resource, {}, "1", ()) or [{"accountID": self._account}]
        if target.key is None:
            short = {name: account[name] for name in _SHORT_ACCOUNT if name in account}
            return {"@attributes": {"count": "1"}, "Account": short}
        account.pop("link", None)
        return {"@attributes": {"systemCustomerID": self._account}, **account}

    def _read_one(self, ask: Ask, target: Target) -> Record:
        resource = target.resource
        tree = relations.parse(resource, ask.params.get("load_relations")).tree
        found = self._answers.rows(resource, tree, f'"{resource.api.key}" = ?', (target.key,))
        if not found:
            message = f"Object of type '{resource.__name__}' not found with primary ID '{target.key}'."
            raise ApiError(_NOT_FOUND, message)
        if not resource.api.enveloped:
            return found[0]
        return {"@attributes": {"count": "1"}, resource.__name__: found[0]}

    def _read_list(self, ask: Ask, resource: type[Resource]) -> Record:
        params = ask.params
        for name in self._refused & params.keys():
            raise ApiError(_BAD_REQUEST, f"'{name}' is not a valid search parameter for {resource.__name__}.")
        asked = lists.understand(resource, params, self._ignored, self._zone)
        if asked.count:
            return {"@attributes": {"count": str(self._store.count(resource, *asked.where(beyond=False)))}}
        return self._page(ask, resource, asked, params)

    def _page(self, ask: Ask, resource: type[Resource], asked: lists.ListRequest, params: Mapping[str, str]) -> Record:
        order = asked.sort.order(reverse=asked.before)
        where, values = asked.where()
        keys = self._store.rows(resource, (resource.api.key,), where, values, order, asked.limit + 1)
        more = len(keys) > asked.limit
        wanted = [key for (key,) in keys[: asked.limit]]
        rows = self._answers.rows(
            resource,
            asked.relations.tree,
            f'"{resource.api.key}" IN ({", ".join("?" for _ in wanted)})',
            wanted,
            order=asked.sort.order(reverse=False),
        )
        attributes = asked.links(rows, params, ask.origin + ask.path, more=more)
        body: Record = {"@attributes": attributes}
        if rows:
            body[resource.__name__] = rows if len(rows) > 1 else rows[0]
        return body

    def _zone(self) -> tzinfo:
        """Times without an offset are meant in the time of the shop."""
        for (name,) in self._store.rows(Resource.named("Shop"), ("timeZone",), "\"timeZone\" <> ''", limit=1):
            try:
                return ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError):
                break
        return UTC
