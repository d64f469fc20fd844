"""What the models should say of trade, worked out from the rows of sandboxes: in Python, one row after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.serve import Sandbox

Row = dict[str, Any]
Rows = dict[tuple[Any, ...], Row]

ZERO = Decimal(0)


def moment(text: str | None) -> datetime | None:
    """A moment of the API as the warehouse keeps it: in UTC, without a zone."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) if text else None


class Account:
    """An account of Lightspeed, read straight from the tables of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Read nothing yet."""
        self._sandbox = sandbox
        self.number = int(sandbox.account)

    def rows(self, name: str) -> list[Record]:
        """All rows of a resource."""
        return self._sandbox.rows(Resource.named(name))

    def by_key(self, name: str) -> dict[int, Record]:
        """The same by their keys."""
        return {row[Resource.named(name).api.key]: row for row in self.rows(name)}

    @cached_property
    def zones(self) -> dict[int, ZoneInfo]:
        """The time zone of each shop."""
        return {row["shopID"]: ZoneInfo(row["timeZone"]) for row in self.rows("Shop")}

    @cached_property
    def today(self) -> datetime:
        """When something last happened, in UTC."""
        stamps = [row["updateTime"] or row["timeStamp"] for row in self.rows("Sale")]
        stamps += [row["timeStamp"] for row in self.rows("ItemShop")]
        stamps += [row["createTime"] for row in self.rows("InventoryLog")]
        return max(map(datetime.fromisoformat, stamps))

    def local(self, text: str | None, shop: int) -> datetime | None:
        """A moment on the clock of a shop."""
        found = moment(text)
        return found.replace(tzinfo=UTC).astimezone(self.zones[shop]).replace(tzinfo=None) if found else None

    def last_day(self, shop: int) -> date:
        """The last day that is known, in a shop."""
        return self.today.astimezone(self.zones[shop]).date()

    @cached_property
    def lines(self) -> dict[int, list[Record]]:
        """Lines by their ticket."""
        found: dict[int, list[Record]] = defaultdict(list)
        for line in self.rows("SaleLine"):
            found[line["saleID"]].append(line)
        return found

    @cached_property
    def paid(self) -> dict[int, Decimal]:
        """What was paid, by ticket, without payments that were replaced."""
        found: dict[int, Decimal] = defaultdict(Decimal)
        for payment in self.rows("SalePayment"):
            found[payment["saleID"]] += ZERO if payment["archived"] else payment["amount"]
        return found

    @cached_property
    def completed(self) -> list[Record]:
        """The tickets that count."""
        return [sale for sale in self.rows("Sale") if state_of(sale) == "completed"]


def state_of(sale: Record) -> str:
    """What became of a ticket."""
    if sale["voided"]:
        return "voided"
    if sale["completed"]:
        return "completed"
    return "archived" if sale["archived"] else "open"


def is_refund(sale: Record) -> bool:
    """Whether a ticket gives back more than it sells."""
    return bool((sale["calcTotal"] or sale["calcSubtotal"]) < 0)


def net_of(row: Record) -> Decimal:
    """What is net of a ticket."""
    found: Decimal = row["calcSubtotal"] - row["calcDiscount"]
    return found


def sales(account: Account) -> Rows:
    """The rows of fct_sales, without what other tickets say about them."""
    found = {}
    for sale in account.rows("Sale"):
        lines = account.lines[sale["saleID"]]
        at = account.local(sale["completeTime"] if sale["completed"] else None, sale["shopID"])
        found[account.number, sale["saleID"]] = {
            "sale_state": state_of(sale),
            "is_refund": is_refund(sale),
            "shop_id": sale["shopID"],
            "customer_id": sale["customerID"] or None,
            "completed_at": moment(sale["completeTime"]) if sale["completed"] else None,
            "completed_at_local": at,
            "sale_date": at.date() if at else None,
            "sale_hour": at.hour if at else None,
            "sale_weekday": at.isoweekday() if at else None,
            "lines": len(lines),
            "units": sum(line["unitQuantity"] for line in lines),
            "net": net_of(sale),
            "tax": sale["calcTax1"] + sale["calcTax2"],
            "total": sale["calcTotal"],
            "cost": sale["calcAvgCost"],
            "margin": net_of(sale) - sale["calcAvgCost"],
            "paid": account.paid[sale["saleID"]],
        }
    return found


