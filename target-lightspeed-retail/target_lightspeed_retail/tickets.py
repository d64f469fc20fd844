"""Records of sales as they are sent: the reference by which they are found again, and their lines.

Source: section 6.4 of the API reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_retail.wire import Record
from target_lightspeed_retail.difference import difference, without_number
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.ledger import digest

SOURCE, NUMBER = "referenceNumberSource", "referenceNumber"

_OURS = "singer"
_LONGEST = 40
# Nothing can be found again by these.
_NO_NUMBER = ("", "0")
# Only the endpoint of SaleLine sets these.
_RESERVED = ("isLayaway", "isSpecialOrder", "requireFullReservation")
# The API fills these from the sale and the item where they are not given.
_FILLED = ("employeeID", "shopID", "customerID", "taxClassID")
ZEROS = ("taxCategoryID", "tipEmployeeID")
"""Keys of other rows that are sent as 0 where a record says so."""

_NEVER_BLANK = ("employeeID", "tipEmployeeID", "registerID", "shopID", "taxCategoryID")
# What the goods cost and what they cost usually is worked out when a sale is completed.
_WORKED_OUT = ("avgCost", "fifoCost", "normalUnitPrice")


def reference_of(job: Job) -> Record:
    """Where a sale comes from and what it is called there, by the key of its record: the same in every run."""
    source = f"lightspeed-{job.source}" if job.source is not None else _OURS
    return {SOURCE: source, NUMBER: _number(job)}


def _number(job: Job) -> str:
    if job.source is not None and "/" in job.key:
        return job.key.partition("/")[2]
    try:
        named = json.loads(job.key)
    except ValueError:
        return digest(job.key)
    values = list(named.values()) if isinstance(named, dict) else [named]
    text = str(values[0]) if len(values) == 1 else ""
    return text if text not in _NO_NUMBER and len(text) <= _LONGEST else digest(job.key)


def referred(job: Job, record: Record) -> Record:
    """A record with the whole of its reference: what it lacks of it is derived from its key."""
    if job.number is not None:
        return record
    told = {name: record[name] for name in (SOURCE, NUMBER) if record.get(name) not in (None, *_NO_NUMBER)}
    return {**record, **reference_of(job), **told}


def is_rolled_back(row: Record) -> bool:
    """Whether a sale was given up before it was completed: it stands for no record any more."""
    return bool(row.get("archived")) and not row.get("completed")


def clean_line(line: Record) -> Record:
    """A line without what cannot be given along with its sale, and without blanks, which the API fills."""
    kept = {name: value for name, value in line.items() if name not in _RESERVED and value not in (None, "")}
    return {name: value for name, value in kept.items() if name not in _FILLED or value != 0}


def clean_header(job: Job, record: Record) -> Record:
    """A sale without blanks, which the API fills; but 0 means that there is none: no taxes, nobody to be tipped."""
    kept = {name: value for name, value in record.items() if name not in _NEVER_BLANK or value not in (None, "", 0)}
    return {**kept, **{name: 0 for name in ZEROS if str(job.record.get(name)) == "0"}}


Pairs = list[tuple[Record, Record | None]]


def paired(lines: Sequence[Record], sale: Record, known: Callable[[Record], int | None]) -> Pairs:
    """Each line of a record with the line of the sale that it means, if there is one.

    It is the one that it became before, or one of the same content, or else one of the same item.

    Args:
        lines: Those of the record.
        sale: The sale.
        known: The number that a line of the record is known to have.
    """
    left = _Left(sale.get("SaleLines") or ())
    found = [left.numbered(known(line)) for line in lines]
    for fits in (_same_content(sale), _same_item):
        for place, line in enumerate(lines):
            if found[place] is None:
                found[place] = left.first(fits, line)
    return list(zip(lines, found, strict=True))


class _Left:
    """The lines of a sale that no line of the record has been found to mean yet.

    A sale may have thousands, mostly in the order of the record: the first that is left is looked at first.
    """

    def __init__(self, rows: Sequence[Record]) -> None:
        self._rows = rows
        self._is_taken = [False] * len(rows)
        self._begin = 0
        self._places: dict[Any, int] = {}
        for place, row in enumerate(rows):
            self._places.setdefault(row.get(SaleLine.api.key), place)

    def numbered(self, number: int | None) -> Record | None:
        """The one with a number."""
        place = self._places.get(number) if number else None
        return None if place is None or self._is_taken[place] else self._taken(place)

    def first(self, fits: Callable[[Record, Record], bool], line: Record) -> Record | None:
        """The first one that fits a line."""
        while self._begin < len(self._rows) and self._is_taken[self._begin]:
            self._begin += 1
        for place in range(self._begin, len(self._rows)):
            if not self._is_taken[place] and fits(line, self._rows[place]):
                return self._taken(place)
        return None

    def _taken(self, place: int) -> Record:
        self._is_taken[place] = True
        return self._rows[place]


def _same_content(sale: Record) -> Callable[[Record, Record], bool]:
    def fits(line: Record, row: Record) -> bool:
        return not _differs(line, row, sale)

    return fits


def _same_item(line: Record, row: Record) -> bool:
    return bool(line.get("itemID")) and line["itemID"] == row.get("itemID")


def changed_lines(pairs: Pairs, sale: Record) -> list[Record]:
    """The lines that are new or differ, as they are sent; those that the sale has beyond them stay."""
    found = []
    for line, row in pairs:
        if row is None:
            found.append(without_number(SaleLine, line))
        elif changes := difference(SaleLine, _comparable(line, row, sale), row):
            found.append({SaleLine.api.key: row[SaleLine.api.key], **changes})
    return found


def fixed_lines_differ(pairs: Pairs, sale: Record) -> bool:
    """Whether a completed sale has other lines than a record, apart from what the API works out."""
    if len(pairs) != len(sale.get("SaleLines") or ()):
        return True
    return any(row is None or _differs(line, row, sale) for line, row in pairs)


def _differs(line: Record, row: Record, sale: Record) -> bool:
    told = {name: value for name, value in line.items() if name not in _WORKED_OUT}
    return bool(difference(SaleLine, _comparable(told, row, sale), row))


def _comparable(line: Record, row: Record, sale: Record) -> Record:
    """What of a line can be compared: rows within a sale come without their notes.

    Without a tax category no line is taxed, whatever it was sent with (recorded).
    """
    left_out = () if sale.get("taxCategoryID") else ("tax",)
    return {name: value for name, value in line.items() if name in row and name not in left_out}


def header_difference(record: Mapping[str, Any], row: Record, names: Iterable[str]) -> Record:
    """Those of some fields of a sale that differ from a record's."""
    return difference(Sale, {name: record[name] for name in names if name in record}, row)
