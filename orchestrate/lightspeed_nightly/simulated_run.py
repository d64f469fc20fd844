"""What a run of one account takes: CPU, answers that are waited for, drips. Every figure has its source."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace

from lightspeed_nightly.processors import Compute, Machine, Process, Together, Until, Wait

_PART_SECONDS, _MOST_PARTS = 60.0, 60


def figure(value: float, source: str) -> float:
    """A figure of the simulation, with where it is from."""
    found: float = field(default=value, metadata={"source": source})
    return found


@dataclass(frozen=True)
class Costs:
    """What things take. `python -m lightspeed_nightly simulate --costs` lists it.

    CPU is in seconds of a core of the machine on which they were measured; another one has other cores.
    """

    meltano_import: float = figure(1.2, "CPU of Meltano's imports; with warm starts once a group (measured)")
    tap_import: float = figure(1.0, "CPU of the tap's imports; with warm starts once a group (measured)")
    loader_import: float = figure(1.1, "CPU of the loader's imports; with warm starts once a group (measured)")
    discovery: float = figure(0.0, "CPU of printing the catalog; 1.6 where the night has made none (measured)")
    fork: float = figure(0.1, "CPU of a fork of what has been imported (assumed)")
    meltano_run: float = figure(1.1, "CPU of meltano el besides: settings, state, end; fitted in sum with both starts")
    tap_start: float = figure(0.3, "CPU of the tap before its first request, besides imports; fitted in sum")
    tap_request: float = figure(0.004, "CPU of the tap for a request and its page (the same, 71 requests)")
    tap_row: float = figure(0.000025, "CPU of the tap for a row (benchmarks/RESULTS.md: 25 microseconds)")
    loader_start: float = figure(0.65, "CPU of loader and PostgreSQL before the first stream; fitted in sum")
    loader_stream: float = figure(0.045, "CPU of loader and PostgreSQL for a stream, with rows or without (fitted)")
    loader_row: float = figure(0.0002, "CPU of target-postgres for a row (docs/warehouses.md: 0.4 ms for a sale)")
    warehouse_row: float = figure(0.00005, "CPU of PostgreSQL for a row; 0 where it has cores of its own (measured)")
    sandbox_request: float = figure(0.0, "CPU of a sandbox on the same cores for a request; Lightspeed's costs us none")
    latency: float = figure(0.3, "seconds for an answer; 0.3 to 2 are seen at Lightspeed, 0.005 from a sandbox")
    overlap: float = figure(2.5, "how many requests are on their way at a time (benchmarks: 16 at 0.3 s in 1.9 s)")
    idle_requests: float = figure(71.0, "requests of a night without news, default selection (counted by the sandbox)")
    idle_drips: float = figure(83.2, "drips of a night without news, default selection (counted by the sandbox)")
    rows_a_drip: float = figure(100.0, "rows for a drip (docs/reading.md: 106.7 in a first load)")
    rows_a_request: float = figure(140.0, "rows for a request (docs/reading.md: 137.6 in a first load)")
    streams: float = figure(71.0, "selected streams")
    task: float = figure(0.7, "CPU of an empty mapped task: worker, process, API server (0.48 s on two cores)")
    schedule: float = figure(0.2, "CPU of the scheduler for a task; one task after the other")
    turnaround: float = figure(0.1, "seconds in which a slot is free although tasks wait")
    airflow: float = figure(0.1, "cores that Airflow's processes take when no task runs")
    prepare: float = figure(12.0, "CPU of what comes before the loads: tables, Meltano's database (assumed)")
    finish: float = figure(0.0, "seconds of what comes after the loads: dbt, summary")
    failing: float = figure(120.0, "seconds after which a run gives up on an API that is out")

    def __post_init__(self) -> None:
        """Refuse what would make no sense."""
        wrong = [each.name for each in fields(self) if not 0 <= getattr(self, each.name) < math.inf]
        wrong += [name for name in ("overlap", "rows_a_drip", "rows_a_request") if not getattr(self, name)]
        if wrong:
            raise ValueError(f"These figures must be numbers above 0, or 0 where that makes sense: {', '.join(wrong)}.")

    @property
    def imports(self) -> float:
        """CPU of the process of warm starts before its first run."""
        return self.meltano_import + self.tap_import + self.loader_import

    def changed(self, **figures: float) -> Costs:
        """The same with other figures.

        Raises:
            ValueError: There is no such figure, or it makes no sense.
        """
        known = {each.name for each in fields(self)}
        if unknown := sorted(figures.keys() - known):
            raise ValueError(f"There is no figure {', '.join(unknown)}. There are: {', '.join(sorted(known))}.")
        return replace(self, **figures)


@dataclass(frozen=True)
class Size:
    """What an account has for a night.

    Args:
        account_id: Its number.
        rows: Rows that are new or changed.
        registers: Registers of its subscription: they set its bucket.
    """

    account_id: int
    rows: int
    registers: int = 1

    @property
    def bucket(self) -> float:
        """Drips that may be spent at once (API: 90, and 10 for each further register)."""
        return 90.0 + 10.0 * (self.registers - 1)

    @property
    def rate(self) -> float:
        """Drips a second (API: 1, and a half for each further register)."""
        return 1.0 + 0.5 * (self.registers - 1)


@dataclass(frozen=True)
class Run:
    """A run of an account, as steps.

    Args:
        size: What the account has.
        costs: What things take.
        warm: Whether it is forked from a process that has imported Meltano and the plugins.
    """

    size: Size
    costs: Costs
    warm: bool = False

    @property
    def drips(self) -> float:
        """What it costs at Lightspeed."""
        return self.costs.idle_drips + self.size.rows / self.costs.rows_a_drip

    @property
    def requests(self) -> float:
        """How many requests it makes."""
        return self.costs.idle_requests + self.size.rows / self.costs.rows_a_request

    @property
    def start(self) -> float:
        """CPU before tap and loader begin."""
        costs = self.costs
        return costs.meltano_run + (costs.fork if self.warm else costs.meltano_import + costs.discovery)

    @property
    def tap_start(self) -> float:
        """CPU of the tap before its first request."""
        return self.costs.tap_start + (0.0 if self.warm else self.costs.tap_import)

    @property
    def loader_start(self) -> float:
        """CPU of loader and warehouse before the first row."""
        return self.costs.loader_start + (0.0 if self.warm else self.costs.loader_import)

    @property
    def reading(self) -> float:
        """CPU of the tap after its start, and of a sandbox that is read."""
        a_request = self.costs.tap_request + self.costs.sandbox_request
        return self.requests * a_request + self.size.rows * self.costs.tap_row

    @property
    def loading(self) -> float:
        """CPU of loader and warehouse after their start."""
        a_row = self.costs.loader_row + self.costs.warehouse_row
        return self.costs.streams * self.costs.loader_stream + self.size.rows * a_row

    @property
    def answers(self) -> float:
        """Seconds for which answers are waited for."""
        return self.requests * self.costs.latency / self.costs.overlap

    @property
    def computed(self) -> float:
        """All CPU of it."""
        return self.start + self.tap_start + self.loader_start + self.reading + self.loading

    @property
    def alone(self) -> float:
        """Seconds from beginning to end with cores enough."""
        moment, parts = 0.0, self._parts
        for part in range(parts):
            moment = max(moment + (self.reading + self.answers) / parts, self._dripped(part))
        return self.start + max(self.tap_start + moment, self.loader_start + self.loading)

    def steps(self, machine: Machine) -> Process:
        """A run with a good end."""
        yield Compute(self.start)
        yield Together((self._tap(machine), self._loader()))

    def failed(self) -> Process:
        """A run whose API is out."""
        yield Compute(self.start)
        yield Together((iter([Compute(self.tap_start), Wait(self.costs.failing)]), self._started_loader()))

    def _tap(self, machine: Machine) -> Process:
        """Pages come and are converted, no sooner than drips allow."""
        yield Compute(self.tap_start)
        began, parts = machine.now, self._parts
        for part in range(parts):
            yield Compute(self.reading / parts)
            yield Wait(self.answers / parts)
            yield Until(began + self._dripped(part))

    def _started_loader(self) -> Process:
        yield Compute(self.loader_start)

    def _loader(self) -> Process:
        yield from self._started_loader()
        yield Compute(self.loading)

    @property
    def _parts(self) -> int:
        """In how many equal parts the tap's work is done: long runs compute now and then, not all at the beginning."""
        return min(max(math.ceil((self.drips - self.size.bucket) / self.size.rate / _PART_SECONDS), 1), _MOST_PARTS)

    def _dripped(self, part: int) -> float:
        """How long after the first request the drips of a part, and of those before it, can have been spent."""
        return max(self.drips * (part + 1) / self._parts - self.size.bucket, 0.0) / self.size.rate
