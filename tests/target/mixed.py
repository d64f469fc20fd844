"""Records of all kinds that name each other, mixed, and what a sandbox has of them afterwards."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from lightspeed_retail.wire import Record
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import plain
from tests.targeting import Message, rows

MOMENT = "2024-01-05T10:00:00+00:00"
KEY = "ref"
"""What the source knows its records by; Lightspeed has no such field."""

SHARES = {
    "customer_types": 0.01,
    "tags": 0.02,
    "categories": 0.02,
    "vendors": 0.02,
    "customers": 0.30,
    "items": 0.30,
    "orders": 0.03,
    "sales": 0.30,
}
_STATE_EVERY = 20
_AHEAD = 0.01
_WAYS = ("cash", "check", "card", "split", "open")

Named = tuple[str, Record]
"""A stream and a record of it."""


@dataclass(frozen=True)
class Mixed:
    """Records in the order in which a tap says them: mostly what they name comes before them, but not always.

    Args:
        records: The records.
    """

    records: tuple[Named, ...]

    @classmethod
    def of(cls, size: int, chance: Random) -> Mixed:
        """So many records of all kinds."""
        return cls(tuple(_Maker(size, chance).records()))

    def messages(self, seen: int = 0) -> list[Message]:
        """What a tap says that goes on where it is known to have come: all schemas, and what comes after.

        Args:
            seen: How many records were acknowledged.
        """
        said: list[Message] = [
            {"type": "SCHEMA", "stream": stream, "schema": {"properties": {}}, "key_properties": [KEY]}
            for stream in SHARES
        ]
        for number, (stream, record) in enumerate(self.records[seen:], start=seen + 1):
            said.append({"type": "RECORD", "stream": stream, "record": record})
            if number % _STATE_EVERY == 0 or number == len(self.records):
                said.append({"type": "STATE", "value": {"seen": number}})
        return said

    def moved_on(self, chance: Random, share: float, *, after: int = 0, sales: bool = False) -> Mixed:
        """The same records some time later: some have changed.

        Args:
            chance: Decides which.
            share: How many of them.
            after: The place in the input from which on they may change.
            sales: Whether open sales are completed, too.
        """
        found = []
        for number, (stream, record) in enumerate(self.records):
            may = number >= after and (stream != "sales" or sales)
            found.append((stream, _changed(stream, record, chance) if may and chance.random() < share else record))
        return Mixed(tuple(found))

    def counts(self) -> Counter[str]:
        """How many rows of each kind there are to be."""
        found = Counter(stream for stream, _ in self.records)
        for stream, record in self.records:
            if stream == "sales":
                found["sale_lines"] += len(record["SaleLines"])
                found["sale_payments"] += len(record["SalePayments"])
            found["order_lines"] += len(record.get("OrderLines", ()))
        return found


class _Maker:
    """Makes records that name others by what tells those."""

    def __init__(self, size: int, chance: Random) -> None:
        self._numbers = {stream: max(3, int(size * share)) for stream, share in SHARES.items()}
        self._numbers["items"] += size - sum(self._numbers.values())
        self._chance = chance

    def records(self) -> list[Named]:
        """All records, by the moment at which they come; what is named by many comes early."""
        found = []
        for stream, count in self._numbers.items():
            last = 1.0 if self._numbers[stream] > max(self._numbers.values()) / 20 else 0.3
            make = getattr(self, f"_{stream}")
            for number in range(count):
                moment = last * number / count
                found.append((moment, stream, {KEY: f"{stream}-{number}", **make(number, moment)}))
        found.sort(key=lambda each: each[0])
        return [(stream, record) for _, stream, record in found]

    def _named(self, stream: str, moment: float, ahead: float = _AHEAD) -> int:
        """The number of a row that has come by now, or comes a little later."""
        last = 1.0 if self._numbers[stream] > max(self._numbers.values()) / 20 else 0.3
        count = self._numbers[stream]
        return self._chance.randrange(min(count, max(1, int(count * (moment + ahead) / last))))

    def _money(self, most: int = 10_000) -> Decimal:
        return Decimal(self._chance.randrange(100, most)) / 100

    def _customer_types(self, number: int, _: float) -> Record:
        return {"name": f"Type {number}"}

    def _tags(self, number: int, _: float) -> Record:
        return {"name": f"tag-{number}"}

    def _vendors(self, number: int, _: float) -> Record:
        return {"name": f"Vendor {number}", "accountNumber": f"A-{number}"}

    def _categories(self, number: int, _: float) -> Record:
        above = min(number + 1, self._numbers["categories"] - 1) if number % 10 else number
        return {"name": f"Category {number}", **({"parentID": f"Category {above}"} if above != number else {})}

    def _customers(self, number: int, moment: float) -> Record:
        # People share names; their numbers in the source tell them apart.
        emails = [{"address": f"customer.{number}@example.com", "useType": "Primary"}]
        phones = [{"number": f"555-{number:05}", "useType": use} for use in ("Home", "Mobile")[: number % 3]]
        address = {"address1": f"{number} Main Street", "city": f"City {number % 40}", "zip": f"{number:05}"}
        return {
            "firstName": f"Ada {number % 20}",
            "lastName": "Stone",
            "customerTypeID": f"Type {self._named('customer_types', moment)}",
            "Tags": [f"tag-{self._named('tags', moment)}"] if number % 4 == 0 else [],
            "Contact": {"custom": f"EXT-{number}", "Emails": emails, "Phones": phones, "Addresses": [address]},
        }

    def _items(self, number: int, moment: float) -> Record:
        price = self._money()
        return {
            "customSku": f"SKU-{number}",
            "description": f"Item {number % 50}",
            "defaultCost": price / 2,
            "categoryID": f"Category {self._named('categories', moment)}",
            "defaultVendorID": f"Vendor {self._named('vendors', moment)}",
            "Tags": [f"tag-{self._named('tags', moment)}"] if number % 3 == 0 else [],
            "Prices": [{"useType": "Default", "amount": price}, {"useType": "MSRP", "amount": price + 1}],
        }

    def _orders(self, number: int, moment: float) -> Record:
        lines = [
            {"itemID": f"SKU-{self._named('items', moment)}", "quantity": self._chance.randrange(1, 9), "price": price}
            for price in [self._money(2_000) for _ in range(self._chance.randrange(1, 5))]
        ]
        vendor = f"Vendor {self._named('vendors', moment)}"
        return {"vendorID": vendor, "shopID": 1, "refNum": f"PO-{number}", "OrderLines": lines}

    def _sales(self, number: int, moment: float) -> Record:
        lines: list[Record] = [
            {
                "Item": {"customSku": f"SKU-{self._named('items', moment)}"},
                "unitQuantity": self._chance.randrange(1, 4),
                "unitPrice": self._money(2_000),
            }
            for _ in range(self._chance.randrange(1, 4))
        ]
        total = total_of({"SaleLines": lines})
        way = _WAYS[number % len(_WAYS)]
        return {
            "employeeID": 1,
            "registerID": 1,
            "shopID": 1,
            "taxCategoryID": 0,
            "Customer": {"Contact": {"custom": f"EXT-{self._named('customers', moment)}"}},
            "SaleLines": lines,
            **({} if way == "open" else {"completed": True, "completeTime": MOMENT}),
            **({"calcTotal": total} if way == "card" else {}),
            "SalePayments": _payments(way, total),
        }


def _payments(way: str, total: Decimal) -> list[Record]:
    paid = {
        "cash": [("Cash", total + 7)],
        "check": [("Check", total)],
        "card": [("Credit Card", total)],
        "split": [("Check", Decimal("0.50")), ("Debit Card", total - Decimal("0.50"))],
        "open": [("Check", Decimal("0.25"))],
    }
    return [{"paymentTypeID": name, "amount": amount} for name, amount in paid[way]]


def _changed(stream: str, record: Record, chance: Random) -> Record:
    """A record after somebody has worked on it."""
    mark = chance.randrange(1_000_000)
    if stream == "customers":
        emails = [
            {"address": record["Contact"]["Emails"][0]["address"].replace("@", f".{mark}@"), "useType": "Primary"}
        ]
        return {**record, "lastName": f"Stone-{mark}", "Contact": {**record["Contact"], "Emails": emails}}
    if stream == "items":
        amount = Decimal(mark) / 100 + 1
        price = {"useType": "Default", "amount": amount}
        return {**record, "defaultCost": amount / 2, "Prices": [price, record["Prices"][1]]}
    if stream == "vendors":
        return {**record, "accountNumber": f"A-{mark}"}
    if stream == "orders":
        last = {**record["OrderLines"][-1], "quantity": 10 + mark % 50}
        return {**record, "OrderLines": [*record["OrderLines"][:-1], last]}
    if stream == "sales" and not record.get("completed"):
        rest = total_of(record) - record["SalePayments"][0]["amount"]
        payments = [*record["SalePayments"], {"paymentTypeID": "Credit Card", "amount": rest}]
        return {**record, "completed": True, "completeTime": MOMENT, "SalePayments": payments}
    return record


def total_of(sale: Record) -> Decimal:
    """What a sale comes to: no taxes, no discounts."""
    return sum((line["unitQuantity"] * line["unitPrice"] for line in sale["SaleLines"]), Decimal(0))


Contents = dict[str, Counter[str]]
"""By stream, what there is and how often."""


def wanted(mixed: Mixed) -> Contents:
    """What is to be there, once for each record."""
    found: Contents = defaultdict(Counter)
    for stream, record in mixed.records:
        told = {name: value for name, value in record.items() if name != KEY}
        found[stream][_text(_sold(record) if stream == "sales" else told)] += 1
    return dict(found)


def _sold(sale: Record) -> Record:
    """A sale as Lightspeed keeps it: cash without the change."""
    total, change = total_of(sale), Decimal(0)
    payments = [dict(payment) for payment in sale["SalePayments"]]
    if sale.get("completed"):
        change = sum((each["amount"] for each in payments), Decimal(0)) - total
        payments[0]["amount"] -= change
    return {
        "referenceNumberSource": "singer",
        "referenceNumber": sale[KEY],
        "customer": sale["Customer"]["Contact"]["custom"],
        "completed": bool(sale.get("completed")),
        "completeTime": sale.get("completeTime"),
        "calcTotal": total,
        "change": change,
        "SaleLines": [{**line, "itemID": line["Item"]["customSku"], "Item": None} for line in sale["SaleLines"]],
        "SalePayments": payments,
    }


def there(sandbox: Sandbox) -> Contents:
    """What is there, in the words of the records; archived rows too."""
    read = _Read(sandbox)
    return {stream: Counter(map(_text, getattr(read, stream)())) for stream in SHARES}


class _Read:
    """The rows of a sandbox as the source would say them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._names = {
            name: {row[key]: row[told] for row in self._rows(name)}
            for name, key, told in (
                ("Category", "categoryID", "name"),
                ("CustomerType", "customerTypeID", "name"),
                ("Vendor", "vendorID", "name"),
                ("Item", "itemID", "customSku"),
                ("PaymentType", "paymentTypeID", "name"),
            )
        }
        self._lines = self._below("OrderLine", "orderID", ("quantity", "price"))
        self._sold = self._below("SaleLine", "saleID", ("unitQuantity", "unitPrice"))
        self._paid: dict[int, list[Record]] = defaultdict(list)
        for row in self._rows("SalePayment"):
            way = self._names["PaymentType"][row["paymentTypeID"]]
            self._paid[row["saleID"]].append({"paymentTypeID": way, "amount": row["amount"], **_archived(row)})

    def _rows(self, name: str) -> list[Record]:
        return rows(self._sandbox, name)

    def _below(self, name: str, parent: str, told: tuple[str, ...]) -> dict[int, list[Record]]:
        found: dict[int, list[Record]] = defaultdict(list)
        for row in self._rows(name):
            item = self._names["Item"].get(row["itemID"])
            found[row[parent]].append({"itemID": item, **_some(row, told), **_archived(row)})
        return found

    def customer_types(self) -> Iterable[Record]:
        return [_some(row, ("name",)) for row in self._rows("CustomerType")]

    def tags(self) -> Iterable[Record]:
        return [_some(row, ("name",)) for row in self._rows("Tag")]

    def vendors(self) -> Iterable[Record]:
        return [{**_some(row, ("name", "accountNumber")), **_archived(row)} for row in self._rows("Vendor")]

    def categories(self) -> Iterable[Record]:
        names = self._names["Category"]
        return [{"name": row["name"], "parentID": names.get(row["parentID"])} for row in self._rows("Category")]

    def customers(self) -> Iterable[Record]:
        parts = {"Emails": ("address", "useType"), "Phones": ("number", "useType"), "Addresses": _ADDRESS}
        for row in self._rows("Customer"):
            contact = row["Contact"]
            lists = {name: [_some(each, told) for each in contact.get(name) or ()] for name, told in parts.items()}
            yield {
                **_some(row, ("firstName", "lastName", "Tags")),
                **_archived(row),
                "customerTypeID": self._names["CustomerType"].get(row["customerTypeID"]),
                "Contact": {"custom": contact["custom"], **lists},
            }

    def items(self) -> Iterable[Record]:
        for row in self._rows("Item"):
            yield {
                **_some(row, ("customSku", "description", "defaultCost", "Tags")),
                **_archived(row),
                "categoryID": self._names["Category"].get(row["categoryID"]),
                "defaultVendorID": self._names["Vendor"].get(row["defaultVendorID"]),
                "Prices": [_some(each, ("useType", "amount")) for each in row["Prices"] if each["amount"]],
            }

    def orders(self) -> Iterable[Record]:
        for row in self._rows("Order"):
            vendor = self._names["Vendor"].get(row["vendorID"])
            lines = self._lines[row["orderID"]]
            yield {**_some(row, ("shopID", "refNum")), **_archived(row), "vendorID": vendor, "OrderLines": lines}

    def sales(self) -> Iterable[Record]:
        customers = {row["customerID"]: row["Contact"]["custom"] for row in self._rows("Customer")}
        told = ("referenceNumberSource", "referenceNumber", "completed", "completeTime", "calcTotal", "change")
        for row in self._rows("Sale"):
            yield {
                **_some(row, told),
                **_archived(row),
                "customer": customers.get(row["customerID"]),
                "SaleLines": self._sold[row["saleID"]],
                "SalePayments": self._paid[row["saleID"]],
            }


_ADDRESS = ("address1", "city", "zip")


def _some(row: Mapping[str, Any], names: Iterable[str]) -> Record:
    return {name: row.get(name) for name in names}


def _archived(row: Mapping[str, Any]) -> Record:
    """Only what is archived says so: nothing here is to be."""
    return {"archived": True} if row.get("archived") else {}


def _text(record: Record) -> str:
    """A record in one way of writing it; the order of its nested rows makes no difference."""
    return _sorting(_ordered(plain(record)))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ordered(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted((_ordered(inner) for inner in value), key=_sorting)
    return value


def _sorting(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=_number)


def _number(value: Decimal) -> str:
    return f"{value:f}"
