"""Endpoints that move the sandbox itself: its clock, rows and log. They need no token and serve this machine only."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from starlette.routing import Route

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import instant, stamp
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.names import existing

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from lightspeed_sandbox.app import Server
    from lightspeed_sandbox.serve import Sandbox

_BAD_REQUEST, _FORBIDDEN = 400, 403

Act = Callable[["Request"], Awaitable[Any]]


class Control:
    """The control endpoints of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Control this sandbox."""
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """Where they are reached."""
        table: list[tuple[str, str, Act]] = [
            ("GET", "/sandbox/requests", self.requests),
            ("DELETE", "/sandbox/requests", self.forget_requests),
            ("GET", "/sandbox/rows/{stream}", self.rows),
            ("DELETE", "/sandbox/rows/{stream}/{key}", self.delete),
            ("GET", "/sandbox/state", self.state),
            ("POST", "/sandbox/advance", self.advance),
            ("POST", "/sandbox/grant", self.grant),
            ("POST", "/sandbox/revoke", self.revoke),
            ("POST", "/sandbox/edit/{stream}/{key}", self.edit),
            ("POST", "/sandbox/tie/{stream}", self.tie),
            ("GET", "/sandbox/faults", self.faults),
            ("POST", "/sandbox/faults", self.inject),
            ("POST", "/sandbox/merge/customers/{winner}/{loser}", self.merge),
        ]
        return guarded(self._sandbox.server, table)

    async def requests(self, _request: Request) -> list[dict[str, Any]]:
        """All requests to the API since the start, or since they were last forgotten."""
        return self._sandbox.requests

    async def forget_requests(self, _request: Request) -> dict[str, Any]:
        """Begin a new log."""
        self._sandbox.forget_requests()
        return {}

    async def rows(self, request: Request) -> list[dict[str, Any]]:
        """All rows of a stream, typed; decimals are texts."""
        return self._sandbox.rows(_resource(request))

    async def delete(self, request: Request) -> dict[str, Any]:
        """Remove a row for good; with `touch=1` the change stamps of the rows around it move."""
        self._sandbox.delete(_resource(request), request.path_params["key"], touch=_asked(request, "touch"))
        return {}

    async def state(self, _request: Request) -> dict[str, Any]:
        """Clock, bucket and how many rows there are."""
        return self._sandbox.state()

    async def advance(self, request: Request) -> dict[str, Any]:
        """Let days pass."""
        self._sandbox.advance(days_of(request))
        return {"now": stamp(self._sandbox.clock.now())}

    async def grant(self, request: Request) -> dict[str, Any]:
        """A refresh token of a fresh grant."""
        scope = request.query_params.get("scope")
        token = self._sandbox.issue_refresh_token(scope) if scope else self._sandbox.issue_refresh_token()
        return {"refresh_token": token}

    async def revoke(self, request: Request) -> dict[str, Any]:
        """End the grant of the `token` that the body names, or all grants of the account."""
        wanted = orjson.loads(await request.body() or b"{}")
        token = wanted.get("token") if isinstance(wanted, dict) else None
        return {"revoked": self._sandbox.revoke(token)}

    async def edit(self, request: Request) -> dict[str, Any]:
        """Change fields of a row; its change stamp moves unless it is among them, or with `quiet=1`."""
        changes = orjson.loads(await request.body() or b"{}")
        if not isinstance(changes, dict):
            raise ApiError(_BAD_REQUEST, "The body is no JSON object.")
        key, quiet = request.path_params["key"], _asked(request, "quiet")
        return self._sandbox.edit(_resource(request), key, changes, quiet=quiet)

    async def tie(self, request: Request) -> dict[str, Any]:
        """Let `rows` of a stream have changed within one second, which is now, or `at`."""
        rows, at = request.query_params.get("rows", ""), request.query_params.get("at")
        if not rows.isdecimal():
            raise ApiError(_BAD_REQUEST, "rows must be a whole number.")
        self._sandbox.tie(_resource(request), int(rows), instant(at) if at else None)
        return {}

    async def faults(self, _request: Request) -> dict[str, Any]:
        """The rules by which requests go wrong, and how many have."""
        faults = self._sandbox.server.faults
        return {"faults": faults.texts, "seed": faults.seed, "injected": faults.injected}

    async def inject(self, request: Request) -> dict[str, Any]:
        """Other rules from now on; what has gone wrong until now is answered."""
        faults, seed = await faults_of(request)
        return {"injected": self._sandbox.inject(faults, seed=seed)}

    async def merge(self, request: Request) -> dict[str, Any]:
        """Merge the second customer into the first."""
        self._sandbox.merge_customers(request.path_params["winner"], request.path_params["loser"])
        return {}


def guarded(server: Server, table: Sequence[tuple[str, str, Act]]) -> list[Route]:
    """Routes to acts that answer with JSON, for this machine only.

    Args:
        server: In whose words it is answered.
        table: Methods, paths and acts.
    """
    return [Route(path, _endpoint(server, act), methods=[method]) for method, path, act in table]


def days_of(request: Request) -> int:
    """How many days a request lets pass.

    Raises:
        ApiError: It says something else.
    """
    days = request.query_params.get("days", "1")
    if not days.isdecimal():
        raise ApiError(_BAD_REQUEST, "days must be a whole number.")
    return int(days)


async def faults_of(request: Request) -> tuple[list[str], int]:
    """The rules that a request brings, and the seed of their chance.

    Raises:
        ApiError: It brings something else.
    """
    wanted = orjson.loads(await request.body() or b"{}")
    faults = wanted.get("faults") if isinstance(wanted, dict) else None
    if not isinstance(faults, list) or not all(isinstance(fault, str) for fault in faults):
        raise ApiError(_BAD_REQUEST, 'The body is no JSON such as {"faults": ["503:7"], "seed": 1}.')
    return faults, wanted.get("seed", 1)


def _endpoint(server: Server, act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            _require_loopback(request)
            return server.respond(orjson.dumps(await act(request), default=str))
        except ApiError as error:
            return server.refuse(error)
        except orjson.JSONDecodeError:
            return server.refuse(ApiError(_BAD_REQUEST, "The body is no JSON."))
        except ValueError as error:
            return server.refuse(ApiError(_BAD_REQUEST, str(error)))

    return endpoint


def _require_loopback(request: Request) -> None:
    host = request.client.host if request.client else ""
    if not ipaddress.ip_address(host or "0.0.0.0").is_loopback:  # noqa: S104  nobody listens there
        raise ApiError(_FORBIDDEN, "The control endpoints serve this machine only.")


def _asked(request: Request, name: str) -> bool:
    return request.query_params.get(name) == "1"


def _resource(request: Request) -> type[Resource]:
    return existing(request.path_params["stream"])
