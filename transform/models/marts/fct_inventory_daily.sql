{{ config(
    materialized='incremental',
    unique_key=['account_id', 'shop_id', 'item_id', 'stock_date'],
    incremental_strategy=replacing(),
    on_schema_change='sync_all_columns',
    post_hook=[
        "{{ forget(ref('stg_item_shops'), ['account_id', 'shop_id', 'item_id']) }}",
        "{{ forget_days('stock_date', ['account_id', 'shop_id'], var('inventory_days', 400)) }}",
    ],
) }}

{#
  The stock at the end of each day, rolled back from what it is now: what came and went after a day is taken away again.
  The value is that of today's average cost. A build works out anew all days of the stock that has changed, and adds
  the days that have passed to that of the rest.
#}

with stock as (
    select * from {{ ref('int_stock') }}
),

changes as (
    select * from {{ ref('int_stock_changes') }}
),

sums as (
    select
        account_id,
        shop_id,
        item_id,
        min(stock_date) as first_day,
        sum(quantity) as quantity,
        max(loaded_at) as loaded_at
    from changes
    group by account_id, shop_id, item_id
),

logged as (
    select distinct account_id from changes where basis = 'log'
),

histories as (
    select
        stock.account_id,
        stock.shop_id,
        stock.item_id,
        case when logged.account_id is not null then 'log' else 'snapshot' end as basis,
        stock.average_cost,
        -- What there was before the first change.
        stock.quantity - coalesce(sums.quantity, 0) as opening,
        coalesce(
            sums.first_day, cast({{ local_time('stock.time_stamp', shop_zone('shops')) }} as date)
        ) as known_since,
        {{ day_after('today.last_day', -1 * var('inventory_days', 400)) }} as earliest,
        today.last_day,
        {{ later_of('stock.loaded_at', 'sums.loaded_at') }} as loaded_at
    from stock
    inner join {{ ref('int_shop_days') }} as today
        on stock.account_id = today.account_id
        and stock.shop_id = today.shop_id
    left join {{ ref('dim_shops') }} as shops
        on stock.account_id = shops.account_id
        and stock.shop_id = shops.shop_id
    left join sums
        on stock.account_id = sums.account_id
        and stock.shop_id = sums.shop_id
        and stock.item_id = sums.item_id
    left join logged on stock.account_id = logged.account_id
    where sums.account_id is not null or stock.quantity <> 0
),

wanted as (
    select
        histories.account_id,
        histories.shop_id,
        histories.item_id,
        histories.basis,
        histories.average_cost,
        histories.opening,
        histories.last_day,
        histories.loaded_at,
        case
            {%- if is_incremental() %}
            when known.last_day is not null and not {{ is_new('histories.loaded_at') }}
                then {{ day_after('known.last_day', 1) }}
            {%- endif %}
            when histories.known_since < histories.earliest then histories.earliest
            else histories.known_since
        end as first_day
    from histories
    {%- if is_incremental() %}
    left join (
        select account_id, shop_id, item_id, max(stock_date) as last_day
        from {{ this }}
        group by account_id, shop_id, item_id
    ) as known
        on histories.account_id = known.account_id
        and histories.shop_id = known.shop_id
        and histories.item_id = known.item_id
    {%- endif %}
),

openings as (
    select
        wanted.account_id,
        wanted.shop_id,
        wanted.item_id,
        sum(changes.quantity) as quantity
    from wanted
    inner join changes
        on wanted.account_id = changes.account_id
        and wanted.shop_id = changes.shop_id
        and wanted.item_id = changes.item_id
        and changes.stock_date < wanted.first_day
    group by wanted.account_id, wanted.shop_id, wanted.item_id
),

days as (
    {{ days_of('wanted', [
        'account_id', 'shop_id', 'item_id', 'basis', 'average_cost', 'opening', 'loaded_at'
    ]) }}
),

rolled as (
    select
        days.account_id,
        days.shop_id,
        days.item_id,
        days.day_of_row as stock_date,
        days.basis,
        days.average_cost,
        days.loaded_at,
        days.opening + coalesce(openings.quantity, 0) + sum(coalesce(changes.quantity, 0)) over (
            partition by days.account_id, days.shop_id, days.item_id
            order by days.day_of_row
            rows between unbounded preceding and current row
        ) as quantity
    from days
    left join openings
        on days.account_id = openings.account_id
        and days.shop_id = openings.shop_id
        and days.item_id = openings.item_id
    left join changes
        on days.account_id = changes.account_id
        and days.shop_id = changes.shop_id
        and days.item_id = changes.item_id
        and days.day_of_row = changes.stock_date
)

select
    account_id,
    shop_id,
    item_id,
    stock_date,
    cast(quantity as {{ type_name('integer') }}) as quantity,
    quantity * average_cost as value,
    basis,
    loaded_at
from rolled
