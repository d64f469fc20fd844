"""The account as it is set up, before there are goods, customers and trade: a place to write to."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from lightspeed_retail.resources.account import Register
from lightspeed_retail.wire import stamp
from lightspeed_sandbox.generate import catalog, company, customer_fields, labels, people, service, settings
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.bulk_sales import fill_sales
from lightspeed_sandbox.generate.scale import Founding, Scale
from lightspeed_sandbox.store import Store


def build(store: Store, scale: Scale, today: datetime) -> None:
    """Fill an empty store with shops, open registers, staff, ways to pay, taxes, price levels and custom fields."""
    today = today.astimezone(UTC).replace(microsecond=0)
    rng = Random(f"{scale.seed}:founding")
    plan = Founding(Books(store), rng, scale, today)
    company.found(plan)
    people.staff(plan)
    settings.found(plan)
    customer_fields.found(plan)
    catalog.attribute_sets(plan)
    labels.fields(plan)
    service.statuses(plan)
    for row in plan.books.entered(Register):
        if not row["archived"]:
            row.update(open=True, openTime=stamp(today), openEmployeeID=row["shopID"])
    plan.books.flush()
    fill_sales(store, scale.bulk_sales, since=plan.founded, until=today)
    store.commit()
