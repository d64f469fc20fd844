"""What the streams of one run share: the connection, the plan, the clock of the shops, a progress line."""

from __future__ import annotations

import collections
import logging
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from datetime import UTC, timedelta, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lightspeed_retail.client import Client
from lightspeed_retail.connection import connect
from lightspeed_retail.errors import (
    ApiError,
    IncompleteError,
    NotFoundError,
    RequestRefusedError,
    RightsError,
    SettingsError,
)
from lightspeed_retail.query import Query
from lightspeed_retail.resources import Resource, Snapshot
from lightspeed_retail.source import Source
from lightspeed_retail.wire import Record
from tap_lightspeed_retail.check import VanishedCheck
from tap_lightspeed_retail.days import Reports
from tap_lightspeed_retail.history import History
from tap_lightspeed_retail.journal import Journal
from tap_lightspeed_retail.narrowing import Narrowing
from tap_lightspeed_retail.plan import Circumstances, Phase, Reading, Rider, make_plan, with_riders
from tap_lightspeed_retail.progress import DataClock
from tap_lightspeed_retail.reader import Reader
from tap_lightspeed_retail.settings import value_of
from tap_lightspeed_retail.state_form import check_state, claim, forget_the_future
from tap_lightspeed_retail.walks import Walker

if TYPE_CHECKING:
    from tap_lightspeed_retail.streams import ResourceStream

_log = logging.getLogger(__name__)


