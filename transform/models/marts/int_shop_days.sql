{{ config(materialized='ephemeral') }}

{# The last day of each shop that is known, in its own time: "today", or the day of the last change in the account. #}

select
    stocked.account_id,
    stocked.shop_id,
    cast({{ local_time('as_of.as_of', shop_zone('shops')) }} as date) as last_day
from (select distinct account_id, shop_id from {{ ref('int_stock') }}) as stocked
inner join {{ ref('int_as_of') }} as as_of on stocked.account_id = as_of.account_id
left join {{ ref('dim_shops') }} as shops
    on stocked.account_id = shops.account_id
    and stocked.shop_id = shops.shop_id
