"""What the report asks of the marts: sums, computed where the rows are."""

from __future__ import annotations

import polars as pl

from lightspeed_retail.report.warehouse import MONEY, Question

_ID = pl.Int64
_COUNT = pl.Int64
_TEXT = pl.String
_DATE = pl.Date
_NUMBER = pl.Float64

SPAN = Question(
    """
    select min(sale_date), max(sale_date) from rpt_sales_by_shop_day
    where sale_date <= :last and account_id = coalesce(cast(:account as bigint), account_id)
    """,
    {"first": _DATE, "last": _DATE},
    ("rpt_sales_by_shop_day",),
)
"""The first and the last day of sales."""

DAYS = Question(
    """
    select account_id, shop_id, max(shop_name), sale_date, sum(sales), sum(refunds), sum(units),
           sum(refunded), sum(gross), sum(discount), sum(net), sum(tax), sum(total), sum(cost), sum(margin)
    from rpt_sales_by_shop_day
    where sale_date between :first and :last and account_id = coalesce(cast(:account as bigint), account_id)
    group by account_id, shop_id, sale_date
    order by sale_date, account_id, shop_id
    """,
    {
        "account_id": _ID,
        "shop_id": _ID,
        "shop_name": _TEXT,
        "sale_date": _DATE,
        "sales": _COUNT,
        "refunds": _COUNT,
        "units": _NUMBER,
        **dict.fromkeys(("refunded", "gross", "discount", "net", "tax", "total", "cost", "margin"), MONEY),
    },
    ("rpt_sales_by_shop_day",),
)
"""Sales of each shop and day."""

BEST = Question(
    """
    select coalesce(nullif(item.description, ''), 'Item ' || line.item_id), item.sku, max(item.category_name),
           sum(line.quantity), sum(net), sum(margin)
    from fct_sale_lines line
    left join dim_items item using (account_id, item_id)
    where sale_state = 'completed' and sale_date between :first and :last
      and account_id = coalesce(cast(:account as bigint), account_id) and item_id is not null
    group by account_id, line.item_id, item.description, item.sku
    having sum(net) > 0
    order by sum(net) desc, account_id, line.item_id
    limit :most
    """,
    {"item": _TEXT, "sku": _TEXT, "category": _TEXT, "units": _NUMBER, "net": MONEY, "margin": MONEY},
    ("fct_sale_lines", "dim_items"),
)
"""The items that brought most."""

WORST = Question(
    """
    with sold as (
        select account_id, item_id, sum(quantity) as units, sum(net) as net
        from fct_sale_lines
        where sale_state = 'completed' and sale_date between :first and :last
          and account_id = coalesce(cast(:account as bigint), account_id)
        group by account_id, item_id
    ), stock as (
        select account_id, item_id, sum(quantity_on_hand) as stock
        from rpt_stock_sync
        where account_id = coalesce(cast(:account as bigint), account_id)
        group by account_id, item_id
    )
    select coalesce(nullif(item.description, ''), 'Item ' || item.item_id), item.sku, item.category_name,
           coalesce(sold.units, 0), coalesce(sold.net, 0), stock.stock,
           stock.stock * coalesce(nullif(item.avg_cost, 0), item.default_cost)
    from dim_items item
    left join sold using (account_id, item_id)
    left join stock using (account_id, item_id)
    where account_id = coalesce(cast(:account as bigint), account_id)
      and not coalesce(item.is_archived, false) and (sold.item_id is not null or stock.stock > 0)
    order by coalesce(sold.net, 0), 7 desc nulls last, account_id, item.item_id
    limit :most
    """,
    {
        "item": _TEXT,
        "sku": _TEXT,
        "category": _TEXT,
        "units": _NUMBER,
        "net": MONEY,
        "stock": _NUMBER,
        "value": MONEY,
    },
    ("fct_sale_lines", "dim_items", "rpt_stock_sync"),
)
"""The items that brought least though they were there to be sold."""

CATEGORIES = Question(
    """
    select coalesce(nullif(split_part(item.category_path, '/', 1), ''), 'No category'), sum(net), sum(cost), sum(margin)
    from fct_sale_lines line
    left join dim_items item using (account_id, item_id)
    where sale_state = 'completed' and sale_date between :first and :last
      and account_id = coalesce(cast(:account as bigint), account_id)
    group by 1
    having sum(net) <> 0
    order by sum(net) desc, 1
    """,
    {"category": _TEXT, "net": MONEY, "cost": MONEY, "margin": MONEY},
    ("fct_sale_lines", "dim_items"),
)
"""Takings and margin of each category at the top of the tree."""

