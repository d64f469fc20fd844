{{ config(materialized='ephemeral') }}

{# The stock of each item in each shop as it is now; the totals over all shops, which have no shop, are left out. #}

select
    stock.account_id,
    stock.shop_id,
    stock.item_id,
    stock.item_shop_id,
    coalesce(stock.qoh, 0) as quantity,
    coalesce(stock.sellable, stock.qoh, 0) as sellable,
    coalesce(stock.average_cost, 0) as average_cost,
    coalesce(stock.backorder, 0) as on_order,
    coalesce(stock.on_transfer_in, 0) as on_transfer_in,
    coalesce(stock.reorder_point, 0) as reorder_point,
    coalesce(stock.reorder_level, 0) as reorder_level,
    stock.time_stamp,
    stock.loaded_at
from {{ ref('stg_item_shops') }} as stock
where stock.shop_id is not null and stock.item_id is not null and not stock.is_deleted
