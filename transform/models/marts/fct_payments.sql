{{ config(
    materialized='incremental',
    unique_key=['account_id', 'sale_payment_id'],
    incremental_strategy=replacing(),
    on_schema_change='sync_all_columns',
    post_hook="{{ forget(ref('stg_sale_payments'), ['account_id', 'sale_payment_id']) }}",
) }}

with payments as (
    select * from {{ ref('stg_sale_payments') }} where not is_deleted
),

sales as (
    select * from {{ ref('stg_sales') }} where not is_deleted
),

types as (
    select * from {{ ref('stg_payment_types') }} where not is_deleted
),

joined as (
    select
        payments.account_id,
        payments.sale_payment_id,
        payments.sale_id,
        sales.shop_id,
        coalesce(payments.register_id, sales.register_id) as register_id,
        payments.payment_type_id,
        types.name as payment_type_name,
        payments.credit_account_id,
        sales.sale_state,
        coalesce(payments.archived, false) as is_archived,
        payments.create_time as paid_at,
        sales.sale_date,
        payments.amount,
        coalesce(payments.tip_amount, 0) as tip,
        {{ later_of('payments.loaded_at', 'sales.loaded_at') }} as loaded_at
    from payments
    left join sales
        on payments.account_id = sales.account_id
        and payments.sale_id = sales.sale_id
    left join types
        on payments.account_id = types.account_id
        and payments.payment_type_id = types.payment_type_id
)

select joined.*
from joined
{%- if is_incremental() %}
left join {{ this }} as known
    on joined.account_id = known.account_id
    and joined.sale_payment_id = known.sale_payment_id
where
    {{ is_new('joined.loaded_at') }}
    or joined.sale_date is distinct from known.sale_date
    or joined.payment_type_name is distinct from known.payment_type_name
{%- endif %}