def sale_lines(account: Account) -> Rows:
    """The rows of fct_sale_lines."""
    tickets = account.by_key("Sale")
    found = {}
    for line in account.rows("SaleLine"):
        sale = tickets.get(line["saleID"])
        discount = line["calcLineDiscount"] + line["calcTransactionDiscount"]
        at = account.local(sale["completeTime"], sale["shopID"]) if sale and sale["completed"] else None
        found[account.number, line["saleLineID"]] = {
            "sale_id": line["saleID"] or None,
            "item_id": line["itemID"] or None,
            "kind": "item" if line["itemID"] else "gift card" if line["lineType"] == "gift_card" else "misc",
            "sale_state": state_of(sale) if sale else None,
            "sale_date": at.date() if at else None,
            "is_refund": line["unitQuantity"] < 0,
            "is_layaway": bool(line["isLayaway"]),
            "quantity": line["unitQuantity"],
            "gross": line["calcSubtotal"],
            "discount": discount,
            "net": line["calcSubtotal"] - discount,
            "tax": line["calcTax1"] + line["calcTax2"],
            "total": line["calcTotal"],
            "cost": line["avgCost"] * line["unitQuantity"],
        }
    return found


def payments(account: Account) -> Rows:
    """The rows of fct_payments."""
    tickets, types = account.by_key("Sale"), account.by_key("PaymentType")
    return {
        (account.number, row["salePaymentID"]): {
            "sale_id": row["saleID"],
            "shop_id": tickets[row["saleID"]]["shopID"],
            "sale_state": state_of(tickets[row["saleID"]]),
            "payment_type_name": types[row["paymentTypeID"]]["name"],
            "amount": row["amount"],
            "paid_at": moment(row["createTime"]),
            "is_archived": bool(row["archived"]),
        }
        for row in account.rows("SalePayment")
    }


def shop_days(account: Account) -> Rows:
    """The rows of rpt_sales_by_shop_day, without customers."""
    found: Rows = {}
    names = account.by_key("Shop")
    for sale in account.completed:
        shop = sale["shopID"]
        at = account.local(sale["completeTime"], shop)
        assert at is not None
        day = found.setdefault((account.number, shop, at.date()), _blank_day(names[shop]["name"]))
        back = is_refund(sale)
        amounts = {
            "sales": not back,
            "refunds": back,
            "refunded": net_of(sale) if back else ZERO,
            "units": sum(line["unitQuantity"] for line in account.lines[sale["saleID"]]),
            "gross": sale["calcSubtotal"],
            "discount": sale["calcDiscount"],
            "net": net_of(sale),
            "tax": sale["calcTax1"] + sale["calcTax2"],
            "total": sale["calcTotal"],
            "cost": sale["calcAvgCost"],
            "margin": net_of(sale) - sale["calcAvgCost"],
        }
        day.update({name: day[name] + amount for name, amount in amounts.items()})
    return found


_SUMS = ("sales", "refunds", "refunded", "units", "gross", "discount", "net", "tax", "total", "cost", "margin")


def _blank_day(shop: str) -> Row:
    return {"shop_name": shop, **dict.fromkeys(_SUMS, ZERO)}


def stock_days(account: Account, days: int) -> Rows:
    """The rows of fct_inventory_daily: what is there now, less what came after the end of a day."""
    moves: dict[tuple[int, int], list[tuple[date, int]]] = defaultdict(list)
    for log in account.rows("InventoryLog"):
        at = account.local(log["createTime"], log["shopID"])
        assert at is not None
        moves[log["shopID"], log["itemID"]].append((at.date(), log["qohChange"]))
    found: Rows = {}
    for row in account.rows("ItemShop"):
        shop, item = row["shopID"], row["itemID"]
        if shop and moves[shop, item]:
            for day, quantity in _rolled_back(row["qoh"], moves[shop, item], account.last_day(shop), days):
                value = quantity * row["averageCost"]
                found[account.number, shop, item, day] = {"quantity": quantity, "value": value, "basis": "log"}
    return found


