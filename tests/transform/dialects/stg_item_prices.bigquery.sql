with owners as (
select
`accountID` as account_id,
`itemID` as item_id,
datetime(`_sdc_deleted_at`, 'UTC') is not null as is_deleted,
cast(null as datetime) as extracted_at,
cast(null as datetime) as loaded_at,
to_json(`Prices`) as list
from raw.items
)
select
owners.account_id,
owners.item_id,
element_offset + 1 as position,
cast(json_value(element, '$.amount') as numeric) as amount,
nullif(cast(json_value(element, '$.useTypeID') as int64), 0) as use_type_id,
json_value(element, '$.useType') as use_type,
owners.is_deleted,
owners.extracted_at,
owners.loaded_at
from owners
cross join unnest(json_query_array(owners.list)) as element with offset as element_offset
