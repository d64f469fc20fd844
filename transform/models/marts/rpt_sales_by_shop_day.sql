select
    sales.account_id,
    sales.shop_id,
    shops.shop_name,
    sales.sale_date,
    sum(case when not sales.is_refund then 1 else 0 end) as sales,
    sum(case when sales.is_refund then 1 else 0 end) as refunds,
    sum(case when sales.is_refund then sales.net else 0 end) as refunded,
    sum(sales.units) as units,
    sum(sales.gross) as gross,
    sum(sales.discount) as discount,
    sum(sales.net) as net,
    sum(sales.tax) as tax,
    sum(sales.total) as total,
    sum(sales.cost) as cost,
    sum(sales.margin) as margin,
    count(distinct case when not sales.is_refund then sales.customer_key end) as customers,
    sum(case when sales.is_first_purchase then 1 else 0 end) as new_customers
from {{ ref('fct_sales') }} as sales
left join {{ ref('dim_shops') }} as shops
    on sales.account_id = shops.account_id
    and sales.shop_id = shops.shop_id
where sales.sale_state = 'completed'
group by sales.account_id, sales.shop_id, shops.shop_name, sales.sale_date
