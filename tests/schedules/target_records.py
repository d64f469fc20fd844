"""What a schedule sends to the target: mixed records that name each other, and how they change at their source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from lightspeed_retail.wire import Record
from target_lightspeed_retail.records import DELETED
from tests.target.mixed import KEY, MOMENT, SHARES, Contents, Mixed, Named, wanted
from tests.targeting import Message

_FEWEST, _MOST = 42, 64
_ARCHIVED = ("customers", "items", "vendors")
"""Streams whose rows are archived where they are deleted at their source."""

_SHELVED = ("customers", "vendors")
"""Streams whose rows may be archived and come back at any time; an archived item cannot be sold any more."""

_REFUNDED = 0.15
_LATER = 0.1


@dataclass(frozen=True)
class Source:
    """The records in the order in which the source says them.

    Args:
        mixed: The records.
        states: After how many records it says how far it has come.
    """

    mixed: Mixed
    states: frozenset[int]

    @classmethod
    def of(cls, chance: Random) -> Source:
        """Some records of all kinds: refunds among them, and some that others name before they come."""
        made = Mixed.of(chance.randint(_FEWEST, _MOST), chance).records
        records = [_refunded(_alike(each), chance) for each in made]
        mixed = Mixed(tuple(_out_of_order(records, chance)))
        every = chance.choice((1, 3, 7, 20, len(records)))
        return cls(mixed, frozenset((*range(every, len(records), every), len(records))))

    @property
    def size(self) -> int:
        """How many records there are."""
        return len(self.mixed.records)

    def messages(self, seen: int = 0) -> list[Message]:
        """All schemas, and what comes after the records that were seen."""
        said: list[Message] = [
            {"type": "SCHEMA", "stream": stream, "schema": {"properties": {}}, "key_properties": [KEY]}
            for stream in SHARES
        ]
        for number, (stream, record) in enumerate(self.mixed.records[seen:], start=seen + 1):
            said.append({"type": "RECORD", "stream": stream, "record": record})
            if number in self.states:
                said.append({"type": "STATE", "value": {"seen": number}})
        return said

    def moved_on(self, chance: Random, share: float, *, after: int = 0) -> Source:
        """The same source some time later: some records have changed, some rows are archived, or are so no longer.

        Args:
            chance: Decides which.
            share: How many have changed.
            after: The place in the input from which on they may change.
        """
        moved = dict(enumerate(self.mixed.moved_on(chance, share, after=after, sales=True).records))
        kept = [named if DELETED in named[1] else moved[place] for place, named in enumerate(self.mixed.records)]
        return self._changed(kept, after, lambda stream, record: _shelved(stream, record, chance, share))

    def shrunk(self, chance: Random, share: float) -> Source:
        """The same source when it has deleted some records; all of them are in Lightspeed already."""
        return self._changed(self.mixed.records, 0, lambda stream, record: _deleted(stream, record, chance, share))

    def _changed(self, records: Sequence[Named], after: int, change: Callable[[str, Record], Record]) -> Source:
        changed = [
            (stream, change(stream, record) if number >= after else record)
            for number, (stream, record) in enumerate(records)
        ]
        return Source(Mixed(tuple(changed)), self.states)

    def wanted(self) -> Contents:
        """What is to be in Lightspeed, once for each record."""
        return wanted(Mixed(tuple((stream, _told(record)) for stream, record in self.mixed.records)))

    def counts(self) -> Counter[str]:
        """How many rows of each kind there are to be."""
        return self.mixed.counts()


def _alike(named: Named) -> Named:
    """People and goods share their names: only what tells them in the source tells them apart."""
    stream, record = named
    same = {"customers": {"firstName": "Ada"}, "items": {"description": "Item"}}.get(stream, {})
    return stream, {**record, **same}


def _refunded(named: Named, chance: Random) -> Named:
    """Some sales take goods back: all their quantities and payments are below zero."""
    stream, sale = named
    is_plain = stream == "sales" and sale.get("completed") and sale["SalePayments"][0]["paymentTypeID"] != "Cash"
    if not is_plain or chance.random() > _REFUNDED:
        return named
    lines = [{**line, "unitQuantity": -line["unitQuantity"]} for line in sale["SaleLines"]]
    payments = [{**payment, "amount": -payment["amount"]} for payment in sale["SalePayments"]]
    total: dict[str, Decimal] = {"calcTotal": -sale["calcTotal"]} if "calcTotal" in sale else {}
    return stream, {**sale, "SaleLines": lines, "SalePayments": payments, **total}


def _out_of_order(records: list[Named], chance: Random) -> list[Named]:
    """Some records come later than those that name them."""
    places = [(place + (chance.random() < _LATER) * chance.random() * len(records)) for place in range(len(records))]
    return [records[place] for place in sorted(range(len(records)), key=places.__getitem__)]


def _shelved(stream: str, record: Record, chance: Random, share: float) -> Record:
    if stream not in _SHELVED or record.get(DELETED) or chance.random() > share / 3:
        return record
    return {**record, "archived": not record.get("archived", False)}


def _deleted(stream: str, record: Record, chance: Random, share: float) -> Record:
    gone = stream in _ARCHIVED and chance.random() < share
    return {**record, DELETED: MOMENT} if gone else record


def _told(record: Record) -> Record:
    """A record as its row is to be: one that is deleted at its source is archived, and stays as it was."""
    archived = bool(record.get("archived") or record.get(DELETED))
    plain = {name: value for name, value in record.items() if name not in (DELETED, "archived")}
    return {**plain, "archived": True} if archived else plain
