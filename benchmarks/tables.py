"""The tables of the report, each out of what was measured and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from benchmarks.bounds import Plan, cheapest
from benchmarks.cells import FORMS, SCALES, TOOLS, Cell
from benchmarks.results import Results

NAMES = {
    "ours": "this tap",
    "dlt": "dlt",
    "airbyte": "Airbyte CDK",
    "singer": "bare singer-sdk",
    "bytes": "bytes only",
}
WAYS = {
    "documented": "as documented",
    "same": "with the same relations",
    "best": "as well as one can",
    "start": "start",
    "discover": "catalog",
}

_MEGABYTE = 1_000_000
_MICRO = 1_000_000
_PACED = ("0 s", "0.3 s", "1 s")

Measured = dict[str, Any]
Found = tuple[Cell, Measured]


def reader(cell: Cell) -> str:
    """Who read, and how."""
    return f"{NAMES[cell.tool]}, {WAYS.get(cell.form, cell.form)}"


def rows_there(measured: Measured) -> int:
    """Sales, lines and payments of the account."""
    return sum(measured["there"].values())


def per_row(measured: Measured, seconds: float) -> float:
    """Microseconds of processor a row."""
    return seconds * _MICRO / rows_there(measured)


def plan_for(measured: Measured) -> Plan:
    """The cheapest plan for the account that was read."""
    return cheapest(measured["there"]["sales"])


def account_seconds(cell: Cell, measured: Measured) -> float:
    """Seconds of the account's time from the first request to the end."""
    return float(measured["reading"] * cell.scale)


def times_bound(cell: Cell, measured: Measured) -> float | None:
    """How many times the least possible time it took; None where the limits do not bind."""
    least = plan_for(measured).least_seconds(cell, measured["connections"])
    return account_seconds(cell, measured) / least if least else None


def times_bucket(cell: Cell, measured: Measured) -> float | None:
    """How many times what the bucket allows it took, however the reader waits for answers; None without a bucket."""
    least = plan_for(measured).bucket_seconds(cell)
    return account_seconds(cell, measured) / least if least else None


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    line = "| --- |" + " ---: |" * (len(heads) - 1)
    return "\n".join([f"| {' | '.join(heads)} |", line, *(f"| {' | '.join(row)} |" for row in rows)])


def in_order(found: Iterable[Found]) -> list[Found]:
    """By registers, latency, size, tool and form."""
    tools, forms = list(NAMES), list(WAYS)

    def place(each: Found) -> tuple[Any, ...]:
        cell = each[0]
        form = forms.index(cell.form) if cell.form in forms else 0
        return cell.registers, cell.latency, cell.scale, cell.sales, tools.index(cell.tool), form, cell.form

    return sorted(found, key=place)


def pace_summary(results: Results) -> str:
    """One line for each reader: what a sale costs, refusals, and how near to the bound it came."""
    conditions = list(product(SCALES, _PACED))
    heads = [
        "Reader",
        "drips for 100 sales",
        "429s",
        *(f"{registers} r, {latency}" for registers, latency in conditions),
    ]
    found = in_order(results.of("pace"))
    rows = []
    for tool, form in product(TOOLS, FORMS):
        own = [(cell, measured) for cell, measured in found if (cell.tool, cell.form) == (tool, form)]
        if own:
            rows.append([f"{NAMES[tool]}, {WAYS[form]}", *_summed(own), *_nearness(own)])
    return table(heads, rows)


def _summed(own: list[Found]) -> tuple[str, str]:
    drips = sum(measured["drips"] for _, measured in own)
    sales = sum(measured["there"]["sales"] for _, measured in own)
    return f"{100 * drips / sales:.2f}", str(sum(measured["refused"] for _, measured in own))


def _nearness(own: list[Found]) -> list[str]:
    by_condition = {(cell.registers, f"{cell.latency:g} s"): (cell, measured) for cell, measured in own}
    return [_near(by_condition.get(condition)) for condition in product(SCALES, _PACED)]


def _near(found: Found | None) -> str:
    if found is None:
        return ""
    cell, measured = found
    return "failed" if measured["code"] else _times(times_bucket(cell, measured))


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def pace(found: Iterable[Found]) -> str:
    """Every paced run with its figures."""
    heads = [
        "Reader",
        "registers",
        "latency",
        "sales",
        "requests",
        "drips",
        "of the cheapest",
        "429s",
        "connections",
        "time",
        "minutes",
        "bucket allows",
        "times that",
        "with its connections",
        "times that",
    ]
    return table(heads, [_pace_row(cell, measured) for cell, measured in in_order(found)])


