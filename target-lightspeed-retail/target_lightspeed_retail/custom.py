"""Streams that are posted to paths that nobody has declared: the setting `custom_sinks`, understood.

custom_sinks:
- stream: price_tags
path: /Item/{itemID}/Tag.json
key: [itemID, tag]
body: {name: tag}
lookup: {path: /Tag.json, field: name, value: tag}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.resources import Endpoint, Resource
from lightspeed_retail.scalars import UNFIT
from lightspeed_retail.wire import Record
from target_lightspeed_retail.ledger import digest
from target_lightspeed_retail.options import by_stream
from target_lightspeed_retail.order import takes
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.values import check_plain, text_of

METHODS = ("POST", "PUT", "DELETE")
UNKNOWN = ("reject", "sent", "again")

_PLACE = re.compile(r"\{(\w+)\}")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9_-]+|\{\w+\}))+(?:\.json)?")
_DOCS = "https://developers.lightspeedhq.com/retail/introduction/introduction/"


@dataclass(frozen=True)
class Lookup:
    """How to see whether a record has been posted.

    Args:
        path: The list that it would be in.
        field: The field of a row that tells it.
        value: The field of a record that holds the same.
    """

    path: str
    field: str
    value: str


@dataclass(frozen=True)
class CustomSink:
    """How the records of a stream are sent.

    Args:
        stream: The stream.
        path: Where to, below the account; fields of the record stand in braces.
        key: The fields by which a record is known.
        method: How.
        body: Fields of the record by their name in the body; None for the record as it is.
        lookup: How to see whether a record was posted; None where there is no way.
        unknown: What becomes of a record of which that is not known: rejected, taken for sent, or sent again.
    """

    stream: str
    path: str
    key: tuple[str, ...]
    method: str = "POST"
    body: Mapping[str, str] | None = None
    lookup: Lookup | None = None
    unknown: str = "reject"

    @property
    def resource(self) -> type[Resource]:
        """A declaration of the stream, so that its records end as all others do."""
        endpoint = Endpoint(stream=self.stream, path=self.path, key=self.key[0], docs=_DOCS, verbs=(self.method,))
        return type("Custom", (Resource,), {"api": endpoint, "__module__": __name__}, register=False)

    def key_of(self, record: Mapping[str, Any]) -> str:
        """By what the ledger knows a record.

        Raises:
            RejectedError: It has no key.
        """
        named = {name: record.get(name) for name in self.key}
        lacking = [name for name, value in named.items() if value in (None, "")]
        if lacking:
            raise RejectedError(f"The record lacks {' and '.join(lacking)}, which custom_sinks says is its key.")
        return json.dumps(named, sort_keys=True, default=str)

    def path_of(self, record: Mapping[str, Any]) -> str:
        """Where a record is sent.

        Raises:
            RejectedError: It lacks a field that stands in the path.
        """
        return filled(self.path, record)

    def body_of(self, record: Mapping[str, Any]) -> Record:
        """What is sent of a record.

        Raises:
            RejectedError: It holds what cannot be sent.
        """
        found = {name: value for name, value in record.items() if not name.startswith("_sdc_")}
        if self.body is not None:
            found = {name: record[field] for name, field in self.body.items() if field in record}
        try:
            check_plain(found)
        except UNFIT:
            raise RejectedError("The record holds a number or a text that is none.") from None
        return found

    def mark_of(self, record: Mapping[str, Any]) -> str:
        """A fingerprint of the request that a record makes."""
        return digest([self.method, self.path_of(record), self.body_of(record)])


def filled(path: str, record: Mapping[str, Any]) -> str:
    """A path with a record's values in the place of its braces.

    Raises:
        RejectedError: The record lacks one.
    """

    def value(found: re.Match[str]) -> str:
        try:
            text = (text_of(record.get(found[1])) or "").strip()
        except UNFIT:
            raise RejectedError(f"{found[1]} cannot stand in the path {path}.") from None
        if not text or set(text) == {"."}:
            raise RejectedError(f"The record lacks {found[1]}, which stands in the path {path}.")
        return quote(text, safe="")

    return _PLACE.sub(value, path)


def custom_sinks(settings: Iterable[Mapping[str, Any]] | None) -> dict[str, CustomSink]:
    """What the setting says, by stream.

    Raises:
        SettingsError: A stream is written already, or a path is none.
    """
    found: dict[str, CustomSink] = {}
    for setting in settings or ():
        sink = _sink(setting)
        declared = by_stream().get(sink.stream)
        if sink.stream in found or (declared is not None and takes(declared)):
            raise SettingsError(f"custom_sinks: the stream {sink.stream} is written already.")
        found[sink.stream] = sink
    return found


def _sink(setting: Mapping[str, Any]) -> CustomSink:
    lookup = setting.get("lookup")
    path = _path(setting["path"])
    return CustomSink(
        stream=setting["stream"],
        path=path,
        key=tuple(setting["key"]),
        method=setting.get("method") or "POST",
        body=setting.get("body"),
        lookup=_lookup(lookup, path) if lookup else None,
        unknown=setting.get("unknown") or "reject",
    )


def _lookup(setting: Mapping[str, Any], path: str) -> Lookup:
    return Lookup(_path(setting.get("path") or path), setting["field"], setting.get("value") or setting["field"])


def _path(text: str) -> str:
    if not _PATH.fullmatch(text):
        raise SettingsError(f"custom_sinks: {text} is no path below the account, such as /Discount.json.")
    return text if text.endswith(".json") else f"{text}.json"
