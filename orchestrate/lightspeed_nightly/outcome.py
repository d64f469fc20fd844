"""How a run of an account has ended, and what it has brought and cost."""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any


class Kind(enum.StrEnum):
    """How a run has ended; most words are those of the tap's bills."""

    LOADED = "loaded"
    INCOMPLETE = "incomplete"
    """Loaded, but for streams for which the account's rights are missing."""

    CREDENTIALS = "credentials"
    RIGHTS = "rights"
    SETTINGS = "settings"
    REFUSED = "refused"
    LIMIT = "limit"
    OUTAGE = "outage"
    LOADER = "loader"
    HUNG = "hung"
    KILLED = "killed"
    BUSY = "busy"
    """Another run of the account was at work."""

    FAILED = "failed"

    @property
    def is_good(self) -> bool:
        """Whether what could be loaded was."""
        return self in _GOOD

    @property
    def is_passing(self) -> bool:
        """Whether another try may go better with nobody doing anything."""
        return self in _PASSING


_GOOD = {Kind.LOADED, Kind.INCOMPLETE}
_PASSING = {Kind.LIMIT, Kind.OUTAGE, Kind.LOADER, Kind.HUNG, Kind.KILLED, Kind.BUSY, Kind.FAILED}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of an account.

    Args:
        account_id: Whose rows were read or written.
        night: What the night is known by: Airflow's run id.
        run_id: What Meltano's log knows the run by, a UUID.
        attempt: The how manieth try of the night.
        worker: Name of the machine.
        began: When, UTC.
        ended: When, UTC.
        kind: How it has ended.
        reason: The same for people, in a line; empty if all went well.
        rows: Rows that were read.
        requests: Requests to the API.
        drips: Drips that they cost.
        waited: Seconds that requests waited for the bucket.
        refused: Requests that were refused for the rate limit (429).
        received: Bytes of the answers.
        rejects: Records that the target could not write, where Lightspeed is the target.
    """

    account_id: int
    night: str
    run_id: str
    attempt: int
    worker: str
    began: datetime
    ended: datetime
    kind: Kind
    reason: str = ""
    rows: int = 0
    requests: int = 0
    drips: float = 0.0
    waited: float = 0.0
    refused: int = 0
    received: int = 0
    rejects: int = 0

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended - self.began).total_seconds()

    @classmethod
    def of(cls, row: dict[str, Any]) -> Run:
        """A run out of a row of the table."""
        values = {each.name: row[each.name] for each in fields(cls)}
        return cls(**(values | {"kind": Kind(values["kind"])}))
