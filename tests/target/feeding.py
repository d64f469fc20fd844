"""The target over bytes as they are, whether or not they are messages; and values that do not fit their fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from lightspeed_retail.resources import Field, FieldType, Part, Resource
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.order import ordered
from target_lightspeed_retail.records import alias, is_read, pointers
from tests import forked
from tests.targeting import Message

DIGITS = "9" * 10_000
"""A number of 10,000 digits."""


class Raw(str):
    """JSON that stands in a line as it is: what no value of Python's makes."""

    __slots__ = ()


def line(stream: str, record: Message) -> bytes:
    """The line of a RECORD message."""
    return coded({"type": "RECORD", "stream": stream, "record": record})


def schema(stream: str, *keys: str, **more: Any) -> bytes:
    """The line of a SCHEMA message."""
    properties = {"type": "SCHEMA", "stream": stream, "schema": {"properties": {}, **more}}
    return coded({**properties, "key_properties": list(keys)})


def state(**value: Any) -> bytes:
    """The line of a STATE message."""
    return coded({"type": "STATE", "value": value})


def coded(value: Any) -> bytes:
    """A line of JSON; what is `Raw` stands in it as it is."""
    raw: list[Raw] = []

    def marked(each: Any) -> Any:
        if isinstance(each, Raw):
            raw.append(each)
            return f"\x00raw {len(raw) - 1}\x00"
        if isinstance(each, dict):
            return {name: marked(inner) for name, inner in each.items()}
        return [marked(inner) for inner in each] if isinstance(each, list) else each

    text = json.dumps(marked(value))
    for number, each in enumerate(raw):
        text = text.replace(f'"\\u0000raw {number}\\u0000"', each)
    return text.encode() + b"\n"


@dataclass
class Fed:
    """What a run left behind.

    Args:
        code: Its exit code.
        states: The states that it acknowledged.
        errors: Standard error.
        outcomes: The lines of its outcome file.
        rejects: The messages of its rejects file.
    """

    code: int
    states: list[Message]
    errors: str
    outcomes: list[Message]
    rejects: list[Message]

    def is_refused(self, *words: str) -> None:
        """It ended with code 1 and one line of error that holds these words, without a trace."""
        told = [each for each in self.errors.splitlines() if "ERROR" in each or "CRITICAL" in each]
        assert (self.code, len(told)) == (1, 1), self.errors[-3000:]
        assert [word for word in words if word not in told[0]] == [], told[0]
        self.is_quiet()

    def is_well(self) -> None:
        """It came to a good end."""
        assert self.code == 0, self.errors[-3000:]
        self.is_quiet()

    def is_quiet(self) -> None:
        """There is no trace in its log, and no line that is longer than somebody reads."""
        assert "Traceback" not in self.errors, self.errors[-3000:]
        assert max((len(each) for each in self.errors.splitlines()), default=0) < 4000


