with in_utc as (
select
`accountID` as account_id,
`saleVoidID` as sale_void_id,
datetime(`createTime`, 'UTC') as create_time,
`reason` as reason,
nullif(`saleID`, 0) as sale_id,
nullif(`employeeID`, 0) as employee_id,
nullif(`shopID`, 0) as shop_id,
datetime(`_sdc_deleted_at`, 'UTC') is not null as is_deleted,
cast(null as datetime) as extracted_at,
cast(null as datetime) as loaded_at
from raw.sale_voids
)
select
in_utc.*,
datetime(timestamp(in_utc.create_time, 'UTC'), coalesce(shops.time_zone, 'UTC')) as create_time_local
from in_utc
left join staging.stg_shops as shops
on shops.account_id = in_utc.account_id
and shops.shop_id = in_utc.shop_id
