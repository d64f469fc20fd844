"""The API proper: from a path and its parameters to an answer. It knows nothing of HTTP servers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import orjson

from lightspeed_retail.query import BASE_PRICE
from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox import prices, relations
from lightspeed_sandbox.answers import Answers
from lightspeed_sandbox.bodies import Body
from lightspeed_sandbox.changes import edit_any
from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.errors import JSON, ApiError, OutOfBalanceError
from lightspeed_sandbox.filters import Condition
from lightspeed_sandbox.limits import Limits
from lightspeed_sandbox.lists import Reader
from lightspeed_sandbox.oauth import DEFAULT_SCOPE, Grants
from lightspeed_sandbox.pages import Pages
from lightspeed_sandbox.paths import Paths, Target
from lightspeed_sandbox.scribe import Scribe
from lightspeed_sandbox.store import Store
from lightspeed_sandbox.texts import Page, escaped
from lightspeed_sandbox.zones import account_zone

_FORBIDDEN, _NOT_FOUND, _NOT_ALLOWED = 403, 404, 405
_OK = 200
# The list of accounts is short; the rest of an account is in its single answer, whose link is left out (section 1.8).
_SHORT_ACCOUNT = ("accountID", "name", "link")


@dataclass(frozen=True)
class Ask:
    """A request to the API; a stale one is answered with the change stamp from before it."""

    method: str
    path: str
    query: str
    origin: str
    authorization: str
    content: bytes = b""
    content_type: str = ""
    stale: bool = False

    @property
    def body(self) -> Body:
        """What it brings.

        Raises:
            ApiError: Something that is no JSON object.
        """
        return Body.parse(self.content, self.content_type)

    @cached_property
    def params(self) -> dict[str, str]:
        """The query parameters; of repeated ones the last counts."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass
