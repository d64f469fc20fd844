"""A sandbox: the account's data and a server for it, in a thread of this process.

Used as `with Sandbox(Config(days=30)) as sandbox:`, after which `sandbox.url` answers.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import uvicorn

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox import changes as changed
from lightspeed_sandbox import generate, recorded
from lightspeed_sandbox.accounts import account_of, rename
from lightspeed_sandbox.api import Api
from lightspeed_sandbox.app import Server, application
from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.config import CLIENT_ID, CLIENT_NAME, CLIENT_SECRET, Config
from lightspeed_sandbox.consent import Consent
from lightspeed_sandbox.control import Control
from lightspeed_sandbox.faults import Faults
from lightspeed_sandbox.generate import setup
from lightspeed_sandbox.limits import Limits
from lightspeed_sandbox.names import existing
from lightspeed_sandbox.oauth import DEFAULT_SCOPE, Client, Grants
from lightspeed_sandbox.scribe import Scribe
from lightspeed_sandbox.store import Key, Store

_CODE_LIFE = 60.0
_FILLED = "filled"
_SERVED = "served"
_START_TIMEOUT = 10.0
_TICK = 0.005


class Sandbox:
    """An account of Lightspeed Retail on this machine.

    Args:
        config: The set-up.
        store: Rows to serve as they are; without it the set-up says where they come from.
    """

    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET

    def __init__(self, config: Config | None = None, store: Store | None = None) -> None:
        """Prepare the data; nothing listens yet."""
        self.config = config or Config()
        self.store = store or _open(self.config)
        self.clock = Clock(self.store.meta, timedelta(seconds=self.config.clock_off))
        if store is None:
            _fill(self.store, self.config, self.clock)
        for resource, number in self.config.ties:
            self.tie(resource, number)
        if self.config.account is not None and account_of(self.store) != str(self.config.account):
            _rename(self.store, self.config)
        self.account = account_of(self.store)
        self.store.meta[_SERVED] = self.account
        self.server = self._assemble()
        self._uvicorn: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port; the API and the authorisation server share them."""
        if self._socket is None:
            message = "The sandbox is not running."
            raise RuntimeError(message)
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

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

    def environment(self) -> dict[str, str]:
        """Variables that point the tap and the target at this sandbox."""
        settings = {
            "API_URL": self.url,
            "AUTH_URL": self.url,
            "CLIENT_ID": self.client_id,
            "CLIENT_SECRET": self.client_secret,
        }
        variables = {"LIGHTSPEED_SANDBOX_URL": self.url}
        for program in ("TAP", "TARGET"):
            own = settings | {"REFRESH_TOKEN": self.issue_refresh_token()}
            variables |= {f"{program}_LIGHTSPEED_RETAIL_{name}": value for name, value in own.items()}
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

    def start(self) -> Self:
        """Listen, and return when requests can come.

        Raises:
            OSError: The address is taken.
        """
        self._socket = _listen(self.config.host, self.config.port)
        settings = uvicorn.Config(
            application(self.server, Control(self).routes()),
            http=self.server.connections.protocol(),
            log_config=None,
            log_level="warning",
            access_log=False,
            ws="none",
            lifespan="off",
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._uvicorn.run, args=([self._socket],), daemon=True)
        self._thread.start()
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._uvicorn.started and time.monotonic() < deadline:
            time.sleep(_TICK)
        return self

    def stop(self) -> None:
        """Stop listening and make the data durable."""
        if self._uvicorn is not None and self._thread is not None:
            self._uvicorn.should_exit = True
            self.server.connections.let_go()
            self._thread.join()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self.store.commit()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

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
        return Server(api, self.clock, grants, consent, limits, Faults(config.faults, config.fault_seed), latency)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket that names its protocol: only then does asyncio send answers without delay (TCP_NODELAY)."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(address)
    listening.listen(128)
    return listening


def _open(config: Config) -> Store:
    if config.data is not None:
        config.data.parent.mkdir(parents=True, exist_ok=True)
    return Store(config.data)


def _fill(store: Store, config: Config, clock: Clock) -> None:
    """Put rows in, unless the file has them already."""
    if _FILLED in store.meta:
        return
    if config.recorded is not None:
        recorded.fill(store, config.recorded)
    else:
        if config.today is not None:
            clock.set(config.today.replace(tzinfo=UTC))
        scale = generate.Scale(
            seed=config.seed,
            days=config.days,
            sales_per_day=config.sales_per_day,
            bulk_sales=config.bulk_sales,
            tax_inclusive=config.tax_inclusive,
        )
        fill = setup.build if config.empty else generate.build
        fill(store, scale, clock.now().replace(microsecond=0))
    store.meta[_FILLED] = stamp(datetime.now(UTC))
    store.commit()


def _rename(store: Store, config: Config) -> None:
    """Give the account the id that is asked for, unless a file has been served under another one before."""
    assert config.account is not None  # noqa: S101  the caller looks first
    if _SERVED in store.meta:
        message = f"The data in {config.data or 'memory'} hold the account {account_of(store)}, not {config.account}."
        raise ValueError(message)
    rename(store, config.account)
