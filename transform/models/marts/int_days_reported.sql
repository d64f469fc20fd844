{{ config(materialized='ephemeral') }}

{#
  What the accounting reports of the API say, in the form of int_days_counted.

  A row that a report does not have any more, as when the only sale of a day was voided, stays in the warehouse. A report
  is read from some day on up to the present. So what lies behind the first day of a later reading, and did not come with
  it, is gone. Readings are told apart by the seconds between them.
#}

{# What is counted, the report that says it, and its columns: id and name of the detail, and the amount. #}
{% set nothing = 'cast(null as ' ~ type_name('string') ~ ')' %}
{% set figures = [
    ('discounts', 'stg_report_discounts_by_day', '0', nothing, 'discount'),
    ('taxes', 'stg_report_taxes_by_day', 'tax_category_id', 'tax_category_name', 'tax'),
    ('sales', 'stg_report_tax_class_sales_by_day', 'tax_class_id', 'tax_class_name', 'subtotal'),
    ('average cost', 'stg_report_tax_class_sales_by_day', 'tax_class_id', 'tax_class_name', 'avg_cost'),
    ('fifo cost', 'stg_report_tax_class_sales_by_day', 'tax_class_id', 'tax_class_name', 'fifo_cost'),
    ('payments', 'stg_report_payments_by_day', 'payment_type_id', 'payment_type_name', 'amount'),
    ('orders', 'stg_report_orders_by_tax_class', 'order_id', 'vendor_name', 'cost'),
] %}

with figures as (
    {% for figure, report, detail_id, detail, amount in figures %}
    select
        '{{ figure }}' as figure,
        account_id,
        shop_id,
        {{ adapter.quote('date') }} as report_date,
        {{ detail_id }} as detail_id,
        {{ detail }} as detail,
        {{ amount }} as amount,
        extracted_at
    from {{ ref(report) }}
    where not is_deleted
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
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
