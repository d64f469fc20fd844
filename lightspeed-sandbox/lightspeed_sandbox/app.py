"""The server: the API, the authorisation server and the control endpoints over HTTP."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from email.parser import BytesParser
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lightspeed_retail.wire import stamp
from lightspeed_sandbox.api import Answer, Api, Ask
from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.connections import Connections
from lightspeed_sandbox.consent import HEADERS, Consent
from lightspeed_sandbox.delivery import delivered
from lightspeed_sandbox.errors import HTML, JSON, ApiError, OAuthError
from lightspeed_sandbox.faults import Faults
from lightspeed_sandbox.kinds import EDIT, EXPIRE, REVOKE, STALE, Kind, Reply
from lightspeed_sandbox.limits import Limits
from lightspeed_sandbox.oauth import Grants

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

_FOUND, _BAD_REQUEST, _NOT_FOUND, _NOT_ALLOWED, _TOO_MANY = 302, 400, 404, 405, 429
_NO_FAULT = Kind()

AUTH_ROOT = "/auth"

Endpoint = Callable[[Request], Awaitable[ASGIApp]]
Act = Callable[[dict[str, str]], dict[str, Any]]


@dataclass
class Server:
    """What a running sandbox consists of."""

    api: Api
    clock: Clock
    grants: Grants
    consent: Consent
    limits: Limits
    faults: Faults
    latency: float
    connections: Connections
    log: deque[dict[str, Any]]

    def respond(
        self, content: bytes, status: int = 200, content_type: str = JSON, headers: Mapping[str, str] | None = None
    ) -> Response:
        """An answer with the sandbox's own date."""
        date = format_datetime(self.clock.now().replace(microsecond=0), usegmt=True)
        return Response(content, status, {"Date": date, "Content-Type": content_type, **(headers or {})})

    def refuse(self, error: ApiError) -> Response:
        """The answer that an error stands for."""
        return self.respond(orjson.dumps(error.body()), error.status, error.content_type, error.headers)

    async def call(self, request: Request) -> ASGIApp:
        """A request to the API."""
        ask = Ask(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            origin=f"{request.url.scheme}://{request.url.netloc}",
            authorization=request.headers.get("authorization", ""),
            content=await request.body(),
            content_type=request.headers.get("content-type", ""),
        )
        kind = self._strike(ask)
        if kind.takes_effect_later:
            asyncio.get_running_loop().call_later(kind.seconds, self._answer, ask, kind)
            return self._deliver(kind.spoil(Reply(), self._refusal), kind)
        if kind.waits_before:
            await asyncio.sleep(kind.waits_before)
        reply = self._answer(ask, kind)
        if self.latency:
            await asyncio.sleep(self.latency)
        return self._deliver(reply, kind)

    def _strike(self, ask: Ask) -> Kind:
        """What goes wrong with a request to the API; tokens have ended and rows have changed when this is known."""
        fault = self.faults.next(ask.method, ask.path)
        kind = _NO_FAULT if fault is None else fault.kind
        idle = (
            (kind.name == EXPIRE and not self.grants.expire(ask.authorization))
            or (kind.name == REVOKE and not self.grants.end(ask.authorization.partition(" ")[2]))
            or (kind.name == EDIT and not self.api.edit_any(ask, self.clock, self.faults.chance))
        )
        return self._counted(_NO_FAULT if idle else kind)

    def _counted(self, kind: Kind) -> Kind:
        if kind is not _NO_FAULT:
            self.faults.count(kind)
        return kind

    def _deliver(self, reply: Reply, kind: Kind) -> ASGIApp:
        response = self.respond(reply.content, reply.status, reply.content_type, reply.headers)
        return delivered(response, kind, self.connections)

    def _answer(self, ask: Ask, kind: Kind) -> Reply:
        """Answer a request unless something is in the way; the log has what the client sees, and what has become."""
        at = self.clock.now()
        ask = replace(ask, stale=True) if kind.name == STALE else ask
        answer = self.api.answer(ask) if kind.takes_effect else Answer()
        reply = kind.spoil(_reply(answer), self._refusal)
        self._note(ask, answer, reply, stamp(at), kind)
        return reply

    def _refusal(self, status: int) -> Reply:
        """The API's own words for a status."""
        if status == _TOO_MANY:
            return _reply(self.api.refuse_rate())
        error = ApiError(status, f"{HTTPStatus(status).phrase}, on purpose")
        return _reply(Answer(error.status, error.body(), error.headers, error.content_type))

    def _note(self, ask: Ask, answer: Answer, reply: Reply, at: str, kind: Kind) -> None:
        self.log.append(
            {
                "method": ask.method,
                "path": ask.path,
                "query": ask.params,
                "status": 0 if kind.hides_status else reply.status,
                "cost": float(answer.cost or 0),
                "effect": answer.effect,
                "fault": kind.text,
                "level": round(self.limits.level, 3),
                "at": at,
            }
        )

    async def authorise(self, request: Request) -> Response:
        """The page that asks a person for consent, and what follows from its form."""
        try:
            if request.method == "POST":
                return self._decide(form(await request.body(), request.headers.get("content-type", "")))
            if request.method not in ("GET", "HEAD"):
                raise OAuthError(_NOT_ALLOWED, "invalid_request", "Only GET and POST are allowed")
            return self.respond(self.consent.page(request.query_params), 200, HTML, HEADERS)
        except ApiError as error:
            return self.refuse(error)

    def _decide(self, fields: Mapping[str, str]) -> Response:
        address = self.consent.decide(fields)
        if address is None:
            return self.respond(self.consent.page(fields, nameless=True), _BAD_REQUEST, HTML, HEADERS)
        return self.respond(b"", _FOUND, HTML, {**HEADERS, "Location": address})

    async def token(self, request: Request) -> ASGIApp:
        """A request for tokens."""
        return await self._tokens(request, self.grants.token)

    async def revoke(self, request: Request) -> ASGIApp:
        """A request to end a grant."""
        return await self._tokens(request, self.grants.revoke)

    async def _tokens(self, request: Request, act: Act) -> ASGIApp:
        content, content_type = await request.body(), request.headers.get("content-type", "")
        fault = self.faults.next(request.method, request.url.path.removeprefix(AUTH_ROOT))
        kind = self._counted(_NO_FAULT if fault is None else fault.kind)
        if kind.waits_before:
            await asyncio.sleep(kind.waits_before)
        reply = Reply()
        if kind.takes_effect:
            reply = self._given(request.method, content, content_type, act, ends=kind.name == REVOKE)
        return self._deliver(kind.spoil(reply, _refused_tokens), kind)

    def _given(self, method: str, content: bytes, content_type: str, act: Act, *, ends: bool) -> Reply:
        """What the authorisation server gives, or its refusal."""
        try:
            if method != "POST":
                raise OAuthError(_NOT_ALLOWED, "invalid_request", "Only POST is allowed")
            fields = form(content, content_type)
            if ends:
                self.grants.end(fields.get("refresh_token", ""))
            return Reply(orjson.dumps(act(fields)))
        except ApiError as error:
            return _refused(error)

    async def missing(self, _request: Request) -> Response:
        """A path that nobody answers."""
        return self.refuse(ApiError(_NOT_FOUND, "There is nothing at this path."))