class Feeder:
    """Feeds the target again and again, with one ledger.

    Args:
        sandbox: The account.
        folder: Where its files are.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        """Prepare the settings."""
        self.folder = folder
        self._settings = {
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "refresh_token": sandbox.issue_refresh_token(),
            "token_store": str(folder / "tokens.json"),
            "api_url": sandbox.url,
            "auth_url": sandbox.url,
            "ledger": str(folder / "ledger.sqlite"),
        }
        self._runs = 0

    def feed(self, content: bytes, **settings: Any) -> Fed:
        """Run the target over bytes to its end."""
        self._runs += 1
        given = self._file("input", content)
        places = {name: str(self._place(name)) for name in ("outcome", "rejects")}
        paths = {f"{name}_path": place for name, place in places.items()}
        config = self._file("config", json.dumps({**self._settings, **paths, **settings}).encode())
        files = forked.Files(self._place("stdout"), self._place("stderr"), given)
        code = forked.ended(forked.start(forked.TARGET, ["--config", str(config)], files, speed=20))
        outcomes, rejects = (self._objects(name) for name in ("outcome", "rejects"))
        return Fed(code, self._objects("stdout"), files.stderr.read_text(encoding="utf-8"), outcomes, rejects)

    def _place(self, name: str) -> Path:
        return self.folder / f"{name}-{self._runs}.txt"

    def _file(self, name: str, content: bytes) -> Path:
        self._place(name).write_bytes(content)
        return self._place(name)

    def _objects(self, name: str) -> list[Message]:
        place = self._place(name)
        lines = place.read_text(encoding="utf-8").splitlines() if place.exists() else []
        return [json.loads(each, parse_float=Decimal, parse_int=Decimal) for each in lines]


NO_NUMBERS: tuple[Any, ...] = (Raw("NaN"), Raw("-Infinity"), Raw("1e999999999"), Raw("1e99999999999999999999"))
NO_TEXTS: tuple[Any, ...] = (Raw('"\\ud800"'), "a\x00b")
NESTED: tuple[Any, ...] = ({"a": 1}, [["x"]], [{"a": 1}])
WRONG: dict[FieldType, tuple[Any, ...]] = {
    FieldType.INTEGER: ("many", 1.5, True, 10**30, Raw(DIGITS), DIGITS, *NO_NUMBERS, *NO_TEXTS, *NESTED),
    FieldType.NUMBER: ("much", True, Raw(DIGITS), DIGITS, *NO_NUMBERS, *NO_TEXTS, *NESTED),
    FieldType.MONEY: ("dear", True, Raw(DIGITS), DIGITS, *NO_NUMBERS, *NO_TEXTS, *NESTED),
    FieldType.STRING: (*NO_NUMBERS, *NO_TEXTS, *NESTED),
    FieldType.BOOLEAN: ("perhaps", 2, Raw(DIGITS), *NO_NUMBERS, *NO_TEXTS, *NESTED),
    FieldType.DATETIME: ("yesterday", "2024-13-45", 5, True, *NO_NUMBERS, *NO_TEXTS, *NESTED),
    FieldType.DATE: ("yesterday", "2024-13-45", 5, True, *NO_NUMBERS, *NO_TEXTS, *NESTED),
    FieldType.FLAGS: ("some", 5, True, {"a": "perhaps"}, *NO_NUMBERS, [["x"]], [{"a": 1}]),
}
"""Values that no field of a type takes."""

NO_KEYS = (True, 1.5, 10**30, Raw(DIGITS), "name" * 1000, *NO_NUMBERS, *NO_TEXTS, *NESTED)
"""What says neither the key nor the name of a row."""

NO_OBJECTS = (5, True, "text", "[1, 2", ["x"], Raw("NaN"), '{"a": ' + "[" * 100_000)
NO_ROWS = (5, True, "text", "[1, 2", ["x"], [["x"]], [None, 5], Raw("NaN"), "[" * 100_000)
NO_LISTS = (5, True, "[1, 2", [["x"]], [{"a": {"b": 1}, "c": 2}], Raw("NaN"))


@dataclass(frozen=True)
class Misfit:
    """A record with one value that does not fit.

    Args:
        resource: What it is a record of.
        path: The field, with what it stands in.
        value: The value.
        record: The record.
    """

    resource: type[Resource]
    path: str
    value: Any
    record: Message


def misfits() -> Iterator[Misfit]:
    """Each field that the target reads, in all that can be nested, with each value that does not fit it."""
    for resource in ordered():
        for path, wrong, within in _wrong_values(resource, resource, ()):
            for value in wrong:
                yield Misfit(resource, path, value, within(value))


Within = Callable[[Any], Message]


def _wrong_values(
    part: type[Part], root: type[Resource], above: tuple[type[Part], ...]
) -> Iterator[tuple[str, tuple[Any, ...], Within]]:
    """The fields of a declaration that are read, by their path: what does not fit, and what makes a record of it."""
    pointing = pointers(part, root)
    described = {alias(name) for name in pointing}
    inner: type[Part] | None
    for field in part.fields():
        nested = field.nested
        if field.name in described and nested is not None and nested.resource is not None and not nested.many:
            inner = nested.resource if nested.resource not in above else None
        elif (field.name == root.api.key and part is not root) or not is_read(field):
            continue
        else:
            yield field.name, _wrong(field, field.name in pointing), _named(field.name)
            inner = nested.part if nested is not None and nested.part is not part else None
        if nested is None or inner is None:
            continue
        within_root = nested.resource or root
        for path, wrong, within in _wrong_values(inner, within_root, (*above, part)):
            if path not in (root.api.key, alias(root.api.key)):
                yield f"{field.name}.{path}", wrong, _wrapping(field.name, within, many=nested.many)


def _named(name: str) -> Within:
    return lambda value: {name: value}


def _wrapping(name: str, within: Within, *, many: bool) -> Within:
    return lambda value: {name: [within(value)] if many else within(value)}


def _wrong(field: Field, is_pointer: bool) -> tuple[Any, ...]:  # noqa: FBT001  private, and with a name that tells
    nested = field.nested
    if nested is None:
        return NO_KEYS if is_pointer else WRONG[field.type]
    if nested.many:
        return NO_LISTS if nested.part is None else NO_ROWS
    return NO_OBJECTS if nested.part is not None else ()