class Run:
    """One run of the tap over one account.

    Args:
        settings: The tap's settings.
        state: The Singer state, read when the first walk begins.
        resources: All resources that have a stream.
    """

    def __init__(
        self, settings: Mapping[str, Any], state: MutableMapping[str, Any], resources: Iterable[type[Resource]]
    ) -> None:
        """Prepare; nothing is asked before it is needed."""
        self._resources = tuple(resources)
        self.settings = settings
        self.skipped: list[str] = []
        self.failed: list[str] = []
        self.reader = Reader(self)
        self.history = History(self)
        self.check = VanishedCheck(self)
        self.watch = self.check.watch
        check_state(state, self._resources)
        self._state = state
        self._streams: dict[str, ResourceStream] = {}
        self.ended_early: str | None = None
        self.journal = Journal(self)

    def register(self, stream: ResourceStream) -> None:
        """Make a stream known to the others."""
        self._streams[stream.name] = stream

    def stream(self, name: str) -> ResourceStream:
        """A stream by its name."""
        return self._streams[name]

    @property
    def streams(self) -> Iterable[ResourceStream]:
        """All streams, selected or not."""
        return self._streams.values()

    @cached_property
    def client(self) -> Client:
        """The connection to the account, made when first needed."""
        self.narrowing.check(self._resources)
        client = connect(self.settings)
        start = self.narrowing.start
        if start is not None and start > client.now:
            clock = f"{client.now:%Y-%m-%d %H:%M} UTC"
            message = f"start_date {start.isoformat()} lies in the future; Lightspeed's clock says {clock}."
            raise SettingsError(message)
        if client.account_id is not None:
            claim(self._state, client.account_id)
        forget_the_future(self._state, self._resources, client.now)
        return client

    @property
    def reached(self) -> Client | None:
        """The connection, if there is one by now."""
        found: Client | None = vars(self).get("client")
        return found

    @cached_property
    def narrowing(self) -> Narrowing:
        """What of the account is read."""
        return Narrowing.of(self.settings)

    @cached_property
    def clock(self) -> DataClock:
        """How far the account's own clock is known to have come."""
        return DataClock(self.client.now, self._state)

    @cached_property
    def walker(self) -> Walker:
        """Walks through the account's lists, with the settings for reading."""
        lookback = timedelta(seconds=value_of(self.settings, "lookback_seconds"))
        newest_first = value_of(self.settings, "newest_first")
        return Walker(self.source, self.client.now, self.client.version, lookback, self.narrowing, newest_first)

    @cached_property
    def source(self) -> Source:
        """The pages of the account's lists."""
        return Source(self.client)

    @cached_property
    def reports(self) -> Reports:
        """Reads the reports by day."""
        lookback = timedelta(days=value_of(self.settings, "report_lookback_days"))
        return Reports(self.client, self.narrowing, lookback)

    @cached_property
    def circumstances(self) -> Circumstances:
        """What decides the walks of the run."""
        selected = {stream.resource: stream.selects for stream in self._streams.values() if stream.selected}
        return Circumstances(selected, self._phases, self.narrowing.apart)

    @cached_property
    def plan(self) -> dict[str, tuple[Reading, ...]]:
        """Which requests bring which streams, for what is selected, as far as the state has come."""
        return make_plan(self.circumstances)

    def coming_after(self, stream: ResourceStream) -> Iterator[ResourceStream]:
        """The selected streams whose turn comes later."""
        return (
            self._streams[name] for name in sorted(self._streams) if name > stream.name and self._streams[name].selected
        )

    def fed_by(self, stream: ResourceStream) -> list[ResourceStream]:
        """A stream and those that come with its walks."""
        fed = (name for reading in self.plan.get(stream.name, ()) for name in reading.fed)
        return [self.stream(name) for name in dict.fromkeys((stream.name, *fed))]

    def rides(self, resource: type[Resource]) -> bool:
        """Whether changes of a resource come with those of a parent."""
        return self.circumstances.rides(resource)

    def relations_with(self, riders: Iterable[Rider]) -> tuple[str, ...]:
        """The relations that bring riders."""
        return tuple(with_riders(riders, self.circumstances.selected))

    def cuts_off(self, child: type[Resource]) -> bool:
        """Whether parents are narrowed by what their children's list cannot be narrowed by."""
        return any(
            field.nested is not None and field.nested.resource is child and self.narrowing.cuts_off(child, parent)
            for parent in Resource.all()
            for field in parent.riders()
        )

    def _phases(self, each: type[Resource], root: type[Resource], pass_name: str) -> frozenset[Phase]:
        if self.narrowing.period is not None:
            return frozenset({Phase.CHANGES} if root.api.event else ())
        stream = self.stream(each.api.stream)
        if stream.is_forced_whole or isinstance(root.api.bookmark, Snapshot):
            return frozenset({Phase.CHANGES})
        if not stream.entry(root, pass_name).get("replication_key_value"):
            return frozenset({Phase.LOADING})
        return frozenset({Phase.CHANGES, *([Phase.BACKFILL] if self.history.is_due(stream) else ())})

    def single_rows(self, resource: type[Resource]) -> list[Record]:
        """The row of a resource that has no list; none where the API does not know it."""
        if resource is Resource.named("Account"):
            return self._account_rows()
        try:
            return [self.client.single(resource)]
        except NotFoundError as error:
            _log.warning("%s: there is none: %s", resource.api.stream, error)
            return []

    def _account_rows(self) -> list[Record]:
        """The account as the list gives it, completed by its single answer, which has no envelope."""
        account = self.client.account_id
        listed = [row for row in self.client.known_accounts if str(row["accountID"]) == str(account)]
        found = []
        for row in listed or [{"accountID": str(account)}]:
            try:
                single = self.client.record(f"/Account/{account}.json")
            except ApiError as error:
                _log.warning("accounts: only the list's fields are known: %s", error)
                single = {}
            more = single.get("Account", single)
            is_same = isinstance(more, dict) and str(more.get("accountID", account)) == str(account)
            found.append({**row, **more} if is_same else row)
        return found

    @cached_property
    def shop_zone(self) -> tzinfo:
        """The time zone in which dates are meant: that of most shops; costs a drip."""
        try:
            pages = list(self.client.pages(Query(Resource.named("Shop"))))
        except (RightsError, NotFoundError) as error:
            _log.warning("The shops' time zone is unknown, so dates are taken as UTC: %s", error)
            return UTC
        names = collections.Counter(str(row.get("timeZone")) for page in pages for row in page.rows)
        for name, _ in names.most_common():
            try:
                return zoneinfo.ZoneInfo(name)
            except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
                continue
        return UTC

    def progress_line(self, stream: str, rows: Sequence[Record] = ()) -> None:
        """Note that a page of a stream's walk has come."""
        self.journal.page(self.stream(stream), rows)

    def close(self) -> None:
        """Say what the run brought, what it cost and what did not fit.

        Raises:
            IncompleteError: A stream failed, or one was skipped and that is to be told.
        """
        verdict = self._verdict()
        self.journal.close(verdict)
        drift = [line for stream in self._streams.values() for line in stream.drift.summary()]
        if drift:
            _log.warning("What the declarations did not foresee: %s.", "; ".join(drift))
        if verdict is not None:
            raise verdict

    def _verdict(self) -> IncompleteError | None:
        """What speaks against a good end."""
        if self.failed:
            text = f"Streams that could not be read: {', '.join(self.failed)}. All others were."
            return IncompleteError(text, RequestRefusedError.kind)
        if self.skipped and value_of(self.settings, "on_missing_rights") == "fail":
            text = f"Streams skipped for want of rights: {', '.join(self.skipped)}. All others were read."
            return IncompleteError(text, RightsError.kind)
        return None
