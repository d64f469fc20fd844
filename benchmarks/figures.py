"""What the picture shows, as plain rows, so that drawing it needs nothing of this project."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from benchmarks.results import Results
from benchmarks.tables import NAMES, WAYS, in_order, per_row, times_bucket

Row = dict[str, Any]


def figures(results: Results) -> dict[str, list[Row]]:
    """The rows of each panel."""
    return {"processor": _processor(results), "drips": _drips(results), "time": _time(results)}


def _processor(results: Results) -> list[Row]:
    return [
        {
            "reader": NAMES[cell.tool],
            "form": WAYS[cell.form],
            "sales": measured["there"]["sales"],
            "micros": round(per_row(measured, measured["cpu"]), 1),
            "megabytes": round(measured["memory"] / 1e6, 1),
        }
        for cell, measured in in_order(results.of("cpu"))
        if not measured["code"]
    ]


def _drips(results: Results) -> list[Row]:
    """Drips for 100 sales; the same under all limits but for refusals, so the hardest one stands for all."""
    found: dict[tuple[str, str], Row] = {}
    for cell, measured in in_order(results.of("pace")):
        drips = round(100 * measured["drips"] / measured["there"]["sales"], 3)
        row = {"reader": NAMES[cell.tool], "form": WAYS[cell.form], "drips": drips}
        found[(cell.tool, cell.form)] = row
    return list(found.values())


def _time(results: Results) -> list[Row]:
    rows = []
    for cell, measured in in_order(results.of("pace")):
        times = times_bucket(cell, measured)
        if times is not None and not measured["code"]:
            condition = f"{cell.registers} r, {cell.latency:g} s"
            row = {
                "reader": NAMES[cell.tool],
                "form": WAYS[cell.form],
                "condition": condition,
                "times": round(times, 3),
            }
            rows.append(row)
    return rows


def digest(results: Results) -> str:
    """What tells whether a picture shows these results."""
    return hashlib.sha256(json.dumps(figures(results), sort_keys=True).encode()).hexdigest()


def write_figures(results: Results, path: Path) -> None:
    """Hand the rows to the script that draws them."""
    path.write_text(json.dumps({"digest": digest(results), **figures(results)}), encoding="utf-8")
