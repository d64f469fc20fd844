"""What is wrong with a connection, and what to do about it: checks that each say one line, never a secret."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lightspeed_retail import connection, scopes
from lightspeed_retail.client import Client
from lightspeed_retail.disks import passing_kind
from lightspeed_retail.errors import ApiError, LightspeedError
from lightspeed_retail.pacing import Limits, Pacer
from lightspeed_retail.settings import CONNECTION, problems
from lightspeed_retail.token_endpoint import claims
from lightspeed_retail.tokens import Tokens

_TOLERATED_SKEW = 120.0
_NEARLY_FULL = 0.8
_SHOWN = 4
_DAY = 86_400.0
_IDLE_DAYS, _WARNED_DAYS = 30, 7
_X_SERIES_HOSTS = (".retail.lightspeed.app", ".vendhq.com", "x-series-api.lightspeedhq.com")


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Args:
        check: Name of the check.
        state: How it ended.
        text: One line for a person, with the remedy where something is wrong.
    """

    check: str
    state: State
    text: str


class _Listening(Pacer):
    """A pacer that also keeps what the last answer said."""

    heard = Limits()

    def release(self, price: Decimal, limits: Limits | None) -> None:
        super().release(price, limits)
        self.heard = limits or self.heard


class Examination:
    """The checks of one connection, in the order in which one builds on the other; costs two drips.

    Args:
        settings: Settings of the tap or the target.
        needs: What is to be read and written.
        strict: Whether a missing scope is a problem; a warning if not, because the tap leaves such streams out.
    """

    def __init__(self, settings: Mapping[str, Any], needs: Iterable[scopes.Need], *, strict: bool) -> None:
        """Remember what to examine; nothing is asked yet."""
        self._settings = settings
        self._needs = list(needs)
        self._strict = strict
        self._token = ""
        self._skew = 0.0
        self._client: Client | None = None

    def findings(self) -> Iterator[Finding]:
        """Run the checks; those that a problem stands in the way of are named at the end."""
        failed: set[str] = set()
        skipped: list[str] = []
        for name, check, builds_on in _CHECKS:
            if failed.intersection(builds_on):
                failed.add(name)
                skipped.append(name)
                continue
            finding = self._run(name, check)
            if finding.state is State.PROBLEM:
                failed.add(name)
            yield finding
        if skipped:
            yield Finding("rest", State.WARNING, f"not checked yet: {', '.join(skipped)}; solve the problem first.")

    def _run(self, name: str, check: _Check) -> Finding:
        try:
            return Finding(name, *check(self))
        except LightspeedError as error:
            return Finding(name, State.PROBLEM, " ".join(str(error).split()))

    def check_settings(self) -> tuple[State, str]:
        """Whether the settings are whole and well-formed, and for this product."""
        found = problems(self._settings, {"type": "object", "properties": CONNECTION})
        if found:
            return State.PROBLEM, " ".join(found)
        connection.client(self._settings)
        if is_x_series(self._settings):
            return State.WARNING, (
                "these look like Lightspeed Retail X-Series (formerly Vend), another product with another API: "
                "this program reads R-Series."
            )
        return State.OK, "complete and well-formed."

    def check_store(self) -> tuple[State, str]:
        """Whether the next tokens can be kept, and for how long: told before one is spent."""
        if self._settings.get("access_token"):
            return State.OK, "a fixed access token needs none."
        name = connection.stored_name(self._settings)
        store = connection.token_store(self._settings)
        with store.locked(name):
            known = store.load(name)
        return store_state(known, connection.store_path(self._settings), time.time())

    def check_token(self) -> tuple[State, str]:
        """Whether there is an access token to be had."""
        self._token = connection.authorisation(self._settings).bearer()
        until = _until(claims(self._token).get("exp"))
        if self._settings.get("access_token"):
            return State.WARNING, f"a fixed access token, good {until}: set refresh_token for what is to run by itself."
        return State.OK, f"an access token that is good {until}; it is renewed when needed."

    def check_account(self) -> tuple[State, str]:
        """Whether the API answers, and for which account."""
        self._client = connection.connect(self._settings)
        self._skew = (self._client.now - datetime.now(UTC)).total_seconds()
        number = self._client.account_id
        names = [row.get("name") for row in self._client.known_accounts if str(row.get("accountID")) == str(number)]
        return State.OK, f"{number} ({names[0]})." if names and names[0] else f"{number}."

    def check_scopes(self) -> tuple[State, str]:
        """Whether the scopes in the access token are enough for what is to be read and written."""
        claim = claims(self._token).get("scope")
        if not isinstance(claim, str):
            return State.WARNING, "the access token does not tell its scopes: a stream that is refused lacks one."
        missing = [need for need in self._needs if not need.is_met(claim.split())]
        if missing:
            return State.PROBLEM if self._strict else State.WARNING, _lacking(missing)
        streams = {need.stream for need in self._needs}
        return State.OK, f"{' '.join(sorted(claim.split()))}: enough for the {len(streams)} streams."

    def check_bucket(self) -> tuple[State, str]:
        """How full the bucket is, how much it holds, and how fast it empties."""
        heard = self._limits()
        if heard.level is None or heard.size is None:
            return State.WARNING, "the answers do not tell its level: check that api_url is Lightspeed's own host."
        rate = "an unknown number" if heard.drip_rate is None else f"{heard.drip_rate:g}"
        text = f"{heard.level:.0f} of {heard.size:g} drips are used, {rate} a second come back"
        if heard.level > heard.size * _NEARLY_FULL:
            return State.WARNING, f"{text}: another program works with this client; let it finish first."
        return State.OK, f"{text}."

    def check_clock(self) -> tuple[State, str]:
        """Whether the clocks agree."""
        if abs(self._skew) > _TOLERATED_SKEW:
            text = f"the server's is {self._skew:+.0f} seconds off the local one: set the local clock by NTP."
            return State.WARNING, text
        return State.OK, "agrees with the server's."

    def _limits(self) -> Limits:
        """What the headers of one more answer say."""
        pacer = _Listening()
        if self._client is not None:
            self._client.pacer = pacer
            try:
                self._client.accounts()
            except ApiError:
                # A refusal may carry the headers as well; the account is known already.
                return pacer.heard
        return pacer.heard


