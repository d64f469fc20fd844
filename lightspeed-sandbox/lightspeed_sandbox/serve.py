"""A sandbox: the account's data and a server for it, in a thread of this process.

Used as `with Sandbox(Config(days=30)) as sandbox:`, after which `sandbox.url` answers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from starlette.types import ASGIApp

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox import changes as changed
from lightspeed_sandbox import generate
from lightspeed_sandbox.accounts import account_of
from lightspeed_sandbox.api import Api
from lightspeed_sandbox.app import Server, application
from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.config import CLIENT_ID, CLIENT_NAME, CLIENT_SECRET, Config
from lightspeed_sandbox.consent import Consent
from lightspeed_sandbox.control import Control
from lightspeed_sandbox.faults import Faults
from lightspeed_sandbox.filling import SERVED, fill, opened, rename_unserved
from lightspeed_sandbox.host import Host, Hosted
from lightspeed_sandbox.limits import Limits
from lightspeed_sandbox.names import existing
from lightspeed_sandbox.oauth import DEFAULT_SCOPE, Client, Grants
from lightspeed_sandbox.scribe import Scribe
from lightspeed_sandbox.store import Key, Store

_CODE_LIFE = 60.0
_PROGRAMS = ("TAP", "TARGET")


def settings_for(url: str) -> dict[str, str]:
    """Variables that point the tap and the target at a sandbox, all but the token."""
    settings = {"API_URL": url, "AUTH_URL": url, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
    variables = {"LIGHTSPEED_SANDBOX_URL": url}
    for program in _PROGRAMS:
        variables |= {f"{program}_LIGHTSPEED_RETAIL_{name}": value for name, value in settings.items()}
    return variables


class Sandbox(Hosted):
    """An account of Lightspeed Retail on this machine.

    Args:
        config: The set-up.
        store: Rows to serve as they are; without it the set-up says where they come from.
        host: Where it is reached, if somebody else starts that; else it listens by itself.
    """

    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET

    def __init__(self, config: Config | None = None, store: Store | None = None, host: Host | None = None) -> None:
        """Prepare the data; nothing listens yet."""
        self.config = config or Config()
        self.store = store or opened(self.config)
        self.clock = Clock(self.store.meta, timedelta(seconds=self.config.clock_off))
        if store is None:
            fill(self.store, self.config, self.clock)
        for resource, number in self.config.ties:
            self.tie(resource, number)
        if self.config.account is not None and account_of(self.store) != str(self.config.account):
            rename_unserved(self.store, self.config)
        self.account = account_of(self.store)
        self.store.meta[SERVED] = self.account
        super().__init__(host or Host(self.config.host, self.config.port))
        self.server = self._assemble()

    @cached_property
    def app(self) -> ASGIApp:
        """The server as an ASGI application."""
        return application(self.server, Control(self).routes())

    @property
    def requests(self) -> list[dict[str, Any]]:
        """All requests to the API since the start, or since they were last forgotten."""
        return list(self.server.log)

    def forget_requests(self) -> None:
        """Begin a new log of requests."""
        self.server.log.clear()

    def issue_refresh_token(self, scope: str = DEFAULT_SCOPE, *, old: bool = False) -> str:
        """A refresh token of a fresh grant; grants that are there already stay.

        Args:
            scope: What it allows.
            old: Whether it is one of the old authorisation server's.
        """
        return self.server.grants.issue(scope, old=old)

    def revoke(self, token: str | None = None) -> int:
        """End the grant of an access or refresh token, or all of them, as when people disconnect the client.

        Args:
            token: One of the tokens; None: all grants of the account.

        Returns:
            How many grants have ended.
        """
        grants = self.server.grants
        return grants.end_all() if token is None else int(grants.end(token))

    def environment(self) -> dict[str, str]:
        """Variables that point the tap and the target at this sandbox."""
        variables = settings_for(self.url)
        for program in _PROGRAMS:
            variables[f"{program}_LIGHTSPEED_RETAIL_REFRESH_TOKEN"] = self.issue_refresh_token()
        return variables

    def advance(self, days: int = 1) -> None:
        """Let days pass, with the trade of these days; the bucket runs empty meanwhile."""
        generate.advance(self.store, days, self.clock.now())
        self.clock.advance(timedelta(days=days))
        self.server.limits.empty()
        self.store.commit()

    def rows(self, resource: type[Resource]) -> list[Record]:
        """All rows of a resource, typed; those of reports over all days."""
        return self.store.select(resource)

    def edit(self, resource: type[Resource], key: Key, changes: Record, *, quiet: bool = False) -> Record:
        """Change fields of a row; its change stamp moves unless it is among them, or the edit is quiet.

        Raises:
            ApiError: There is no such row or field.
        """
        return changed.edit(self.store, self.clock, resource, key, changes, quiet=quiet)

    def delete(self, resource: type[Resource], key: Key, *, touch: bool = False) -> None:
        """Remove a row for good; the change stamps of the rows around it move only with `touch`.

        Raises:
            ApiError: There is no such row.
        """
        changed.delete(self.store, self.clock, resource, key, touch=touch)

    def merge_customers(self, winner: Key, loser: Key) -> None:
        """Let one customer take over the sales of another, who goes without a trace.

        Raises:
            ApiError: One of them does not exist, or both are the same.
        """
        changed.merge_customers(self.store, self.clock, winner, loser)

    def tie(self, stream: str | type[Resource], rows: int, at: datetime | None = None) -> None:
        """Let rows of a stream have changed within one second, the present one unless it is given.

        Raises:
            ApiError: There is no such stream, it has not so many rows, or they have no change stamp.
        """
        resource = existing(stream) if isinstance(stream, str) else stream
        changed.tie(self.store, self.clock, resource, rows, at)

    def inject(self, faults: Iterable[str], *, seed: int = 1) -> dict[str, int]:
        """Let other requests go wrong from now on; answers how many did by the rules until now, by kind.

        Args:
            faults: The rules as they are written: `503:7`, `drop-after:0.05:POST,PUT`; none: all goes well again.
            seed: Seed of the chance that decides.

        Raises:
            ValueError: A rule is written otherwise; those until now stay in force.
        """
        before, self.server.faults = self.server.faults, Faults(faults, seed)
        return before.injected

    @property
    def injected(self) -> dict[str, int]:
        """How many requests have gone wrong on purpose by the present rules, by kind."""
        return self.server.faults.injected

    def state(self) -> dict[str, Any]:
        """Clock, bucket and how many rows there are."""
        limits = self.server.limits
        return {
            "now": stamp(self.clock.now()),
            "offset_seconds": self.clock.offset.total_seconds(),
            "account": self.account,
            "bucket": {"level": round(limits.level, 3), "size": limits.size, "drip_rate": limits.rate},
            "requests": len(self.server.log),
            "rows": {resource.api.stream: self.store.count(resource) for resource in Resource.all()},
        }

    def _keep(self) -> None:
        self.store.commit()

    def _assemble(self) -> Server:
        config = self.config
        client = Client(
            self.client_id, self.client_secret, CLIENT_NAME, config.redirect_uri, public=config.public_client
        )
        grants = Grants(
            self.store.meta,
            self.clock,
            client,
            account=self.account,
            lifetime=config.expires_in / config.time_scale,
            code_lifetime=_CODE_LIFE / config.time_scale,
            commit=self.store.commit,
        )
        limits = Limits(*config.limits, config.time_scale)
        api = Api(
            self.store,
            grants,
            limits,
            account=self.account,
            client_id=client.id,
            refused=frozenset(config.refuse_filter),
            ignored=frozenset(config.ignore_filter),
            denied=config.denied,
            scribe=Scribe(
                self.store,
                self.clock,
                stale=config.stale_answers,
                archiving_stamps=not config.archiving_keeps_stamp,
            ),
        )
        consent = Consent(self.store, grants, client, self.account)
        latency = config.latency / config.time_scale
        return Server(
            api,
            self.clock,
            grants,
            consent,
            limits,
            Faults(config.faults, config.fault_seed),
            latency,
            self._host.connections,
            deque(maxlen=config.log),
        )
