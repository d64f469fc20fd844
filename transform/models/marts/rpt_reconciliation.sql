{#
  Our totals against the accounting reports of the API, day by day: of days that a report has been read for, and figures
  that we have.
  A day is settled once it was over when sales were read, and nothing of it has changed since the report was read: of the
  rest a difference says nothing.
#}

with ours as (
    select * from {{ ref('int_days_counted') }}
),

theirs as (
    select * from {{ ref('int_days_reported') }}
),

spans as (
    select account_id, figure, min(report_date) as first_day, max(report_date) as last_day
    from theirs
    group by account_id, figure
),

known as (
    select distinct account_id, figure from ours
),

compared as (
    select
        coalesce(ours.account_id, theirs.account_id) as account_id,
        coalesce(ours.shop_id, theirs.shop_id) as shop_id,
        coalesce(ours.report_date, theirs.report_date) as report_date,
        coalesce(ours.figure, theirs.figure) as figure,
        coalesce(ours.detail_id, theirs.detail_id) as detail_id,
        theirs.detail,
        coalesce(ours.amount, 0) as ours,
        coalesce(theirs.amount, 0) as theirs,
        theirs.read_at
    from ours
    full outer join theirs
        on ours.account_id = theirs.account_id
        and ours.shop_id = theirs.shop_id
        and ours.report_date = theirs.report_date
        and ours.figure = theirs.figure
        and ours.detail_id = theirs.detail_id
),

-- When a day of a shop was changed last, as far as we know.
changes as (
    select account_id, coalesce(shop_id, 0) as shop_id, sale_date as changed_date, max(updated_at) as changed_at
    from {{ ref('fct_sales') }}
    where sale_date is not null
    group by account_id, coalesce(shop_id, 0), sale_date
),

reads as (
    select
        sales.account_id,
        coalesce(sales.shop_id, 0) as shop_id,
        cast({{ local_time('max(sales.extracted_at)', 'max(' ~ shop_zone('shops') ~ ')') }} as date) as read_on
    from {{ ref('stg_sales') }} as sales
    left join {{ ref('dim_shops') }} as shops
        on sales.account_id = shops.account_id
        and sales.shop_id = shops.shop_id
    group by sales.account_id, coalesce(sales.shop_id, 0)
)

select
    compared.account_id,
    nullif(compared.shop_id, 0) as shop_id,
    compared.report_date,
    compared.figure,
    compared.detail_id,
    compared.detail,
    round(compared.ours, 2) as ours,
    round(compared.theirs, 2) as theirs,
    round(compared.ours, 2) - round(compared.theirs, 2) as difference,
    coalesce(compared.report_date < reads.read_on, true)
    and coalesce(compared.read_at >= changes.changed_at, true) as is_settled
from compared
inner join spans
    on compared.account_id = spans.account_id
    and compared.figure = spans.figure
    and compared.report_date between spans.first_day and spans.last_day
inner join known
    on compared.account_id = known.account_id
    and compared.figure = known.figure
left join changes
    on compared.account_id = changes.account_id
    and compared.shop_id = changes.shop_id
    and compared.report_date = changes.changed_date
left join reads
    on compared.account_id = reads.account_id
    and compared.shop_id = reads.shop_id