def form(body: bytes, content_type: str) -> dict[str, str]:
    """The fields of a body, in any of the three encodings that the authorisation server takes.

    Raises:
        OAuthError: The body cannot be read.
    """
    if content_type.startswith("multipart/form-data"):
        head = b"Content-Type: " + content_type.encode() + b"\r\n\r\n"
        parts: list[Any] = list(BytesParser().parsebytes(head + body).walk())[1:]
        return {_part_name(part): part.get_payload(decode=True).decode() for part in parts}
    if not content_type.startswith(JSON):
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict):
        raise OAuthError(_BAD_REQUEST, "invalid_request", "The body is no JSON object")
    return {str(name): str(value) for name, value in fields.items()}


def _part_name(part: Any) -> str:
    return str(part.get_param("name", header="content-disposition"))


def _reply(answer: Answer) -> Reply:
    return Reply(answer.content(), answer.status, answer.content_type, answer.headers)


def _refused(error: ApiError) -> Reply:
    return Reply(orjson.dumps(error.body()), error.status, error.content_type, error.headers)


def _refused_tokens(status: int) -> Reply:
    """The authorisation server's own words for a status."""
    error = OAuthError(status, "rate_limited" if status == _TOO_MANY else "server_error")
    return replace(_refused(error), headers={"Retry-After": "1"} if status == _TOO_MANY else {})


def application(server: Server, control: list[Route]) -> ASGIApp:
    """The whole server as an ASGI application; what is asked most takes the shortest way."""
    whole = Starlette(
        routes=[
            Route("/API/{path:path}", server.call, methods=METHODS),
            Route("/auth/oauth/authorize", server.authorise, methods=METHODS),
            Route("/auth/oauth/token", server.token, methods=METHODS),
            Route("/auth/oauth/revoke", server.revoke, methods=METHODS),
            *control,
            Route("/{path:path}", server.missing, methods=METHODS),
        ]
    )

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith("/API/"):
            response = await server.call(Request(scope, receive))
            await response(scope, receive, send)
        else:
            await whole(scope, receive, send)

    return answer
