{{ config(materialized='ephemeral') }}

{#
  What the accounting reports of the API say, in the form of int_days_counted.

  A row that a report does not have any more, as when the only sale of a day was voided, stays in the warehouse. A report
  is read from some day on up to the present. So what lies behind the first day of a later reading, and did not come with
  it, is gone. Readings are told apart by the seconds between them.
#}

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
),

read_again as (
    select
        figures.*,
        max(extracted_at) over (partition by account_id, figure order by report_date) as last_read_at
    from figures
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
from read_again
where
    extracted_at is null
    or extracted_at >= {{ dbt.dateadd('second', -1 * var('report_reading_seconds', 600), 'last_read_at') }}
group by account_id, coalesce(shop_id, 0), report_date, figure, coalesce(detail_id, 0)
