"""What is measured: one cell is one process under fixed conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

TOOLS = ("ours", "dlt", "airbyte", "singer")
"""The tap of this repository, and its peers."""

FORMS = ("documented", "best")
"""As its documentation advises, and as well as one can."""

SAME = "same"
"""A peer as its documentation advises, but with the relations that are needed: for what a row costs in processor."""

PARTS = ("start", "ceiling", "idle", "cpu", "control", "pace")
"""Parts in the order in which they run: short ones first."""

SCALES = {1: 20.0, 4: 10.0, 12: 5.0}
"""By registers: how much faster the account's time runs. A client's own second is not scaled, so it must not bind."""

PEER_SCALES = {1: 5.0, 4: 4.0, 12: 2.0}
"""The same for peers: what a page costs them in processor is not scaled either, and must not count twenty times."""

UNLIMITED = 0
"""Registers of an account without limits."""

_LATENCIES = (0.0, 0.3, 1.0)
_OWN_SALES, _PEER_SALES = 100_000, 25_000
_PEER_PACED = {1: 10_000, 4: 25_000, 12: 25_000}
_SIZES = (2_500, 25_000, 100_000, 250_000)
_PEER_SIZES = _SIZES[:3]
_QUICK_SALES = 2_500
_QUICK_SCALE = 5.0
_SMALL_BUCKET = 20.0
_CONTROL_SCALE = 4.0


@dataclass(frozen=True)
class Cell:
    """The conditions of one measurement.

    Args:
        part: Which part of the report it belongs to.
        tool: Who reads.
        form: In which of the two forms; for other parts what is done.
        sales: How many sales the account has.
        registers: Registers of the subscription, which set the limits; 0: no limits.
        latency: Seconds of the account's time that every answer takes.
        scale: How many times faster than real the account's time runs.
        bucket: Drips that the bucket holds, where it is not the subscription's.
        repeats: How often it is measured; the median counts.
    """

    part: str
    tool: str
    form: str
    sales: int = _QUICK_SALES
    registers: int = UNLIMITED
    latency: float = 0.0
    scale: float = 1.0
    bucket: float | None = None
    repeats: int = 1

    @property
    def key(self) -> str:
        """What it is called in the results."""
        limits = f"{self.registers}r" if self.registers else "unlimited"
        bucket = f" bucket {self.bucket:g}" if self.bucket is not None else ""
        conditions = f"{self.sales} sales, {limits}{bucket}, {self.latency:g} s, x{self.scale:g}"
        return f"{self.part}: {self.tool} {self.form}, {conditions}"

    def fields(self) -> dict[str, Any]:
        """Its conditions as they are kept with what was measured."""
        return asdict(self)


def planned(*, quick: bool) -> list[Cell]:
    """All cells of the full or of the short form."""
    return list(_quick() if quick else _full())


def _full() -> Iterator[Cell]:
    yield from _start(repeats=5)
    yield from _ceiling(_PEER_SALES)
    yield from _idle(repeats=3)
    for tool, form in _readers():
        for sales in _SIZES if tool == "ours" else _PEER_SIZES:
            yield Cell("cpu", tool, form, sales, repeats=3 if sales <= _PEER_SALES else 1)
    for (tool, form), scale in product(product(TOOLS, FORMS), (1.0, _CONTROL_SCALE)):
        yield Cell("control", tool, form, registers=1, latency=0.3, scale=scale, bucket=_SMALL_BUCKET)
    for registers, latency, (tool, form) in product(SCALES, _LATENCIES, product(TOOLS, FORMS)):
        if tool == "ours":
            yield Cell("pace", tool, form, _OWN_SALES, registers, latency, SCALES[registers])
        else:
            yield Cell("pace", tool, form, _PEER_PACED[registers], registers, latency, PEER_SCALES[registers])


def _quick() -> Iterator[Cell]:
    yield from _start(repeats=1)
    yield from _ceiling(_QUICK_SALES)
    yield Cell("idle", "ours", "best", registers=1, latency=0.3)
    for tool, form in _readers():
        yield Cell("cpu", tool, form)
    for registers, latency, bucket in ((1, 0.3, _SMALL_BUCKET), (12, 1.0, None)):
        for tool in TOOLS:
            yield Cell("pace", tool, "best", _QUICK_SALES, registers, latency, _QUICK_SCALE, bucket)


def _readers() -> Iterator[tuple[str, str]]:
    for tool in TOOLS:
        for form in FORMS if tool == "ours" else ("documented", SAME, "best"):
            yield tool, form


def _start(repeats: int) -> Iterator[Cell]:
    for tool, form in product(TOOLS, ("start", "discover")):
        if (tool, form) != ("dlt", "discover"):
            yield Cell("start", tool, form, repeats=repeats)


def _ceiling(sales: int) -> Iterator[Cell]:
    for form in ("1 connection", "4 connections"):
        yield Cell("ceiling", "bytes", form, sales)


def _idle(repeats: int) -> Iterator[Cell]:
    for tool in TOOLS:
        yield Cell("idle", tool, "best", registers=1, latency=0.3, repeats=repeats)
