"""The form of the state: what is damaged, another tap's, or of another time is noticed before it does harm.

Keys that are not known, and streams that are not (any more), are left as they are.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from lightspeed_retail.errors import SettingsError, one_line
from lightspeed_retail.resources import Days, Resource, Stamp
from lightspeed_retail.wire import instant

_AHEAD = timedelta(days=1)
"""By how much two clocks of the server may differ; a bookmark that lies further ahead is none of this account."""

ACCOUNT = "accountID"
"""The key of a state that says whose it is."""

_KEYS = re.compile(r"(\d{1,18}(-\d{1,18})?(,\d{1,18}(-\d{1,18})?)*)?")
_MOMENTS = ("began", "newest", "clock", "start", "read_whole", "at")
_PARTS = ("first_load", "snapshot", "vanished")
_MANY = ("with_", "passes", "backfill")

_HISTORY = (*_MOMENTS, "replication_key_value", "first_load", "snapshot", *(name.rstrip("_") for name in _MANY))
"""What of an entry says how far it has come."""

_log = logging.getLogger(__name__)


class _Entry(msgspec.Struct, rename={"with_": "with"}):
    """What an entry of the state holds, at any depth; see `progress`, `memory`, `walks` and `check`."""

    replication_key: str | None = None
    replication_key_value: str | int | None = None
    first_load: _Entry | msgspec.UnsetType = msgspec.UNSET
    snapshot: _Entry | msgspec.UnsetType = msgspec.UNSET
    vanished: _Entry | msgspec.UnsetType = msgspec.UNSET
    with_: dict[str, _Entry] = {}
    passes: dict[str, _Entry] = {}
    backfill: dict[str, _Entry] = {}
    began: str | None = None
    newest: str | None = None
    clock: str | None = None
    start: str | None = None
    read_whole: str | None = None
    at: str | None = None
    key: int = 0
    down: bool = False
    keys: str = ""
    narrowed: str = ""
    without: list[str] = []
    rows: float = 0
    rows_a_day: float = 0

    def __post_init__(self) -> None:
        """See that moments are moments, and keys are keys."""
        for name in _MOMENTS:
            moment = getattr(self, name)
            if moment is not None:
                instant(moment)
        if isinstance(self.replication_key_value, str):
            _moment_of(self.replication_key_value)
        if not _KEYS.fullmatch(self.keys) or not 0 <= self.key < 2**63:
            raise ValueError
        if any(isinstance(part, _Entry) and part.began is None for part in (self.first_load, self.snapshot)):
            raise ValueError


def check_state(state: Mapping[str, Any], resources: Iterable[type[Resource]]) -> None:
    """See that the entries of our streams have our form.

    Args:
        state: The Singer state.
        resources: All resources that have a stream.

    Raises:
        SettingsError: One has not.
    """
    bookmarks = state.get("bookmarks", {})
    for resource in resources:
        name = resource.api.stream
        if name not in bookmarks:
            continue
        try:
            entry = msgspec.convert(bookmarks[name], _Entry)
        except (msgspec.ValidationError, RecursionError):
            raise _unfit(name, "is damaged") from None
        if entry.replication_key is not None and entry.replication_key not in _keys_of(resource):
            given = one_line(entry.replication_key, 40)
            raise _unfit(name, f"is another tap's: there is no bookmark by {given!r}")


def _unfit(stream: str, flaw: str) -> SettingsError:
    return SettingsError(
        f"--state: the entry of the stream {stream} {flaw}. Take it out of the state, or run with a full refresh; "
        "the stream is then read from its beginning."
    )


def _keys_of(resource: type[Resource]) -> set[str]:
    """The fields by which bookmarks of a resource can go."""
    bookmark = resource.api.bookmark
    if isinstance(bookmark, Stamp):
        return {bookmark.field, *bookmark.candidates}
    return {bookmark.field} if isinstance(bookmark, Days) else {resource.api.key}


def claim(state: MutableMapping[str, Any], account: int) -> None:
    """Let the state say whose it is, so that no account goes on from where another was.

    Args:
        state: The Singer state, changed in place.
        account: Number of the account that is read.

    Raises:
        SettingsError: It is another account's.
    """
    named = state.setdefault(ACCOUNT, account)
    if str(named) != str(account):
        raise SettingsError(
            f"--state: the state is that of account {one_line(str(named), 40)}, the connection to account {account}. "
            "Give each account a state of its own (Meltano: --state-id, --state-id-suffix), or run with a full refresh."
        )


def forget_the_future(state: Mapping[str, Any], resources: Iterable[type[Resource]], now: datetime) -> None:
    """Take out of the state what lies ahead of the server's clock, so that it is read once more.

    A clock was wrong when it was written, or it is another account's: nobody can say what came before it.

    Args:
        state: The Singer state, changed in place.
        resources: All resources that have a stream.
        now: The server's clock.
    """
    latest = now + _AHEAD
    for resource in resources:
        entry = state.get("bookmarks", {}).get(resource.api.stream, {})
        ahead = [each for each in _entries(entry) if _is_ahead(each, latest)]
        if any("keys" not in each for each in ahead):
            # As a whole: a part that is left would say from where the others go on.
            ahead.append(entry)
            _log.warning(
                "%s: the state lies ahead of Lightspeed's clock (%s UTC); the stream is read from its beginning.",
                resource.api.stream,
                f"{now:%Y-%m-%d %H:%M}",
            )
        for each in ahead:
            for name in _HISTORY:
                each.pop(name, None)


def _is_ahead(entry: Mapping[str, Any], latest: datetime) -> bool:
    bookmark = entry.get("replication_key_value")
    first_load = entry.get("first_load", {})
    texts = [entry.get("read_whole"), entry.get("at"), bookmark, first_load.get("began"), first_load.get("start")]
    return any(_moment_of(text) > latest for text in texts if isinstance(text, str))


def _entries(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An entry and those within it that have a bookmark of their own."""
    yield entry
    inner = [entry[name] for name in _PARTS if name in entry]
    inner += [each for name in _MANY for each in entry.get(name.rstrip("_"), {}).values()]
    for each in inner:
        yield from _entries(each)


def _moment_of(text: str) -> datetime:
    """The moment of a bookmark, which may be a day.

    Raises:
        ValueError: It is none.
    """
    try:
        return datetime.combine(date.fromisoformat(text), time.min, UTC)
    except ValueError:
        return instant(text)
