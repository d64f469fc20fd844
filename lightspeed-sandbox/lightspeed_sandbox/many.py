"""Many accounts on one host, as the API has them: one address, one authorisation server, each account by itself.

Used as `with Sandboxes(Config(days=30), count=50) as sandboxes:`, after which `sandboxes.url` answers for all of them,
and `sandboxes.accounts[200007]` is the sandbox of one.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from starlette.types import ASGIApp

from lightspeed_sandbox.accounts import account_of, rename, tell_apart
from lightspeed_sandbox.config import CLIENT_ID, CLIENT_SECRET, Config
from lightspeed_sandbox.faults import Faults
from lightspeed_sandbox.generate import Scale
from lightspeed_sandbox.host import Host, Hosted
from lightspeed_sandbox.oauth import DEFAULT_SCOPE
from lightspeed_sandbox.pool import Pool
from lightspeed_sandbox.routing import Router
from lightspeed_sandbox.serve import Sandbox, settings_for
from lightspeed_sandbox.store import Store
from lightspeed_sandbox.templates import Templates

FIRST_ACCOUNT = 200_001
MOST_OPEN = 64
"""How many accounts hold their file open at a time."""


class Accounts(Mapping[int, Sandbox]):
    """The accounts of a host by their ids; each is made when it is first asked for.

    Args:
        config: The set-up of each of them.
        count: How many there are.
        host: Where they are reached.
        folder: Where their files are.
        most_open: How many of these are open at a time.
    """

    def __init__(self, config: Config, count: int, host: Host, folder: Path, most_open: int) -> None:
        """Make what they are copied from."""
        self.config = config
        self._ids = range(config.account or FIRST_ACCOUNT, (config.account or FIRST_ACCOUNT) + count)
        self._host = host
        self._folder = folder
        self._templates = Templates(config, folder / "templates")
        self._templates.prepare(count)
        self._pool = Pool(most_open)
        self._made: dict[int, Sandbox] = {}
        self._lock = threading.RLock()

    def __getitem__(self, account: int) -> Sandbox:
        """The sandbox of an account.

        Raises:
            KeyError: There is no such account.
        """
        found = self._made.get(account)
        return self._make(account) if found is None else found

    def __contains__(self, account: object) -> bool:
        """Whether there is such an account, made or not."""
        return account in self._ids

    def __iter__(self) -> Iterator[int]:
        """The ids; nothing is made for that."""
        return iter(self._ids)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._ids)

    def made_already(self, account: int) -> Sandbox | None:
        """The sandbox of an account, unless nobody has asked for it yet."""
        return self._made.get(account)

    @property
    def made(self) -> Mapping[int, Sandbox]:
        """Those that somebody has asked for already."""
        return dict(self._made)

    @property
    def open(self) -> int:
        """How many hold their file open."""
        return len(self._pool)

    def scale(self, account: int) -> Scale:
        """How large an account is."""
        return self._templates.scale(self._ids.index(account) + 1)

    def inject(self, faults: Iterable[str], seed: int) -> dict[str, int]:
        """Let other requests go wrong from now on, in all accounts."""
        with self._lock:
            texts = list(Faults(faults, seed).texts)
            self.config = replace(self.config, fault=texts, fail_every=None, fault_seed=seed)
            counts = [sandbox.inject(texts, seed=seed) for sandbox in self._made.values()]
            return dict(sum(map(Counter, counts), Counter()))

    def rest(self) -> None:
        """Make all that has changed durable, and let go of all files until they are needed again."""
        with self._lock:
            for sandbox in self._made.values():
                sandbox.store.rest()
                self._pool.forget(sandbox.store)

    def _make(self, account: int) -> Sandbox:
        if account not in self._ids:
            raise KeyError(account)
        with self._lock:
            if account not in self._made:
                path = self._folder / f"{account}.sqlite"
                # Rows that change within a second belong to the largest account: the small ones may not have so many.
                ties = self.config.tie if account == self._ids[0] else []
                config = replace(self.config, account=account, data=path, tie=ties)
                self._made[account] = Sandbox(config, self._store(account, path), self._host)
            return self._made[account]

    def _store(self, account: int, path: Path) -> Store:
        if not path.exists():
            self._templates.copy(self._ids.index(account) + 1, path)
        store = Store(path, self._pool, durable=self.config.data is not None)
        if account_of(store) != str(account):
            tell_apart(store, account)
            rename(store, account)
        return store


class Sandboxes(Hosted):
    """Many accounts of Lightspeed Retail on one host of this machine.

    Args:
        config: The set-up of each of them. `account` is the id of the first, `data` a folder with a file for each,
            `sales_per_day` what the first one sells: see `Templates` for the others.
        count: How many accounts.
        most_open: How many of them hold their file open at a time.
    """

    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET

    def __init__(self, config: Config | None = None, count: int = 2, *, most_open: int = MOST_OPEN) -> None:
        """Prepare what accounts are copied from; nothing listens yet."""
        self.config = config or Config()
        super().__init__(Host(self.config.host, self.config.port))
        self._folder = self.config.data or self._temporary_folder()
        self.accounts = Accounts(self.config, count, self._host, self._folder, most_open)
        # Answers those of whom nobody knows to which account they belong; it has no rows and no faults.
        nobody = replace(self.config, account=None, data=None, fault=[], fail_every=None, tie=[], log=0)
        self._nobody = Sandbox(nobody, Store(), self._host)

    @cached_property
    def app(self) -> ASGIApp:
        """The host as an ASGI application."""
        return Router(self, self._nobody)

    def environment(self) -> dict[str, str]:
        """Variables that point the tap and the target at this host; those of an account have tokens too."""
        return settings_for(self.url)

    def refresh_tokens(self, scope: str = DEFAULT_SCOPE) -> dict[int, str]:
        """A refresh token of a fresh grant of every account, by the ids."""
        return {account: sandbox.issue_refresh_token(scope) for account, sandbox in self.accounts.items()}

    def advance(self, days: int = 1) -> None:
        """Let days pass in all accounts, with the trade of these days."""
        for sandbox in self.accounts.values():
            sandbox.advance(days)

    def inject(self, faults: Iterable[str], *, seed: int = 1) -> dict[str, int]:
        """Let other requests go wrong from now on, in all accounts; each of them counts its own requests.

        Args:
            faults: The rules as they are written; none: all goes well again.
            seed: Seed of the chance that decides.

        Returns:
            How many went wrong by the rules until now, by kind.

        Raises:
            ValueError: A rule is written otherwise; those until now stay in force.
        """
        return self.accounts.inject(faults, seed)

    def _keep(self) -> None:
        self.accounts.rest()

    def _temporary_folder(self) -> Path:
        """A folder that goes when this object is forgotten, and at the end of the process at the latest."""
        folder = tempfile.mkdtemp(prefix="lightspeed-sandbox-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)
