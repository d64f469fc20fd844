"""Simulated cores: what is computed is computed once and shared fairly, and no core is idle while somebody needs it."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightspeed_nightly.processors import Compute, Machine, Process, Step, Together, Until, Wait

SPAN = st.floats(min_value=0, max_value=100)
STEPS: st.SearchStrategy[list[Step]] = st.lists(st.one_of(SPAN.map(Compute), SPAN.map(Wait)), max_size=6)
CORES = st.floats(min_value=0.1, max_value=16)
NEARLY = 1e-6


def computed(steps: list[Step]) -> float:
    return sum(each.seconds for each in steps if isinstance(each, Compute))


def waited(steps: list[Step]) -> float:
    return sum(each.seconds for each in steps if isinstance(each, Wait))


def _computing(seconds: float) -> list[Step]:
    return [Compute(seconds)]


def ended(cores: float, *processes: list[Step]) -> tuple[Machine, list[float]]:
    """A machine on which processes began together, and when each ended."""
    machine, moments = Machine(cores), [0.0] * len(processes)

    def note(number: int) -> None:
        moments[number] = machine.now

    for number, steps in enumerate(processes):
        machine.start(iter(steps), partial(note, number))
    machine.run()
    return machine, moments


@given(processes=st.lists(STEPS, max_size=12), cores=CORES)
def test_all_that_is_computed_is_computed_once(processes: list[list[Step]], cores: float) -> None:
    machine, _ = ended(cores, *processes)
    assert machine.used == pytest.approx(sum(map(computed, processes)), abs=NEARLY)


@given(processes=st.lists(STEPS, min_size=1, max_size=12), cores=CORES)
def test_nothing_is_faster_than_its_own_steps_or_than_all_cores_together(
    processes: list[list[Step]], cores: float
) -> None:
    machine, moments = ended(cores, *processes)
    slowed = max(1.0, 1.0 / cores)
    for steps, moment in zip(processes, moments, strict=True):
        assert moment >= waited(steps) + computed(steps) * slowed - NEARLY
    assert machine.now >= sum(map(computed, processes)) / cores - NEARLY


@given(work=st.lists(SPAN, min_size=1, max_size=20), cores=st.integers(min_value=1, max_value=8))
def test_no_core_is_idle_while_somebody_would_compute(work: list[float], cores: int) -> None:
    """Only those that are left at the end, fewer than there are cores, leave some idle; and they are the longest."""
    machine, _ = ended(float(cores), *[_computing(each) for each in work])
    assert machine.now <= sum(work) / cores + max(work) + NEARLY


@given(processes=st.lists(STEPS, min_size=1, max_size=12), cores=st.floats(min_value=1, max_value=8))
def test_side_by_side_is_never_slower_than_one_after_the_other(processes: list[list[Step]], cores: float) -> None:
    machine, _ = ended(cores, *processes)
    assert machine.now <= sum(computed(steps) + waited(steps) for steps in processes) + NEARLY


def test_a_core_is_shared_equally() -> None:
    _, moments = ended(1.0, [Compute(1.0)], [Compute(3.0)])
    assert moments == [2.0, 4.0]


def test_who_waits_takes_no_core() -> None:
    _, moments = ended(1.0, [Compute(2.0)], [Wait(1.0), Compute(1.0)])
    assert moments == [3.0, 3.0]


def test_nobody_takes_two_cores() -> None:
    assert ended(8.0, [Compute(5.0)])[1] == [5.0]


def test_together_ends_with_the_last_and_until_is_a_moment() -> None:
    inner = (iter([Compute(1.0)]), iter([Until(5.0)]), iter(()))
    _, moments = ended(1.0, [Together(inner), Compute(1.0), Until(2.0)], [Together(())])
    assert moments == [6.0, 0.0]


def test_what_comes_after_a_process_can_begin_another() -> None:
    machine = Machine(1.0)
    machine.start(iter([Wait(1.0)]), lambda: machine.start(iter([Compute(2.0)])))
    assert machine.run() == 3.0


def test_a_process_sees_the_moment_at_which_it_is() -> None:
    machine, seen = Machine(1.0), []

    def process() -> Process:
        yield Wait(2.5)
        seen.append(machine.now)

    machine.start(process())
    machine.run()
    assert seen == [2.5]


@pytest.mark.parametrize("cores", [0.0, -1.0, float("nan")])
def test_a_machine_without_a_core_is_refused(cores: float) -> None:
    with pytest.raises(ValueError, match="part of a core"):
        Machine(cores)
