"""A night of many accounts, simulated: how long it takes on so many workers, slots and cores, and what it costs.

Tasks are sent by Airflow's scheduler one after the other, wait for a free slot of a worker, and hold it while the
accounts of their group are read in turn. All that computes shares the cores, the scheduler included. What is not
modelled: disks, locks in the warehouse, and memory.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from lightspeed_nightly.accounts import Account
from lightspeed_nightly.grouping import GROUP_SECONDS, MOST_GROUPS, groups
from lightspeed_nightly.processors import Compute, Machine, Process, Wait
from lightspeed_nightly.simulated_run import Costs, Run, Size

MEDIAN_ROWS, SPREAD = 120, 1.6
"""Rows of a night are log-normal: half the accounts have fewer than the median, one in a thousand 140 times as many."""


@dataclass(frozen=True)
class Plan:
    """On what a night runs, and how.

    Args:
        workers: Celery workers.
        slots: Tasks that a worker runs at a time.
        cores: Cores of all machines together; on them are workers, Airflow, and a warehouse that has none of its own.
        seconds: How long a group of small accounts should take.
        most: How many groups there are at most.
        warm: Whether a group's runs are forked from one process with Meltano and the plugins in it.
        failing: Which share of the runs meets an API that is out.
        retries: How often a task is tried again for those of its accounts that failed.
        pause: Seconds before it is; twice as many after each further try.
        seed: What chance is made from.
    """

    workers: int = 2
    slots: int = 2
    cores: float = 2.0
    seconds: float = GROUP_SECONDS
    most: int = MOST_GROUPS
    warm: bool = False
    failing: float = 0.0
    retries: int = 2
    pause: float = 300.0
    seed: int = 1


@dataclass(frozen=True)
class Simulated:
    """What came of a simulated night.

    Args:
        accounts: How many there were.
        groups: In how many tasks.
        seconds: From its beginning to its end.
        loading: Of these, from the first task to the last.
        longest: Seconds of a night in which only the account with the longest run is read, with cores enough.
        longest_account: Which account that is.
        computed: Seconds of a core, all together.
        busy: Cores that were busy on average while accounts were read.
        runs: Runs of accounts, repeated ones included.
        failed: Accounts that were never read.
        rows: Rows that reached the warehouse.
        drips: Drips that were spent.
    """

    accounts: int
    groups: int
    seconds: float
    loading: float
    longest: float
    longest_account: int
    computed: float
    busy: float
    runs: int
    failed: int
    rows: int
    drips: float


def sizes(
    accounts: int, median: float = MEDIAN_ROWS, spread: float = SPREAD, seed: int = 1, registers: int = 1
) -> list[Size]:
    """Made-up accounts whose rows of a night are log-normal.

    Args:
        accounts: How many.
        median: Rows of the one in the middle.
        spread: The standard deviation of the rows' logarithm; with 0 all are alike.
        seed: What they are made from.
        registers: How many each has.
    """
    chance = random.Random(f"sizes {seed}")
    return [Size(number, _rows(chance, median, spread), registers) for number in range(1, accounts + 1)]


def _rows(chance: random.Random, median: float, spread: float) -> int:
    return round(median * math.exp(spread * chance.gauss(0.0, 1.0)))


@dataclass
class Task:
    """A group of accounts on its way.

    Args:
        number: Its place in the order of start.
        runs: Runs that are still to be made.
        tries: How often it has been tried.
    """

    number: int
    runs: list[Run]
    tries: int = 0

    def __lt__(self, other: Task) -> bool:
        """Whether it is started before another one that waits as well."""
        return self.number < other.number


@dataclass
class Night:
    """A night while it is simulated.

    Args:
        plan: On what, and how.
        costs: What things take.
        machine: Cores on which all of it is computed.
    """

    plan: Plan
    costs: Costs
    machine: Machine
    runs: int = 0
    read: list[Run] = field(default_factory=list)
    failed: list[Run] = field(default_factory=list)
    _pending: list[Task] = field(default_factory=list)
    _free: int = 0
    _sending: bool = False

    def __post_init__(self) -> None:
        """All slots are free in the evening."""
        self._free = self.plan.workers * self.plan.slots

    @cached_property
    def _chance(self) -> random.Random:
        return random.Random(f"outages {self.plan.seed}")

    def load(self, tasks: Iterable[Task]) -> None:
        """Send all tasks, as slots become free."""
        for task in tasks:
            heapq.heappush(self._pending, task)
        self._send()

    def _send(self) -> None:
        """Send the next task if there are one and a slot for it; the scheduler does one thing at a time."""
        if self._pending and self._free and not self._sending:
            task = heapq.heappop(self._pending)
            self._free -= 1
            self._sending = True
            self.machine.start(iter([Compute(self.costs.schedule)]), lambda: self._sent(task))

    def _sent(self, task: Task) -> None:
        self._sending = False
        self.machine.start(self._worked(task), lambda: self._ended(task))
        self._send()

    def _worked(self, task: Task) -> Process:
        """A task in its slot."""
        yield Wait(self.costs.turnaround)
        yield Compute(self.costs.task)
        if self.plan.warm:
            yield Compute(self.costs.imports)
        task.runs, todo = [], task.runs
        task.tries += 1
        for run in todo:
            yield from self._tried(run, task)

    def _tried(self, run: Run, task: Task) -> Process:
        self.runs += 1
        if self._chance.random() < self.plan.failing:
            task.runs.append(run)
            yield from run.failed()
        else:
            yield from run.steps(self.machine)
            self.read.append(run)

    def _ended(self, task: Task) -> None:
        self._free += 1
        if task.runs and task.tries <= self.plan.retries:
            pause = self.plan.pause * 2 ** (task.tries - 1)
            self.machine.start(iter([Wait(pause)]), lambda: self.load([task]))
        else:
            self.failed += task.runs
        self._send()


def simulate(accounts: Sequence[Size], plan: Plan | None = None, costs: Costs | None = None) -> Simulated:
    """A night of these accounts.

    Raises:
        ValueError: There are no accounts, no slots, or no cores left beside Airflow.
    """
    plan, costs = plan or Plan(), costs or Costs()
    if not accounts or plan.workers < 1 or plan.slots < 1:
        raise ValueError("A night needs an account, a worker and a slot at the least.")
    if plan.cores <= costs.airflow:
        raise ValueError(f"Airflow itself takes {costs.airflow} cores: there must be more than {plan.cores}.")
    runs = {each.account_id: Run(each, costs, plan.warm) for each in accounts}
    grouped = groups([Account(number, {}, run.alone) for number, run in runs.items()], plan.seconds, plan.most)
    night = Night(plan, costs, Machine(plan.cores - costs.airflow))
    night.machine.start(iter([Compute(costs.prepare)]))
    before = night.machine.run()
    night.load(Task(number, [runs[each.account_id] for each in group]) for number, group in enumerate(grouped))
    return _outcome(night, before, runs, len(grouped))


def _outcome(night: Night, before: float, runs: Mapping[int, Run], tasks: int) -> Simulated:
    """What came of a night, once it has run."""
    prepared = night.machine.used
    loading = night.machine.run() - before
    longest = max(runs.values(), key=lambda run: (run.alone, -run.size.account_id))
    costs = night.costs
    beside = before + costs.schedule + costs.turnaround + costs.task + costs.finish
    beside += costs.imports if night.plan.warm else 0.0
    return Simulated(
        accounts=len(runs),
        groups=tasks,
        seconds=before + loading + costs.finish,
        loading=loading,
        longest=beside + longest.alone,
        longest_account=longest.size.account_id,
        computed=night.machine.used,
        busy=(night.machine.used - prepared) / loading + costs.airflow,
        runs=night.runs,
        failed=len(night.failed),
        rows=sum(run.size.rows for run in night.read),
        drips=math.fsum(run.drips for run in night.read),
    )
