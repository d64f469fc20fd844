"""Where the rows of a sandbox come from, by its set-up."""

from __future__ import annotations

from datetime import UTC, datetime

from lightspeed_retail.wire import stamp
from lightspeed_sandbox import generate, recorded
from lightspeed_sandbox.accounts import account_of, rename
from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.generate import setup
from lightspeed_sandbox.store import Store

SERVED = "served"
"""Under which id the account in a file was served before."""

_FILLED = "filled"


def opened(config: Config) -> Store:
    """The store that a set-up names."""
    if config.data is not None:
        config.data.parent.mkdir(parents=True, exist_ok=True)
    return Store(config.data)


def scale_of(config: Config) -> generate.Scale:
    """How large the made-up retailer of a set-up is."""
    return generate.Scale(
        seed=config.seed,
        days=config.days,
        sales_per_day=config.sales_per_day,
        bulk_sales=config.bulk_sales,
        tax_inclusive=config.tax_inclusive,
    )


def fill(store: Store, config: Config, clock: Clock, scale: generate.Scale | None = None) -> None:
    """Put rows in, unless the file has them already.

    Args:
        store: Where they go.
        config: Where they come from.
        clock: The clock of the store.
        scale: How large a made-up retailer is; without it the set-up says that too.
    """
    if _FILLED in store.meta:
        return
    if config.recorded is not None:
        recorded.fill(store, config.recorded)
    else:
        if config.today is not None:
            clock.set(config.today.replace(tzinfo=UTC))
        build = setup.build if config.empty else generate.build
        build(store, scale or scale_of(config), clock.now().replace(microsecond=0))
    store.meta[_FILLED] = stamp(datetime.now(UTC))
    store.commit()


def rename_unserved(store: Store, config: Config) -> None:
    """Give the account the id that is asked for, unless a file has been served under another one before.

    Raises:
        ValueError: It has.
    """
    assert config.account is not None  # noqa: S101  the caller looks first
    if SERVED in store.meta:
        message = f"The data in {config.data or 'memory'} hold the account {account_of(store)}, not {config.account}."
        raise ValueError(message)
    rename(store, config.account)