def _rolled_back(quantity: int, moves: list[tuple[date, int]], last: date, days: int) -> Iterable[tuple[date, int]]:
    changes: dict[date, int] = defaultdict(int)
    for day, change in moves:
        changes[day] += change
    day = last
    while day >= max(min(changes), last - timedelta(days=days)):
        yield day, quantity
        quantity -= changes[day]
        day -= timedelta(days=1)


def reorders(account: Account, days: int) -> Rows:
    """The rows of rpt_reorder."""
    items, sold = account.by_key("Item"), _sold(account, days)
    found: Rows = {}
    for row in account.rows("ItemShop"):
        shop, item = row["shopID"], row["itemID"]
        free = min(row["qoh"], row["sellable"])
        kept = shop and (row["reorderPoint"] or row["reorderLevel"]) and not items[item]["archived"]
        if not kept or free > row["reorderPoint"]:
            continue
        coming = row["backorder"] + row["onTransferIn"]
        a_day = Decimal(sold[shop, item]) / min(days, _days_of_trade(account, shop))
        found[account.number, shop, item] = {
            "quantity_on_hand": row["qoh"],
            "sellable": row["sellable"],
            "on_order": row["backorder"],
            "sold_per_day": round(a_day, 3),
            "days_of_cover": round(max(free, 0) / a_day, 1) if a_day > 0 else None,
            "to_order": max(0, row["reorderLevel"] - free - coming),
            "unit_cost": items[item]["defaultCost"] or row["averageCost"],
            "vendor_id": items[item]["defaultVendorID"] or None,
        }
    return found


def _days_of_trade(account: Account, shop: int) -> int:
    """Since when a shop sells."""
    completed = [account.local(sale["completeTime"], shop) for sale in account.completed if sale["shopID"] == shop]
    return (account.last_day(shop) - min(filter(None, completed)).date()).days + 1


def _sold(account: Account, days: int) -> dict[tuple[int, int], int]:
    """How many of each item each shop sold in the last days."""
    found: dict[tuple[int, int], int] = defaultdict(int)
    for sale in account.completed:
        at = account.local(sale["completeTime"], sale["shopID"])
        assert at is not None
        if at.date() > account.last_day(sale["shopID"]) - timedelta(days=days):
            for line in account.lines[sale["saleID"]]:
                found[sale["shopID"], line["itemID"]] += line["unitQuantity"]
    return found


def stock_sync(account: Account) -> Rows:
    """The rows of rpt_stock_sync."""
    items = account.by_key("Item")
    return {
        (account.number, row["shopID"], row["itemID"]): {
            "sku": sku_of(items[row["itemID"]]),
            "price": default_price(items[row["itemID"]]),
            "sellable": row["sellable"],
            "quantity_on_hand": row["qoh"],
            "is_archived": bool(items[row["itemID"]]["archived"]),
            "changed_at": max(filter(None, (moment(row["timeStamp"]), moment(items[row["itemID"]]["timeStamp"])))),
        }
        for row in account.rows("ItemShop")
        if row["shopID"]
    }


def default_price(item: Record) -> Decimal | None:
    """The usual price of an item."""
    prices = {each["useType"]: each["amount"] for each in item["Prices"] or []}
    return prices.get("Default")


def sku_of(item: Record) -> str | None:
    """The number by which an item is known."""
    return item["customSku"] or item["manufacturerSku"] or item["systemSku"] or None


def items(account: Account) -> Rows:
    """The rows of dim_items."""
    names = {
        column: {key: row[name] for key, row in account.by_key(resource).items()}
        for column, resource, name in (
            ("category_path", "Category", "fullPathName"),
            ("manufacturer_name", "Manufacturer", "name"),
            ("vendor_name", "Vendor", "name"),
        )
    }
    return {
        (account.number, key): {
            "sku": sku_of(row),
            "description": row["description"],
            "category_path": names["category_path"].get(row["categoryID"]),
            "manufacturer_name": names["manufacturer_name"].get(row["manufacturerID"]),
            "vendor_name": names["vendor_name"].get(row["defaultVendorID"]),
            "default_price": default_price(row),
            "default_cost": row["defaultCost"],
            "is_archived": bool(row["archived"]),
        }
        for key, row in account.by_key("Item").items()
    }


def together(accounts: Sequence[Account], reckon: Any, *arguments: Any) -> Rows:
    """What is reckoned of several accounts."""
    return {key: row for account in accounts for key, row in reckon(account, *arguments).items()}
