{{ config(materialized='ephemeral') }}

{# Up to which moment an account is known: the latest change in it that was loaded. It is "today" to the marts. #}

select account_id, max(changed_at) as as_of
from (
    select account_id, coalesce(update_time, time_stamp) as changed_at from {{ ref('stg_sales') }}
    union all
    select account_id, time_stamp as changed_at from {{ ref('stg_item_shops') }}
    union all
    select account_id, create_time as changed_at from {{ ref('stg_inventory_logs') }}
) as changes
group by account_id
