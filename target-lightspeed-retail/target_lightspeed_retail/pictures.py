"""What a record says about a picture: where its file is, and what stands beside it.

    "Images": [{"url": "https://cdn.example.com/tee.jpg", "description": "Front", "ordering": 0}, {"path": "tee.png"}]

Pictures that the tap has read name their file too, by `baseImageURL` and `publicID` (page of Image).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record, converter
from target_lightspeed_retail.records import RejectedError, parsed, rows_of

PLACES = ("url", "path")
"""The fields that say where the file of a picture is; the API knows neither."""

IMAGES = "Images"
"""The list of an item's pictures."""


@dataclass(frozen=True)
class Picture:
    """A picture as a record describes it.

    Args:
        key: Its number in the account that the record comes from; None for a new one.
        url: Address of its file.
        path: The file itself, below the working folder.
        fields: What is written beside the file: description, place in the order, name.
    """

    key: int | None
    url: str | None
    path: str | None
    fields: Record


def beside(resource: type[Resource]) -> frozenset[str]:
    """What records of a resource may say beside its fields, so that it is neither unknown nor unheeded."""
    if resource.__name__ == "Image":
        return frozenset(PLACES)
    return frozenset({IMAGES}) if has_pictures(resource) else frozenset()


def has_pictures(resource: type[Resource]) -> bool:
    """Whether rows of a resource have pictures that can be written along with them."""
    named = {each.name for each in Resource.named("Image").fields()}
    return resource.api.key in named and any(each.name == IMAGES for each in resource.fields())


def pictures_of(record: Mapping[str, Any]) -> list[Picture] | None:
    """The pictures of an item's record, each once; None if it says nothing about them.

    Raises:
        RejectedError: They are not described as pictures are.
    """
    name = next((name for name in record if name.casefold() == IMAGES.casefold()), None)
    value = parsed(record[name], IMAGES) if name is not None else None
    if value is None or value == "":
        return None
    rows = rows_of(value, "Image")
    return [picture_of(row, f"{IMAGES} {place + 1}", place) for place, row in enumerate(rows)]


def picture_of(row: Any, name: str, place: int | None = None) -> Picture:
    """A picture out of its description.

    Args:
        row: The description.
        name: What people know it by.
        place: Its place in the order, if it does not say so itself.

    Raises:
        RejectedError: It is not described as a picture is.
    """
    if not isinstance(row, Mapping):
        raise RejectedError(f"{name} is no object with url or path.")
    fields = {key: row[key] for key in ("description", "filename") if row.get(key)}
    ordering = _number(row.get("ordering"), f"{name}: ordering")
    ordering = place if ordering is None else ordering
    return Picture(
        _number(row.get("imageID"), f"{name}: imageID") or None,
        _text(row, "url") or (None if row.get("path") else _address(row)),
        _text(row, "path"),
        fields if ordering is None else {**fields, "ordering": ordering},
    )


def _number(value: Any, name: str) -> int | None:
    kind = Resource.named("Image").field("ordering").type
    try:
        found = converter(kind)(value)
    except (ValueError, TypeError, ArithmeticError):
        raise RejectedError(f"{name} is no integer.") from None
    return found if isinstance(found, int) else None


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise RejectedError(f"{name} of an image is no text.")
    return value.strip() or None if value else None


def _address(row: Mapping[str, Any]) -> str | None:
    """The address of the file that Lightspeed keeps of a picture, in its full size."""
    base, public = _text(row, "baseImageURL"), _text(row, "publicID")
    if not base or not public or not urlsplit(base).scheme:
        return None
    ending = PurePosixPath(str(row.get("filename") or row.get("originalFilename") or "")).suffix
    return f"{base.rstrip('/')}/{public}{ending.lower() or '.jpg'}"
