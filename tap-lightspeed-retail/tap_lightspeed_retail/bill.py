"""What a run has cost, said once at its end: for people in a line, for programs as fields and metrics."""

from __future__ import annotations

import enum
import json
import logging
import os
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from singer_sdk import metrics

from lightspeed_retail.ending import Stopped, Unread
from lightspeed_retail.errors import LightspeedError
from lightspeed_retail.private_lines import PrivateLines
from tap_lightspeed_retail.settings import value_of

if TYPE_CHECKING:
    from tap_lightspeed_retail.run import Run

_log = logging.getLogger(__name__)
_MEGABYTE = 1_000_000


class _Metric(enum.Enum):
    """Metrics for which the SDK has no name."""

    DRIPS = "drip_count"
    REFUSED = "http_request_refused_count"
    BYTES = "http_response_byte_count"
    WAITED = "drip_wait_duration"


@dataclass(frozen=True)
class Bill:
    """What a run has brought and cost.

    Args:
        rows: Rows of all streams.
        streams: Streams that had rows.
        drips: Drips that Lightspeed has charged.
        requests: Requests, repeated ones included.
        rows_per_drip: What a drip has brought.
        seconds: How long the run took.
        waited: For how many of these seconds requests waited for the bucket.
        refused: Requests that were refused for the rate limit (429).
        received: Bytes of the answers.
    """

    rows: int
    streams: int
    drips: float
    requests: int
    rows_per_drip: float
    seconds: float
    waited: float
    refused: int
    received: int

    @classmethod
    def of(cls, run: Run, seconds: float) -> Bill:
        """The bill of a run that has taken so many seconds."""
        client = run.reached
        if client is None:
            return cls(
                rows=0,
                streams=0,
                drips=0.0,
                requests=0,
                rows_per_drip=0.0,
                seconds=round(seconds, 1),
                waited=0.0,
                refused=0,
                received=0,
            )
        rows, drips = sum(stream.count for stream in run.streams), float(client.spent)
        return cls(
            rows=rows,
            streams=sum(bool(stream.count) for stream in run.streams),
            drips=round(drips, 1),
            requests=client.requests,
            rows_per_drip=round(rows / drips, 1) if drips else 0.0,
            seconds=round(seconds, 1),
            waited=round(client.pacer.waited, 1),
            refused=client.pacer.refused,
            received=client.received,
        )

    def __str__(self) -> str:
        """The line for people."""
        return (
            f"Read {self.rows:,} rows of {self.streams} streams in {self.seconds:,.0f} s: {self.requests:,} requests "
            f"for {self.drips:,.1f} drips, {self.rows_per_drip:,.1f} rows a drip; {self.waited:,.0f} s waited for the "
            f"bucket, {self.refused} times refused (429), {self.received / _MEGABYTE:,.1f} MB."
        )

    def say(self) -> None:
        """Log the line, its figures as fields, and those that one may want to watch as metrics."""
        _log.info("%s", self, extra=asdict(self))
        found: list[tuple[str, enum.Enum, float]] = [
            ("counter", metrics.Metric.HTTP_REQUEST_COUNT, self.requests),
            ("counter", _Metric.DRIPS, self.drips),
            ("counter", _Metric.REFUSED, self.refused),
            ("counter", _Metric.BYTES, self.received),
            ("timer", _Metric.WAITED, self.waited),
        ]
        for kind, metric, value in found:
            # The SDK's own points have its own names only, but it asks no more of a name than a value.
            point = metrics.Point(kind, metric, value, {metrics.Tag.PID: os.getpid()})  # type: ignore[arg-type]
            metrics.log(metrics.get_metrics_logger(), point)


class BillFile:
    """One JSON line for each run, appended to the file that the setting `bill_path` names, if it names one.

    Args:
        run: The run.

    Raises:
        SettingsError: The file cannot be written; later, too.
    """

    def __init__(self, run: Run) -> None:
        """Open the file, so that a wrong path shows before anything is read."""
        path = value_of(run.settings, "bill_path")
        self._run = run
        self._lines = PrivateLines(path, "bill_path") if path else None

    def write(self, bill: Bill, error: BaseException | None) -> None:
        """Append the bill of the run, which has just come to its end.

        Args:
            bill: The bill.
            error: What has ended the run, if that was no good end.
        """
        if self._lines is not None:
            self._lines.append([json.dumps(self._line(bill, error))])

    def _line(self, bill: Bill, error: BaseException | None) -> dict[str, object]:
        """The object of a line, by this machine's clock, as loaders stamp their rows."""
        run, ended = self._run, datetime.now(UTC)
        return {
            "run_id": uuid.uuid4().hex,
            "account_id": _account(run),
            "began": (ended - timedelta(seconds=bill.seconds)).isoformat(timespec="milliseconds"),
            "ended": ended.isoformat(timespec="milliseconds"),
            **asdict(bill),
            "streams": {stream.name: stream.count for stream in run.streams if stream.selected},
            "skipped": run.skipped,
            "failed": run.failed,
            "ended_early": run.ended_early,
            "reason": _reason(error),
            "exit_code": _exit_code(error),
        }


def _account(run: Run) -> int | None:
    """Whose rows were read, or should have been."""
    if run.reached is not None:
        return run.reached.account_id
    given = run.settings.get("account_id")
    return int(given) if given else None


def _exit_code(error: BaseException | None) -> int:
    if error is None:
        return 0
    code = error.code if isinstance(error, SystemExit) else None
    return code if isinstance(code, int) else 1


def _reason(error: BaseException | None) -> dict[str, str] | None:
    """What ended the run: a word for programs and a line for people; of what nobody foresaw, its name only."""
    if error is None:
        return None
    if isinstance(error, LightspeedError):
        return {"kind": error.kind, "text": str(error)}
    if isinstance(error, Unread):
        return {"kind": "unread", "text": "Nobody reads the output any more: the loader has ended."}
    if isinstance(error, Stopped):
        return {"kind": "stopped", "text": f"Stopped by signal {error.number}."}
    return {"kind": "unexpected", "text": type(error).__name__}
