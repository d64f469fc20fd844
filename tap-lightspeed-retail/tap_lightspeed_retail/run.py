"""What the streams of one run share: the connection, the plan, the clock of the shops, a progress line."""

from __future__ import annotations

import collections
import logging
import time
import zoneinfo
from collections.abc import Mapping
from datetime import UTC, timedelta, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pendulum

from lightspeed_retail.client import Client
from lightspeed_retail.connection import connect
from lightspeed_retail.errors import ApiError, NotFoundError, RightsError, SettingsError
from lightspeed_retail.query import Query
from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from tap_lightspeed_retail.plan import Plan, make_plan
from tap_lightspeed_retail.progress import DataClock
from tap_lightspeed_retail.settings import READING
from tap_lightspeed_retail.walks import Walker

if TYPE_CHECKING:
    from tap_lightspeed_retail.streams import ResourceStream

_LINE_EVERY = 15.0
_log = logging.getLogger(__name__)


class Run:
    """One run of the tap over one account.

    Args:
        settings: The tap's settings.
        state: The Singer state, read when the first walk begins.
    """

    def __init__(self, settings: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        """Prepare; nothing is asked before it is needed."""
        self._settings = settings
        self._state = state
        self._streams: dict[str, ResourceStream] = {}
        self._last_line = time.monotonic()
        self._began = time.monotonic()

    def register(self, stream: ResourceStream) -> None:
        """Make a stream known to the others."""
        self._streams[stream.name] = stream

    def stream(self, name: str) -> ResourceStream:
        """A stream by its name."""
        return self._streams[name]

    @cached_property
    def client(self) -> Client:
        """The connection to the account, made when first needed."""
        start = self._start_date
        client = connect(self._settings)
        if start is not None and start > client.now:
            clock = f"{client.now:%Y-%m-%d %H:%M} UTC"
            message = f"start_date {start.isoformat()} lies in the future; Lightspeed's clock says {clock}."
            raise SettingsError(message)
        return client

    @cached_property
    def clock(self) -> DataClock:
        """How far the account's own clock is known to have come."""
        return DataClock(self.client.now, self._state)

    @cached_property
    def plan(self) -> Plan:
        """Which requests bring which streams, for what is selected."""
        return make_plan({stream.resource: stream.selects for stream in self._streams.values() if stream.selected})

    @cached_property
    def walker(self) -> Walker:
        """Walks through the account's lists, with the settings for reading."""
        lookback = self._settings.get("lookback_seconds")
        seconds = READING["lookback_seconds"]["default"] if lookback is None else lookback
        return Walker(self.client, timedelta(seconds=seconds), self._start_date)

    @cached_property
    def _start_date(self) -> pendulum.DateTime | None:
        text = self._settings.get("start_date")
        if not text:
            return None
        try:
            moment = pendulum.parse(str(text), tz="UTC")
            if isinstance(moment, pendulum.DateTime):
                return moment.in_timezone("UTC")
        except (ValueError, OverflowError):
            pass
        message = "start_date must be a date or date-time such as 2024-01-01T00:00:00Z."
        raise SettingsError(message)

    def account_rows(self) -> list[Record]:
        """The account as the list gives it, completed by its single answer, which has no envelope."""
        found = []
        for row in self.client.accounts():
            if int(row["accountID"]) != self.client.account_id:
                continue
            try:
                single = self.client.record(f"/Account/{self.client.account_id}.json")
            except ApiError as error:
                _log.warning("accounts: only the list's fields are known: %s", error)
                single = {}
            found.append({**row, **single.get("Account", single)})
        return found

    @cached_property
    def shop_zone(self) -> tzinfo:
        """The time zone in which dates are meant: that of most shops; costs a drip."""
        try:
            pages = list(self.client.pages(Query(Resource.named("Shop"))))
        except (RightsError, NotFoundError) as error:
            _log.warning("The shops' time zone is unknown, so dates are taken as UTC: %s", error)
            return UTC
        names = collections.Counter(row.get("timeZone") for page in pages for row in page.rows)
        for name, _ in names.most_common():
            try:
                return zoneinfo.ZoneInfo(str(name))
            except (zoneinfo.ZoneInfoNotFoundError, ValueError):
                continue
        return UTC

    def progress_line(self, stream: str) -> None:
        """Say a few times a minute how things stand."""
        if time.monotonic() - self._last_line < _LINE_EVERY:
            return
        self._last_line = time.monotonic()
        rows = sum(each.count for each in self._streams.values())
        pacer = self.client.pacer
        _log.info(
            "Reading %s: %d rows so far, %.0f a second, %.1f drips spent, bucket %.0f/%.0f.",
            stream,
            rows,
            rows / (time.monotonic() - self._began),
            pacer.spent,
            pacer.level,
            pacer.size,
        )

    def closing_line(self) -> None:
        """Say what the run brought and what it cost."""
        pacer = self.client.pacer
        rows = {stream.name: stream.count for stream in self._streams.values() if stream.count}
        _log.info(
            "Read %d rows of %d streams in %.0f s with %d requests for %.1f drips (waited %.0f s).",
            sum(rows.values()),
            len(rows),
            time.monotonic() - self._began,
            self.client.requests,
            pacer.spent,
            pacer.waited,
        )
