"""Records that belong together on paper, though their rows live apart."""

from __future__ import annotations

from dataclasses import dataclass, field

from lightspeed_retail.wire import Record


@dataclass(frozen=True)
class Till:
    """A register that is open, with what its sales take from it."""

    shop: int
    register: int
    takes_tips: bool
    tax_category: Record
    employees: tuple[int, ...]


@dataclass
class Purchase:
    """A purchase order with its lines."""

    order: Record
    lines: list[Record]


@dataclass
class Job:
    """A workorder with its labour and parts."""

    workorder: Record
    lines: list[Record] = field(default_factory=list)
    items: list[Record] = field(default_factory=list)


@dataclass
class Ticket:
    """A sale with its lines and payments."""

    sale: Record
    lines: list[Record] = field(default_factory=list)
    payments: list[Record] = field(default_factory=list)
    job: Job | None = None
    """The workorder that it pays for."""


@dataclass
class Count:
    """A stocktaking with what was found."""

    count: Record
    calcs: list[Record]


@dataclass
class Move:
    """A transfer between shops with its items."""

    transfer: Record
    items: list[Record]
