{{ config(materialized='ephemeral') }}

{# Whose each sale is, and whether it is the first that this customer has bought, in whatever account. #}

with sales as (
    select * from {{ ref('stg_sales') }} where not is_deleted
),

owned as (
    select
        sales.account_id,
        sales.sale_id,
        customers.customer_key,
        sales.completed_at,
        customers.customer_key is not null and {{ is_purchase('sales') }} as is_counted
    from sales
    left join {{ ref('map_customers') }} as customers
        on sales.account_id = customers.account_id
        and sales.customer_id = customers.customer_id
)

select
    account_id,
    sale_id,
    customer_key,
    is_counted and row_number() over (
        partition by customer_key, is_counted
        order by completed_at, account_id, sale_id
    ) = 1 as is_first_purchase
from owned
