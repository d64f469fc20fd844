"""The command that simulates a night.

python -m lightspeed_nightly simulate --accounts 1000 --workers 2 --slots 2 --cores 2
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from lightspeed_nightly.simulated_night import MEDIAN_ROWS, SPREAD, Plan, Simulated, simulate, sizes
from lightspeed_nightly.simulated_run import Costs, Size

_MINUTE, _HOUR = 60.0, 3600.0
_FEW = 2.0
"""Up to so many of a unit the smaller one is said."""

_KINDS = {"int": int, "float": float}
_COMPARED = ((2, 2, 2.0), (2, 8, 4.0), (4, 8, 16.0), (10, 10, 40.0), (20, 10, 80.0))
"""Workers, slots and cores of the table in docs/many-accounts.md."""

_PLANNED = {
    "workers": "workers of Celery",
    "slots": "tasks that a worker runs at a time",
    "cores": "cores of all machines together",
    "seconds": "how long a group of small accounts should take",
    "most": "how many groups there are at most",
    "failing": "share of runs that meet an API that is out",
    "retries": "how often what failed is tried again",
    "pause": "seconds before it is, doubled after each further try",
    "seed": "what chance is made from",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate a night and print what came of it."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        said = list(_said(given, Costs().changed(**dict(given.set))))
    except (OSError, ValueError, TypeError) as error:
        parser.error(str(error))
    sys.stdout.writelines(f"{line}\n" for line in said)
    return 0


def _said(given: Namespace, costs: Costs) -> Iterator[str]:
    if given.costs:
        yield from _listed(costs)
    elif given.table:
        yield from table(costs)
    else:
        found = simulate(_accounts(given), _plan(given), costs)
        yield from [json.dumps(asdict(found))] if given.json else _told(found)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m lightspeed_nightly simulate", description="A night of accounts, simulated.")
    parser.add_argument("--accounts", type=int, default=1000, help="how many accounts (%(default)s)")
    parser.add_argument(
        "--rows", type=float, default=MEDIAN_ROWS, help="rows of the account in the middle (%(default)s)"
    )
    parser.add_argument(
        "--spread", type=float, default=SPREAD, help="of the logarithm of rows; 0: all alike (%(default)s)"
    )
    parser.add_argument("--registers", type=int, default=1, help="registers of each account (%(default)s)")
    parser.add_argument(
        "--sizes", type=Path, help="file of accounts instead: JSON lines of account_id, rows, registers"
    )
    for each in fields(Plan):
        if each.name in _PLANNED:
            kind, words = _KINDS[str(each.type)], f"{_PLANNED[each.name]} (%(default)s)"
            parser.add_argument(f"--{each.name}", type=kind, default=each.default, help=words)
    parser.add_argument("--warm", action="store_true", help="a group's runs are forked from one process")
    parser.add_argument("--set", type=_figure, action="append", default=[], metavar="NAME=VALUE", help="another figure")
    parser.add_argument("--costs", action="store_true", help="list the figures and where they are from, and end")
    parser.add_argument("--table", action="store_true", help="print the table of docs/many-accounts.md, and end")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    return parser


def _figure(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    return name, float(value)


def _accounts(given: Namespace) -> list[Size]:
    if given.sizes is None:
        return sizes(given.accounts, given.rows, given.spread, given.seed, given.registers)
    return list(_read(given.sizes))


def _read(path: Path) -> Iterator[Size]:
    for line in path.read_text(encoding="utf-8").splitlines():
        found: dict[str, Any] = json.loads(line)
        yield Size(int(found["account_id"]), int(found["rows"]), int(found.get("registers", 1)))


def _plan(given: Namespace) -> Plan:
    return Plan(warm=given.warm, **{name: getattr(given, name) for name in _PLANNED})


def table(costs: Costs | None = None) -> Iterator[str]:
    """Nights of 1,000 and of 10,000 accounts on more and more workers, in Markdown."""
    yield "| Workers | Slots of each | Cores | 1,000 accounts | Cores busy | 10,000 accounts | Cores busy |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for workers, slots, cores in _COMPARED:
        plan = Plan(workers=workers, slots=slots, cores=cores, warm=True)
        nights = [simulate(sizes(accounts), plan, costs) for accounts in (1000, 10_000)]
        times = " | ".join(f"{_span(night.seconds)} | {night.busy:.1f}" for night in nights)
        yield f"| {workers} | {slots} | {cores:.0f} | {times} |"


def _listed(costs: Costs) -> Iterator[str]:
    for each in fields(costs):
        yield f"{each.name:<16} {getattr(costs, each.name):>10g}  {each.metadata['source']}"


def _told(found: Simulated) -> Iterator[str]:
    whole, loading = _span(found.seconds), _span(found.loading)
    yield f"{found.accounts:,} accounts in {found.groups:,} tasks: {whole}, of which loading {loading}."
    yield f"Account {found.longest_account} by itself would take {_span(found.longest)}; no night is shorter."
    yield f"{found.computed:,.0f} seconds of a core, {found.busy:.2f} cores busy on average."
    yield f"{found.rows:,} rows for {found.drips:,.0f} drips in {found.runs:,} runs."
    yield f"{found.failed:,} accounts could not be read."


def _span(seconds: float) -> str:
    hours, minutes = seconds / _HOUR, seconds / _MINUTE
    return f"{seconds:,.0f} s" if minutes < _FEW else f"{minutes:,.1f} min" if hours < _FEW else f"{hours:,.1f} h"
