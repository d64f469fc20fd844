"""Tables, set by Great Tables and dressed by the page's own style sheet, so that they follow its colours."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from great_tables import GT
from markupsafe import Markup, escape

from lightspeed_retail.report.words import NOTHING

_TABLE = re.compile(r"<table.*</table>", re.DOTALL)
_TAG = re.compile(r"<table[^>]*>")
_HEADERS = re.compile(r' (?:headers|rowspan|colspan|id)="[^"]*"')
_CLASSES = re.compile(r' class="gt_[^"]*"')
_OF_NUMBERS = "gt_right"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        name: Its name in the data.
        label: What stands above it.
        write: How its values are written, for numbers; None for texts.
    """

    name: str
    label: str
    write: Callable[[Any], str] | None = None


def table(key: str, rows: pl.DataFrame, caption: str, columns: Sequence[Column], *, is_summed: bool = False) -> Markup:
    """A table; the first column names the rows.

    Args:
        key: What the table is known by within the page.
        rows: The data; columns that aren't named are left out.
        caption: What it shows.
        columns: Its columns in their order.
        is_summed: Whether the last row is the sum of the others.
    """
    names = [column.name for column in columns]
    made = GT(rows.select(names), rowname_col=names[0], id=key).tab_stubhead(columns[0].label)
    made = made.cols_label({column.name: column.label for column in columns[1:]}).sub_missing(missing_text=NOTHING)
    numbers = [column for column in columns if column.write is not None]
    if numbers:
        made = made.cols_align("right", [column.name for column in numbers])
    for column in numbers:
        made = made.fmt(_escaped(column.write), columns=column.name)
    made = made.cols_align("left", [column.name for column in columns if column.write is None])
    return _in_a_frame(made.as_raw_html(), key, caption, "summed" if is_summed else "plain")


def _escaped(write: Callable[[Any], str] | None) -> Callable[[Any], str]:
    """Great Tables escapes texts, but takes what a function writes as it is."""
    return lambda value: str(escape(write(value) if write else value))


def _in_a_frame(html: str, key: str, caption: str, kind: str) -> Markup:
    """The table alone, with a caption, in a frame that can be moved sideways by finger and by key."""
    found = _TABLE.search(html)
    text = _HEADERS.sub("", found[0] if found else "")
    text = _CLASSES.sub(lambda each: ' class="number"' if _OF_NUMBERS in each[0] else "", text)
    opening = Markup('<table id="{}" class="{}"><caption><span>{}</span></caption>').format(key, kind, caption)
    # The cells are escaped by Great Tables.
    inner = Markup(_TAG.sub(lambda _: str(opening), text, count=1))  # noqa: S704
    return Markup('<div class="frame" role="region" tabindex="0" aria-label="{}">{}</div>').format(caption, inner)
