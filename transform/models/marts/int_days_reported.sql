{{ config(materialized='ephemeral') }}

{# What the accounting reports of the API say, in the form of int_days_counted. #}

with figures as (
    select
        'discounts' as figure,
        account_id,
        shop_id,
        {{ adapter.quote('date') }} as report_date,
        0 as detail_id,
        cast(null as {{ type_name('string') }}) as detail,
        discount as amount,
        extracted_at
    from {{ ref('stg_report_discounts_by_day') }}
    where not is_deleted
    union all
    select
        'taxes', account_id, shop_id, {{ adapter.quote('date') }},
        tax_category_id, tax_category_name, tax, extracted_at
    from {{ ref('stg_report_taxes_by_day') }}
    where not is_deleted
    union all
    select
        'sales', account_id, shop_id, {{ adapter.quote('date') }},
        tax_class_id, tax_class_name, subtotal, extracted_at
    from {{ ref('stg_report_tax_class_sales_by_day') }}
    where not is_deleted
    union all
    select
        'average cost', account_id, shop_id, {{ adapter.quote('date') }},
        tax_class_id, tax_class_name, avg_cost, extracted_at
    from {{ ref('stg_report_tax_class_sales_by_day') }}
    where not is_deleted
    union all
    select
        'fifo cost', account_id, shop_id, {{ adapter.quote('date') }},
        tax_class_id, tax_class_name, fifo_cost, extracted_at
    from {{ ref('stg_report_tax_class_sales_by_day') }}
    where not is_deleted
    union all
    select
        'payments', account_id, shop_id, {{ adapter.quote('date') }},
        payment_type_id, payment_type_name, amount, extracted_at
    from {{ ref('stg_report_payments_by_day') }}
    where not is_deleted
    union all
    select
        'orders', account_id, shop_id, {{ adapter.quote('date') }},
        order_id, vendor_name, cost, extracted_at
    from {{ ref('stg_report_orders_by_tax_class') }}
    where not is_deleted
)

select
    account_id,
    coalesce(shop_id, 0) as shop_id,
    report_date,
    figure,
    coalesce(detail_id, 0) as detail_id,
    max(detail) as detail,
    sum(amount) as amount,
    min(extracted_at) as read_at
from figures
group by account_id, coalesce(shop_id, 0), report_date, figure, coalesce(detail_id, 0)
