"""Data files of the sandbox, made once by its own generator; every measurement serves a copy."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from benchmarks.places import DATA
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox

_SHORT, _LONG = 150, 365
_SMALL = 10_000
_TRADED = 100_000
"""Sales that are traded day by day at the most; what goes beyond is made by SQL alone, years before."""


def data_file(sales: int) -> Path:
    """The data of an account with about so many sales; made when it is wanted for the first time."""
    path = DATA / f"{sales}.db"
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        sys.stderr.write(f"Making an account with {sales} sales (once) ...\n")
        _make(sales, path)
    return path


def copy_of(sales: int, folder: Path) -> Path:
    """A copy that may be written to."""
    return Path(shutil.copyfile(data_file(sales), folder / "account.db"))


def _make(sales: int, path: Path) -> None:
    unfinished = path.with_suffix(".unfinished")
    _forget(unfinished)
    days = _SHORT if sales < _SMALL else _LONG
    traded = min(sales, _TRADED)
    config = Config(days=days, sales_per_day=traded // days, bulk_sales=sales - traded, data=unfinished)
    sandbox = Sandbox(config)
    sandbox.store.commit()
    sandbox.store.query("PRAGMA wal_checkpoint(TRUNCATE)")
    unfinished.rename(path)
    _forget(unfinished)


def _forget(unfinished: Path) -> None:
    """Remove what a file that was not finished, or is by now, has left beside it."""
    for leftover in DATA.glob(f"{unfinished.name}*"):
        leftover.unlink()
