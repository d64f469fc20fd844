"""The id of the account that a store holds."""

from __future__ import annotations

from lightspeed_retail.resources.account import Account
from lightspeed_retail.resources.company import Session
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Item
from lightspeed_retail.resources.sales import Sale
from lightspeed_sandbox.store import Store

DEFAULT_ACCOUNT = "100000"


def account_of(store: Store) -> str:
    """The id of the account."""
    rows = store.select(Account, limit=1)
    return str(rows[0]["accountID"]) if rows else DEFAULT_ACCOUNT


def rename(store: Store, account: int) -> None:
    """Give the account another id, wherever rows name it."""
    old = account_of(store)
    for row in store.select(Account):
        link = row["link"]
        if link is not None:
            link["href"] = link["href"].replace(old, str(account))
        store.query('DELETE FROM "Account" WHERE "accountID" = ?', (old,))
        store.put(Account, [row | {"accountID": account, "link": link}])
    for row in store.select(Session):
        store.put(Session, [row | {"systemCustomerID": account}])
    store.commit()


def tell_apart(store: Store, account: int) -> None:
    """Let rows say whose they are, in accounts that are copies of one another; nothing is durable before a commit."""
    for resource, field, text in _TELLING:
        sql = f'UPDATE "{resource.__name__}" SET "{field}" = ? || "{text}"'
        store.query(sql, (f"{account}-",))


_TELLING = (
    (Account, "name", "name"),
    (Customer, "company", Customer.api.key),
    (Item, "customSku", Item.api.key),
    (Sale, "referenceNumber", Sale.api.key),
)
"""Free texts of the rows that most others hang on, and what they hold behind the account's number."""
