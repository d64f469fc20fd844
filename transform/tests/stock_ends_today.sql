{# The last day of the stock's history is the stock as it is now. #}
with last_days as (
    select account_id, shop_id, item_id, max(stock_date) as stock_date
    from {{ ref('fct_inventory_daily') }}
    group by account_id, shop_id, item_id
)

select stock.account_id, stock.shop_id, stock.item_id, stock.quantity, history.quantity as quantity_of_history
from {{ ref('int_stock') }} as stock
inner join last_days
    on stock.account_id = last_days.account_id
    and stock.shop_id = last_days.shop_id
    and stock.item_id = last_days.item_id
inner join {{ ref('fct_inventory_daily') }} as history
    on last_days.account_id = history.account_id
    and last_days.shop_id = history.shop_id
    and last_days.item_id = history.item_id
    and last_days.stock_date = history.stock_date
where stock.quantity <> history.quantity
