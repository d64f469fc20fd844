with in_utc as (
select
cast("ACCOUNT_ID" as number(38, 0)) as account_id,
cast("SALE_VOID_ID" as number(38, 0)) as sale_void_id,
cast(convert_timezone('UTC', "CREATE_TIME") as timestamp_ntz) as create_time,
cast("REASON" as varchar) as reason,
nullif(cast("SALE_ID" as number(38, 0)), 0) as sale_id,
nullif(cast("EMPLOYEE_ID" as number(38, 0)), 0) as employee_id,
nullif(cast("SHOP_ID" as number(38, 0)), 0) as shop_id,
cast(convert_timezone('UTC', "_SDC_DELETED_AT") as timestamp_ntz) is not null as is_deleted,
cast(null as timestamp_ntz) as extracted_at,
cast(null as timestamp_ntz) as loaded_at
from raw.sale_voids
)
select
in_utc.*,
convert_timezone('UTC', coalesce(shops.time_zone, 'UTC'), in_utc.create_time) as create_time_local
from in_utc
left join staging.stg_shops as shops
on shops.account_id = in_utc.account_id
and shops.shop_id = in_utc.shop_id
