"""What this tap is meant to reach, and what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.cells import SAME, Cell
from benchmarks.results import Results
from benchmarks.tables import Measured, per_row, plan_for, rows_there, table, times_bound

_SIZE, _PEER_SIZE = 100_000, 25_000
_MEMORY = 150_000_000
_IDLE_SECONDS = 5.0
_ROWS_A_SECOND = 20_000
_LARGE = 1000


@dataclass(frozen=True)
class Goal:
    """A figure and its limit.

    Args:
        name: What it is.
        measured: The figure; None where it has not been measured.
        limit: What it may be at the most, or with `at_least` what it must be.
        at_least: Whether more is better.
    """

    name: str
    measured: float | None
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool | None:
        """Whether it is reached; None where nobody knows."""
        if self.measured is None:
            return None
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


def goals(results: Results) -> list[Goal]:
    """All goals with the figures of these results."""
    return [*_of_pace(results), *_of_processor(results), *_of_growth(results), *_of_idle(results)]


def page(results: Results) -> str:
    """The goals as a table."""
    said = {True: "yes", False: "no", None: ""}
    rows = [[goal.name, _number(goal.measured), _limit(goal), said[goal.is_met]] for goal in goals(results)]
    return table(["Goal", "measured", "limit", "met"], rows)


def _number(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:,.0f}" if value == int(value) or value > _LARGE else f"{value:.2f}"


def _limit(goal: Goal) -> str:
    return f"{'at least' if goal.at_least else 'at most'} {goal.limit:,g}"


def _of_pace(results: Results) -> Iterator[Goal]:
    found = [each for each in results.of("pace") if _is_best(*each) and each[0].sales >= _SIZE]
    shares = [measured["drips"] / plan_for(measured).drips for _, measured in found]
    yield Goal("drips of the cheapest plan", max(shares, default=None), 1.03)
    yield Goal("refusals", max((measured["refused"] for _, measured in found), default=None), 0)
    yield Goal("times the least time, 1 register", _worst(found, lambda cell: cell.registers == 1), 1.05)
    yield Goal("times the least time, 12 registers, 1 s", _worst(found, _is_hard), 1.15)


def _is_best(cell: Cell, _measured: Measured) -> bool:
    return cell.tool == "ours" and cell.form == "best"


def _is_hard(cell: Cell) -> bool:
    return (cell.registers, cell.latency) == (12, 1.0)


def _worst(found: list[tuple[Cell, Measured]], which: Callable[[Cell], bool]) -> float | None:
    near = (times_bound(cell, measured) for cell, measured in found if which(cell))
    return max((value for value in near if value is not None), default=None)


def _of_processor(results: Results) -> Iterator[Goal]:
    measured = {(cell.tool, cell.form): each for cell, each in results.of("cpu") if cell.sales == _PEER_SIZE}
    own = measured.get(("ours", "best"))
    for tool, name in (("singer", "bare singer-sdk"), ("dlt", "dlt"), ("airbyte", "Airbyte CDK")):
        for form, way in ((SAME, "with the same relations"), ("best", "as well as one can")):
            peer = measured.get((tool, form))
            share = per_row(own, own["cpu"]) / per_row(peer, peer["cpu"]) if own and peer else None
            yield Goal(f"CPU a row, of {name} {way}", share, 0.5)


def _of_growth(results: Results) -> Iterator[Goal]:
    found = [each for each in results.of("cpu") if _is_best(*each)]
    memory = max((measured["memory"] / 1e6 for _, measured in found), default=None)
    yield Goal("peak memory in MB, largest account", memory, _MEMORY / 1e6)
    speed = max((rows_there(measured) / measured["wall"] for _, measured in found), default=None)
    yield Goal("rows a second without limits", speed, _ROWS_A_SECOND, at_least=True)


def _of_idle(results: Results) -> Iterator[Goal]:
    walls = [measured["wall"] for cell, measured in results.of("idle") if cell.tool == "ours"]
    yield Goal("seconds for 12 streams with nothing new", max(walls, default=None), _IDLE_SECONDS)
