{{ config(
    materialized='incremental',
    unique_key=['account_id', 'sale_id'],
    incremental_strategy=replacing(),
    on_schema_change='sync_all_columns',
    post_hook="{{ forget(ref('stg_sales'), ['account_id', 'sale_id']) }}",
) }}

with sales as (
    select * from {{ ref('stg_sales') }} where not is_deleted
),

lines as (
    select
        account_id,
        sale_id,
        count(*) as lines,
        sum(quantity) as units,
        max(loaded_at) as loaded_at
    from {{ ref('fct_sale_lines') }}
    where sale_id is not null
    group by account_id, sale_id
),

payments as (
    select
        account_id,
        sale_id,
        sum(case when not is_archived then amount else 0 end) as paid,
        max(loaded_at) as loaded_at
    from {{ ref('fct_payments') }}
    where sale_id is not null
    group by account_id, sale_id
),

joined as (
    select
        sales.account_id,
        sales.sale_id,
        sales.ticket_number,
        sales.reference_number,
        sales.reference_number_source,
        sales.shop_id,
        sales.register_id,
        sales.employee_id,
        sales.customer_id,
        purchases.customer_key,
        sales.tax_category_id,
        sales.sale_state,
        {{ gives_back('sales') }} as is_refund,
        sales.completed_at,
        sales.completed_at_local,
        sales.sale_date,
        sales.update_time as updated_at,
        coalesce(lines.lines, 0) as lines,
        coalesce(lines.units, 0) as units,
        sales.calc_subtotal as gross,
        sales.calc_discount as discount,
        {{ both('sales.calc_tax1', 'sales.calc_tax2') }} as tax,
        sales.calc_total as total,
        {{ cost_of_sale('sales') }} as cost,
        coalesce(sales.calc_surcharges, 0) as surcharge,
        coalesce(sales.calc_tips, 0) as tips,
        coalesce(sales.cash_rounding_delta, 0) as cash_rounding,
        coalesce(payments.paid, sales.calc_payments) as paid,
        purchases.is_first_purchase,
        {{ later_of(
            'sales.loaded_at', '(' ~ later_of('lines.loaded_at', 'payments.loaded_at') ~ ')'
        ) }} as loaded_at
    from sales
    inner join {{ ref('int_purchases') }} as purchases
        on sales.account_id = purchases.account_id
        and sales.sale_id = purchases.sale_id
    left join lines
        on sales.account_id = lines.account_id
        and sales.sale_id = lines.sale_id
    left join payments
        on sales.account_id = payments.account_id
        and sales.sale_id = payments.sale_id
)

select
    joined.account_id,
    joined.sale_id,
    joined.ticket_number,
    joined.reference_number,
    joined.reference_number_source,
    joined.shop_id,
    joined.register_id,
    joined.employee_id,
    joined.customer_id,
    joined.customer_key,
    joined.tax_category_id,
    joined.sale_state,
    joined.is_refund,
    joined.completed_at,
    joined.completed_at_local,
    joined.sale_date,
    cast(extract(hour from joined.completed_at_local) as integer) as sale_hour,
    {{ weekday('joined.completed_at_local') }} as sale_weekday,
    joined.updated_at,
    joined.lines,
    joined.units,
    joined.gross,
    joined.discount,
    joined.gross - joined.discount as net,
    joined.tax,
    joined.total,
    joined.cost,
    joined.gross - joined.discount - joined.cost as margin,
    joined.surcharge,
    joined.tips,
    joined.cash_rounding,
    joined.paid,
    joined.is_first_purchase,
    joined.loaded_at
from joined
{%- if is_incremental() %}
left join {{ this }} as known
    on joined.account_id = known.account_id
    and joined.sale_id = known.sale_id
where
    {{ is_new('joined.loaded_at') }}
    or known.sale_id is null
    -- What shops, other sales, and lines that are gone, change about this one.
    or joined.sale_date is distinct from known.sale_date
    or joined.customer_key is distinct from known.customer_key
    or joined.is_first_purchase is distinct from known.is_first_purchase
    or joined.lines is distinct from known.lines
    or joined.units is distinct from known.units
{%- endif %}