def store_state(known: Tokens | None, path: Path | None, now: float) -> tuple[State, str]:
    """What to think of a store that takes tokens.

    Args:
        known: What it holds of the connection.
        path: The file, if it is one.
        now: Seconds since 1970.
    """
    idle = (now - known.renewed_at) / _DAY if known and known.renewed_at else 0.0
    if idle > _IDLE_DAYS - _WARNED_DAYS:
        return State.WARNING, (
            f"the tokens were last renewed {idle:.0f} days ago, and unused they end after {_IDLE_DAYS}: "
            "let something run every week."
        )
    kind = passing_kind(path) if path else None
    if kind:
        return State.WARNING, (
            f"{path} is on a disk that does not last ({kind}): mount a volume there, "
            "or set token_store to the URL of a database."
        )
    return State.OK, f"takes new tokens, and holds {'those' if known else 'none'} of this connection."


def is_x_series(settings: Mapping[str, Any]) -> bool:
    """Whether settings are those of X-Series, by the form of its tokens and the names of its hosts."""
    tokens = [str(settings.get(name) or "").strip() for name in ("access_token", "refresh_token", "client_secret")]
    hosts = [urlsplit(str(settings.get(name) or "")).hostname or "" for name in ("api_url", "auth_url", "token_url")]
    return any(token.startswith("lsxs_") for token in tokens) or any(host.endswith(_X_SERIES_HOSTS) for host in hosts)


_Check = Callable[[Examination], tuple[State, str]]
_CHECKS: tuple[tuple[str, _Check, tuple[str, ...]], ...] = (
    ("settings", Examination.check_settings, ()),
    ("token store", Examination.check_store, ("settings",)),
    ("token", Examination.check_token, ("settings", "token store")),
    ("account", Examination.check_account, ("token",)),
    ("scopes", Examination.check_scopes, ("token",)),
    ("bucket", Examination.check_bucket, ("account",)),
    ("clock", Examination.check_clock, ("account",)),
)


def _until(moment: Any) -> str:
    try:
        return f"until {datetime.fromtimestamp(float(moment), UTC):%Y-%m-%d %H:%M} UTC"
    except (TypeError, ValueError, OverflowError, OSError):
        return "for a while"


def _lacking(missing: list[scopes.Need]) -> str:
    """Which scopes would help which streams."""
    parts = []
    for scope in scopes.least(missing):
        helped = dict.fromkeys(need.stream for need in missing if scope in need.choices)
        more = f" and {len(helped) - _SHOWN} more" if len(helped) > _SHOWN else ""
        parts.append(f"{scope} (for {', '.join([*helped][:_SHOWN])}{more})")
    return f"the token lacks {', '.join(parts)}: authorise again with these scopes, or leave the streams out."
