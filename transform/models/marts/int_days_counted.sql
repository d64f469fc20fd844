{{ config(materialized='ephemeral') }}

{#
  What our own rows say about each day of a shop, by what the accounting reports of the API divide it by: the figure, and
  the key of its detail, 0 where there is none. Sales count on the day of their completion, in the time of the shop.
#}

with sales as (
    select * from {{ ref('fct_sales') }} where sale_state = 'completed' and sale_date is not null
),

lines as (
    select * from {{ ref('fct_sale_lines') }} where sale_state = 'completed' and sale_date is not null
),

payments as (
    select * from {{ ref('fct_payments') }}
    where sale_state = 'completed' and sale_date is not null and not is_archived
),

orders as (
    select
        orders.account_id,
        orders.shop_id,
        orders.order_id,
        cast({{ local_time('orders.received_date', shop_zone('shops')) }} as date) as received_on
    from {{ ref('stg_orders') }} as orders
    left join {{ ref('dim_shops') }} as shops
        on orders.account_id = shops.account_id
        and orders.shop_id = shops.shop_id
    where not orders.is_deleted and orders.received_date is not null and not coalesce(orders.archived, false)
),

received as (
    select orders.account_id, orders.shop_id, orders.order_id, orders.received_on, lines.total
    from orders
    inner join {{ ref('stg_order_lines') }} as lines
        on orders.account_id = lines.account_id
        and orders.order_id = lines.order_id
        and not lines.is_deleted
),

figures as (
    select 'discounts' as figure, account_id, shop_id, sale_date as report_date, 0 as detail_id, discount as amount
    from sales
    union all
    select 'taxes', account_id, shop_id, sale_date, coalesce(tax_category_id, 0), tax from sales
    union all
    select 'sales', account_id, shop_id, sale_date, coalesce(tax_class_id, 0), gross from lines
    union all
    select 'average cost', account_id, shop_id, sale_date, coalesce(tax_class_id, 0), average_cost from lines
    union all
    select 'fifo cost', account_id, shop_id, sale_date, coalesce(tax_class_id, 0), fifo_cost from lines
    union all
    select 'payments', account_id, shop_id, sale_date, coalesce(payment_type_id, 0), amount from payments
    union all
    select 'orders', account_id, shop_id, received_on, order_id, total from received
)

select
    account_id,
    coalesce(shop_id, 0) as shop_id,
    report_date,
    figure,
    detail_id,
    sum(amount) as amount
from figures
where amount is not null
group by account_id, coalesce(shop_id, 0), report_date, figure, detail_id
