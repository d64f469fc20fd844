"""A simulated night keeps to what must hold of any: no faster than its longest account and its cores allow."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightspeed_nightly.processors import Machine
from lightspeed_nightly.simulated_night import Plan, Simulated, simulate, sizes
from lightspeed_nightly.simulated_run import Costs, Run, Size
from lightspeed_nightly.simulation import main
from lightspeed_sandbox.limits import bucket_size, drip_rate

NEARLY = 1e-6
SIZE = st.builds(
    Size, st.just(0), st.one_of(st.integers(0, 500), st.integers(0, 2_000_000)), st.integers(min_value=1, max_value=12)
)
ACCOUNTS = st.lists(SIZE, min_size=1, max_size=40).map(
    lambda found: [replace(each, account_id=number) for number, each in enumerate(found, start=1)]
)
PLAN = st.builds(
    Plan,
    workers=st.integers(1, 4),
    slots=st.integers(1, 6),
    cores=st.floats(min_value=1.3, max_value=16),
    seconds=st.floats(min_value=1, max_value=300),
    most=st.integers(1, 50),
    warm=st.booleans(),
)
COSTS = Costs()
# What was run for real: two workers of two slots on two cores, with the sandbox on the same machine.
HERE = COSTS.changed(latency=0.01, sandbox_request=0.005, rows_a_request=1e9, rows_a_drip=1e9)
NIGHTLY = HERE.changed(streams=11, idle_requests=11, idle_drips=15.6)
MEASURED = [
    pytest.param(50, 364, NIGHTLY, 50.0, 97.1, id="50 accounts, preset nightly, first load"),
    pytest.param(1_000, 364, NIGHTLY, 50.0, 1578.9, id="1,000 accounts, preset nightly, first load"),
    pytest.param(50, 12, NIGHTLY, 50.0, 93.8, id="50 accounts, preset nightly, a second night"),
    pytest.param(80, 1_444, HERE, 130.0, 305.9, id="80 accounts, default selection, first load"),
]
"""Accounts, rows of each, figures, seconds of a group, and how many seconds the night took."""


def whole(accounts: list[Size], plan: Plan, costs: Costs, tasks: int) -> float:
    """All CPU of a night in which nothing fails."""
    a_task = costs.task + costs.schedule + (costs.imports if plan.warm else 0.0)
    return costs.prepare + tasks * a_task + sum(Run(each, costs, plan.warm).computed for each in accounts)


@pytest.mark.parametrize(("accounts", "rows", "costs", "seconds", "took"), MEASURED)
def test_a_night_takes_as_long_as_it_did(accounts: int, rows: int, costs: Costs, seconds: float, took: float) -> None:
    """The page says how they differ; more than a fifth would make the plan for others worthless."""
    plan = Plan(workers=2, slots=2, cores=2.0, seconds=seconds, warm=True)
    found = simulate([Size(number, rows, registers=4) for number in range(accounts)], plan, costs)
    assert found.seconds == pytest.approx(took, rel=0.2)


@given(accounts=ACCOUNTS, plan=PLAN)
def test_no_night_is_shorter_than_its_longest_account_or_than_its_cores_allow(accounts: list[Size], plan: Plan) -> None:
    found = simulate(accounts, plan)
    assert found.seconds >= found.longest - NEARLY
    assert found.seconds >= found.computed / (plan.cores - COSTS.airflow) - NEARLY
    assert found.busy <= plan.cores + NEARLY


@given(accounts=ACCOUNTS, plan=PLAN)
def test_every_account_is_read_once_and_all_work_is_done_once(accounts: list[Size], plan: Plan) -> None:
    found = simulate(accounts, plan)
    assert (found.accounts, found.runs, found.failed) == (len(accounts), len(accounts), 0)
    assert found.rows == sum(each.rows for each in accounts)
    assert found.drips == pytest.approx(sum(Run(each, COSTS).drips for each in accounts))
    assert found.computed == pytest.approx(whole(accounts, plan, COSTS, found.groups))


@given(accounts=ACCOUNTS, plan=PLAN)
def test_no_night_is_longer_than_one_account_after_the_other(accounts: list[Size], plan: Plan) -> None:
    found = simulate(accounts, plan)
    runs = [Run(each, COSTS) for each in accounts]
    dripped = sum(max(run.drips - run.size.bucket, 0.0) / run.size.rate for run in runs)
    idle = sum(run.answers for run in runs) + dripped + found.groups * COSTS.turnaround
    assert found.seconds <= found.computed + idle + COSTS.finish + NEARLY


@given(accounts=ACCOUNTS, plan=PLAN, more=st.integers(1, 4))
def test_where_cores_suffice_more_slots_are_never_slower(accounts: list[Size], plan: Plan, more: int) -> None:
    """Where they don't, more slots can delay the longest account by what the others compute meanwhile."""
    enough = replace(plan, cores=2.0 * plan.workers * (plan.slots + more) + 2)
    assert simulate(accounts, replace(enough, slots=plan.slots + more)).seconds <= (
        simulate(accounts, enough).seconds + NEARLY
    )