class Answer:
    """What the API answers, and whether the request has changed anything."""

    status: int = _OK
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON
    cost: Decimal | None = None
    effect: bool = False

    def content(self) -> bytes:
        """The body as the API's encoder writes it, with every slash escaped."""
        return self.body.content() if isinstance(self.body, Page) else escaped(orjson.dumps(self.body))


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
        denied: Resources that nobody has the right to read or write.
        scribe: Who writes; without one nothing can be written.
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
        denied: frozenset[type[Resource]] = frozenset(),
        scribe: Scribe | None = None,
    ) -> None:
        """Derive the paths from the declarations."""
        self._store = store
        self._grants = grants
        self._limits = limits
        self._answers = Answers(store)
        self._account = account
        self._identity = {"X-LS-Acct-Id": account, "X-LS-OAuth-Client-Id": client_id}
        self._paths = Paths(account)
        self._pages = Pages(store, self._answers)
        self._reader = Reader(lambda: account_zone(store.query), refused, ignored)
        self._denied = denied
        self._scribe = scribe

    def answer(self, ask: Ask) -> Answer:
        """Answer a request, be it with an error."""
        answer = Answer()
        try:
            scopes = self._grants.scope_of(ask.authorization)
            answer.headers |= self._identity
            self._charge(ask, answer)
            self._serve(ask, answer, scopes)
        except ApiError as error:
            answer.status, answer.body, answer.content_type = error.status, error.body(), error.content_type
            answer.headers |= error.headers
            answer.effect = isinstance(error, OutOfBalanceError)
        return answer

    def refuse_rate(self) -> Answer:
        """The refusal of a request that came too fast, whether it did or not."""
        error = self._limits.refusal()
        headers = self._identity | error.headers
        return Answer(error.status, error.body(), headers, error.content_type, Decimal(0))

    def edit_any(self, ask: Ask, clock: Clock, chance: Random) -> bool:
        """Let any row of the list that is asked for change first; False if there is none with a change stamp."""
        try:
            target = self._paths.target(ask.path)
        except ApiError:
            return False
        listed = target.key is None and target.resource.api.enveloped
        return listed and edit_any(self._store, clock, target.resource, chance)

    def _serve(self, ask: Ask, answer: Answer, scopes: frozenset[str]) -> None:
        target = self._paths.target(ask.path)
        reading = ask.method == "GET" and target.action is None
        self._permit(target.resource, scopes, reading=reading)
        if not target.allows(ask.method) or (self._scribe is None and not reading):
            raise ApiError(_NOT_ALLOWED, f"{ask.method} is not supported on {target.resource.__name__}.")
        if reading:
            answer.body = self._read(ask, target)
        elif self._scribe is not None:
            answer.body = self._scribe.write(target, ask.method, ask.body, ask.params, stale=ask.stale)
            answer.effect = True

    def _charge(self, ask: Ask, answer: Answer) -> None:
        """Costs are worked out from the request alone, before anything is read."""
        try:
            target = self._paths.target(ask.path)
            answer.cost = _price(target, ask)
        except ApiError:
            answer.cost = BASE_PRICE
        try:
            answer.headers |= self._limits.charge(answer.cost)
        except ApiError:
            answer.cost = Decimal(0)
            raise

    def _permit(self, resource: type[Resource], scopes: frozenset[str], *, reading: bool) -> None:
        wanted = resource.api.read_scopes if reading else resource.api.write_scopes
        if resource in self._denied or (wanted and not scopes.intersection((*wanted, DEFAULT_SCOPE))):
            message = "Not Authorized: Insufficient rights to perform the request"
            raise ApiError(_FORBIDDEN, message, "InsufficientRightsException")

    def _read(self, ask: Ask, target: Target) -> Record | Page:
        if target.resource.__name__ == "Account":
            return self._read_account(target)
        if target.key is None and target.resource.api.enveloped:
            return self._read_list(ask, target)
        return self._read_one(ask, target)

    def _read_account(self, target: Target) -> Record:
        (account,) = self._answers.rows(target.resource, {}, "1", ()) or [{"accountID": self._account}]
        if target.key is None:
            short = {name: account[name] for name in _SHORT_ACCOUNT if name in account}
            return {"@attributes": {"count": "1"}, "Account": short}
        account.pop("link", None)
        return {"@attributes": {"systemCustomerID": self._account}, **account}

    def _read_one(self, ask: Ask, target: Target) -> Record:
        """One record; a resource that has no list, such as the session, has one for everybody."""
        resource = target.resource
        tree = relations.parse(resource, ask.params.get("load_relations")).tree
        conditions = [*self._below_parent(target), *_has_key(resource, target.key)]
        where = " AND ".join(sql for sql, _ in conditions) or "1"
        found = self._answers.rows(resource, tree, where, [value for _, values in conditions for value in values])
        if not found:
            raise _not_found(resource, target.key)
        return {"@attributes": {"count": "1"}, resource.envelope(): found[0]} if resource.api.enveloped else found[0]

    def _read_list(self, ask: Ask, target: Target) -> Record | Page:
        resource, params = target.resource, ask.params
        asked = self._reader.understand(resource, params, target.version)
        asked = replace(asked, conditions=(*asked.conditions, *self._below_parent(target)))
        return self._pages.answer(resource, asked, params, ask.origin + ask.path, target.version)

    def _below_parent(self, target: Target) -> list[Condition]:
        """Only rows of the parent that the path names.

        Raises:
            ApiError: There is no such parent.
        """
        parent = target.parent_resource
        if parent is None or target.parent is None:
            return []
        if self._store.get(parent, target.parent) is None:
            raise _not_found(parent, target.parent)
        return _has_key(target.resource, target.parent, parent.api.key)


def _price(target: Target, ask: Ask) -> Decimal:
    """What a request costs; a body that cannot be read costs nothing."""
    if ask.method == "GET":
        return prices.price(target, ask.params)
    try:
        fields = ask.body.fields
    except ApiError:
        fields = {}
    return prices.price_of_write(target, ask.method, fields, ask.params)


def _has_key(resource: type[Resource], key: str | None, name: str | None = None) -> list[Condition]:
    column = f'"{resource.__name__}"."{name or resource.api.key}"'
    return [] if key is None else [(f"{column} = ?", [key])]


def _not_found(resource: type[Resource], key: str | None) -> ApiError:
    message = f"Object of type '{resource.__name__}' not found with primary ID '{key}'."
    return ApiError(_NOT_FOUND, message)
