"""What a run says of itself: what it will cost, how it gets on, what it has cost; and where its limits are."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from lightspeed_retail.errors import LightspeedError
from lightspeed_retail.query import PAGE_SIZE
from lightspeed_retail.resources import Snapshot
from lightspeed_retail.wire import Record
from tap_lightspeed_retail.bill import Bill, BillFile
from tap_lightspeed_retail.costs import Estimate, Kind, Pace, duration
from tap_lightspeed_retail.estimate import ROWS, ROWS_A_DAY, elapsed, estimate
from tap_lightspeed_retail.settings import value_of
from tap_lightspeed_retail.sizes import Unasked
from tap_lightspeed_retail.standing import Course

if TYPE_CHECKING:
    from types import TracebackType

    from tap_lightspeed_retail.bars import Bars
    from tap_lightspeed_retail.run import Run
    from tap_lightspeed_retail.streams import ResourceStream

_LINE_EVERY = 10.0
_DRAWN_EVERY = 0.5
_LEAST_TO_TELL = timedelta(hours=1)
"""A shorter time says little about how many rows change in a day."""

_log = logging.getLogger(__name__)


class Journal:
    """Keeps the journal of one run; a context in which its streams are read.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        """Begin to count the time."""
        self._run = run
        self._began = time.monotonic()
        self._foreseen = Estimate(())
        self._elapsed = timedelta(0)
        self._course: Course | None = None
        self._bars: Bars | None = None
        self._bills: BillFile | None = None
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        """Open the file of bills: from here on, the run has its bill however it ends."""
        self._bills = BillFile(self._run)
        return self

    def begin(self) -> None:
        """Set the limits of the run, say what it will cost, and begin to say how it gets on."""
        client = self._run.client
        minutes, drips = (value_of(self._run.settings, name) for name in ("max_minutes", "max_drips"))
        deadline = None if minutes is None else self._began + 60 * float(minutes)
        client.pacer.limit(None if drips is None else Decimal(drips), deadline)
        self._foreseen = estimate(self._run, Unasked())
        self._elapsed = elapsed(self._run, client.now)
        self._course = Course(self._run, self._foreseen)
        self._say_what_is_foreseen()
        self._bars = _bars() if _is_watched() else None
        threading.Thread(target=self._keep_saying, name="journal", daemon=True).start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say no more of how it gets on; a run that breaks off has its bill, too."""
        self._ended.set()
        if self._bars is not None:
            self._bars.stop()
        if error is not None:
            self._file(self._bill(), error)

    def page(self, stream: ResourceStream, rows: Sequence[Record] = ()) -> None:
        """A page of a stream's walk has come."""
        if self._course is not None:
            self._course.page(stream, rows)

    def _say_what_is_foreseen(self) -> None:
        found, pacer = self._foreseen, self._run.client.pacer
        seconds = Pace(pacer.size, pacer.drip_rate, pacer.level).seconds(found.drips, found.requests)
        kinds = [f"{count} x {kind}" for kind, count in _kinds(found).items()]
        fields = {"drips": float(found.drips), "requests": found.requests, "seconds": round(seconds, 1)}
        _log.info(
            "This run takes %s %s drips and %s: %s.%s",
            found.word,
            f"{found.drips:,.1f}",
            duration(seconds),
            ", ".join(kinds) or "nothing is selected",
            " tap-lightspeed-retail-plan finds out more, for some drips." if found.unknown else "",
            extra={**fields, "basis": found.word},
        )
        most = value_of(self._run.settings, "max_drips")
        if most is not None and most < found.least:
            _log.warning(
                "max_drips (%d) is less than the %s drips that a request of each walk takes: "
                "streams whose names come late may never have their turn.",
                most,
                found.least,
            )

    def _keep_saying(self) -> None:
        """Draw bars, or log a line every ten seconds, until the run has ended."""
        while not self._ended.wait(_DRAWN_EVERY if self._bars else _LINE_EVERY):
            standing = self._course.standing() if self._course is not None else None
            if standing is None:
                continue
            if self._bars is not None:
                self._bars.show(standing)
            else:
                _log.info("%s", standing, extra=standing.fields())

    def close(self, verdict: LightspeedError | None) -> None:
        """Say what the run has cost, and why it ended where it did; remember what helps to foresee the next one.

        Args:
            verdict: What speaks against a good end.
        """
        bill = self._bill()
        bill.say()
        if self._run.ended_early is not None:
            _log.info("%s What was fetched has been sent; the next run goes on from there.", self._run.ended_early)
        else:
            self._remember()
        self._file(bill, verdict)

    def _bill(self) -> Bill:
        return Bill.of(self._run, time.monotonic() - self._began)

    def _file(self, bill: Bill, error: BaseException | None) -> None:
        if self._bills is not None:
            self._bills.write(bill, error)

    def _remember(self) -> None:
        """Note the size of lists that were read whole, and how fast others grow."""
        left_out = {*self._run.skipped, *self._run.failed}
        read = [stream for stream in self._run.streams if stream.selected and stream.name not in left_out]
        noted = [stream for stream in read if self._note(stream)]
        if noted and self._run.narrowing.period is None:
            noted[-1].checkpoint()

    def _note(self, stream: ResourceStream) -> bool:
        state, kinds = stream.stream_state, {walk.kind for walk in self._foreseen.walks if stream.name in walk.fed}
        before = (state.get(ROWS), state.get(ROWS_A_DAY))
        if isinstance(stream.resource.api.bookmark, Snapshot) and Kind.WHOLE in kinds:
            _set(state, ROWS, stream.count)
        if self._elapsed >= _LEAST_TO_TELL and kinds & {Kind.CHANGES, Kind.NEW_ROWS, Kind.OWN_CHANGES, Kind.BY_DAY}:
            a_day = stream.count / (self._elapsed / timedelta(days=1))
            _set(state, ROWS_A_DAY, round(a_day) if stream.count > PAGE_SIZE else 0)
        return before != (state.get(ROWS), state.get(ROWS_A_DAY))


def _is_watched() -> bool:
    """Whether somebody looks on: at a terminal on which nothing but the log appears, and that can move its cursor."""
    is_able = os.environ.get("TERM", "") not in ("", "dumb", "unknown")
    return is_able and sys.stderr.isatty() and not sys.stdout.isatty()


def _bars() -> Bars:
    # Rich takes a while to load, and few runs have a terminal.
    from tap_lightspeed_retail.bars import Bars  # noqa: PLC0415  only terminals need it

    return Bars().start()


def _set(state: dict[str, Any], name: str, value: int) -> None:
    """Enter a figure; one that says nothing is left out."""
    state.pop(name, None)
    if value:
        state[name] = value


def _kinds(found: Estimate) -> Mapping[str, int]:
    """How many walks there are of each kind."""
    kinds = [str(walk.kind) for walk in found.walks if walk.fed]
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
