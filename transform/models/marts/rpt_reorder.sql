{#
  What is at or below its reorder point: how long it lasts, what is on its way, and how many to order to come up to the
  reorder level. What is reserved for customers does not count as there.
#}

{%- set window = var('reorder_days', 28) -%}

with stock as (
    select *, {{ smaller_of('quantity', 'sellable') }} as available
    from {{ ref('int_stock') }}
    where reorder_point > 0 or reorder_level > 0
),

-- A shop that has just opened has fewer days to go by.
windows as (
    select
        today.account_id,
        today.shop_id,
        today.last_day,
        {{ smaller_of(days_between('min(sales.sale_date)', 'today.last_day') ~ ' + 1', window) }} as days
    from {{ ref('int_shop_days') }} as today
    left join {{ ref('fct_sales') }} as sales
        on today.account_id = sales.account_id
        and today.shop_id = sales.shop_id
        and sales.sale_state = 'completed'
    group by today.account_id, today.shop_id, today.last_day
),

sold as (
    select
        lines.account_id,
        lines.shop_id,
        lines.item_id,
        sum(lines.quantity) / cast(max(windows.days) as {{ type_name('number') }}) as per_day
    from {{ ref('fct_sale_lines') }} as lines
    inner join windows
        on lines.account_id = windows.account_id
        and lines.shop_id = windows.shop_id
    where
        lines.sale_state = 'completed'
        and lines.sale_date > {{ day_after('windows.last_day', -1 * window) }}
        and lines.sale_date <= windows.last_day
    group by lines.account_id, lines.shop_id, lines.item_id
)

select
    stock.account_id,
    stock.shop_id,
    shops.shop_name,
    stock.item_id,
    items.sku,
    items.description,
    items.vendor_id,
    items.vendor_name,
    stock.quantity as quantity_on_hand,
    stock.sellable,
    stock.reorder_point,
    stock.reorder_level,
    stock.on_order,
    stock.on_transfer_in,
    round(coalesce(sold.per_day, 0), 3) as sold_per_day,
    case
        when sold.per_day > 0
            then round(case when stock.available > 0 then stock.available else 0 end / sold.per_day, 1)
    end as days_of_cover,
    case
        when stock.reorder_level > stock.available + stock.on_order + stock.on_transfer_in
            then stock.reorder_level - stock.available - stock.on_order - stock.on_transfer_in
        else 0
    end as to_order,
    coalesce(nullif(items.default_cost, 0), nullif(stock.average_cost, 0)) as unit_cost
from stock
inner join {{ ref('dim_items') }} as items
    on stock.account_id = items.account_id
    and stock.item_id = items.item_id
    and not items.is_archived
left join {{ ref('dim_shops') }} as shops
    on stock.account_id = shops.account_id
    and stock.shop_id = shops.shop_id
left join sold
    on stock.account_id = sold.account_id
    and stock.shop_id = sold.shop_id
    and stock.item_id = sold.item_id
where stock.available <= stock.reorder_point and not coalesce(shops.is_archived, false)