HOURS = Question(
    """
    select sale_weekday, sale_hour, count(*), sum(net)
    from fct_sales
    where sale_state = 'completed' and sale_date between :first and :last
      and account_id = coalesce(cast(:account as bigint), account_id) and sale_hour is not null
    group by sale_weekday, sale_hour order by 1, 2
    """,
    {"weekday": _COUNT, "hour": _COUNT, "sales": _COUNT, "net": MONEY},
    ("fct_sales",),
)
"""Sales of each hour of the week."""

RETURNED = Question(
    """
    select coalesce(nullif(item.description, ''), 'Item ' || line.item_id), item.sku,
           -sum(line.quantity), count(distinct line.sale_id), sum(net)
    from fct_sale_lines line
    left join dim_items item using (account_id, item_id)
    where sale_state = 'completed' and sale_date between :first and :last
      and account_id = coalesce(cast(:account as bigint), account_id) and is_refund and item_id is not null
    group by account_id, line.item_id, item.description, item.sku
    order by sum(net), account_id, line.item_id
    limit :most
    """,
    {"item": _TEXT, "sku": _TEXT, "units": _NUMBER, "refunds": _COUNT, "refunded": MONEY},
    ("fct_sale_lines", "dim_items"),
)
"""The items for which most was paid back."""

CUSTOMERS = Question(
    """
    select cast(date_trunc('month', sale_date) as date),
           case when customer_key is null then 'unknown' when is_first_purchase then 'new' else 'returning' end,
           count(*), count(distinct customer_key), sum(net)
    from fct_sales
    where sale_state = 'completed' and sale_date between :first and :last
      and account_id = coalesce(cast(:account as bigint), account_id) and not coalesce(is_refund, false)
    group by 1, 2 order by 1, 2
    """,
    {"month": _DATE, "kind": _TEXT, "sales": _COUNT, "customers": _COUNT, "net": MONEY},
    ("fct_sales",),
)
"""Sales of each month to new, returning and unknown customers."""

CLASSES = Question(
    """
    select coalesce(rfm_class, 'none'), count(*), coalesce(sum(lifetime_value), 0),
           coalesce(sum(sales), 0), avg(recency_days)
    from dim_customers customer
    where cast(:account as bigint) is null
       or exists (
           select from map_customers map where map.customer_key = customer.customer_key and map.account_id = :account
       )
    group by 1 order by 3 desc, 1
    """,
    {"rfm_class": _TEXT, "customers": _COUNT, "value": MONEY, "sales": _COUNT, "recency": _NUMBER},
    ("dim_customers", "map_customers"),
)
"""Customers by how recently, how often and for how much they have bought."""

REORDER = Question(
    """
    select coalesce(nullif(description, ''), 'Item ' || item_id), sku, account_id, shop_id, shop_name,
           vendor_name, sellable, on_order, sold_per_day,
           days_of_cover, to_order, to_order * unit_cost,
           count(*) over (), sum(to_order * unit_cost) over ()
    from rpt_reorder where to_order > 0 and account_id = coalesce(cast(:account as bigint), account_id)
    order by days_of_cover nulls last, to_order desc, account_id, shop_id, item_id
    limit :most
    """,
    {
        "item": _TEXT,
        "sku": _TEXT,
        "account_id": _ID,
        "shop_id": _ID,
        "shop_name": _TEXT,
        "vendor": _TEXT,
        "sellable": _NUMBER,
        "on_order": _NUMBER,
        "sold_per_day": _NUMBER,
        "days_of_cover": _NUMBER,
        "to_order": _NUMBER,
        "cost": MONEY,
        "items": _COUNT,
        "whole_cost": MONEY,
    },
    ("rpt_reorder",),
)
"""What to reorder, what runs out first at the top."""

DIFFERENCES = Question(
    """
    select figure, count(*), count(*) filter (where difference <> 0),
           coalesce(sum(abs(difference)), 0), min(report_date), max(report_date)
    from rpt_reconciliation
    where is_settled and account_id = coalesce(cast(:account as bigint), account_id)
    group by figure order by figure
    """,
    {
        "figure": _TEXT,
        "compared": _COUNT,
        "differing": _COUNT,
        "difference": MONEY,
        "first": _DATE,
        "last": _DATE,
    },
    ("rpt_reconciliation",),
)
"""How far the marts agree with Lightspeed's own reports."""
