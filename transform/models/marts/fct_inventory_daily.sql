{{ config(
    materialized='incremental',
    unique_key=['account_id', 'shop_id', 'item_id', 'stock_date'],
    incremental_strategy=replacing(),
    on_schema_change='sync_all_columns',
    post_hook="{{ forget(ref('stg_item_shops'), ['account_id', 'shop_id', 'item_id']) }}",
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
        basis,
        min(stock_date) as first_day,
        sum(quantity) as quantity,
        max(loaded_at) as loaded_at
    from changes
    group by account_id, shop_id, item_id, basis
),

today as (
    select
        shops.account_id,
        shops.shop_id,
        cast({{ local_time('as_of.as_of', 'shops.time_zone') }} as date) as last_day
    from {{ ref('dim_shops') }} as shops
    inner join {{ ref('int_as_of') }} as as_of on shops.account_id = as_of.account_id
),

histories as (
    select
        stock.account_id,
        stock.shop_id,
        stock.item_id,
        sums.basis,
        stock.average_cost,
        -- What there was before the first change.
        stock.quantity - sums.quantity as opening,
        case
            when sums.first_day < {{ day_after('today.last_day', -1 * var('inventory_days', 400)) }}
                then {{ day_after('today.last_day', -1 * var('inventory_days', 400)) }}
            else sums.first_day
        end as first_day,
        today.last_day,
        {{ later_of('stock.loaded_at', 'sums.loaded_at') }} as loaded_at
    from stock
    inner join sums
        on stock.account_id = sums.account_id
        and stock.shop_id = sums.shop_id
        and stock.item_id = sums.item_id
    inner join today
        on stock.account_id = today.account_id
        and stock.shop_id = today.shop_id
),

wanted as (
    {%- if is_incremental() %}
    select
        histories.account_id,
        histories.shop_id,
        histories.item_id,
        histories.basis,
        histories.average_cost,
        histories.opening,
        case
            when known.last_day is null or {{ is_new('histories.loaded_at') }} then histories.first_day
            else {{ day_after('known.last_day', 1) }}
        end as first_day,
        histories.last_day,
        histories.loaded_at
    from histories
    left join (
        select account_id, shop_id, item_id, max(stock_date) as last_day
        from {{ this }}
        group by account_id, shop_id, item_id
    ) as known
        on histories.account_id = known.account_id
        and histories.shop_id = known.shop_id
        and histories.item_id = known.item_id
    {%- else %}
    select * from histories
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
