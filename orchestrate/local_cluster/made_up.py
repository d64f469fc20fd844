"""Accounts of a sandbox, connected as people would connect theirs: for trying out a night, and for testing one."""

from __future__ import annotations

import time
from collections.abc import Mapping

from lightspeed_retail.token_database import TokenDatabase
from lightspeed_retail.tokens import Holder, Tokens, account_name


def connect(database: str, client_id: str, refresh_tokens: Mapping[int, str]) -> None:
    """Put grants into the token store that all workers share.

    Args:
        database: Its URL.
        client_id: The client that they were given to.
        refresh_tokens: The accounts' refresh tokens.
    """
    store = TokenDatabase(database)
    for account_id, refresh_token in refresh_tokens.items():
        name = account_name(client_id, account_id)
        holder = Holder(client_id, account_id, f"Made-up retailer {account_id}", connected_at=time.time())
        with store.locked(name):
            store.save(name, Tokens(access_token="", refresh_token=refresh_token, expires_at=0.0, holder=holder))
