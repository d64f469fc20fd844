"""Any sequence of trade, edits, sales, runs, kills and restarts ends with a warehouse that is the account."""

from __future__ import annotations

import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from lightspeed_retail.resources import Resource
from tap_lightspeed_retail.schema import primary_keys
from tests.declared import RESOURCES
from tests.models.account import ARCHIVED, STAMPED, Reading, Selection, Shopkeeper
from tests.models.effort import IS_FULL, STEPS, STORIES

BY_STREAM = {resource.api.stream: resource for resource in RESOURCES}
STREAMS = st.sets(st.sampled_from(sorted(BY_STREAM)), min_size=1, max_size=12) | st.just(set(BY_STREAM))
PLACES = st.floats(0, 1, exclude_max=True)
SIGNALS = st.sampled_from([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
MESSAGES = st.integers(1, 40) | st.integers(40, 4000)
FAULTS = ["503:0.04", "drop-before:0.02", "drop-after:0.02", "truncate:0.02", "garbage:0.02", "429:0.02"]


def optional(resource: type[Resource]) -> list[str]:
    """The properties of a stream that can be left out."""
    return [field.name for field in resource.fields() if field.name not in primary_keys(resource)]


@st.composite
def selections(draw: st.DrawFn) -> Selection:
    """Any streams, some of them without some properties."""
    streams = draw(STREAMS)
    lacking = [name for name in sorted(streams) if optional(BY_STREAM[name])]
    off: dict[str, frozenset[str]] = {}
    for name in lacking:
        off[name] = frozenset(draw(st.sets(st.sampled_from(optional(BY_STREAM[name])), max_size=3)))
    return Selection(streams, off)


class Story(RuleBasedStateMachine):
    """What happens to an account, and to the tap that reads it."""

    @initialize(
        selection=selections(), lookback=st.sampled_from([0, 300]), newest_first=st.booleans(), ahead=st.integers(1, 4)
    )
    def begin(self, selection: Selection, lookback: int, newest_first: bool, ahead: int) -> None:  # noqa: FBT001  drawn
        """A retailer, and a tap that has never run."""
        self.folder = Path(tempfile.mkdtemp(prefix="story-"))
        self.keeper = Shopkeeper(self.folder)
        # Lists without a stamp are read whole in each run, and reports from their first day on: what has changed in
        # them shows then.
        chosen: dict[str, Any] = {"snapshot_days": 0, "report_lookback_days": 3650}
        chosen |= {"lookback_seconds": lookback, "max_connections": ahead, "backfill_new_selections": True}
        self.reading = Reading(self.keeper.sandbox, self.folder, {**chosen, "newest_first": newest_first}, selection)

    @rule()
    def trade(self) -> None:
        """A day passes."""
        self.keeper.trade()

    @rule(seconds=st.integers(1, 90) | st.integers(90, 200_000))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.keeper.wait(seconds)

    @rule(resource=st.sampled_from(STAMPED), place=PLACES)
    def edit(self, resource: type[Resource], place: float) -> None:
        """Somebody saves a row."""
        self.keeper.touch(resource, place)

    @rule(resource=st.sampled_from(ARCHIVED), place=PLACES, archived=st.booleans())
    def archive(self, resource: type[Resource], place: float, archived: bool) -> None:  # noqa: FBT001  drawn
        """Somebody archives a row, or takes it back."""
        self.keeper.touch(resource, place, archived=archived)

    @rule(resource=st.sampled_from(STAMPED), count=st.sampled_from([3, 100, 130]))
    def tie(self, resource: type[Resource], count: int) -> None:
        """Many rows change in the same second."""
        self.keeper.tie(resource, count)

    @rule()
    def sell(self) -> None:
        """A sale begins."""
        self.keeper.sell()

    @rule()
    def complete(self) -> None:
        """A sale ends."""
        self.keeper.complete()

    @rule()
    def run(self) -> None:
        """The tap runs to its end."""
        spoken = self.reading.run()
        assert spoken.code == 0, spoken.stderr[-3000:]
        self.equals()

    @rule(number=MESSAGES, with_signal=SIGNALS, whole=st.booleans())
    def stop(self, number: int, with_signal: signal.Signals, whole: bool) -> None:  # noqa: FBT001  drawn
        """The tap is stopped on its way."""
        spoken = self.reading.run_and_stop(number, with_signal, whole=whole)
        assert "Traceback" not in spoken.stderr, spoken.stderr[-3000:]
        note(f"stopped after {len(spoken.lines)} messages: {spoken.code}")

    @rule(seed=st.integers(0, 999))
    def run_badly(self, seed: int) -> None:
        """The tap runs while many requests go wrong; whether it comes to its end is not certain."""
        self.keeper.sandbox.inject(FAULTS, seed=seed)
        spoken = self.reading.run_and_stop(10**9, signal.SIGKILL, whole=False)
        self.keeper.sandbox.inject([])
        assert "Traceback" not in spoken.stderr, spoken.stderr[-3000:]
        note(f"a bad run ended with {spoken.code}")

    @precondition(lambda self: self.reading.states)
    @rule(back=st.integers(1, 3))
    def forget(self, back: int) -> None:
        """The runner's states are restored from a backup."""
        self.reading.forget(back)

    @rule(streams=STREAMS)
    def select_more(self, streams: set[str]) -> None:
        """More streams are selected than before."""
        before = self.reading.selection
        self.reading.selection = Selection(before.streams | streams, before.off)

    @precondition(lambda self: self.reading.selection.off)
    @rule()
    def select_all_properties(self) -> None:
        """All properties are selected that were not."""
        self.reading.selection = Selection(self.reading.selection.streams, {})

    def equals(self) -> None:
        """The warehouse has what the account has."""
        assert self.reading.differing() == {}

    def teardown(self) -> None:
        """However it went, one run that nothing stops makes the warehouse equal."""
        try:
            self.run()
        finally:
            self.keeper.close()
            shutil.rmtree(self.folder)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_any_story_ends_with_a_warehouse_that_is_the_account() -> None:
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # To make a story shorter takes many more of them.
            phases=list(Phase) if IS_FULL else [Phase.generate],
            derandomize=not IS_FULL,
            print_blob=True,
        ),
    )
