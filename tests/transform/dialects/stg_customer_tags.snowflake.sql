with owners as (
select
cast("ACCOUNT_ID" as number(38, 0)) as account_id,
cast("CUSTOMER_ID" as number(38, 0)) as customer_id,
cast(convert_timezone('UTC', "_SDC_DELETED_AT") as timestamp_ntz) is not null as is_deleted,
cast(null as timestamp_ntz) as extracted_at,
cast(null as timestamp_ntz) as loaded_at,
"TAGS" as list
from raw.customers
)
select
owners.account_id,
owners.customer_id,
element.index + 1 as position,
cast(element.value as varchar) as value,
owners.is_deleted,
owners.extracted_at,
owners.loaded_at
from owners
, lateral flatten(input => owners.list) as element
