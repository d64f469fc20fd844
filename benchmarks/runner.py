"""Measures cells, one after the other."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.account import Account, Bill, serving
from benchmarks.cells import UNLIMITED, Cell
from benchmarks.commands import command, keep_state
from benchmarks.counting import delivered
from benchmarks.data import copy_of
from benchmarks.environments import version_of
from benchmarks.measuring import Spent, last_words, run
from benchmarks.places import SCRATCH
from benchmarks.results import Results
from benchmarks.shapes import SALES

_DECIMALS = 3


def measure_all(cells: Iterable[Cell], results: Results, *, again: bool) -> None:
    """Measure what has not been measured yet, or everything again; each cell is kept at once."""
    waiting = [cell for cell in cells if again or results.measured(cell) is None]
    for number, cell in enumerate(waiting, start=1):
        sys.stderr.write(f"{number}/{len(waiting)} {cell.key}\n")
        version = "standard library" if cell.tool == "bytes" else version_of(cell.tool)
        results.note(cell, measure(cell), version)


def measure(cell: Cell) -> dict[str, Any]:
    """The medians of a cell's repeats; a failure ends it."""
    found = [_once(cell) for _ in range(cell.repeats)]
    failed = [each for each in found if each["code"]]
    if failed:
        return failed[0]
    numbers = [name for name, value in found[0].items() if isinstance(value, int | float)]
    return {**found[0], **{name: statistics.median(each[name] for each in found) for name in numbers}}


def _once(cell: Cell) -> dict[str, Any]:
    """One measurement; what it leaves behind is kept only if it failed."""
    folder = SCRATCH / str(os.getpid())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = _measured(cell, folder)
    if not found["code"]:
        shutil.rmtree(folder)
    return found


def _measured(cell: Cell, folder: Path) -> dict[str, Any]:
    data = copy_of(cell.sales, folder)
    if cell.part == "idle" and cell.tool == "ours":
        _read_before(cell, data, folder)
    with serving(data, cell) as account:
        started = command(cell, account, folder)
        account.forget()
        spent = run(started, folder, None if cell.part == "start" else account)
        return _noted(cell, account, spent, folder)


def _read_before(cell: Cell, data: Path, folder: Path) -> None:
    """Let the tap read everything, so that there is nothing new when it is measured."""
    with serving(data, replace(cell, registers=UNLIMITED, latency=0.0)) as account:
        run(command(cell, account, folder), folder, None)
    keep_state(folder)


def _noted(cell: Cell, account: Account, spent: Spent, folder: Path) -> dict[str, Any]:
    bill, rows = Bill.of(account.requests()), account.state()["rows"]
    found: dict[str, Any] = {
        "code": spent.code,
        "wall": round(spent.wall, _DECIMALS),
        "reading": round(spent.reading, _DECIMALS),
        "cpu": round(spent.cpu, _DECIMALS),
        "memory": spent.memory,
        "connections": spent.connections,
        "requests": bill.requests,
        "drips": bill.drips,
        "refused": bill.refused,
        "there": {name: rows[name] for name in SALES},
    }
    if spent.code:
        found["failure"] = last_words(folder)
    if cell.part == "cpu" and not spent.code:
        found["delivered"] = delivered(cell.tool, folder / "out")
    return found
