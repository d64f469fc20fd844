with owners as (
select
cast("ACCOUNT_ID" as number(38, 0)) as account_id,
cast("ITEM_ID" as number(38, 0)) as item_id,
cast(convert_timezone('UTC', "_SDC_DELETED_AT") as timestamp_ntz) is not null as is_deleted,
cast(null as timestamp_ntz) as extracted_at,
cast(null as timestamp_ntz) as loaded_at,
"PRICES" as list
from raw.items
)
select
owners.account_id,
owners.item_id,
element.index + 1 as position,
cast(cast(get_path(element.value, '"amount"') as varchar) as number(38, 9)) as amount,
nullif(cast(cast(get_path(element.value, '"use_type_id"') as varchar) as number(38, 0)), 0) as use_type_id,
cast(get_path(element.value, '"use_type"') as varchar) as use_type,
owners.is_deleted,
owners.extracted_at,
owners.loaded_at
from owners
, lateral flatten(input => owners.list) as element
