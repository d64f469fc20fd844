"""What is said about a column, out of its declaration."""

from __future__ import annotations

from lightspeed_retail.resources import Part

from .models import Column, Model
from .writing import local_moment

_TYPES = {
    "money": "an amount in the account's currency",
    "datetime": "a moment, in UTC",
    "json": "names and whether they are set, as JSON",
}
_STAMPS = {
    "createTime": "when the row was made, in UTC",
    "timeStamp": "when the row last changed, in UTC",
    "updateTime": "when the row was last edited, in UTC",
}
_MARKS = {
    "is_deleted": "Whether the row is gone at its source; its other columns are as they last were.",
    "extracted_at": "When the tap read the row, in UTC.",
    "loaded_at": "When the loader wrote the row, in UTC.",
}
_EXTENSIONS = {
    "sales": {
        "sale_state": "What became of the ticket: completed, voided (also after completion), archived, or open.",
        "completed_at": "When it was completed, in UTC; null for tickets that never were.",
        "completed_at_local": "When it was completed, on the shop's clock.",
        "sale_date": "The day on which it was completed, in the shop's time zone.",
    },
    "images": {
        "extension": "How the picture's file name ends.",
        "image_url": "Address of the picture as it was uploaded.",
        "thumbnail_url": "Address of the picture, at most 300 pixels wide.",
    },
}
"""What the macros in transform/macros/staging/extended.sql add."""


def about(column: Column, model: Model) -> str:
    """A column in a sentence: the API's name for it, and what it holds."""
    if column.path == ("accountID",):
        return "`accountID`: number of the Lightspeed account, the first part of every key."
    if not column.path:
        return "The text itself."
    return f"`{'.'.join(column.path)}`: {_held(column, model)}."


def _held(column: Column, model: Model) -> str:
    if column.path in {key.path for key in model.keys}:
        return "the row's own key" if not model.path else f"key of the row in stg_{model.resource.api.stream}"
    said = _STAMPS.get(column.path[-1]) or _TYPES.get(column.kind)
    if column.leads_to is not None:
        said = f"key of a row in stg_{column.leads_to.api.stream}; null for none"
    elif column.kind == "key":
        said = "key of a row that has no stream; null for none"
    said = said or {"boolean": "yes or no", "date": "a day"}.get(column.kind, f"{_article(column.kind)} {column.kind}")
    notes = [", worked out by Lightspeed" if _computed(column) else "", ", personal" if _personal(column) else ""]
    return said + "".join(notes)


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _computed(column: Column) -> bool:
    return column.field is not None and column.field.computed and column.path[-1] not in _STAMPS


def _personal(column: Column) -> bool:
    return column.field is not None and column.field.personal


def about_list(model: Model) -> str:
    """A list in a sentence."""
    nested = _nested(model)
    what = "A plain text." if nested is None else (nested.__doc__ or "").strip().partition("\n")[0]
    return f"{what} A row for each element of `{'.'.join(model.path)}` in stg_{model.resource.api.stream}."


def _nested(model: Model) -> type[Part] | None:
    part: type[Part] | None = model.resource
    for step in model.path:
        nested = part.field(step).nested if part is not None else None
        part = nested.part if nested is not None else None
    return part


def about_mark() -> dict[str, str]:
    """The columns that every staging model ends with."""
    return _MARKS


def extensions(model: Model) -> dict[str, str]:
    """The columns that a model has besides."""
    moment = local_moment(model)
    local = {f"{moment}_local": f"`{model.resource.api.event}` on the shop's clock."} if moment else {}
    return {**local, **({} if model.path else _EXTENSIONS.get(model.resource.api.stream, {}))}
