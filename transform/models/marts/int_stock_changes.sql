{{ config(materialized='ephemeral') }}

{#
  By how much stock changed on each day of the shop: as the inventory log says, or, in accounts without one, as one
  snapshot after the other shows. The first snapshot is no change, but tells from when on the stock is known.
#}

with shops as (
    select account_id, shop_id, time_zone from {{ ref('dim_shops') }}
),

logs as (
    select account_id, shop_id, item_id, qoh_change, create_time as changed_at, loaded_at
    from {{ ref('stg_inventory_logs') }}
    where not is_deleted and shop_id is not null and item_id is not null
),

logged as (
    select distinct account_id from logs
),

snapshots as (
    select
        history.account_id,
        history.shop_id,
        history.item_id,
        -- No third argument for lag: BigQuery takes only a constant there.
        coalesce(
            history.quantity - lag(history.quantity) over (
                partition by history.account_id, history.item_shop_id
                order by history.dbt_valid_from
            ),
            0
        ) as qoh_change,
        history.dbt_valid_from as changed_at,
        history.loaded_at
    from {{ ref('item_shops_history') }} as history
    left join logged on history.account_id = logged.account_id
    where logged.account_id is null
),

changes as (
    select logs.*, 'log' as basis from logs
    union all
    select snapshots.*, 'snapshot' as basis from snapshots
)

select
    changes.account_id,
    changes.shop_id,
    changes.item_id,
    changes.basis,
    cast({{ local_time('changes.changed_at', shop_zone('shops')) }} as date) as stock_date,
    sum(changes.qoh_change) as quantity,
    max(changes.loaded_at) as loaded_at
from changes
left join shops
    on changes.account_id = shops.account_id
    and changes.shop_id = shops.shop_id
group by
    changes.account_id,
    changes.shop_id,
    changes.item_id,
    changes.basis,
    cast({{ local_time('changes.changed_at', shop_zone('shops')) }} as date)
