"""What is going on at the counter when a day begins: who is at work, what is not counted, sent or spent yet."""

from __future__ import annotations

from lightspeed_retail.resources.account import EmployeeHours
from lightspeed_retail.resources.customers import CreditAccount
from lightspeed_retail.resources.sales import SalePayment, ShipTo
from lightspeed_retail.resources.tills import RegisterCount
from lightspeed_retail.wire import Record
from lightspeed_sandbox.generate.reading import read
from lightspeed_sandbox.store import Store


class Front:
    """The state of the counter, read from a store.

    Args:
        store: Where the rows are.
    """

    def __init__(self, store: Store) -> None:
        """Read what the evening before has left."""
        self.on_duty = {row["employeeID"]: row for row in read(store, EmployeeHours, '"checkOut" IS NULL')}
        self.parcels = {row["shipToID"]: row for row in read(store, ShipTo, "shipped = 0")}
        cards = read(store, CreditAccount, '"giftCard" = 1 AND archived = 0')
        self.gift_cards = {row["creditAccountID"]: row for row in cards if row["balance"] < 0}
        self.uncounted = _uncounted(store)


def _uncounted(store: Store) -> list[Record]:
    """The payments since the last count of the drawers."""
    last = read(store, RegisterCount, order='"registerCountID" DESC', limit=1)
    since = last[0]["createTime"] if last else ""
    return read(store, SalePayment, '"createTime" > ?', params=(since,))