@given(accounts=ACCOUNTS, plan=PLAN)
def test_with_a_slot_and_cores_for_each_account_a_night_is_as_long_as_the_longest(
    accounts: list[Size], plan: Plan
) -> None:
    alone = replace(plan, slots=len(accounts), seconds=0.001, most=len(accounts), cores=3.0 * len(accounts) + 2)
    found = simulate(accounts, alone)
    assert found.seconds <= found.longest + COSTS.schedule * len(accounts) + NEARLY


@given(size=SIZE, warm=st.booleans())
def test_a_run_by_itself_takes_what_it_is_said_to_take(*, size: Size, warm: bool) -> None:
    run, machine = Run(size, COSTS, warm), Machine(2.0)
    machine.start(run.steps(machine))
    assert machine.run() == pytest.approx(run.alone)
    assert machine.used == pytest.approx(run.computed)


@given(size=SIZE)
def test_a_run_is_no_faster_than_its_bucket(size: Size) -> None:
    run = Run(size, COSTS)
    assert run.alone >= max(run.drips - (90 + 10 * (size.registers - 1)), 0) / (1 + (size.registers - 1) / 2)


@given(accounts=ACCOUNTS, plan=PLAN, failing=st.floats(0, 1), retries=st.integers(0, 3))
def test_what_fails_is_tried_again_and_then_counted(
    accounts: list[Size], plan: Plan, failing: float, retries: int
) -> None:
    found = simulate(accounts, replace(plan, failing=failing, retries=retries))
    assert len(accounts) <= found.runs <= len(accounts) * (retries + 1)
    assert 0 <= found.failed <= len(accounts)
    if found.failed == 0:
        assert found.rows == sum(each.rows for each in accounts)


@pytest.mark.parametrize("registers", [1, 2, 4, 12])
def test_an_account_has_the_bucket_that_the_sandbox_gives_it(registers: int) -> None:
    size = Size(1, 0, registers)
    assert (size.bucket, size.rate) == (bucket_size(registers), drip_rate(registers))


def test_pauses_between_tries_double() -> None:
    found = simulate(sizes(1), Plan(failing=1.0, retries=3, pause=300.0, cores=4.0))
    once = simulate(sizes(1), Plan(failing=1.0, retries=0, cores=4.0))
    assert found.loading == pytest.approx(4 * once.loading + 300 + 600 + 1200)


def test_an_api_that_is_out_all_night_costs_every_try() -> None:
    found = simulate(sizes(10), Plan(failing=1.0, retries=2, pause=300.0))
    assert (found.runs, found.failed, found.rows, found.drips) == (30, 10, 0, 0.0)
    assert found.seconds > 3 * COSTS.failing + 300 + 600


