"""The kinds of things that go wrong on purpose, and what each makes of an answer.

What matters to a client that writes is whether a request took effect that it has no good answer to: each kind either
keeps the request from being carried out, or spoils the answer to a request that has been.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from lightspeed_sandbox.errors import HTML, JSON

TRUNCATE, INVALID, GARBAGE, EMPTY = "truncate", "invalid", "garbage", "empty"
DROP_BEFORE, DROP_MIDWAY, DROP_AFTER = "drop-before", "drop-midway", "drop-after"
SLOW, LATE, DRIP, SILENCE = "slow", "late", "drip", "silence"
EXPIRE, REVOKE, STALE, EDIT = "expire", "revoke", "stale", "edit"

_OK, _TOO_MANY = 200, 429
_JSON_FORM, _EMPTY_FORM = "json", "empty"
_NAMES = (TRUNCATE, INVALID, GARBAGE, EMPTY, DROP_BEFORE, DROP_MIDWAY, DROP_AFTER, EXPIRE, REVOKE, STALE, EDIT)
_BARE = {f"{_TOO_MANY}-bare": f"{_TOO_MANY}-{_EMPTY_FORM}"}
_STATUS = re.compile(
    rf"(?P<status>\d{{3}})(?:-(?P<form>{_JSON_FORM}|{_EMPTY_FORM}))?"
    rf"(?:(?P<after>-after)|-{LATE}-(?P<seconds>\d+(?:\.\d+)?))?",
    re.ASCII,
)
_TIMED = re.compile(
    rf"(?:(?P<name>{SLOW}|{LATE}|{DRIP})|{SILENCE})-(?P<seconds>\d+(?:\.\d+)?)(?P<after>(?(name)(?!)|-after))?",
    re.ASCII,
)
_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass(frozen=True)
class Reply:
    """An answer on its way to the client."""

    content: bytes = b""
    status: int = _OK
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


Refuse = Callable[[int], Reply]
"""How whoever is asked refuses with a status of its own accord."""


@dataclass(frozen=True)
class Kind:
    """What goes wrong.

    Args:
        text: It as it is written: `503-json-after`, `drip-2.5`.
        name: What it is called, without what follows; "" where it is a status.
        status: The status with which something answers instead of the API.
        form: What the body of such an answer is: "json" the API's own, "empty" none, "" a gateway's page.
        seconds: How long it takes; of a status, how long after it the request is carried out.
        after: Whether the request is carried out all the same.
    """

    text: str = ""
    name: str = ""
    status: int | None = None
    form: str = ""
    seconds: float = 0.0
    after: bool = False

    @classmethod
    def parse(cls, text: str) -> Kind | None:
        """A kind as it is written; None if there is none like that."""
        if text in _NAMES:
            return cls(text, text)
        if found := _TIMED.fullmatch(text):
            name = found["name"] or SILENCE
            return cls(text, name, seconds=float(found["seconds"]), after=bool(found["after"]))
        found = _STATUS.fullmatch(_BARE.get(text, text))
        if found is None or int(found["status"]) not in _STATUSES:
            return None
        status, form, seconds = int(found["status"]), found["form"] or "", found["seconds"]
        if text == str(_TOO_MANY):
            form = _JSON_FORM
        after = bool(found["after"] or seconds)
        return cls(text, status=status, form=form, seconds=float(seconds or 0), after=after)

    @property
    def takes_effect(self) -> bool:
        """Whether the request gets through to the API, which may refuse it for reasons of its own."""
        return self.after or (self.status is None and self.name not in (DROP_BEFORE, SILENCE))

    @property
    def hides_status(self) -> bool:
        """Whether the client sees nothing of an answer, not even its status."""
        return self.name in (DROP_BEFORE, DROP_AFTER, SILENCE)

    @property
    def waits_before(self) -> float:
        """Seconds that pass before the request is carried out."""
        return self.seconds if self.name == LATE else 0.0

    @property
    def takes_effect_later(self) -> bool:
        """Whether the request is carried out only when the client has had its answer."""
        return self.status is not None and self.seconds > 0

    @property
    def api_only(self) -> bool:
        """Whether it means nothing to the authorisation server."""
        return self.takes_effect_later or self.name in (EXPIRE, STALE, EDIT)

    @property
    def methods(self) -> frozenset[str]:
        """The methods that it is about, unless others are named; none: all."""
        return frozenset({STALE: ("PUT", "DELETE"), EDIT: ("GET",)}.get(self.name, ()))

    def spoil(self, reply: Reply, refuse: Refuse) -> Reply:
        """What arrives in place of an answer."""
        if self.status is not None:
            return self._failed(self.status, refuse)
        change = _CHANGES.get(self.name)
        return reply if change is None else change(reply)

    def _failed(self, status: int, refuse: Refuse) -> Reply:
        if self.form == _JSON_FORM:
            return refuse(status)
        title = f"{status} {HTTPStatus(status).phrase}"
        return Reply(b"" if self.form == _EMPTY_FORM else _page(title), status, HTML)


def _page(title: str) -> bytes:
    return _PAGE.format(title).encode()


_STATUSES = {status.value for status in HTTPStatus if status >= HTTPStatus.MULTIPLE_CHOICES} - {304}
_CHANGES: dict[str, Callable[[Reply], Reply]] = {
    TRUNCATE: lambda reply: replace(reply, content=reply.content[: len(reply.content) // 2]),
    # Whatever follows, no reader of JSON takes two opening braces.
    INVALID: lambda reply: replace(reply, content=b"{" + reply.content),
    GARBAGE: lambda reply: replace(reply, content=_page("It works!"), status=_OK, content_type=HTML),
    EMPTY: lambda reply: replace(reply, content=b"", status=_OK),
}
