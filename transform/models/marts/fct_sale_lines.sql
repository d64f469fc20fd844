{{ config(
    materialized='incremental',
    unique_key=['account_id', 'sale_line_id'],
    incremental_strategy=replacing(),
    on_schema_change='sync_all_columns',
    post_hook="{{ forget(ref('stg_sale_lines'), ['account_id', 'sale_line_id']) }}",
) }}

with lines as (
    select * from {{ ref('stg_sale_lines') }} where not is_deleted
),

sales as (
    select * from {{ ref('stg_sales') }} where not is_deleted
),

joined as (
    select
        lines.account_id,
        lines.sale_line_id,
        lines.sale_id,
        coalesce(sales.shop_id, lines.shop_id) as shop_id,
        sales.register_id,
        coalesce(lines.employee_id, sales.employee_id) as employee_id,
        coalesce(sales.customer_id, lines.customer_id) as customer_id,
        lines.item_id,
        lines.tax_class_id,
        lines.parent_sale_line_id,
        sales.sale_state,
        sales.completed_at,
        sales.completed_at_local,
        sales.sale_date,
        coalesce(lines.unit_quantity, 0) as quantity,
        lines.unit_price,
        lines.calc_subtotal as gross,
        {{ both('lines.calc_line_discount', 'lines.calc_transaction_discount') }} as discount,
        {{ both('lines.calc_tax1', 'lines.calc_tax2') }} as tax,
        lines.calc_total as total,
        {{ cost_of('lines') }} * lines.unit_quantity as cost,
        lines.avg_cost * lines.unit_quantity as average_cost,
        lines.fifo_cost * lines.unit_quantity as fifo_cost,
        coalesce(lines.is_layaway, false) as is_layaway,
        coalesce(lines.is_special_order, false) as is_special_order,
        coalesce(lines.is_workorder, false) as is_workorder,
        lines.line_type,
        {{ later_of('lines.loaded_at', 'sales.loaded_at') }} as loaded_at
    from lines
    left join sales
        on lines.account_id = sales.account_id
        and lines.sale_id = sales.sale_id
)

select
    account_id,
    sale_line_id,
    sale_id,
    shop_id,
    register_id,
    employee_id,
    customer_id,
    item_id,
    tax_class_id,
    parent_sale_line_id,
    case
        when item_id is not null then 'item'
        when line_type like 'gift%' then 'gift card'
        when line_type like '%account%' then 'account'
        else 'misc'
    end as kind,
    sale_state,
    quantity < 0 as is_refund,
    is_layaway,
    is_special_order,
    is_workorder,
    completed_at,
    completed_at_local,
    sale_date,
    quantity,
    unit_price,
    gross,
    discount,
    gross - discount as net,
    tax,
    total,
    cost,
    gross - discount - cost as margin,
    average_cost,
    fifo_cost,
    loaded_at
from joined
{%- if is_incremental() %}
where {{ is_new('joined.loaded_at') }}
{%- endif %}