def test_groups_of_small_accounts_pay_less_for_tasks_and_with_warm_starts_less_for_meltano() -> None:
    accounts = sizes(200, median=50, spread=0)
    alone, grouped, warm = (
        simulate(accounts, plan) for plan in (Plan(seconds=0.001), Plan(seconds=120.0), Plan(seconds=120.0, warm=True))
    )
    assert (alone.groups, grouped.groups < 50) == (200, True)
    assert alone.computed - grouped.computed == pytest.approx(
        (COSTS.task + COSTS.schedule) * (alone.groups - grouped.groups)
    )
    assert warm.computed < grouped.computed - 100 * (COSTS.imports - COSTS.fork)
    assert warm.seconds < grouped.seconds < alone.seconds


def test_waiting_for_drips_takes_slots_and_no_cores() -> None:
    """A first load of ten accounts on two cores: with a slot for each it lasts as long as the largest."""
    accounts = sizes(10, median=200_000, spread=0)
    few, many = (simulate(accounts, Plan(workers=1, slots=slots)) for slots in (2, 10))
    assert few.seconds > 4 * many.seconds
    assert many.seconds < 1.2 * many.longest


def test_sizes_are_log_normal_and_the_same_for_the_same_seed() -> None:
    found = sorted(each.rows for each in sizes(2001, median=100, spread=1.0))
    assert 90 < found[1000] < 110
    assert 2.3 < found[1683] / found[1000] < 3.2  # one deviation: e
    assert sizes(50, seed=7) == sizes(50, seed=7) != sizes(50, seed=8)
    assert {each.rows for each in sizes(5, median=40, spread=0)} == {40}


def test_the_same_night_comes_out_the_same() -> None:
    plan = Plan(failing=0.2, seed=3)
    assert simulate(sizes(60), plan) == simulate(sizes(60), plan) != simulate(sizes(60), replace(plan, seed=4))


@pytest.mark.parametrize(
    ("accounts", "plan", "words"),
    [
        ([], Plan(), "an account"),
        (sizes(1), Plan(slots=0), "a slot"),
        (sizes(1), Plan(workers=0), "a worker"),
        (sizes(1), Plan(cores=COSTS.airflow), "Airflow itself"),
    ],
)
def test_a_night_that_cannot_be_is_refused(accounts: list[Size], plan: Plan, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        simulate(accounts, plan)


def test_every_figure_says_where_it_is_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--costs", "--set", "task=1.25"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(fields(Costs))
    assert all(len(each.metadata["source"]) > 15 for each in fields(Costs))
    assert any(line.split()[:2] == ["task", "1.25"] for line in lines)


def test_the_command_says_what_simulate_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    listed = sizes(30, median=80, seed=1)
    path = tmp_path / "accounts.jsonl"
    path.write_text("".join(f"{json.dumps(asdict(each))}\n" for each in listed), encoding="utf-8")
    given = ["--sizes", str(path), "--workers", "3", "--slots", "4", "--cores", "6", "--warm", "--set", "latency=0.1"]
    assert main([*given, "--json"]) == 0
    expected = simulate(listed, Plan(workers=3, slots=4, cores=6.0, warm=True), COSTS.changed(latency=0.1))
    assert Simulated(**json.loads(capsys.readouterr().out)) == expected
    assert main(given) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"30 accounts in {expected.groups} tasks: ")


@pytest.mark.parametrize(
    "given",
    [
        ["--set", "nothing=1"],
        ["--set", "task=much"],
        ["--set", "task=-1"],
        ["--set", "rows_a_drip=0"],
        ["--accounts", "0"],
        ["--cores", "0"],
        ["--sizes", "no-such-file.jsonl"],
    ],
    ids=" ".join,
)
def test_a_wrong_argument_is_told_in_a_line(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(given)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "error: " in said.splitlines()[-1]
    assert "Traceback" not in said


def test_ten_thousand_accounts_are_within_an_hour_where_there_are_slots_enough() -> None:
    found = simulate(sizes(10_000), Plan(workers=25, slots=8, cores=50.0, warm=True))
    assert found.groups <= 1000
    assert math.isclose(found.seconds, found.loading + COSTS.prepare / 1.0, rel_tol=0.02)
    assert found.seconds < 3600
