"""Who the customers of some accounts are, worked out from the rows of sandboxes in Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from lightspeed_retail.wire import Record
from tests.transform.reckoning import ZERO, Account, Row, Rows, is_refund, moment, net_of

Person = tuple[int, int]
"""A record: its account and its number."""

_MOST = 10
_SHORTEST, _FIGURES = 7, 9


def people(accounts: Sequence[Account]) -> dict[Person, Person]:
    """The first of the records that are the same customer, by each of them."""
    records: dict[Person, Record] = {}
    for account in accounts:
        buyers: dict[int, Record] = {sale["customerID"]: {} for sale in account.rows("Sale") if sale["customerID"]}
        records |= {(account.number, key): row for key, row in (buyers | account.by_key("Customer")).items()}
    first = {person: person for person in records}
    for group in _identities(records).values():
        if max(Counter(account for account, _ in group).values()) <= _MOST:
            _unite(first, group)
    return {person: _first(first, person) for person in records}


def _identities(records: dict[Person, Record]) -> dict[Any, set[Person]]:
    found: dict[Any, set[Person]] = defaultdict(set)
    names: dict[str, set[str]] = defaultdict(set)
    for person, row in records.items():
        for email in reached(row, "Emails", "address"):
            found[email.strip().lower()].add(person)
        for phone in _phones(row):
            names[phone] |= {last_name(row)} - {""}
    for person, row in records.items():
        for phone in _phones(row):
            name = last_name(row) or next(iter(names[phone]), "")
            if last_name(row) or len(names[phone]) <= 1:
                found[phone, name].add(person)
    return found


def reached(row: Record, kind: str, name: str) -> list[str]:
    """The addresses or numbers of a record."""
    return [each[name] for each in ((row.get("Contact") or {}).get(kind) or []) if each[name]]


def _phones(row: Record) -> set[str]:
    figures = ("".join(filter(str.isdigit, number)) for number in reached(row, "Phones", "number"))
    return {number[-_FIGURES:] for number in figures if len(number) >= _SHORTEST}


def last_name(row: Record) -> str:
    """The last name of a record, in small letters."""
    return str(row.get("lastName") or "").strip().lower()


def _first(first: dict[Person, Person], person: Person) -> Person:
    while first[person] != person:
        person = first[person]
    return person


def _unite(first: dict[Person, Person], group: set[Person]) -> None:
    roots = {_first(first, person) for person in group}
    for root in roots:
        first[root] = min(roots)


def keys(accounts: Sequence[Account]) -> Rows:
    """The rows of map_customers."""
    return {person: {"customer_key": key_of(first)} for person, first in people(accounts).items()}


def key_of(person: Person) -> str:
    """What a customer is called."""
    return f"{person[0]}-{person[1]}"


def firsts(accounts: Sequence[Account]) -> dict[Person, str]:
    """The key of the customer by the account and ticket of the first purchase."""
    found: dict[str, list[Any]] = defaultdict(list)
    for customer, account, sale in _bought(accounts):
        if not is_refund(sale):
            found[customer].append((moment(sale["completeTime"]), account.number, sale["saleID"]))
    return {min(bought)[1:]: customer for customer, bought in found.items()}


def _bought(accounts: Sequence[Account]) -> list[tuple[str, Account, Record]]:
    who = people(accounts)
    return [
        (key_of(who[account.number, sale["customerID"]]), account, sale)
        for account in accounts
        for sale in account.completed
        if sale["customerID"]
    ]


def customers(accounts: Sequence[Account]) -> Rows:
    """The rows of dim_customers."""
    found: Rows = {}
    for person, first in people(accounts).items():
        row = found.setdefault((key_of(first),), _nobody())
        row["records"] += 1
        row["accounts"].add(person[0])
    for customer, _, sale in _bought(accounts):
        _count(found[(customer,)], sale)
    today = max(account.today for account in accounts).date()
    for row in found.values():
        row["accounts"] = len(row["accounts"])
        row["recency_days"] = (today - row["last_purchase_at"].date()).days if row["sales"] else None
    _score([row for row in found.values() if row["sales"]])
    return found


def _nobody() -> Row:
    blank: Row = dict.fromkeys(("first_purchase_at", "last_purchase_at", "recency", "frequency", "monetary"))
    return blank | {"records": 0, "accounts": set(), "sales": 0, "lifetime_value": ZERO, "rfm_class": "none"}


def _count(row: Row, sale: Record) -> None:
    row["lifetime_value"] += net_of(sale)
    if not is_refund(sale):
        at = moment(sale["completeTime"])
        row["sales"] += 1
        row["first_purchase_at"] = min(filter(None, (row["first_purchase_at"], at)))
        row["last_purchase_at"] = max(filter(None, (row["last_purchase_at"], at)))


def _score(buyers: list[Row]) -> None:
    worths: dict[str, Callable[[Row], Decimal]] = {
        "recency": lambda row: Decimal(-row["recency_days"]),
        "frequency": lambda row: Decimal(row["sales"]),
        "monetary": lambda row: Decimal(row["lifetime_value"]),
    }
    for name, worth in worths.items():
        for row in buyers:
            worse = sum(worth(other) < worth(row) for other in buyers)
            row[name] = 1 + 5 * worse // len(buyers)
    for row in buyers:
        row["rfm_class"] = _class_of(row["recency"], row["frequency"])


_CLASSES = {
    1: ("lost", "lost", "at risk", "at risk", "at risk"),
    2: ("lost", "lost", "at risk", "at risk", "at risk"),
    3: ("regular", "regular", "regular", "loyal", "loyal"),
    4: ("promising", "promising", "promising", "champion", "champion"),
    5: ("promising", "promising", "promising", "champion", "champion"),
}


def _class_of(recency: int, frequency: int) -> str:
    return _CLASSES[recency][frequency - 1]
