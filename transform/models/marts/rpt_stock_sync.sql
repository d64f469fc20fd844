{# What a web shop reads: what can be sold of each item in each shop, and at which price. #}

with prices as (
    select account_id, item_id, max(amount) as amount
    from {{ ref('stg_item_prices') }}
    where use_type = '{{ var("stock_sync_price", "Default") }}' and not is_deleted
    group by account_id, item_id
)

select
    stock.account_id,
    stock.shop_id,
    shops.shop_name,
    stock.item_id,
    items.sku,
    items.description,
    coalesce(prices.amount, items.default_price) as price,
    stock.sellable,
    stock.quantity as quantity_on_hand,
    items.is_published,
    items.is_archived,
    {{ later_of('stock.time_stamp', 'items.changed_at') }} as changed_at
from {{ ref('int_stock') }} as stock
inner join {{ ref('dim_items') }} as items
    on stock.account_id = items.account_id
    and stock.item_id = items.item_id
left join prices
    on stock.account_id = prices.account_id
    and stock.item_id = prices.item_id
left join {{ ref('dim_shops') }} as shops
    on stock.account_id = shops.account_id
    and stock.shop_id = shops.shop_id
