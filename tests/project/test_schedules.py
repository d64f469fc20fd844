"""Schedules are made from their seed alone, and their report replaces its own part of the page only."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.schedules.common import Outcome, seeds_of
from tests.schedules.journal import Journal
from tests.schedules.report import Summary, write
from tests.schedules.tap_story import Story

SEEDS = range(1, 301)


def test_a_seed_means_the_same_story_every_time() -> None:
    assert [Story.of(seed) for seed in SEEDS] == [Story.of(seed) for seed in SEEDS]
    assert len({repr(Story.of(seed)) for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize(("text", "seeds"), [("417", [417]), ("1-4", [1, 2, 3, 4]), ("3,7,20-22", [3, 7, 20, 21, 22])])
def test_seeds_are_written_as_numbers_and_ranges(text: str, seeds: list[int]) -> None:
    assert seeds_of(text) == seeds


def test_a_report_replaces_its_own_part_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "runs.md"
    write(page, "tap", "first")
    write(page, "target", "second")
    write(page, "tap", r"third \1")
    text = page.read_text()
    assert "first" not in text
    assert text.index(r"third \1") < text.index("second")


def test_the_sum_names_what_failed_and_counts_the_rest() -> None:
    summary = Summary("tap")
    summary.add(Outcome(7, faults=Counter({"503": 2}), counts=Counter({"Runs": 3})))
    summary.add(Outcome(9, problems=["lost"], faults=Counter({"503": 1, "429": 1})))
    text = summary.markdown(90.0)
    assert "| Failed | 9 |" in text
    assert "| Seeds | 7-9 |" in text
    assert "| `503` | 3 |" in text
    assert "| Runs | 3 |" in text
    assert "1 failed, 4 faults" in summary.line(90.0)


def test_a_series_goes_on_after_the_last_whole_line_of_its_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    first = Journal(path)
    outcomes = [Outcome(seed, faults=Counter({"500": seed}), counts=Counter({"Runs": 2})) for seed in (3, 4, 5)]
    for outcome in outcomes:
        first.note(outcome, 10.0 * outcome.seed)
    path.write_text(path.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    second = Journal(path)
    assert (second.seeds, second.seconds) == ({3, 4}, 40.0)
    assert list(second.played([4, 5, 6])) == outcomes[1:2]
    second.note(outcomes[2], 50.0)
    assert Journal(path).seeds == {3, 4, 5}
