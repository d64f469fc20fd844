"""The id of the account that a store holds."""

from __future__ import annotations

from lightspeed_retail.resources.account import Account
from lightspeed_retail.resources.company import Session
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