def _pace_row(cell: Cell, measured: Measured) -> list[str]:
    plan = plan_for(measured)
    least = plan.least_seconds(cell, measured["connections"])
    return [
        reader(cell) + _failure(measured),
        str(cell.registers),
        f"{cell.latency:g} s",
        _thousands(measured["there"]["sales"]),
        _thousands(measured["requests"]),
        f"{measured['drips']:,.1f}",
        f"{measured['drips'] / plan.drips:.2f}",
        str(measured["refused"]),
        str(measured["connections"] or ""),
        f"{cell.scale:g} times",
        f"{account_seconds(cell, measured) / 60:.1f}",
        f"{plan.bucket_seconds(cell) / 60:.1f}",
        _times(times_bucket(cell, measured)),
        f"{least / 60:.1f}",
        _times(times_bound(cell, measured)),
    ]


def control(results: Results) -> str:
    """The same runs in real time and in scaled time."""
    heads = ["Reader", "time", "drips", "429s", "seconds", "least", "times the least"]
    return table(heads, [_control_row(cell, measured) for cell, measured in _by_reader(results.of("control"))])


def _by_reader(found: Iterable[Found]) -> list[Found]:
    tools = list(NAMES)
    return sorted(found, key=lambda each: (tools.index(each[0].tool), FORMS.index(each[0].form), each[0].scale))


def _control_row(cell: Cell, measured: Measured) -> list[str]:
    return [
        reader(cell) + _failure(measured),
        "real" if cell.scale == 1 else f"{cell.scale:g} times faster",
        f"{measured['drips']:.1f}",
        str(measured["refused"]),
        f"{account_seconds(cell, measured):.1f}",
        f"{plan_for(measured).least_seconds(cell, measured['connections']):.1f}",
        _times(times_bound(cell, measured)),
    ]


def processor(results: Results) -> str:
    """Processor, memory and speed by size of the account."""
    heads = [
        "Reader",
        "sales",
        "rows",
        "delivered",
        "CPU s",
        "µs a row",
        "without start",
        "peak MB",
        "seconds",
        "rows a second",
    ]
    starts = start_seconds(results)
    found = in_order(results.of("cpu"))
    return table(heads, [_processor_row(cell, measured, starts.get(cell.tool, 0.0)) for cell, measured in found])


def start_seconds(results: Results) -> dict[str, float]:
    """Seconds of processor that each tool needs to start."""
    return {cell.tool: measured["cpu"] for cell, measured in results.of("start") if cell.form == "start"}


def _processor_row(cell: Cell, measured: Measured, start: float) -> list[str]:
    rows = rows_there(measured)
    return [
        reader(cell) + _failure(measured),
        _thousands(measured["there"]["sales"]),
        _thousands(rows),
        _thousands(sum(measured.get("delivered", {}).values())),
        f"{measured['cpu']:.2f}",
        f"{per_row(measured, measured['cpu']):.1f}",
        f"{per_row(measured, max(0.0, measured['cpu'] - start)):.1f}",
        megabytes(measured),
        f"{measured['wall']:.1f}",
        _thousands(round(rows / measured["wall"])),
    ]


def starts(results: Results) -> str:
    """Start-up and catalog."""
    heads = ["Reader", "seconds", "CPU s", "peak MB"]
    return table(heads, [_plain(cell, measured) for cell, measured in in_order(results.of("start"))])


def _plain(cell: Cell, measured: Measured) -> list[str]:
    name = reader(cell) + _failure(measured)
    return [name, f"{measured['wall']:.2f}", f"{measured['cpu']:.2f}", megabytes(measured)]


def idle(results: Results) -> str:
    """Twelve streams with nothing new."""
    heads = ["Reader", "seconds", "from the first request", "requests", "drips", "429s", "CPU s"]
    return table(heads, [_idle_row(cell, measured) for cell, measured in in_order(results.of("idle"))])


def _idle_row(cell: Cell, measured: Measured) -> list[str]:
    return [
        NAMES[cell.tool] + _failure(measured),
        f"{measured['wall']:.1f}",
        f"{measured['reading']:.1f}",
        f"{measured['requests']:g}",
        f"{measured['drips']:.1f}",
        f"{measured['refused']:g}",
        f"{measured['cpu']:.2f}",
    ]


def ceiling(results: Results) -> str:
    """What the sandbox gives to a reader of bytes."""
    heads = ["Reader", "pages", "seconds", "pages a second"]
    return table(heads, [_ceiling_row(cell, measured) for cell, measured in in_order(results.of("ceiling"))])


def _ceiling_row(cell: Cell, measured: Measured) -> list[str]:
    pages, seconds = measured["requests"], measured["reading"]
    return [reader(cell), f"{pages:g}", f"{seconds:.1f}", f"{pages / seconds:.0f}"]


def megabytes(measured: Measured) -> str:
    """Peak memory."""
    return f"{measured['memory'] / _MEGABYTE:.0f}"


def _failure(measured: Measured) -> str:
    return f" (failed with exit code {measured['code']})" if measured["code"] else ""


def _thousands(number: float) -> str:
    return f"{number:,.0f}"
