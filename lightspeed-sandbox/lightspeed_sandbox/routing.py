"""One host for many accounts: which account a request is about, and what controls all of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lightspeed_sandbox.app import AUTH_ROOT, METHODS, form
from lightspeed_sandbox.control import days_of, faults_of, guarded
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.oauth import DEFAULT_SCOPE
from lightspeed_sandbox.tokens import account_of_token

if TYPE_CHECKING:
    from lightspeed_sandbox.many import Sandboxes
    from lightspeed_sandbox.serve import Sandbox

_NOT_FOUND = 404
_CONSENT = f"{AUTH_ROOT}/oauth/authorize"
_ONE = re.compile(r"/sandbox/accounts/(?P<account>\d+)(?P<rest>/.+)", re.ASCII)
_PATH = re.compile(r"/API(?:/V3)?/Account/(?P<account>\d+)(?:/.*|\.json)", re.ASCII)


class Router:
    """Hands requests on to the account that they are about.

    A request to the API is about the account of its token, as the bucket is; a token that does not belong to the
    account in the path is refused by its own account. What has no token that names an account here goes by the path.

    Args:
        sandboxes: The accounts.
        nobody: Who answers what belongs to no account.
    """

    def __init__(self, sandboxes: Sandboxes, nobody: Sandbox) -> None:
        """Route between accounts."""
        self._sandboxes = sandboxes
        self._accounts = sandboxes.accounts
        self._nobody = nobody
        self._whole = Starlette(
            routes=[*self._control(), Route("/{path:path}", nobody.server.missing, methods=METHODS)]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        path = scope["path"]
        one = _ONE.fullmatch(path)
        if path.startswith("/API/"):
            app = await self._app(_by_header(scope, path))
        elif path.startswith(AUTH_ROOT + "/"):
            content = await _content(receive)
            receive = _again(content, receive)
            app = await self._authorising(scope, content)
        elif one is not None:
            scope = {**scope, "path": f"/sandbox{one['rest']}"}
            app = await self._app(int(one["account"]), self._no_account)
        else:
            app = self._whole
        await app(scope, receive, send)

    async def _app(self, account: int | None, otherwise: ASGIApp | None = None) -> ASGIApp:
        """The server of an account; one that is not there yet is made while others are served."""
        if account not in self._accounts or account is None:
            return otherwise or self._nobody.app
        found = self._accounts.made_already(account)
        if found is None:
            found = await asyncio.to_thread(self._accounts.__getitem__, account)
        return found.app

    async def _authorising(self, scope: Scope, content: bytes) -> ASGIApp:
        fields = _fields(scope, content)
        if scope["path"] != _CONSENT:
            return await self._app(account_of_token(fields.get("refresh_token") or fields.get("code") or ""))
        named = fields.get("account", str(next(iter(self._accounts))))
        return await self._app(int(named) if named.isdecimal() else None, self._no_account)

    async def _no_account(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._nobody.server.refuse(ApiError(_NOT_FOUND, "There is no such account here."))
        await refusal(scope, receive, send)

    def _control(self) -> list[Route]:
        return guarded(
            self._nobody.server,
            [
                ("GET", "/sandbox/accounts", self.accounts),
                ("GET", "/sandbox/state", self.state),
                ("GET", "/sandbox/requests", self.requests),
                ("DELETE", "/sandbox/requests", self.forget_requests),
                ("GET", "/sandbox/faults", self.faults),
                ("POST", "/sandbox/faults", self.inject),
                ("POST", "/sandbox/grant", self.grant),
                ("POST", "/sandbox/advance", self.advance),
            ],
        )

    async def accounts(self, _request: Request) -> list[dict[str, Any]]:
        """The accounts, how large they are, and whether they have been made."""
        made = self._accounts.made
        sizes = {account: self._accounts.scale(account).sales_per_day for account in self._accounts}
        return [{"account": account, "sales_per_day": size, "made": account in made} for account, size in sizes.items()]

    async def state(self, _request: Request) -> dict[str, Any]:
        """How many accounts there are, are made and open, and how many requests their logs hold."""
        made = self._accounts.made
        logged = sum(len(sandbox.server.log) for sandbox in made.values())
        return {"accounts": len(self._accounts), "made": len(made), "open": self._accounts.open, "requests": logged}

    async def requests(self, _request: Request) -> list[dict[str, Any]]:
        """The requests to all accounts, one account after the other."""
        made = sorted(self._accounts.made.items())
        return [{"account": account, **entry} for account, sandbox in made for entry in sandbox.requests]

    async def forget_requests(self, _request: Request) -> dict[str, Any]:
        """Begin new logs."""
        for sandbox in self._accounts.made.values():
            sandbox.forget_requests()
        return {}

    async def faults(self, _request: Request) -> dict[str, Any]:
        """The rules that all accounts begin with, and how many requests have gone wrong, by account and kind."""
        config = self._accounts.config
        injected = {str(account): sandbox.injected for account, sandbox in self._accounts.made.items()}
        return {"faults": config.faults, "seed": config.fault_seed, "injected": injected}

    async def inject(self, request: Request) -> dict[str, Any]:
        """Other rules for all accounts; what has gone wrong until now is answered."""
        faults, seed = await faults_of(request)
        return {"injected": self._sandboxes.inject(faults, seed=seed)}

    async def grant(self, request: Request) -> dict[str, Any]:
        """A refresh token of each account."""
        scope = request.query_params.get("scope") or DEFAULT_SCOPE
        tokens = await asyncio.to_thread(self._sandboxes.refresh_tokens, scope)
        return {"refresh_tokens": {str(account): token for account, token in tokens.items()}}

    async def advance(self, request: Request) -> dict[str, Any]:
        """Let days pass in all accounts; requests are answered meanwhile."""
        await asyncio.to_thread(self._sandboxes.advance, days_of(request))
        return {}


def _by_header(scope: Scope, path: str) -> int | None:
    """The account that the bearer token names, else the one in the path."""
    header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    account = account_of_token(header.decode("latin-1").partition(" ")[2])
    found = _PATH.fullmatch(path) if account is None else None
    return int(found["account"]) if found else account


def _fields(scope: Scope, content: bytes) -> Mapping[str, str]:
    """What a request to the authorisation server says, in its address or in its body; nothing if nobody can read it."""
    if scope["method"] != "POST":
        return dict(parse_qsl(scope["query_string"].decode("latin-1")))
    headers = dict(scope["headers"])
    try:
        return form(content, headers.get(b"content-type", b"").decode("latin-1"))
    except (ApiError, ValueError):
        return {}


async def _content(receive: Receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


def _again(content: bytes, receive: Receive) -> Receive:
    """What a client sent, once more, and then what comes after it."""
    rest: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def replay() -> Message:
        return rest.pop() if rest else await receive()

    return replay
