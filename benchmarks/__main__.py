"""Runs the benchmarks: `make bench`, or `python -m benchmarks` with the options of `--help`."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.cells import PARTS, TOOLS, Cell, planned
from benchmarks.environments import python_of
from benchmarks.figures import write_figures
from benchmarks.places import HERE, QUICK
from benchmarks.results import Results
from benchmarks.runner import measure_all


def main() -> None:
    """Measure, then write the report and the picture; ended from outside, it ends what it has started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended; what has been measured is kept."))
    asked = _arguments()
    folder = QUICK if asked.quick else HERE
    results = Results.read(folder / "results.json")
    if not asked.report:
        results.keep(planned(quick=asked.quick))
        measure_all(_chosen(asked), results, again=asked.again)
    (folder / "RESULTS.md").write_text(report.page(results), encoding="utf-8")
    _draw(results, folder)
    sys.stdout.write(f"{folder.name}/RESULTS.md\n" if not asked.quick else report.page(results))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short form, kept apart in .bench/quick")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part; repeatable")
    parser.add_argument("--tool", action="append", choices=(*TOOLS, "bytes"), help="only this tool; repeatable")
    parser.add_argument("--match", default="", help="only what has this in its name, such as '25000 sales'")
    parser.add_argument("--again", action="store_true", help="measure anew what has been measured")
    parser.add_argument("--report", action="store_true", help="measure nothing, only write the report and the picture")
    return parser.parse_args()


def _chosen(asked: argparse.Namespace) -> list[Cell]:
    cells = planned(quick=asked.quick)
    return [
        cell
        for cell in cells
        if (not asked.part or cell.part in asked.part)
        and (not asked.tool or cell.tool in asked.tool)
        and asked.match in cell.key
    ]


def _draw(results: Results, folder: Path) -> None:
    figures = folder / "figures.json"
    write_figures(results, figures)
    try:
        command = [python_of("plot"), str(HERE / "plot.py"), str(figures), str(folder / "results.svg")]
        subprocess.run(command, check=True)
    finally:
        figures.unlink()


if __name__ == "__main__":
    main()
