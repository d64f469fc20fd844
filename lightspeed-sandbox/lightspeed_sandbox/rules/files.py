"""Pictures, which come as a file beside the body.

Source: the page "Item Image", section "Uploading images", and that of Workorder WorkorderImage.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from lightspeed_sandbox.changing import Change, Rule
from lightspeed_sandbox.errors import ApiError

if TYPE_CHECKING:
    from lightspeed_sandbox.writing import Writer

_BAD_REQUEST = 400
_HOST = "https://images.example.com/upload/"


def _before(writer: Writer, change: Change) -> None:
    if change.before is not None:
        return
    row, upload = change.row, writer.upload
    if upload is None:
        raise ApiError(_BAD_REQUEST, "The request has no part 'image'.")
    ending = PurePath(upload.name).suffix
    row["filename"] = row["filename"] or (f"{row['description']}{ending}" if row["description"] else upload.name)
    if "originalFilename" in row:
        row["originalFilename"] = upload.name
    name = change.resource.__name__.lower()
    row.update(size=upload.size, baseImageURL=_HOST, publicID=f"sandbox/{name}-{change.key}")


def _before_image(writer: Writer, change: Change) -> None:
    if not change.row["itemID"] and not change.row["itemMatrixID"]:
        raise ApiError(_BAD_REQUEST, "An Image needs an itemID or an itemMatrixID.")
    _before(writer, change)


RULES = {"Image": Rule(before=_before_image), "WorkorderImage": Rule(before=_before)}
