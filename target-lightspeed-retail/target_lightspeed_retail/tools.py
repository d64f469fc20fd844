"""What writing works with, put together once a run."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from lightspeed_retail.client import Client
from lightspeed_retail.encoding import WriteEncoder
from lightspeed_retail.errors import CredentialsError, SettingsError, UncertainError
from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record, instant, stamp
from lightspeed_retail.writes import Writes
from target_lightspeed_retail.finding import Finder
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.ledger import Entry, Ledger, digest
from target_lightspeed_retail.options import Options
from target_lightspeed_retail.records import Shape
from target_lightspeed_retail.references import References
from target_lightspeed_retail.results import Results

if TYPE_CHECKING:
    from target_lightspeed_retail.creation import Creation

_USUAL, _PATIENT = (1, 1), (1, 1, 2, 4, 8)
"""How long is waited before each look, as a multiple of the usual pause: in all four seconds, and half a minute."""

_LATE = "late"
"""In an intent: the moment at which somebody stopped waiting for what was sent."""

_STAMPING = timedelta(seconds=2)
_log = logging.getLogger(__name__)


@dataclass
class Tools:
    """What writing works with.

    Args:
        client: Reads the account.
        ledger: What was sent before.
        options: How to write.
        results: What becomes of the records.
        account: Number of the target's account.
        settle_wait: Seconds after which a row is looked up whose request came to an unknown end.
    """

    client: Client
    ledger: Ledger
    options: Options
    results: Results
    account: int
    settle_wait: float = 2.0
    _started: float = field(init=False)
    _shapes: dict[type[Resource], Shape] = field(default_factory=dict)
    _encoders: dict[type[Resource], WriteEncoder] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Note when the run began."""
        self._started = time.monotonic()

    @cached_property
    def writes(self) -> Writes:
        """Sends what changes something."""
        return Writes(self.client)

    @cached_property
    def finder(self) -> Finder:
        """Finds rows."""
        return Finder(self.client, self.ledger)

    @cached_property
    def references(self) -> References:
        """Finds the rows that records name."""
        return References(self.finder, self.ledger, self.options, self._create_missing)

    @cached_property
    def creation(self) -> Creation:
        """Makes rows."""
        from target_lightspeed_retail.creation import Creation  # noqa: PLC0415  it works with these tools

        return Creation(self)

    def shape(self, resource: type[Resource]) -> Shape:
        """What types records of a resource."""
        return self._shapes.setdefault(resource, Shape(resource))

    def body(self, resource: type[Resource], record: Record, *, blank: bool = False) -> Record:
        """A typed record as it is sent.

        Args:
            resource: What it is.
            record: Its fields, all of which are meant.
            blank: Whether nulls blank fields.
        """
        if resource not in self._encoders:
            self._encoders[resource] = WriteEncoder(resource)
        return self._encoders[resource](record, only=record.keys(), blank=blank)

    def created(self, resource: type[Resource], record: Record, parent: str | None = None) -> Record:
        """Send a new row, below a parent where it hangs below one; the row as the answer has it."""
        answer = self.writes.create(resource, self.body(resource, record), parent)
        return self.finder.decoder(resource)(answer)

    def sent(self, resource: type[Resource], key: int, changes: Record, parent: str | None = None) -> Record:
        """Send changes of a row; the row as the answer has it."""
        answer = self.writes.update(resource, str(key), self.body(resource, changes, blank=True), parent)
        return self.finder.decoder(resource)(answer)

    def now(self) -> datetime:
        """The server's clock."""
        return self.client.moment

    def moment(self) -> str:
        """A moment at which everything sent so far has its stamp, in the form of stamps.

        The server's clock is known to the second, and a stamp may be a second later (section 7.1 of the API reference).
        """
        return stamp(self.now() + _STAMPING)

    def let_the_last_run_end(self) -> None:
        """Wait until all is done that a run before this one has sent and has had no answer to: it was cut short."""
        if not self.ledger.rest:
            return
        left = self.ledger.rest - (time.monotonic() - self._started)
        if left > 0:
            _log.info("The run before this one was cut short: what it had sent is given %.0f seconds to be done.", left)
            time.sleep(left)
        self.ledger.rested()

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """What is sent meanwhile may be cut short: then the next run has to know."""
        try:
            yield
        except (SettingsError, CredentialsError):
            # These come before a request, or after its answer.
            raise
        except BaseException:
            self.ledger.leave_open()
            raise

    def looked_for(
        self, job: Job, error: Exception, look: Callable[[], Record | None], *, at_once: bool = False
    ) -> Record | None:
        """What became of a request that came to an unknown end, looked for until it is there; None if it does not come.

        Args:
            job: The record of which it was sent.
            error: How the request ended. Where somebody has only stopped waiting, it is looked for longer.
            look: Looks.
            at_once: Whether to look before the first pause, too.
        """
        is_late = isinstance(error, UncertainError) and error.is_late
        if is_late:
            self._note_late(job)
        for times in (*((0,) if at_once else ()), *(_PATIENT if is_late else _USUAL)):
            time.sleep(self.settle_wait * times)
            with self.sending():
                found = look()
            if found is not None:
                return found
        return None

    def _note_late(self, job: Job) -> None:
        """Let the next run know, should this one be cut short, that what was sent may be done for a while yet."""
        entry = self.ledger.entries(job.stream, [job.key]).get(job.key)
        if entry is not None and entry.intended_at is not None:
            intent = {**(entry.intent or {}), _LATE: self.now().isoformat()}
            self.ledger.intend(job.stream, job.key, intent, entry.intended_at)

    def let_it_be_done(self, entry: Entry | None) -> None:
        """Wait until all is done that a run before this one had sent for a record, and somebody stopped waiting for."""
        late = (entry.intent or {}).get(_LATE) if entry is not None else None
        if not late or self.options.dry_run:
            return
        longest = self.settle_wait * sum(_PATIENT)
        time.sleep(min(max(longest - (self.now() - instant(late)).total_seconds(), 0), longest))

    def pause(self) -> None:
        """Give the server time to end what it is doing."""
        time.sleep(self.settle_wait)

    def _create_missing(self, resource: type[Resource], record: Record) -> int:
        """Make a row because a record names it, with an intent of its own."""
        key = f"named {digest(record)}"
        job = Job(resource, record, key, record, {}, None, None, deleted=False)
        job.entry = self.ledger.entries(job.stream, [key]).get(key)
        if self.options.dry_run:
            return 0
        self.results.allow_change(job)
        row = self.creation.found_again(resource, job, record) or self.creation.made(resource, job, record)
        self.ledger.settle(job.stream, key, str(row[resource.api.key]), {})
        self.finder.learn(resource, row)
        return int(row[resource.api.key])
