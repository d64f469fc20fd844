"""Accounts of different size, copied from a handful that are made first."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.filling import fill, scale_of
from lightspeed_sandbox.generate import Scale
from lightspeed_sandbox.store import Store

_CUSTOMERS, _ITEMS = 24, 18
"""For each sale a day, as the retailer of a single sandbox has them."""
_FEWEST_CUSTOMERS, _FEWEST_ITEMS = 60, 90
_PAGE = 1024
"""Bytes of a page: most tables of a small account have a few rows."""


class Templates:
    """What accounts are copied from.

    The first account is as large as the set-up says; the nth sells an nth of that, rounded to a power of two, and at
    least one sale a day. Customers, items and bulk sales go with that. So a thousand accounts have six sizes.

    Args:
        config: The set-up.
        folder: Where the templates are kept; those that are there are used as they are.
    """

    def __init__(self, config: Config, folder: Path) -> None:
        """Nothing is made yet."""
        self._config = config
        self._folder = folder

    def scale(self, number: int) -> Scale:
        """How large an account is.

        Args:
            number: The first one is 1.
        """
        level, whole = self._level(number), scale_of(self._config)
        return replace(
            whole,
            seed=whole.seed + level,
            sales_per_day=whole.sales_per_day >> level,
            bulk_sales=whole.bulk_sales >> level,
            customers=max(_FEWEST_CUSTOMERS, _CUSTOMERS * whole.sales_per_day >> level),
            items=max(_FEWEST_ITEMS, _ITEMS * whole.sales_per_day >> level),
        )

    def prepare(self, count: int) -> None:
        """Make what so many accounts are copied from."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for level in range(self._level(count) + 1):
            if not self._path(level).exists():
                self._make(level)

    def copy(self, number: int, path: Path) -> None:
        """Copy the file of an account; what is there is whole."""
        whole = path.with_suffix(".new")
        shutil.copyfile(self._path(self._level(number)), whole)
        whole.replace(path)

    def _level(self, number: int) -> int:
        """How often the size is halved: not at all for the first, once for the second and third, ..."""
        if self._config.recorded is not None:
            return 0
        return min(number, max(1, self._config.sales_per_day)).bit_length() - 1

    def _path(self, level: int) -> Path:
        return self._folder / f"{level}.sqlite"

    def _make(self, level: int) -> None:
        raw, whole = self._path(level).with_suffix(".raw"), self._path(level).with_suffix(".new")
        for old in (raw, whole):
            old.unlink(missing_ok=True)
        store = Store(raw)
        fill(store, self._config, Clock(store.meta), self.scale(1 << level))
        store.close()
        _pack(raw, whole)
        raw.unlink()
        whole.replace(self._path(level))


def _pack(raw: Path, whole: Path) -> None:
    """Write a file anew, as small as it can be, and with the journal that stores use: changing that takes long."""
    with closing(sqlite3.connect(raw)) as connection:
        connection.execute(f"PRAGMA page_size = {_PAGE}")
        connection.execute("VACUUM INTO ?", (str(whole),))
    with closing(sqlite3.connect(whole)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
